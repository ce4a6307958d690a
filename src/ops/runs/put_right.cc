#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/log.h"
#include "manifest/keys.h"
#include "ops/capture/capture.h"
#include "ops/load/stage.h"
#include "ops/load/swap.h"
#include "ops/runs/leftovers.h"
#include "store/abort_uploads.h"

namespace mbk::runs {
namespace {

constexpr std::chrono::seconds kJobPoll{1};

// The run was killed before it heard that the collection was made, which a server may be about to do still.
bool MayStillBeMade(const RecordedCollection& collection) {
  return !collection.done && !collection.temporary.empty() && collection.collection_id == 0 &&
         collection.aside.empty() && !collection.drop_first;
}

// The old one was dropped first. An alias that somebody has given to another one meanwhile stays there.
Status TakeNameAndAliases(const RecordedCollection& collection, MilvusClient& client,
                          const CallContext& context) {
  const CollectionName temporary{collection.target.db, collection.temporary};
  MBK_TRY_ASSIGN(const std::optional<load::Standing> built, load::StandingUnder(client, temporary, context));
  if (built)
    MBK_TRY(load::RenameById(client, temporary, collection.target.name, collection.collection_id, context));
  for (const std::string& alias : collection.old_aliases) {
    const Status given = load::GiveAlias(client, collection.target, alias, context);
    if (given.code() == Code::kAlreadyExists)
      log::Warn("alias {} is another collection's by now, and stays there", alias);
    else
      MBK_TRY(given.WithContext("alias " + alias));
  }
  return {};
}

// One collection: what was done, or that nothing had to be. An error leaves it recorded.
Result<std::string> Apply(const Decision& decision, const RecordedCollection& collection,
                          MilvusClient& client, const CallContext& context) {
  const std::string name = collection.target.Full();
  const CollectionName temporary{collection.target.db, collection.temporary};
  switch (decision.remedy) {
    case Remedy::kDropNew:
      // Aliases that had moved to it would go with it.
      MBK_TRY(load::GiveNameBack(client, collection, context));
      MBK_TRY(load::DropById(client, temporary, collection.collection_id, context));
      return fmt::format("{}, built for {}, is dropped{}{}", temporary.Full(), name,
                         decision.also.empty() ? "" : "; ", decision.also);
    case Remedy::kGiveBack:
      MBK_TRY(load::GiveNameBack(client, collection, context));
      MBK_TRY(load::DropById(client, temporary, collection.collection_id, context));
      // Milvus Lite, which gives no ids, releases what it renames.
      return fmt::format(
          "{} is the old collection again, with all its rows{}; what was to replace it is dropped", name,
          collection.old_id == 0 ? ", and is to be loaded again if it was" : "");
    case Remedy::kTakeName:
      MBK_TRY(TakeNameAndAliases(collection, client, context));
      return fmt::format(
          "{} is the new collection, proved before the run was killed, with the aliases of the old one that "
          "was dropped first; it is to be loaded if that one was",
          name);
    case Remedy::kDropOld:
      MBK_TRY(load::DropOld(client, collection, context));
      return fmt::format(
          "{} is the new collection, proved before the run was killed; the old one ({}) is dropped", name,
          collection.aside);
    case Remedy::kNothing:
      if (MayStillBeMade(collection)) MBK_TRY(load::DropById(client, temporary, 0, context));
      break;
    case Remedy::kByHand:
      break;
  }
  return std::string();
}

std::string Said(const Decision& decision) {
  return decision.by_hand.empty() ? decision.finding : decision.finding + "; " + decision.by_hand;
}

// Where that is not known it may have been.
bool HeardWithinLease(const FoundRun& run, const CallContext& context) {
  const Result<std::optional<std::chrono::milliseconds>> age = run.place->Age(run.record.run_id, context);
  return !age.ok() || !*age || **age < kLease;
}

// Mends the collections of one record.
class Mender {
 public:
  Mender(const FoundRun& run, bool heard_within_lease, const RecordedTarget& target, const NextRun* next,
         Sleeper& sleeper, RunRecord& record, const CallContext& context)
      : run_(run),
        heard_within_lease_(heard_within_lease),
        target_(target),
        next_(next),
        sleeper_(sleeper),
        record_(record),
        context_(record.Guarded(context)) {}

