#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/parallel.h"
#include "ops/load/import_poller.h"
#include "ops/load/load.h"
#include "ops/load/stage.h"

namespace mbk::load {
namespace {

constexpr std::chrono::minutes kCleanUpTimeout{5};
constexpr std::chrono::seconds kCleanUpWhenStopped{3};

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
  ImportRequest request{.target = target, .partition_name = dir.partition, .options = ImportOptions(dir)};
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

// The jobs count the rows that live. Without deletes that is every row; with deletes it is at most that,
// and how many exactly only the rows themselves could tell.
Status CheckRowCount(const Outcome& outcome) {
  const bool fits = outcome.has_deletes ? outcome.rows_imported <= outcome.rows_expected
                                        : outcome.rows_imported == outcome.rows_expected;
  if (fits) return {};
  return DataLoss(fmt::format("Milvus imported {} rows, the source holds {}{}", outcome.rows_imported,
                              outcome.rows_expected, outcome.has_deletes ? " before deletes" : ""));
}

// On a local disk a directory that Milvus 2.3.5 does not have is imported as one without rows, and the job
// succeeds. Where there are deletes that cannot be told from rows that are all deleted.
std::optional<std::string> DoubtOf(const Outcome& outcome, const MilvusSide& server) {
  const bool doubtful = outcome.has_deletes && outcome.rows_expected > 0 && outcome.rows_imported == 0 &&
                        server.store.identity().service == "local";
  if (!doubtful) return std::nullopt;
  return fmt::format(
      "Milvus imported none of {} rows: either all are deleted, or it sees the files under another path than "
      "rootPath (set localPath in a v2 file); verify --live tells which",
      outcome.rows_expected);
}

class Importer {
 public:
  Importer(MilvusSide& server, const ObjectSource& source, const std::string& task_id, const RunServices& run,
           const CallContext& context)
      : server_(server),
        source_(source),
        task_id_(task_id),
        run_(run),
        context_(context),
        poller_(std::in_place, server.client, run.sleeper, run.settings.import_jobs, run.progress, context) {}
  Importer(const Importer&) = delete;
  Importer& operator=(const Importer&) = delete;
  // A run that was stopped leaves jobs with the server, but no files.
  ~Importer() {
    poller_.reset();
    for (const auto& [prefix, outcome] : std::map(staged_)) CleanUp(BinlogTree(prefix), *outcome);
  }

  // Stage one collection and hand its jobs to the poller; staging of the next goes on meanwhile.
  Status Start(const CollectionPlan& plan, Outcome& outcome, const CallContext& context) {
    if (!NeedsStaging(source_, plan)) {
      Submit(plan.target, plan.imports, *source_.importable, outcome, [] {});
      return {};
    }
    const BinlogTree staging = StagingTree(server_.staging_root, task_id_, plan.target.db, plan.target.name);
    {
      std::scoped_lock lock(mutex_);
      staged_[staging.prefix()] = &outcome;
    }
    const Result<Staged> staged = Stage(server_, source_, plan, staging, run_, context);
    if (!staged.ok()) {
      CleanUp(staging, outcome);
      return staged.status();
    }
    outcome.streamed_because = staged->streamed_because;
    Submit(plan.target, staged->imports, staging, outcome,
           [this, staging, &outcome] { CleanUp(staging, outcome); });
    return {};
  }

  Status WaitAll() { return poller_->WaitAll(); }

 private:
  // What is rewritten lies in `staging`; so does the rest, unless Milvus reads it where it is.
  void Submit(const CollectionName& target, const std::vector<std::vector<ImportDir>>& waves,
              const BinlogTree& staging, Outcome& outcome, std::function<void()> clean_up) {
    const BinlogTree& others = source_.importable != nullptr ? *source_.importable : staging;
    CollectionImport import{.target = target};
    for (const auto& wave : waves) {
      import.waves.emplace_back();
      for (const ImportDir& dir : wave)
        import.waves.back().push_back(RequestOf(server_, dir.rewritten ? staging : others, target, dir));
    }
    import.finished = [this, &outcome, clean_up = std::move(clean_up)](Status status, std::int64_t rows) {
      outcome.rows_imported = rows;
      outcome.status = status.ok() ? CheckRowCount(outcome) : std::move(status);
      if (outcome.status.ok())
        if (std::optional<std::string> doubt = DoubtOf(outcome, server_))
          outcome.warnings.push_back(*std::move(doubt));
      clean_up();
    };
    poller_->Add(std::move(import));
  }

  void CleanUp(const BinlogTree& staging, Outcome& outcome) {
    {
      std::scoped_lock lock(mutex_);
      staged_.erase(staging.prefix());
    }
    if (run_.settings.keep_temp_files) return;
    const bool stopped = context_.stop.stop_requested();
    const Deadline deadline =
        stopped ? Deadline::After(kCleanUpWhenStopped) : Deadline::After(kCleanUpTimeout);
    Status removed = RemoveStaging(server_.store, staging, {.deadline = deadline});
    if (removed.ok()) return;
    outcome.warnings.push_back(fmt::format("staged files stay behind at {}: {}",
                                           server_.store.identity().Url(ObjectKey(staging.prefix())),
                                           removed.message()));
  }

  MilvusSide& server_;
  const ObjectSource& source_;
  const std::string task_id_;
  const RunServices& run_;
  const CallContext context_;
  std::mutex mutex_;
  std::map<std::string, Outcome*> staged_;  ///< prefixes with files that are still needed
  std::optional<ImportPoller> poller_;
};

}  // namespace

Status StageAndImport(MilvusSide& server, const ObjectSource& source, const std::string& task_id,
                      const Plan& plan, std::vector<Outcome>& outcomes, const RunServices& run,
                      const CallContext& context) {
  const bool any_staged =
      std::any_of(plan.collections.begin(), plan.collections.end(),
                  [&](const CollectionPlan& collection) { return NeedsStaging(source, collection); });
  run.progress.Enter(any_staged ? Step::kStage : Step::kImport, CountJobs(plan));
  Importer importer(server, source, task_id, run, context);
  // One collection is staged at a time, with all the copies that the settings allow; the imports of those
  // before it run meanwhile.
  for (std::size_t i = 0; i < plan.collections.size(); ++i) {
    Outcome& outcome = outcomes[i];
    const bool imported = plan.collections[i].via == Via::kImport && !plan.collections[i].imports.empty();
    if (!outcome.status.ok() || !imported) continue;
    // Once started, the outcome belongs to the poller's thread until WaitAll.
    Status started = importer.Start(plan.collections[i], outcome, context);
    if (!started.ok()) outcome.status = std::move(started);
    MBK_TRY(context.Check());
  }
  run.progress.Enter(Step::kImport, CountJobs(plan));
  return importer.WaitAll();
}

}  // namespace mbk::load
