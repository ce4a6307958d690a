#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/parallel.h"
#include "ops/load/import_poller.h"
#include "ops/load/load.h"
#include "ops/load/stage.h"

namespace mbk::load {
namespace {

constexpr std::chrono::minutes kCleanUpTimeout{5};
constexpr std::chrono::seconds kCleanUpWhenStopped{3};
constexpr std::chrono::seconds kLongestNap{60};  // for a deadline that is never

KeyValues ImportOptions(const ImportDir& dir) {
  KeyValues options{{"skip_disk_quota_check", "true"}, {dir.is_l0 ? "l0_import" : "backup", "true"}};
  if (dir.storage_version > 0) options.push_back({"storage_version", std::to_string(dir.storage_version)});
  return options;
}

// Milvus 2.2 and 2.3 demand exactly two paths for data, the second may be empty; L0 goes with one.
ImportRequest RequestOf(const MilvusSide& server, const BinlogTree& tree, const CollectionName& target,
                        const ImportDir& dir) {
  auto path = [&](const std::string& below) {
    return below.empty() ? "" : server.import_path(tree.prefix() + below);
  };
  ImportRequest request{
      .target = target, .partition_name = dir.partition, .options = ImportOptions(dir), .is_l0 = dir.is_l0};
  if (dir.is_l0)
    request.paths = {path(dir.delta_dir)};
  else
    request.paths = {path(dir.insert_dir), path(dir.delta_dir)};
  return request;
}

std::int64_t CountJobs(const Plan& plan) {
  std::int64_t jobs = 0;
  for (const CollectionPlan& collection : plan.collections) {
    if (collection.via != Via::kImport) continue;
    for (const auto& wave : collection.imports) jobs += static_cast<std::int64_t>(wave.size());
  }
  return jobs;
}

StagingWork CountStaging(const ObjectSource& source, const Plan& plan) {
  StagingWork all;
  for (const CollectionPlan& collection : plan.collections) {
    if (collection.via != Via::kImport) continue;
    const StagingWork work = StagingWorkOf(source, collection);
    all.objects += work.objects;
    all.bytes += work.bytes;
  }
  return all;
}

// The jobs count the rows that live. Without deletes that is every row; with deletes it is at most that, and
// how many exactly a record of them tells, or the rows themselves (CheckImportedRows).
Status CheckRowCount(const Outcome& outcome) {
  if (outcome.rows_not_deleted && outcome.rows_imported != *outcome.rows_not_deleted)
    return DataLoss(
        fmt::format("Milvus imported {} rows; when the backup was made {} were counted that are not deleted",
                    outcome.rows_imported, *outcome.rows_not_deleted));
  const bool fits = outcome.has_deletes ? outcome.rows_imported <= outcome.rows_expected
                                        : outcome.rows_imported == outcome.rows_expected;
  if (fits) return {};
  return DataLoss(fmt::format("Milvus imported {} rows, the source holds {}{}", outcome.rows_imported,
                              outcome.rows_expected, outcome.has_deletes ? " before deletes" : ""));
}

class Importer {
 public:
  Importer(MilvusSide& server, const ObjectSource& source, const std::string& task_id, const Journal& journal,
           const RunServices& run, const CallContext& context)
      : server_(server),
        source_(source),
        task_id_(task_id),
        journal_(journal),
        run_(run),
        context_(context),
        poller_(std::in_place, server.client, run.sleeper, run.settings.import_jobs, run.progress, context,
                source.proved_by) {}
  Importer(const Importer&) = delete;
  Importer& operator=(const Importer&) = delete;
  ~Importer() { LeaveOff(); }

  // Stage one collection and hand its jobs to the poller; staging of the next goes on meanwhile. From then on
  // the outcome belongs to the poller's thread, until the collection is filled.
  Status Start(std::size_t index, const CollectionPlan& plan, Outcome& outcome, const CallContext& context) {
    const auto announce = [this, index] { Announce(index); };
    if (!NeedsStaging(source_, plan)) {
      Submit(plan, plan.imports, *source_.importable, nullptr, outcome, announce);
      return {};
    }
    const BinlogTree staging = StagingTree(server_.staging_root, task_id_, plan.target.db, plan.target.name);
    if (journal_.note_staging) MBK_TRY(journal_.note_staging(staging.prefix(), context));
    {
      std::scoped_lock lock(mutex_);
      staged_[staging.prefix()] = {.outcome = &outcome};
    }
    const Result<Staged> staged = Stage(server_, source_, plan, staging, run_, context);
    if (!staged.ok()) {
      CleanUp(staging, outcome);
      return staged.status();
    }
    outcome.streamed_because = staged->streamed_because;
    Submit(plan, staged->imports, staging, &staging, outcome, announce);
    return {};
  }