  Result<Mended> Run() {
    MBK_TRY_ASSIGN(jobs_are_at_work_, LetJobsEnd());
    for (std::size_t i = 0; i < run_.record.collections.size(); ++i) {
      MBK_TRY(MendCollection(i));
      MBK_TRY(record_.Lost());
      MBK_TRY(context_.Check());
    }
    for (const std::string& prefix : run_.record.staging) {
      MBK_TRY(MendStaging(prefix));
      MBK_TRY(context_.Check());
    }
    return std::move(mended_);
  }

 private:
  Status MendCollection(std::size_t index) {
    RecordedCollection collection = run_.record.collections[index];
    const Result<Decision> decision = DecideOnWrittenRows(collection);
    if (!decision.ok()) {
      Leave(collection.target.Full(), decision.status());
      return {};
    }
    // The rows of the user's: not of the run's making, and gone for good.
    if (decision->remedy == Remedy::kDropOld && next_ != nullptr &&
        !Names(next_->replaces, collection.target)) {
      mended_.left.push_back(
          fmt::format("{}; {}", decision->finding, Advise("drop that with", CleaningCommand(target_))));
      return {};
    }
    if (decision->remedy == Remedy::kByHand) {
      mended_.left.push_back(Said(*decision));
      // Where nothing is temporary there is nothing to wait for: once said to whoever asked, or goes on with
      // the collection as it is, it is forgotten.
      const bool is_told =
          next_ == nullptr || (Names(next_->fills, collection.target) && !decision->is_forged);
      // Of what may be on another server only a person says that it is not.
      const bool is_forgotten =
          decision->is_absent ? next_ == nullptr : collection.temporary.empty() && is_told;
      // As long as an import into it may read staged files it is what tells so.
      const bool holds_staging = heard_within_lease_ && !run_.record.staging.empty();
      if (!is_forgotten || holds_staging) return {};
    }
    if (decision->remedy == Remedy::kDropNew && jobs_are_at_work_) {
      mended_.left.push_back(fmt::format("{}; an import job is still at work in it; {}", decision->finding,
                                         Advise("when that is over it goes with", CleaningCommand(target_))));
      return {};
    }
    MBK_TRY(record_.Lost());
    Result<std::string> done = Apply(*decision, collection, target_.client, context_);
    if (!done.ok()) {
      Leave(decision->finding, done.status());
      return {};
    }
    if (!done->empty()) mended_.done.push_back(*std::move(done));
    const Status clear = NothingStandsAside(collection);
    if (!clear.ok()) {
      Leave(collection.target.Full(), clear);
      return {};
    }
    collection.done = true;
    return record_.Update(index, collection, context_);
  }

  // Rows that the server holds in memory count for none before they are written.
  Result<Decision> DecideOnWrittenRows(const RecordedCollection& collection) {
    const Result<Decision> decision = Decide(target_.client, run_.record.run_id, collection, context_);
    if (!decision.ok() || decision->remedy != Remedy::kDropNew || !collection.drop_first) return decision;
    const CollectionName temporary{collection.target.db, collection.temporary};
    MBK_TRY(capture::FlushAndWait(target_.client, temporary, sleeper_, context_).status());
    return Decide(target_.client, run_.record.run_id, collection, context_);
  }

