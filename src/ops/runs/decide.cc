#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "ops/load/swap.h"
#include "ops/load/temporary_name.h"
#include "ops/runs/by_hand.h"
#include "ops/runs/leftovers.h"
#include "ops/select/filter.h"

namespace mbk::runs {
namespace {

using load::ExchangeState;
using load::Standing;
using load::StandingUnder;

CollectionName Named(const RecordedCollection& collection, const std::string& name) {
  return {collection.target.db, name};
}

// A record is a text that anybody may have written who can write to the bucket: it moves names of its run,
// and no others.
bool NamesAreOfRun(const std::string& run_id, const RecordedCollection& collection) {
  const auto is_of_run = [&](const std::string& name, bool aside) {
    if (name.empty()) return true;
    const std::optional<load::TemporaryNameParts> parts = load::ParseTemporaryName(name);
    return parts && parts->run_id == run_id && parts->aside == aside;
  };
  return is_of_run(collection.temporary, false) && is_of_run(collection.aside, true) &&
         (collection.aside.empty() || !collection.temporary.empty());
}

Decision NotOurs(const RecordedCollection& collection, const Standing& built) {
  return {.remedy = Remedy::kByHand,
          .finding = fmt::format("{} has the id {}, the record says {}: it is not of this run",
                                 Named(collection, collection.temporary).Full(), built.collection_id,
                                 collection.collection_id),
          .by_hand = "when nobody uses it, drop it " + DropByHand(Named(collection, collection.temporary))};
}

Decision DropNew(const RecordedCollection& collection) {
  return {.remedy = Remedy::kDropNew,
          .finding = fmt::format("{} was being built as {}, which is not needed; what has the name stays",
                                 collection.target.Full(), collection.temporary)};
}

// The name is taken neither by the new one nor for it: what was built is not needed.
Result<Decision> DecideNotBegun(MilvusClient& client, const RecordedCollection& collection,
                                const CallContext& context) {
  const CollectionName temporary = Named(collection, collection.temporary);
  MBK_TRY_ASSIGN(const std::optional<Standing> built, StandingUnder(client, temporary, context));
  if (!built) return Decision();
  if (built->collection_id == collection.collection_id && !built->IsAlias(temporary))
    return DropNew(collection);
  return NotOurs(collection, *built);
}

// The run died between the creation and the answer that tells the id. The name is random, and proves enough.
Result<Decision> DecideWithoutId(MilvusClient& client, const RecordedCollection& collection,
                                 const CallContext& context) {
  const CollectionName temporary = Named(collection, collection.temporary);
  MBK_TRY_ASSIGN(const std::optional<Standing> standing, StandingUnder(client, temporary, context));
  if (!standing) return Decision();
  if (!standing->IsAlias(temporary)) return DropNew(collection);
  return Decision{.remedy = Remedy::kByHand,
                  .finding = fmt::format("{} is an alias of {} by now", temporary.Full(), standing->name)};
}

// What a person can tell a half-filled collection by; "" where the server does not say.
std::string RowsOf(MilvusClient& client, const CollectionName& name, const CallContext& context) {
  const Result<std::int64_t> rows = client.CountStoredRows(name, context);
  return rows.ok() ? fmt::format(" (it has {} rows, without those that are in memory)", *rows) : "";
}

// Whether the rows of the new one may be all that there is of them. A run that was killed while they came did
// not record whether any had; where something has the name that holds rows, that is what is wanted.
bool MayBeOnlyCopy(MilvusClient& client, const RecordedCollection& collection,
                   const std::optional<Standing>& named, const CallContext& context) {
  if (!collection.drop_first || collection.IsOnlyCopy()) return collection.IsOnlyCopy();
  const Result<std::int64_t> built = client.CountStoredRows(Named(collection, collection.temporary), context);
  if (built.ok() && *built == 0) return false;
  if (!named) return true;
  const Result<std::int64_t> standing = client.CountStoredRows(collection.target, context);
  return !standing.ok() || *standing == 0;
}

// The aliases of an old one that was dropped first, which the new one, whole and under its name, lacks.
std::vector<std::string> MissingAliases(const RecordedCollection& collection,
                                        const std::optional<Standing>& named) {
  std::vector<std::string> missing;
  const bool is_new =
      named && !named->IsAlias(collection.target) && named->collection_id == collection.collection_id;
  if (!is_new || !collection.drop_first || !collection.proved) return missing;
  for (const std::string& alias : collection.old_aliases)
    if (std::find(named->aliases.begin(), named->aliases.end(), alias) == named->aliases.end())
      missing.push_back(alias);
  return missing;
}

// Without a temporary name nothing shows that the record is of a run.
Decision DecideAliases(const RecordedCollection& collection, const std::optional<Standing>& named) {
  const std::vector<std::string> missing = MissingAliases(collection, named);
  if (missing.empty()) return {};
  return {.remedy = Remedy::kByHand,
          .finding = fmt::format("{} is new and whole; of the old one, which was dropped first, it lacks {}",
                                 collection.target.Full(), Enumerate(missing)),
          .by_hand = "give it these aliases"};
}

// Built under its own name, where a server does not rename. A production collection by now, for all that
// anybody knows: it is never dropped by a record.
Result<Decision> DecideUnderOwnName(MilvusClient& client, const RecordedCollection& collection,
                                    const CallContext& context) {
  MBK_TRY_ASSIGN(const std::optional<Standing> standing, StandingUnder(client, collection.target, context));
  if (collection.proved) return DecideAliases(collection, standing);
  const bool remade =
      standing && collection.collection_id != 0 && standing->collection_id != collection.collection_id;
  if (!standing || remade) return Decision();
  const std::string name = collection.target.Full();
  // The old one, which was about to be dropped.
  if (collection.old_id != 0 && standing->collection_id == collection.old_id) return Decision();
  if (!collection.created && collection.drop_first) {
    return Decision{
        .remedy = Remedy::kByHand,
        .finding = fmt::format("the old {} was being dropped to make room for a new one; what has "
                               "the name now is the old one, or a new one without rows{}",
                               name, RowsOf(client, collection.target, context)),
        .by_hand = "look at its rows, and restore it once more"};
  }
  if (!collection.created) {
    return Decision{
        .remedy = Remedy::kByHand,
        .finding = fmt::format("rows of the killed run may stand in {} beside those that it had; nothing "
                               "tells which",
                               name),
        .by_hand = "look at its rows, or restore it from a backup under another name"};
  }
  if (collection.IsOnlyCopy()) {
    return Decision{
        .remedy = Remedy::kByHand,
        .finding = fmt::format("the old {} was dropped first; the new one has the name and all rows that "
                               "came{}, and is not proved",
                               name, RowsOf(client, collection.target, context)),
        .by_hand = collection.old_aliases.empty()
                       ? "look at its rows and its indexes"
                       : "look at its rows and its indexes, and give it the aliases of the old one: " +
                             Enumerate(collection.old_aliases)};
  }
  // Whoever has used the name since then has rows in it, and the record may be anybody's.
  return Decision{.remedy = Remedy::kByHand,
                  .finding = fmt::format(
                      "by the record {} was made by the killed run under its own name, and is not known "
                      "to be whole{}",
                      name, RowsOf(client, collection.target, context)),
                  .by_hand = fmt::format("when nobody has used it since, drop it {}, or restore over it with "
                                         "--drop_exist_collection --drop_first",
                                         DropByHand(collection.target))};
}

Decision Foreign(const RecordedCollection& collection, const std::optional<Standing>& old,
                 const std::optional<Standing>& named, const std::optional<Standing>& built) {
  const std::string name = collection.target.Full();
  Decision decision{
      .remedy = Remedy::kByHand,
      .finding =
          fmt::format("what has the name {} now was made by nobody that the record knows{}", name,
                      named ? fmt::format(" (its id is {})", named->collection_id) : ", or nothing has it")};
  if (old) {
    decision.finding +=
        fmt::format("; the collection that had the name stands whole under {}", collection.aside);
    decision.by_hand = fmt::format("to get it back rename or drop what has the name, then rename it {}",
                                   RenameByHand(Named(collection, collection.aside), collection.target.name));
  } else if (!collection.temporary.empty()) {
    const bool is_used = built && !built->aliases.empty();
    decision.by_hand = fmt::format(
        "{} was built by the killed run{}; when it is not needed, drop it {}", collection.temporary,
        is_used ? " and has the aliases " + Enumerate(built->aliases) + ", which would go with it" : "",
        DropByHand(Named(collection, collection.temporary)));
  }
  return decision;
}

// Another server may answer under the address by now; on the first one rows of the user's may stand under a
// name that this record alone explains.
Decision Absent(const RecordedCollection& collection) {
  const std::string stands = collection.aside.empty() ? collection.temporary : collection.aside;
  const std::string aside =
      collection.aside.empty() ? "" : fmt::format(" nor {}", Named(collection, collection.aside).Full());
  return {
      .remedy = Remedy::kByHand,
      .finding = fmt::format("of what the run made of {} nothing is here, neither {}{}",
                             collection.target.Full(), Named(collection, collection.temporary).Full(), aside),
      .by_hand = fmt::format("is this the server that the run was on? If it was another one, {} may stand "
                             "whole there as {}: give it its name back {}",
                             collection.target.Full(), stands,
                             RenameByHand(Named(collection, stands), collection.target.name)),
      .is_absent = true};
}

// The rows of the old one are gone, and those of the new one may be all that there is: whether they are what
// is wanted, and have all that belongs to them, nobody has proved.
Decision DecideOnlyCopy(MilvusClient& client, const RecordedCollection& collection,
                        const CallContext& context) {
  const CollectionName temporary = Named(collection, collection.temporary);
  return {.remedy = Remedy::kByHand,
          .finding =
              fmt::format("the old {} was dropped first, and nothing has the name; the new one stands "
                          "under {} with {} came{}, and is not proved",
                          collection.target.Full(), collection.temporary,
                          collection.filled ? "all rows that" : "what", RowsOf(client, temporary, context)),
          .by_hand =
              fmt::format("look at it: to keep it give it the name {}{}; when it is not needed, drop it {}",
                          RenameByHand(temporary, collection.target.name),
                          collection.old_aliases.empty()
                              ? ""
                              : ", and the aliases of the old one: " + Enumerate(collection.old_aliases),
                          DropByHand(temporary))};
}

// The old one was dropped first, and nothing has the name.
Decision DecideDroppedFirst(MilvusClient& client, const RecordedCollection& collection,
                            const CallContext& context) {
  const std::string name = collection.target.Full();
  if (collection.proved)
    return {.remedy = Remedy::kTakeName,
            .finding = fmt::format("the old {} was dropped first, and nothing has the name; the new one, "
                                   "proved, stands whole under {}",
                                   name, collection.temporary)};
  if (MayBeOnlyCopy(client, collection, std::nullopt, context))
    return DecideOnlyCopy(client, collection, context);
  Decision drop = DropNew(collection);
  drop.finding =
      fmt::format("the old {} was dropped first, and nothing has the name; the new one, {}, has no rows",
                  name, collection.temporary);
  drop.also = fmt::format("nothing has the name {}", name);
  if (!collection.old_aliases.empty()) {
    const std::string aliases = fmt::format("the old one had the aliases {}, which lead nowhere now",
                                            Enumerate(collection.old_aliases));
    drop.finding += "; " + aliases;
    drop.also += "; " + aliases;
  }
  return drop;
}

// Names and ids are none that the run made. What it built may still be known by its id, where no old
// collection is concerned.
Result<Decision> DecideForeign(MilvusClient& client, const RecordedCollection& collection,
                               const CallContext& context) {
  std::optional<Standing> old;
  const CollectionName temporary = Named(collection, collection.temporary);
  MBK_TRY_ASSIGN(const std::optional<Standing> named, StandingUnder(client, collection.target, context));
  MBK_TRY_ASSIGN(const std::optional<Standing> built, StandingUnder(client, temporary, context));
  if (!collection.aside.empty()) {
    MBK_TRY_ASSIGN(old, StandingUnder(client, Named(collection, collection.aside), context));
  }
  const bool ours = built && built->collection_id == collection.collection_id && !built->IsAlias(temporary);
  if (ours && !named && !old && collection.drop_first) return DecideDroppedFirst(client, collection, context);
  // With the name taken by a third, and nothing aside, what was built is of no use, unless it is the only
  // copy, or somebody finds it by an alias that has moved to it.
  const bool only_copy = ours ? MayBeOnlyCopy(client, collection, named, context) : collection.IsOnlyCopy();
  const bool is_used = built && !built->aliases.empty();
  if (ours && named && !old && !only_copy && !is_used) return DropNew(collection);
  if (!built && !old) return collection.aside.empty() && !only_copy ? Decision() : Absent(collection);
  if (built && !ours && !old) return NotOurs(collection, *built);
  return Foreign(collection, old, named, built);
}

}  // namespace

Result<Decision> Decide(MilvusClient& client, const std::string& run_id, const RecordedCollection& collection,
                        const CallContext& context) {
  if (collection.done || collection.target.name.empty()) return Decision();
  if (!NamesAreOfRun(run_id, collection)) {
    return Decision{.remedy = Remedy::kByHand,
                    .finding = fmt::format("the record names {} and {} for {}, which are no names of its run",
                                           collection.temporary, collection.aside, collection.target.Full()),
                    .by_hand = "no run writes such a record: find out who did, and remove it",
                    .is_forged = true};
  }
  if (collection.temporary.empty()) return DecideUnderOwnName(client, collection, context);
  // Not yet known; a server that has none (Milvus Lite) is asked what stands where, as others are.
  if (collection.collection_id == 0 && collection.aside.empty() && !collection.drop_first)
    return DecideWithoutId(client, collection, context);
  MBK_TRY_ASSIGN(const ExchangeState state, load::StateOf(client, collection, context));
  switch (state) {
    case ExchangeState::kNotBegun:
      // The old one is gone: without ids another one that has the name by now looks like it.
      return collection.IsOnlyCopy() && collection.old_id == 0 ? DecideForeign(client, collection, context)
                                                               : DecideNotBegun(client, collection, context);
    case ExchangeState::kBetween:
      return Decision{
          .remedy = Remedy::kGiveBack,
          .finding = fmt::format("the rows that {} had stand whole under {}, and nothing has the name",
                                 collection.target.Full(), collection.aside)};
    case ExchangeState::kExchanged:
      return collection.proved
                 ? Decision{.remedy = Remedy::kDropOld,
                            .finding =
                                fmt::format("the new {} is proved and has the name; the old one still stands "
                                            "under {}",
                                            collection.target.Full(), collection.aside)}
                 : Decision{
                       .remedy = Remedy::kGiveBack,
                       .finding = fmt::format("the new {} has the name and is not proved; the old one stands "
                                              "whole under {}",
                                              collection.target.Full(), collection.aside)};
    case ExchangeState::kForeign:
      return DecideForeign(client, collection, context);
    case ExchangeState::kDone: {
      MBK_TRY_ASSIGN(const std::optional<Standing> named, StandingUnder(client, collection.target, context));
      const std::vector<std::string> missing = MissingAliases(collection, named);
      if (missing.empty()) break;
      return Decision{
          .remedy = Remedy::kTakeName,
          .finding = fmt::format("the new {} is proved and has the name, but not yet the aliases {} "
                                 "of the old one, which was dropped first",
                                 collection.target.Full(), Enumerate(missing))};
    }
    case ExchangeState::kGivenUp:
      break;
  }
  return Decision();
}

}  // namespace mbk::runs