  // The next of those whose imports are over; nullopt when there is none just now.
  std::optional<std::size_t> TakeFilled() {
    std::scoped_lock lock(mutex_);
    if (filled_.empty()) return std::nullopt;
    const std::size_t index = filled_.front();
    filled_.pop_front();
    return index;
  }
  // Wait until there is one.
  Result<std::size_t> AwaitFilled() {
    {
      std::unique_lock lock(mutex_);
      while (filled_.empty()) {
        MBK_TRY(context_.Check());
        MBK_TRY(poller_->Ended());
        const Milliseconds wait = std::min<Milliseconds>(context_.deadline.Remaining(), kLongestNap);
        is_filled_.wait_for(lock, context_.stop, wait, [&] { return !filled_.empty(); });
      }
    }
    return *TakeFilled();
  }

  // What is said of a run that ended with `why` before its imports did.
  Status GiveUp(Status why) {
    const std::vector<std::string> kept = LeaveOff();
    if (kept.empty() && !reading_in_place_.empty())
      return {why.code(),
              fmt::format("{}; import jobs go on in Milvus, which cannot be told to stop, and read the "
                          "files at {}",
                          why.message(), UrlOf(source_.importable->prefix()))};
    if (kept.empty()) return why;
    return {why.code(),
            fmt::format("{}; import jobs go on in Milvus, which cannot be told to stop, and read the "
                        "files staged at {}; {}",
                        why.message(), fmt::join(kept, ", "),
                        AdviseToRemove("when they are over, remove those with"))};
  }

 private:
  // Files that are staged and still needed.
  struct StagedFiles {
    Outcome* outcome = nullptr;
    bool imported = false;  // jobs have been given to the server
  };

  void Announce(std::size_t index) {
    {
      std::scoped_lock lock(mutex_);
      filled_.push_back(index);
    }
    is_filled_.notify_all();
  }

  // What is rewritten lies in `in`, where everything is that has been staged; so does the rest, unless Milvus
  // reads it where it is. `staging`: what to remove afterwards, or null.
  void Submit(const CollectionPlan& plan, const std::vector<std::vector<ImportDir>>& waves,
              const BinlogTree& in, const BinlogTree* staging, Outcome& outcome, std::function<void()> over) {
    const CollectionName& target = plan.place.built_as;
    const BinlogTree& others = source_.importable != nullptr ? *source_.importable : in;
    CollectionImport import{.target = target};
    for (const auto& wave : waves) {
      import.waves.emplace_back();
      for (const ImportDir& dir : wave)
        import.waves.back().push_back(RequestOf(server_, dir.rewritten ? in : others, target, dir));
    }
    const std::optional<BinlogTree> staged = staging != nullptr ? std::optional(*staging) : std::nullopt;
    import.begun = [this, &outcome, create = plan.create, prefix = staged ? staged->prefix() : ""] {
      outcome.rows_brought.reset();
      if (!create) outcome.left = Left::kAppended;
      std::scoped_lock lock(mutex_);
      if (prefix.empty())
        reading_in_place_.insert(&outcome);
      else
        staged_[prefix].imported = true;
    };
    if (journal_.note_imports)
      import.submitted = [this](std::span<const std::int64_t> jobs) { NoteImports(jobs); };
    import.finished = [this, &outcome, staged, over = std::move(over)](ImportEnd end) {
      Finish(staged, std::move(end), outcome);
      over();
    };
    poller_->Add(std::move(import));
  }

  void Finish(const std::optional<BinlogTree>& staged, ImportEnd end, Outcome& outcome) {
    outcome.rows_imported = end.rows;
    if (!end.jobs_may_run) outcome.rows_brought = end.rows;
    outcome.status = end.status.ok() ? CheckRowCount(outcome) : std::move(end.status);
    if (!end.jobs_may_run) {
      std::scoped_lock lock(mutex_);
      reading_in_place_.erase(&outcome);
    }
    if (!staged) return;
    if (end.jobs_may_run)
      Keep(*staged, outcome);
    else
      CleanUp(*staged, outcome);
  }

  std::string UrlOf(const std::string& prefix) const {
    return server_.store.identity().Url(ObjectKey(prefix));
  }

  // What no record names is removed by nobody but the user.
  std::string AdviseToRemove(std::string_view what) const {
    if (!journal_.note_staging) return fmt::format("{} the tools of the store", what);
    return Advise(what, CommandFor(server_.reach, "check --leftovers --clean"));
  }

  void NoLongerNeeded(const BinlogTree& staging) {
    std::scoped_lock lock(mutex_);
    staged_.erase(staging.prefix());
  }

  void Keep(const BinlogTree& staging, Outcome& outcome) {
    {
      std::scoped_lock lock(mutex_);
      staged_.erase(staging.prefix());
      kept_.push_back(UrlOf(staging.prefix()));
    }
    SayThatFilesStay(
        outcome,
        fmt::format(
            "the files staged at {} are kept: an import job whose state could not be asked may still read "
            "them; {}",
            UrlOf(staging.prefix()), AdviseToRemove("when Milvus has no job any more, remove them with")));
  }

