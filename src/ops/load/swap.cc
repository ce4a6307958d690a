#include "ops/load/swap.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "base/log.h"
#include "ops/in_doubt.h"
#include "ops/load/temporary_name.h"

namespace mbk::load {
namespace {

// For what must not be left half done: renames take milliseconds, a server that restarts half a minute.
constexpr std::chrono::seconds kUninterrupted{60};
constexpr int kMostDrops = 6;

CollectionName Named(const RecordedCollection& collection, const std::string& name) {
  return {collection.target.db, name};
}

bool Is(const std::optional<Standing>& standing, const CollectionName& name, std::int64_t id) {
  return standing && standing->collection_id == id && !standing->IsAlias(name);
}

std::string Describe(const std::optional<Standing>& standing, const CollectionName& name) {
  if (!standing) return fmt::format("nothing has the name {}", name.Full());
  if (standing->IsAlias(name))
    return fmt::format("{} is an alias of the collection {}", name.Full(), standing->name);
  return fmt::format("{} is the name of the collection with the id {}", name.Full(), standing->collection_id);
}

// Servers carry out definitions one after the other: when this one is answered, one whose own answer got lost
// has been carried out, or never will be. Only that there is nothing to rename is an answer: whatever else is
// said may come from somebody on the way. Servers of before renames drop what is not there, and wait with
// that as well. An error: it may be carried out still.
Status AwaitDefinitions(MilvusClient& client, const std::string& db, const CallContext& context) {
  const std::string nothing = TemporaryName(NewRunId(), 1);
  Status answered = client.RenameCollection({db, nothing}, nothing + "_old", context);
  if (answered.code() == Code::kUnimplemented) answered = client.DropCollection({db, nothing}, context);
  log::Debug("after a definition without an answer: {}", answered.message());
  if (answered.ok() || answered.code() == Code::kNotFound) return {};
  return {answered.code(),
          fmt::format("whether what went unanswered will still be carried out is not known: {}",
                      answered.message())};
}

// Renames what stands under `from` without looking at it first; whether it has the name `to` is asked.
Status RenameAndLook(MilvusClient& client, const CollectionName& from, const CollectionName& to,
                     std::int64_t id, const CallContext& context) {
  const Status renamed = client.RenameCollection(from, to.name, context);
  Status over;
  if (!renamed.ok() && MayBeCarriedOut(renamed)) over = AwaitDefinitions(client, from.db, context);
  MBK_TRY_ASSIGN(const std::optional<Standing> now, StandingUnder(client, to, context));
  bool moved = Is(now, to, id);
  if (!renamed.ok() && id == 0) {
    MBK_TRY_ASSIGN(const std::optional<Standing> stays, StandingUnder(client, from, context));
    moved = moved && !stays;
  }
  if (moved) return {};
  if (!renamed.ok() && !over.ok())
    return {renamed.code(), fmt::format("{}; {}", renamed.message(), over.message())};
  if (!renamed.ok()) return renamed;
  return FailedPrecondition(
      fmt::format("{} was renamed to {}, but now {}", from.Full(), to.Full(), Describe(now, to)));
}

// An alias is the old one's, or stays behind a collection that is gone: only then it is moved. One that
// somebody has given to a third collection meanwhile stays there.
Status MoveAlias(MilvusClient& client, const CollectionName& to, std::int64_t to_id, std::int64_t from_id,
                 const std::string& alias, const CallContext& context) {
  MBK_TRY_ASSIGN(const std::optional<Standing> owner, StandingUnder(client, {to.db, alias}, context));
  const bool has_ids = to_id != 0;  // Milvus Lite has none: both have temporary names there, or that of `to`
  if (owner && (has_ids ? owner->collection_id == to_id : owner->name == to.name)) return {};
  if (owner && (has_ids ? owner->collection_id != from_id : !IsTemporaryName(owner->name))) {
    log::Warn("alias {} belongs to {} by now, and stays there", alias, owner->name);
    return {};
  }
  Status moved = client.AlterAlias(to, alias, context);
  // It was dropped meanwhile: that was somebody's wish.
  return moved.code() == Code::kNotFound ? Status() : moved;
}

Status MoveAliases(MilvusClient& client, const CollectionName& to, std::int64_t to_id, std::int64_t from_id,
                   const std::vector<std::string>& aliases, const CallContext& context) {
  for (const std::string& alias : aliases)
    MBK_TRY(MoveAlias(client, to, to_id, from_id, alias, context).WithContext("alias " + alias));
  return {};
}

// With the old one aside and nothing under the name.
Status PutBack(MilvusClient& client, const RecordedCollection& collection, const Standing& aside,
               const CallContext& context) {
  MBK_TRY(RenameAndLook(client, Named(collection, collection.aside), collection.target, aside.collection_id,
                        context));
  return MoveAliases(client, collection.target, aside.collection_id, collection.collection_id,
                     collection.old_aliases, context);
}

// With nothing aside. The old one has its name again, or never lost it; aliases may have moved all the same,
// and would go with the new one.
Status GiveAliasesBack(MilvusClient& client, const RecordedCollection& collection,
                       const CallContext& context) {
  if (collection.old_aliases.empty()) return {};
  MBK_TRY_ASSIGN(const std::optional<Standing> named, StandingUnder(client, collection.target, context));
  if (!Is(named, collection.target, collection.old_id)) return {};
  if (collection.old_id == 0) {  // Milvus Lite: what has the name may be the new one
    MBK_TRY_ASSIGN(const std::optional<Standing> built,
                   StandingUnder(client, Named(collection, collection.temporary), context));
    if (!built) return {};
  }
  return MoveAliases(client, collection.target, collection.old_id, collection.collection_id,
                     collection.old_aliases, context);
}

Status Exchange(MilvusClient& client, const RecordedCollection& collection, const CallContext& context) {
  const CollectionName temporary = Named(collection, collection.temporary);
  const CollectionName aside = Named(collection, collection.aside);
  MBK_TRY(RenameAndLook(client, collection.target, aside, collection.old_id, context));
  MBK_TRY(RenameAndLook(client, temporary, collection.target, collection.collection_id, context));
  return MoveAliases(client, collection.target, collection.collection_id, collection.old_id,
                     collection.old_aliases, context);
}

// Nobody has heard that it was made. It may still be waiting for its turn, and a drop waits behind it. Nobody
// else uses its random name, so that drops are simply sent again.
Status DropBehindItsCreation(MilvusClient& client, const CollectionName& name, const CallContext& context) {
  Status dropped;
  std::optional<Standing> now;
  for (int sent = 0; sent < kMostDrops && (sent == 0 || IsRetryable(dropped.code())); ++sent) {
    dropped = client.DropCollection(name, context);
    MBK_TRY_ASSIGN(now, StandingUnder(client, name, context));
  }
  if (!now) return {};
  return dropped.ok() ? FailedPrecondition(Describe(now, name) + ", though it was dropped") : dropped;
}

// A drop went unanswered, and `why` it is not known what came of it.
Status DropInDoubt(const Status& dropped, const Status& why) {
  return {dropped.code(), fmt::format("{}; {}", dropped.message(), why.message())};
}

Status ExpectStanding(MilvusClient& client, const CollectionName& name, std::int64_t id,
                      std::string_view what, const CallContext& context) {
  MBK_TRY_ASSIGN(const std::optional<Standing> standing, StandingUnder(client, name, context));
  if (Is(standing, name, id)) return {};
  return FailedPrecondition(fmt::format("{} has the id {}, but {}: somebody else changes names there", what,
                                        id, Describe(standing, name)));
}

Status ExpectNothing(MilvusClient& client, const CollectionName& name, const CallContext& context) {
  MBK_TRY_ASSIGN(const std::optional<Standing> standing, StandingUnder(client, name, context));
  if (!standing) return {};
  return FailedPrecondition(fmt::format("{} was free, but now {}", name.Full(), Describe(standing, name)));
}

}  // namespace

Result<std::optional<Standing>> StandingUnder(MilvusClient& client, const CollectionName& name,
                                              const CallContext& context) {
  Result<CollectionDescription> described = client.DescribeCollection(name, context);
  if (described.status().code() == Code::kNotFound) return std::optional<Standing>();
  if (!described.ok()) return described.status();
  const std::string& own = described->schema.name;
  return std::optional(Standing{.name = own.empty() ? described->collection_name : own,
                                .collection_id = described->collection_id,
                                .created = described->created_timestamp,
                                .aliases = std::move(described->aliases)});
}

Result<ExchangeState> StateOf(MilvusClient& client, const RecordedCollection& collection,
                              const CallContext& context) {
  const CollectionName temporary = Named(collection, collection.temporary);
  const CollectionName aside = Named(collection, collection.aside);
  std::optional<Standing> old, built;
  MBK_TRY_ASSIGN(const std::optional<Standing> named, StandingUnder(client, collection.target, context));
  if (!collection.temporary.empty()) {
    MBK_TRY_ASSIGN(built, StandingUnder(client, temporary, context));
  }
  if (!collection.aside.empty()) {
    MBK_TRY_ASSIGN(old, StandingUnder(client, aside, context));
  }
  // Milvus Lite has the id 0 for all: there the new one has the name when it is not under its temporary one.
  const bool has_ids = collection.collection_id != 0;
  const bool new_has_name = Is(named, collection.target, collection.collection_id) && (has_ids || !built);
  const bool replaces = collection.old_id != 0 || !collection.aside.empty() || collection.drop_first;
  const bool old_has_name = replaces ? Is(named, collection.target, collection.old_id) : !named;
  if (old && old->collection_id != collection.old_id) return ExchangeState::kForeign;
  if (new_has_name) return old ? ExchangeState::kExchanged : ExchangeState::kDone;
  if (old) return named ? ExchangeState::kForeign : ExchangeState::kBetween;
  if (!old_has_name) return ExchangeState::kForeign;
  return built ? ExchangeState::kNotBegun : ExchangeState::kGivenUp;
}

Status RenameById(MilvusClient& client, const CollectionName& from, const std::string& to, std::int64_t id,
                  const CallContext& context) {
  MBK_TRY(ExpectStanding(client, from, id, from.Full(), context));
  MBK_TRY(ExpectNothing(client, {from.db, to}, context));
  return RenameAndLook(client, from, {from.db, to}, id, context);
}

Status TakeName(MilvusClient& client, const RecordedCollection& collection, const CallContext& context) {
  const CollectionName temporary = Named(collection, collection.temporary);
  const CallContext uninterrupted{.deadline = Deadline::After(kUninterrupted)};
  MBK_TRY(context.Check());
  if (collection.aside.empty())
    return RenameById(client, temporary, collection.target.name, collection.collection_id, uninterrupted);

  // All that can be looked at beforehand is: while nothing has the name, queries of the users fail.
  MBK_TRY(ExpectStanding(client, temporary, collection.collection_id, "the new collection", context));
  MBK_TRY(ExpectStanding(client, collection.target, collection.old_id, "the old collection", context));
  MBK_TRY(ExpectNothing(client, Named(collection, collection.aside), context));
  MBK_TRY(context.Check());

  const Status exchanged = Exchange(client, collection, uninterrupted);
  if (exchanged.ok()) return exchanged;
  // What went unanswered must not come behind what puts it right. Where it still may, ConfirmUndone says so.
  if (MayBeCarriedOut(exchanged)) {
    const Status over = AwaitDefinitions(client, collection.target.db, uninterrupted);
    if (!over.ok()) log::Debug("{}", over.message());
  }
  const CallContext undo{.deadline = Deadline::After(kUninterrupted)};
  const Status back = GiveNameBack(client, collection, undo);
  if (back.ok()) return exchanged;
  return {exchanged.code(),
          fmt::format("{}; the old collection did not get its name and its aliases back at once: {}",
                      exchanged.message(), back.message())};
}

Status ConfirmUndone(MilvusClient& client, const RecordedCollection& collection, const Status& why,
                     const CallContext& context) {
  if (MayBeCarriedOut(why)) MBK_TRY(AwaitDefinitions(client, collection.target.db, context));
  MBK_TRY(GiveNameBack(client, collection, context));
  MBK_TRY_ASSIGN(const ExchangeState state, StateOf(client, collection, context));
  if (state == ExchangeState::kNotBegun || state == ExchangeState::kGivenUp) return {};
  MBK_TRY_ASSIGN(const std::optional<Standing> named, StandingUnder(client, collection.target, context));
  return FailedPrecondition(Describe(named, collection.target));
}

Status GiveNameBack(MilvusClient& client, const RecordedCollection& collection, const CallContext& context) {
  const CollectionName temporary = Named(collection, collection.temporary);
  const CollectionName aside = Named(collection, collection.aside);
  if (collection.aside.empty()) return {};
  MBK_TRY_ASSIGN(const std::optional<Standing> old, StandingUnder(client, aside, context));
  // Whatever stands there was brought there by us: nobody else uses the name.
  if (!old || old->IsAlias(aside)) return GiveAliasesBack(client, collection, context);
  MBK_TRY_ASSIGN(const std::optional<Standing> named, StandingUnder(client, collection.target, context));
  MBK_TRY_ASSIGN(const std::optional<Standing> built, StandingUnder(client, temporary, context));
  if (Is(named, collection.target, collection.collection_id) && !built) {
    MBK_TRY(RenameAndLook(client, collection.target, temporary, collection.collection_id, context));
  } else if (named) {
    return FailedPrecondition(fmt::format("{}: somebody else has taken the name; what had it stands as {}",
                                          Describe(named, collection.target), aside.Full()));
  }
  return PutBack(client, collection, *old, context);
}

Status DropOld(MilvusClient& client, const RecordedCollection& collection, const CallContext& context) {
  const CollectionName aside = Named(collection, collection.aside);
  MBK_TRY_ASSIGN(const std::optional<Standing> old, StandingUnder(client, aside, context));
  if (!old) return {};
  MBK_TRY(ExpectStanding(client, collection.target, collection.collection_id, "the new collection", context));
  MBK_TRY(ExpectStanding(client, aside, collection.old_id, "the old collection", context));
  std::set<std::string> aliases(collection.old_aliases.begin(), collection.old_aliases.end());
  aliases.insert(old->aliases.begin(), old->aliases.end());
  MBK_TRY(MoveAliases(client, collection.target, collection.collection_id, collection.old_id,
                      {aliases.begin(), aliases.end()}, context));
  return DropById(client, aside, collection.old_id, context);
}

Status GiveAlias(MilvusClient& client, const CollectionName& collection, const std::string& alias,
                 const CallContext& context) {
  Status given = client.CreateAlias(collection, alias, context);
  if (given.code() != Code::kAlreadyExists) return given;
  MBK_TRY_ASSIGN(const std::optional<Standing> owner, StandingUnder(client, {collection.db, alias}, context));
  return owner ? given : client.AlterAlias(collection, alias, context);
}

Status DropById(MilvusClient& client, const CollectionName& name, std::int64_t id,
                const CallContext& context) {
  const bool is_random = IsTemporaryName(name.name);
  Status dropped;
  for (int sent = 0;; ++sent) {
    const Result<std::optional<Standing>> look = StandingUnder(client, name, context);
    if (!look.ok()) return sent == 0 ? look.status() : DropInDoubt(dropped, look.status());
    const std::optional<Standing>& standing = *look;
    if (!standing && sent == 0 && id == 0 && is_random) return DropBehindItsCreation(client, name, context);
    if (!standing) return {};
    const bool known = id != 0 ? Is(standing, name, id) : is_random && !standing->IsAlias(name);
    if (!known) {
      const Status other = FailedPrecondition(fmt::format(
          "{}, which is not the one that was to go: it is not dropped", Describe(standing, name)));
      return sent == 0 ? other : DropInDoubt(dropped, other);
    }
    if (sent > 0 && (sent == kMostDrops || !IsRetryable(dropped.code()))) return dropped;
    dropped = client.DropCollection(name, context);
    if (dropped.ok() || !MayBeCarriedOut(dropped)) return dropped;
    // Nobody else makes anything under a random name: one that comes late does no harm there.
    const Status over = is_random ? Status() : AwaitDefinitions(client, name.db, context);
    if (!over.ok()) return DropInDoubt(dropped, over);
  }
}

Result<std::optional<Standing>> StandingBehindDrop(MilvusClient& client, const CollectionName& name,
                                                   const Status& why, const CallContext& context) {
  if (MayBeCarriedOut(why)) MBK_TRY(AwaitDefinitions(client, name.db, context));
  return StandingUnder(client, name, context);
}

}  // namespace mbk::load
