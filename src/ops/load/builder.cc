#include "ops/load/builder.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "ops/capture/capture.h"
#include "ops/in_doubt.h"
#include "ops/load/for_each_collection.h"
#include "ops/load/prove.h"
#include "ops/load/swap.h"
#include "ops/load/to_the_end.h"

namespace mbk::load {
namespace {

using Way = Placement::Way;

constexpr Milliseconds kFirstRowsWait{100};
constexpr Milliseconds kLastRowsWait{6'400};

// Where the server has no ids, a collection that stood in the preflight is known by its name alone.
Status DropStanding(MilvusClient& client, const CollectionName& name, std::int64_t id,
                    const CallContext& context) {
  if (id != 0) return DropById(client, name, id, context);
  MBK_TRY_ASSIGN(const std::optional<Standing> standing, StandingUnder(client, name, context));
  if (!standing) return {};
  if (standing->IsAlias(name) || standing->collection_id != 0)
    return FailedPrecondition(
        fmt::format("{} is not the collection that it was: it is not dropped", name.Full()));
  return client.DropCollection(name, context);
}

// Their rows are all there, and whoever left the indexes out did not ask for less.
bool IsForWantOfIndexes(const Status& loaded, const CollectionPlan& collection) {
  return !loaded.ok() && collection.create && collection.indexes.empty() &&
         loaded.message().find("index not found") != std::string::npos;
}

// Of an exchange that is neither done nor undone, for all that is known.
std::string WhereAllStands(const runs::RecordedCollection& collection) {
  const std::string name = collection.target.Full();
  const auto named = [&](const std::string& other) {
    return CollectionName{collection.target.db, other}.Full();
  };
  std::string said =
      fmt::format("the new collection stands whole under {}, or under {}", named(collection.temporary), name);
  if (!collection.aside.empty())
    said += fmt::format("; the rows of the old one stand whole under {}, or under {}",
                        named(collection.aside), name);
  if (collection.drop_first) said += "; the old one was dropped first";
  return said;
}

}  // namespace

Builder::Builder(MilvusClient& client, const Plan& plan, std::vector<Outcome>& outcomes,
                 const Journal& journal, const ObjectSource& source, const RunServices& run,
                 std::size_t first)
    : client_(client),
      plan_(plan),
      outcomes_(outcomes),
      journal_(journal),
      source_(source),
      run_(run),
      first_(first),
      sites_(plan.collections.size()) {
  for (std::size_t i = 0; i < sites_.size(); ++i) {
    const CollectionPlan& collection = plan.collections[i];
    const bool last = collection.place.way == Way::kNameLast;
    sites_[i].record = {.target = collection.target,
                        .temporary = last ? collection.place.built_as.name : "",
                        .created = last};
    outcomes_[i].built_as = collection.place.built_as;
  }
}

Status Builder::Record(std::size_t index, const CallContext& context) {
  if (!journal_.update) return {};
  return journal_.update(first_ + index, sites_[index].record, context);
}

Status Builder::Create(const CallContext& context) {
  return ForEachCollection(Step::kDdl, plan_, outcomes_, run_, context,
                           [&](const CollectionPlan& collection, Outcome&, const CallContext& inner) {
                             const auto index =
                                 static_cast<std::size_t>(&collection - plan_.collections.data());
                             Status created = CreateOne(index, inner);
                             if (!created.ok() && inner.Check().ok()) Remove(index, ToTheEnd(inner));
                             return created;
                           });
}

Status Builder::CreateOne(std::size_t index, const CallContext& context) {
  const CollectionPlan& collection = plan_.collections[index];
  Site& site = sites_[index];
  Outcome& outcome = outcomes_[index];
  if (!collection.create) {
    MBK_TRY(CheckStillEmpty(client_, collection, run_.sleeper, context));
    site.record.collection_id = collection.place.old_id;
    MBK_TRY(Record(index, context));
    site.begun = true;
    return CreatePartitionsOf(client_, collection, outcome, context);
  }
  const std::string lost = LostDetails(client_, collection);
  if (!lost.empty()) outcome.warnings.push_back(lost);
  if (collection.place.way == Way::kOwnName)
    outcome.notes.push_back("it is built under its own name: " + collection.place.why_own_name);
  MBK_TRY(MakeRoom(index, context));
  MBK_TRY(CheckNameIsFree(index, context));
  MBK_TRY(Record(index, context));
  site.begun = true;
  MBK_TRY(CreateCollectionOf(client_, collection, context));
  MBK_TRY(LearnId(index, context));
  MBK_TRY(CreatePartitionsOf(client_, collection, outcome, context));
  // There was room for an empty collection: that this server takes it is proved before the old one goes.
  const bool drops_now = collection.drop_first && collection.place.exists && !site.old_dropped;
  return drops_now ? DropBefore(index, context) : Status();
}

// Under its own name it can only be made when the old one is gone: a throw-away one proves that it can be
// made.
Status Builder::MakeRoom(std::size_t index, const CallContext& context) {
  const CollectionPlan& collection = plan_.collections[index];
  if (collection.place.way != Way::kOwnName || !collection.place.exists) return {};
  MBK_TRY(TryOut(index, context));
  return DropBefore(index, context);
}

// CreateCollection of what stands already, with the same schema, is a success: under a name that others use,
// too, it would be taken for one's own.
Status Builder::CheckNameIsFree(std::size_t index, const CallContext& context) {
  const CollectionPlan& collection = plan_.collections[index];
  if (collection.place.way != Way::kOwnName) return {};
  MBK_TRY_ASSIGN(const std::optional<Standing> standing,
                 StandingUnder(client_, collection.place.built_as, context));
  if (!standing) return {};
  return FailedPrecondition(fmt::format(
      "{} has been made by somebody else since this run began: it is left alone", standing->name));
}

// Whether all rows of what was built under its own name are this run's. Others may have found it, and
// written: what is not proved to be ours alone stays. The server counts a little late.
Status Builder::CheckRowsAreOurs(std::size_t index, const CallContext& context) {
  const std::optional<std::int64_t>& brought = outcomes_[index].rows_brought;
  if (!brought)
    return FailedPrecondition(
        "whether rows of this run came, or are still to come, is not known, so that nothing tells whether "
        "its rows are this run's alone");
  const CollectionName& made = plan_.collections[index].place.built_as;
  MBK_TRY(capture::FlushAndWait(client_, made, run_.sleeper, context).status());
  for (Milliseconds wait = kFirstRowsWait;; wait *= 2) {
    MBK_TRY_ASSIGN(const std::int64_t rows, client_.CountStoredRows(made, context));
    if (rows == *brought) return {};
    if (wait > kLastRowsWait || rows > *brought)
      return FailedPrecondition(fmt::format(
          "it holds {} rows, and this run brought {}: it may be somebody else's, too", rows, *brought));
    MBK_TRY(run_.sleeper.Sleep(wait, context));
  }
}

Status Builder::TryOut(std::size_t index, const CallContext& context) {
  CollectionPlan trial = plan_.collections[index];
  Site& site = sites_[index];
  trial.place.built_as = trial.create_request.target = {trial.target.db, trial.place.trial};
  trial.create_request.schema.name = trial.place.trial;
  site.record.temporary = trial.place.trial;
  site.record.created = true;
  MBK_TRY(Record(index, context));
  const Status created = CreateCollectionOf(client_, trial, context);
  const Status dropped = DropById(client_, trial.place.built_as, 0, ToTheEnd(context));
  if (!dropped.ok()) outcomes_[index].built_as = trial.place.built_as;
  if (dropped.ok()) {
    site.record.temporary.clear();
    site.record.created = false;
    site.record.done = !created.ok();
    if (!created.ok()) Close(index, context);
  }
  if (!created.ok())
    return created.WithContext("a throw-away collection of the same schema; the old one was not touched");
  return dropped.WithContext("the throw-away collection");
}

Status Builder::DropBefore(std::size_t index, const CallContext& context) {
  const CollectionPlan& collection = plan_.collections[index];
  if (journal_.check) MBK_TRY(journal_.check());
  if (source_.still_there) MBK_TRY(source_.still_there(context));
  MBK_TRY_ASSIGN(const std::optional<Standing> old, StandingUnder(client_, collection.target, context));
  // From now on the new one may be all there is: a killed run's record must say what it is for, and what
  // aliases it is to have.
  runs::RecordedCollection& record = sites_[index].record;
  record.drop_first = true;
  record.old_id = collection.place.old_id;
  record.old_aliases = old ? old->aliases : collection.place.old_aliases;
  MBK_TRY(Record(index, context));
  const Status dropped = DropStanding(client_, collection.target, collection.place.old_id, context);
  if (!dropped.ok()) return LookBehindDrop(index, dropped, ToTheEnd(context));
  sites_[index].old_dropped = true;
  return {};
}

// Its answer may be all that was lost. Only where the old one is known to stand all is as before; where
// nobody knows, or somebody else has the name, everything stays with its record.
Status Builder::LookBehindDrop(std::size_t index, const Status& failed, const CallContext& context) {
  const CollectionPlan& collection = plan_.collections[index];
  Site& site = sites_[index];
  Outcome& outcome = outcomes_[index];
  const auto now = StandingBehindDrop(client_, collection.target, failed, context);
  site.old_dropped = now.ok() && !now->has_value();
  if (site.old_dropped) return {};
  const bool is_old = now.ok() && collection.place.old_id != 0 &&
                      (*now)->collection_id == collection.place.old_id && !(*now)->IsAlias(collection.target);
  if (is_old || !MayBeCarriedOut(failed)) return failed;
  site.complete = true;
  outcome.left = Left::kBehind;
  outcome.behind =
      fmt::format("whether the old collection was dropped is not known: look at what has the name {}",
                  collection.target.Full());
  if (site.begun)
    outcome.behind +=
        fmt::format("; the new one, still without rows, is {}", collection.place.built_as.Full());
  outcome.may_be_only_copy = !site.begun;
  return failed;
}

Status Builder::LearnId(std::size_t index, const CallContext& context) {
  Site& site = sites_[index];
  MBK_TRY_ASSIGN(const std::optional<Standing> made,
                 StandingUnder(client_, plan_.collections[index].place.built_as, context));
  if (!made || made->IsAlias(plan_.collections[index].place.built_as))
    return FailedPrecondition("it was made, and is not there any more");
  site.record.collection_id = outcomes_[index].collection_id = made->collection_id;
  site.record.created = true;
  return Record(index, context);
}

Status Builder::Complete(std::size_t index, const CallContext& context) {
  Outcome& outcome = outcomes_[index];
  if (outcome.status.ok()) outcome.status = Prove(index, context);
  if (outcome.status.ok()) outcome.status = TakeItsName(index, context);
  MBK_TRY(context.Check());
  if (!outcome.status.ok()) {
    log::Info("{} failed: {}", outcome.target.Full(), outcome.status.message());
    Remove(index, ToTheEnd(context));
  }
  return context.Check();
}

Status Builder::CompleteEmpty(const CallContext& context) {
  for (std::size_t i = 0; i < sites_.size(); ++i) {
    const bool filled_elsewhere = !plan_.collections[i].imports.empty();
    if (sites_[i].complete || filled_elsewhere || !outcomes_[i].status.ok()) continue;
    MBK_TRY(Complete(i, context));
  }
  return {};
}

Status Builder::Prove(std::size_t index, const CallContext& context) {
  const CollectionPlan& collection = plan_.collections[index];
  Outcome& outcome = outcomes_[index];
  MBK_TRY(NoteFilled(index, context));
  MBK_TRY(CheckImportedRows(source_, collection, outcome, context));
  MBK_TRY(CheckStoredRows(client_, source_, collection, outcome, run_.sleeper, context));
  MBK_TRY(MakeIndexes(index, context));
  if (!collection.place.aside.empty())
    MBK_TRY(WaitUntilIndexed(client_, collection, outcome, run_.sleeper, context));
  MBK_TRY(LoadBefore(index, context));
  if (collection.verify) MBK_TRY(VerifyRows(client_, source_, collection, outcome, run_, context));
  // Files that went while they were imported may have been imported as none.
  return source_.still_there && collection.rows > 0 ? source_.still_there(context) : Status();
}

// Where the old one was dropped first nothing of ours drops the new one any more: its proof may fail for
// other reasons than its rows, and the source may go at any time.
Status Builder::NoteFilled(std::size_t index, const CallContext& context) {
  Site& site = sites_[index];
  if (!site.old_dropped || outcomes_[index].rows_imported == 0) return {};
  site.record.filled = true;
  return Record(index, ToTheEnd(context));
}

// Indexes of a loaded collection cannot be dropped; that of a user is released only when that is said.
Status Builder::MakeIndexes(std::size_t index, const CallContext& context) {
  const CollectionPlan& collection = plan_.collections[index];
  Outcome& outcome = outcomes_[index];
  if (!collection.indexes.empty()) NoteChange(collection, outcome);
  const bool releases = !collection.create && collection.drop_indexes && collection.place.old_is_loaded;
  if (!releases) return CreateIndexesOf(client_, collection, outcome, context);
  Status made = client_.ReleaseCollection(collection.target, context);
  // Also one whose release failed, or was not answered, may be released.
  const bool is_released = made.ok();
  if (is_released) made = CreateIndexesOf(client_, collection, outcome, context);
  const Status loaded = client_.LoadCollection(collection.target, ToTheEnd(context));
  if (!loaded.ok())
    outcome.warnings.push_back(fmt::format("it was loaded, {} released, and could not be loaded again: {}",
                                           is_released ? "was" : "may have been", loaded.message()));
  return made;
}

Status Builder::LoadBefore(std::size_t index, const CallContext& context) {
  const CollectionPlan& collection = plan_.collections[index];
  Outcome& outcome = outcomes_[index];
  const bool last = collection.place.way == Way::kNameLast;
  const bool replaces_loaded = last && collection.place.old_is_loaded && !collection.drop_first;
  if (!replaces_loaded && !collection.verify) return {};
  Status loaded = LoadAgain(client_, collection, collection.place.built_as, outcome, run_, context);
  if (loaded.ok() && outcome.loaded && replaces_loaded)
    outcome.notes.emplace_back("loaded while the old one is still loaded, which takes the memory of both");
  if (IsForWantOfIndexes(loaded, collection))
    return std::move(loaded).WithContext(
        "load it: Milvus loads no collection without indexes, add --rebuild_index (or without --verify say "
        "--restore_load_state=false, and it stands without)");
  return std::move(loaded).WithContext(
      replaces_loaded ? "load it beside the old one, which is loaded (memory for both is needed; "
                        "release the old one, or say --restore_load_state=false)"
                      : "load");
}

Status Builder::TakeItsName(std::size_t index, const CallContext& context) {
  const CollectionPlan& collection = plan_.collections[index];
  Site& site = sites_[index];
  Outcome& outcome = outcomes_[index];
  site.record.proved = true;
  // The only copy there is: a stop now would cost it.
  const CallContext naming = site.old_dropped ? ToTheEnd(context) : context;
  if (collection.place.way == Way::kNameLast) {
    MBK_TRY(Exchange(index, naming));
  } else {
    MBK_TRY(naming.Check());
    MBK_TRY(Record(index, naming));
  }
  site.complete = true;
  outcome.filled = true;
  outcome.left = collection.create ? Left::kMade : outcome.left;
  RemoveOld(index, context);
  GiveAliases(index, site.old_dropped ? ToTheEnd(context) : context);
  Close(index, context);
  return {};
}

Status Builder::Exchange(std::size_t index, const CallContext& context) {
  const CollectionPlan& collection = plan_.collections[index];
  Site& site = sites_[index];
  Outcome& outcome = outcomes_[index];
  if (!collection.place.aside.empty()) {
    // As they are now: somebody may have given it another since the preflight.
    MBK_TRY_ASSIGN(const std::optional<Standing> old, StandingUnder(client_, collection.target, context));
    if (!old || old->collection_id != collection.place.old_id || old->IsAlias(collection.target))
      return FailedPrecondition(fmt::format(
          "what has the name {} now is not the collection that was to be replaced: nothing is exchanged",
          collection.target.Full()));
    site.record.aside = collection.place.aside;
    site.record.old_id = collection.place.old_id;
    site.record.old_aliases = old->aliases;
  }
  MBK_TRY(Record(index, context));
  if (journal_.check) MBK_TRY(journal_.check());
  Status taken = TakeName(client_, site.record, context);
  if (taken.ok()) {
    outcome.moved_aliases = site.record.old_aliases;
    // Milvus Lite releases what it renames.
    outcome.loaded = outcome.loaded && site.record.collection_id != 0;
    return taken;
  }
  const Status undone = ConfirmUndone(client_, site.record, taken, ToTheEnd(context));
  if (undone.ok()) {
    LoadOldAgain(index, ToTheEnd(context));
    if (site.record.aside.empty()) return taken;
    return {taken.code(), taken.message() + "; the old collection has its name"};
  }
  // Whatever stands where now, it is whole; the record tells a later run what belongs where.
  site.complete = true;
  outcome.left = Left::kBehind;
  outcome.behind = fmt::format("{}; {}; {}", taken.message(), undone.message(), WhereAllStands(site.record));
  return {taken.code(), outcome.behind};
}

// Milvus Lite releases what it renames, also when that is undone.
void Builder::LoadOldAgain(std::size_t index, const CallContext& context) {
  const CollectionPlan& collection = plan_.collections[index];
  if (sites_[index].record.collection_id != 0 || !collection.place.old_is_loaded) return;
  const Status loaded = client_.LoadCollection(collection.target, context);
  if (!loaded.ok())
    outcomes_[index].warnings.push_back(
        fmt::format("the old collection was loaded, and could not be loaded again: {}", loaded.message()));
}

void Builder::RemoveOld(std::size_t index, const CallContext& context) {
  Site& site = sites_[index];
  Outcome& outcome = outcomes_[index];
  if (site.record.aside.empty()) return;
  Status may = journal_.check ? journal_.check() : Status();
  if (may.ok()) may = DropOld(client_, site.record, ToTheEnd(context));
  if (may.ok()) {
    site.record.aside.clear();
    return;
  }
  outcome.left = Left::kBehind;
  outcome.behind = fmt::format("the new collection has its name, but the old one stands still, as {}: {}",
                               CollectionName{outcome.target.db, site.record.aside}.Full(), may.message());
  outcome.warnings.push_back(outcome.behind);
}

// Those of a collection that was dropped first, and those of the source.
void Builder::GiveAliases(std::size_t index, const CallContext& context) {
  const CollectionPlan& collection = plan_.collections[index];
  Outcome& outcome = outcomes_[index];
  if (sites_[index].old_dropped) {
    outcome.moved_aliases.clear();
    for (const std::string& alias : sites_[index].record.old_aliases) {
      const Status given = GiveAlias(client_, collection.target, alias, context);
      if (given.ok())
        outcome.moved_aliases.push_back(alias);
      else
        outcome.warnings.push_back(
            fmt::format("alias {} of the old collection is lost: {}", alias, given.message()));
    }
  }
  if (!collection.aliases.empty()) NoteChange(collection, outcome);
  CreateAliasesOf(client_, collection, outcome, context);
}

void Builder::Close(std::size_t index, const CallContext& context) {
  Site& site = sites_[index];
  site.record.done = site.record.aside.empty();
  if (site.record.done) site.record.temporary.clear();
  const Status closed = Record(index, ToTheEnd(context));
  if (!closed.ok())
    log::Warn("the record of {} could not be closed: {}", outcomes_[index].target.Full(), closed.message());
}

// Rows that came into a collection of the user's stay there; nothing of it is temporary.
void Builder::CloseAppended(std::size_t index, const CallContext& context) {
  Site& site = sites_[index];
  if (!site.begun) return;
  site.record.done = true;
  const Status closed = Record(index, context);
  if (!closed.ok()) log::Debug("record of {}: {}", outcomes_[index].target.Full(), closed.message());
}

void Builder::Remove(std::size_t index, const CallContext& context) {
  const CollectionPlan& collection = plan_.collections[index];
  Site& site = sites_[index];
  Outcome& outcome = outcomes_[index];
  if (site.complete) return;
  site.complete = true;
  if (!collection.create) return CloseAppended(index, context);
  if (site.record.filled) return KeepOnlyCopy(index, context);
  const bool had_old = collection.place.exists && !site.old_dropped;
  outcome.left = had_old ? Left::kOldKept : Left::kUntouched;
  if (site.old_dropped) {
    outcome.left = Left::kDropped;
    outcome.behind = fmt::format(
        "the old collection {} was dropped first, as --drop_first says, and nothing has taken its place",
        collection.target.Full());
  }
  if (outcome.built_as != collection.place.built_as) {
    outcome.left = Left::kBehind;
    outcome.behind =
        fmt::format("{} of this run could not be dropped; the old collection has its name and its rows",
                    outcome.built_as.Full());
  }
  if (!site.begun) return;
  if (ImportsMayBeAtWork(index)) return KeepForImports(index);
  const CollectionName made = collection.place.built_as;
  Status removed = journal_.check ? journal_.check() : Status();
  const bool by_name = site.record.created && collection.place.way == Way::kOwnName;
  if (removed.ok() && by_name) removed = CheckRowsAreOurs(index, context);
  if (removed.ok())
    removed = by_name ? DropStanding(client_, made, site.record.collection_id, context)
                      : DropById(client_, made, site.record.collection_id, context);
  if (!removed.ok()) {
    outcome.left = Left::kBehind;
    outcome.behind = fmt::format("{} of this run could not be dropped: {}", made.Full(), removed.message());
    return;
  }
  if (!had_old) outcome.left = Left::kDropped;
  site.record.aside.clear();
  site.record.done = true;
  const Status closed = Record(index, context);
  if (!closed.ok()) log::Debug("record of {}: {}", made.Full(), closed.message());
}

// Under its own name there is a stricter question (CheckRowsAreOurs).
bool Builder::ImportsMayBeAtWork(std::size_t index) const {
  const CollectionPlan& collection = plan_.collections[index];
  return collection.via == Via::kImport && collection.place.way != Way::kOwnName &&
         !outcomes_[index].rows_brought;
}

// Milvus 2.3.5 may never call an import over whose collection is dropped under it, and then starts no other
// one for a quarter of an hour, whoever asks. The record stays open: whoever puts it right waits for the
// jobs.
void Builder::KeepForImports(std::size_t index) {
  Outcome& outcome = outcomes_[index];
  outcome.waits_for_imports = true;
  if (sites_[index].old_dropped) outcome.left = Left::kBehind;  // it is not dropped again
  const std::string what = fmt::format("{} stays: import jobs are, or may be, at work in it",
                                       plan_.collections[index].place.built_as.Full());
  outcome.warnings.push_back(what);
  outcome.files_behind.push_back(what);
}

// The rows of the old one are gone: what is known of the new one is written once more, for by a record that
// does not say that it is filled a cleaning drops it.
void Builder::KeepOnlyCopy(std::size_t index, const CallContext& context) {
  const CollectionPlan& collection = plan_.collections[index];
  Outcome& outcome = outcomes_[index];
  outcome.left = Left::kBehind;
  outcome.may_be_only_copy = !sites_[index].record.proved;
  outcome.behind = fmt::format(
      "the old collection {} was dropped first, so that the new one may be all that there is of its rows: it "
      "stays as {}, with the {} rows that came",
      collection.target.Full(), collection.place.built_as.Full(), outcome.rows_imported);
  const Status recorded = Record(index, context);
  if (!recorded.ok())
    outcome.behind += fmt::format("; its record could not be written, so that a cleaning may drop it: {}",
                                  recorded.message());
}

Status Builder::LoadNamed(const CallContext& context) {
  return ForEachCollection(
      Step::kLoad, plan_, outcomes_, run_, context,
      [&](const CollectionPlan& collection, Outcome& outcome, const CallContext& inner) {
        if (!outcome.loaded) {
          Status loaded = LoadAgain(client_, collection, collection.target, outcome, run_, inner);
          if (IsForWantOfIndexes(loaded, collection))
            outcome.warnings.push_back(fmt::format(
                "it is not loaded: Milvus loads no collection without indexes, and --rebuild_index "
                "was not given ({})",
                loaded.message()));
          else
            MBK_TRY(std::move(loaded));
        }
        return CheckIndexes(client_, source_, collection, outcome, run_.sleeper, inner);
      });
}

void Builder::Abandon(const CallContext& context) {
  const CallContext end = ToTheEnd(context);
  for (std::size_t i = 0; i < sites_.size(); ++i) Remove(i, end);
}

}  // namespace mbk::load