  static void SayThatFilesStay(Outcome& outcome, const std::string& what) {
    outcome.warnings.push_back(what);
    outcome.files_behind.push_back(what);
  }

  void CleanUp(const BinlogTree& staging, Outcome& outcome) {
    NoLongerNeeded(staging);
    if (run_.settings.keep_temp_files) return Forget(staging);
    Status removed = RemoveStaging(server_.store, staging, {.deadline = CleanUpDeadline()});
    if (removed.ok()) return Forget(staging);
    SayThatFilesStay(outcome, fmt::format("staged files stay behind at {}: {}; {}", UrlOf(staging.prefix()),
                                          removed.message(), AdviseToRemove("they go with")));
  }

  // However many collections there are to clean up after, a run that was stopped is gone in time.
  Deadline CleanUpDeadline() {
    if (!context_.stop.stop_requested()) return Deadline::After(kCleanUpTimeout);
    std::scoped_lock lock(mutex_);
    if (!stop_deadline_) stop_deadline_ = Deadline::After(kCleanUpWhenStopped);
    return *stop_deadline_;
  }

  // Ends the polling. Removes what no job has been given; where the rest lies is returned.
  std::vector<std::string> LeaveOff() {
    poller_.reset();
    std::vector<std::string> kept = std::exchange(kept_, {});
    for (const auto& [prefix, files] : std::map(staged_)) {
      if (files.imported)
        kept.push_back(UrlOf(prefix));
      else
        CleanUp(BinlogTree(prefix), *files.outcome);
    }
    staged_.clear();
    return kept;
  }

  void NoteImports(std::span<const std::int64_t> jobs) {
    // Also of a run that was stopped: whether the jobs are over is asked by whoever cleans up behind it.
    const Status noted = journal_.note_imports(jobs, {.deadline = Deadline::After(kCleanUpWhenStopped)});
    if (!noted.ok()) log::Warn("{} import jobs are not recorded: {}", jobs.size(), noted.message());
  }

  void Forget(const BinlogTree& staging) {
    if (!journal_.forget_staging) return;
    const Status forgotten =
        journal_.forget_staging(staging.prefix(), {.deadline = Deadline::After(kCleanUpWhenStopped)});
    if (!forgotten.ok()) log::Debug("record of {}: {}", staging.prefix(), forgotten.message());
  }

  MilvusSide& server_;
  const ObjectSource& source_;
  const std::string task_id_;
  const Journal& journal_;
  const RunServices& run_;
  const CallContext context_;
  std::mutex mutex_;
  std::map<std::string, StagedFiles> staged_;  ///< by prefix
  std::vector<std::string> kept_;              ///< URLs of files that a job in doubt may still read
  std::set<const Outcome*> reading_in_place_;  ///< whose jobs may run, and read what was not staged
  std::optional<Deadline> stop_deadline_;
  std::deque<std::size_t> filled_;
  std::condition_variable_any is_filled_;
  std::optional<ImportPoller> poller_;
};

// One collection is staged at a time, with all the copies that the settings allow; the imports of those
// before it run meanwhile. What they have filled is not left waiting.
Status StageAndAwait(Importer& importer, const Plan& plan, std::vector<Outcome>& outcomes,
                     const OnFilled& on_filled, Progress& progress, const CallContext& context) {
  std::size_t imported = 0, finished = 0;
  const auto finish = [&](std::size_t index) {
    ++finished;
    return on_filled(index);
  };
  for (std::size_t i = 0; i < plan.collections.size(); ++i) {
    if (!outcomes[i].status.ok() || !IsImported(plan.collections[i])) continue;
    ++imported;
    Status started = importer.Start(i, plan.collections[i], outcomes[i], context);
    if (!started.ok()) {
      outcomes[i].status = std::move(started);
      MBK_TRY(context.Check());
      MBK_TRY(finish(i));
    }
    MBK_TRY(context.Check());
    while (const std::optional<std::size_t> filled = importer.TakeFilled()) MBK_TRY(finish(*filled));
  }
  progress.Enter(Step::kImport);
  while (finished < imported) {
    MBK_TRY_ASSIGN(const std::size_t filled, importer.AwaitFilled());
    MBK_TRY(finish(filled));
  }
  return {};
}

}  // namespace

Status StageAndImport(MilvusSide& server, const ObjectSource& source, const std::string& task_id,
                      const Plan& plan, std::vector<Outcome>& outcomes, const OnFilled& on_filled,
                      const Journal& journal, const RunServices& run, const CallContext& context) {
  run.progress.SetJobs(CountJobs(plan));
  const StagingWork staging = CountStaging(source, plan);
  run.progress.Enter(staging.objects > 0 ? Step::kStage : Step::kImport, staging.objects, staging.bytes);
  Importer importer(server, source, task_id, journal, run, context);
  Status ended = StageAndAwait(importer, plan, outcomes, on_filled, run.progress, context);
  return ended.ok() ? Status() : importer.GiveUp(std::move(ended));
}

}  // namespace mbk::load