  static bool Names(const std::vector<CollectionName>& names, const CollectionName& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  // Only the record tells whose the rows are that stand under a name aside: it is not given up before they
  // are.
  Status NothingStandsAside(const RecordedCollection& collection) {
    if (collection.aside.empty()) return {};
    const CollectionName aside{collection.target.db, collection.aside};
    MBK_TRY_ASSIGN(const std::optional<load::Standing> old,
                   load::StandingUnder(target_.client, aside, context_));
    if (!old) return {};
    return FailedPrecondition(
        fmt::format("{} still stands, with the rows of before: it stays recorded", aside.Full()));
  }

  Status MendStaging(const std::string& prefix) {
    if (!IsOfRun(prefix)) {
      mended_.left.push_back(
          fmt::format("the record names {} as staged files, which is no prefix of its run", prefix));
      return {};
    }
    const std::string where = target_.side->store.identity().Url(ObjectKey(prefix));
    Status removable = NoJobReads();
    if (removable.ok()) removable = load::RemoveStaging(target_.side->store, BinlogTree(prefix), context_);
    if (removable.ok()) AbortUploads(target_.side->store, prefix, context_);
    if (!removable.ok()) {
      Leave("staged files at " + where, removable);
      return {};
    }
    mended_.done.push_back(fmt::format("staged files at {} are removed", where));
    return record_.ForgetStaging(prefix, context_);
  }

  bool IsOfRun(const std::string& prefix) const {
    return target_.side != nullptr && prefix.ends_with('/') &&
           prefix.starts_with(StagingPrefix(target_.side->staging_root) + run_.record.run_id + "-");
  }

  // A job that the server knows by its id is asked for, for a while. One that the run had started and not yet
  // recorded is over when its collection is dropped; where that stays, a lease is waited for.
  Status NoJobReads() {
    for (const std::int64_t job : run_.record.jobs) MBK_TRY(AwaitEnd(job));
    const bool none_goes_on = mended_.left.empty() && std::all_of(run_.record.collections.begin(),
                                                                  run_.record.collections.end(), JobsAreOver);
    if (none_goes_on || !heard_within_lease_) return {};
    return FailedPrecondition(
        "an import may have begun just before the run was killed; " +
        Advise(fmt::format("{} s later they go with", kLease.count()), CleaningCommand(target_)));
  }

  // Of one whose leftovers are put right. What the run made and was done with had all its rows, or was
  // dropped; into a place of the record that is empty nothing was imported.
  static bool JobsAreOver(const RecordedCollection& collection) {
    return !collection.temporary.empty() || (collection.created && collection.done) ||
           collection.target.name.empty();
  }

  // Milvus 2.3.5 may never call an import over whose collection is dropped while it writes, and starts no
  // other one for a quarter of an hour. Those that wait for their turn fail when it comes. Whether one is
  // still at work; what cannot be known is none.
  Result<bool> LetJobsEnd() {
    bool at_work = false;
    for (const std::int64_t job : run_.record.jobs) {
      const Result<ImportState> state = AwaitWhile(IsAtWork, job);
      if (!state.ok()) break;
      at_work |= IsAtWork(*state);
    }
    MBK_TRY(context_.Check());
    return at_work;
  }

  Status AwaitEnd(std::int64_t job) {
    MBK_TRY_ASSIGN(const ImportState state, AwaitWhile([](ImportState now) { return !IsOver(now); }, job));
    if (IsOver(state)) return {};
    return FailedPrecondition(fmt::format("import job {} of the server still reads them ({}); {}", job,
                                          ImportStateName(state),
                                          Advise("when it is over they go with", CleaningCommand(target_))));
  }

  // Looks until a job is in another state, or the time for all jobs is over; its last state. One that the
  // server does not know is over.
  Result<ImportState> AwaitWhile(bool (*is_waited_for)(ImportState), std::int64_t job) {
    for (;;) {
      const Result<ImportProgress> progress = target_.client.GetImportState(job, context_);
      if (progress.status().code() == Code::kNotFound) return ImportState::kCompleted;
      MBK_TRY(progress.status());
      if (!is_waited_for(progress->state) || waited_ >= kJobWait) return progress->state;
      waited_ += kJobPoll;
      MBK_TRY(sleeper_.Sleep(kJobPoll, context_));
    }
  }

  static bool IsOver(ImportState state) {
    return state == ImportState::kFailed || state == ImportState::kCompleted ||
           state == ImportState::kFailedAndCleaned;
  }
  static bool IsAtWork(ImportState state) { return state != ImportState::kPending && !IsOver(state); }

  void Leave(const std::string& what, const Status& why) {
    mended_.left.push_back(fmt::format("{}: {}", what, why.message()));
  }

  const FoundRun& run_;
  const bool heard_within_lease_;
  const RecordedTarget& target_;
  const NextRun* const next_;  ///< nullptr: a cleaning
  Sleeper& sleeper_;
  RunRecord& record_;
  const CallContext context_;
  std::chrono::seconds waited_{0};  ///< for jobs, of kJobWait
  bool jobs_are_at_work_ = false;   ///< still, in what the run filled
  Mended mended_;
};

}  // namespace

Result<Mended> PutRight(const FoundRun& run, const RecordedTarget& target, const NextRun* next,
                        Sleeper& sleeper, const CallContext& context) {
  // Asked before the record is written anew.
  const bool recent = HeardWithinLease(run, context);
  MBK_TRY_ASSIGN(std::unique_ptr<RunRecord> record, RunRecord::TakeOver(run.place, run.record, context));
  Result<Mended> mended = Mender(run, recent, target, next, sleeper, *record, context).Run();
  const Status finished = record->Finish(context);
  if (mended.ok() && !finished.ok()) mended->left.push_back(finished.message());
  return mended;
}

}  // namespace mbk::runs
