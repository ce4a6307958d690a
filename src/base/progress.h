#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string_view>

namespace mbk {

/// The steps of every verb, in the words that the log, the progress bar, JSON progress and metrics use.
/// A driver (ops/<verb>/run.cc) is the list of its steps.
enum class Step {
  kStart,
  kConnect,    ///< reach the servers and stores
  kOpen,       ///< read a backup's metadata
  kPreflight,  ///< find out what would fail later, before anything is changed
  kPlan,       ///< decide what goes where, and how
  kFlush,      ///< make Milvus write out what it holds in memory
  kCopy,       ///< objects, store to store
  kManifest,   ///< the metadata files, the last of which is the commit
  kVerify,     ///< compare what is there with what was planned
  kDdl,        ///< databases, collections, partitions
  kStage,      ///< objects to where Milvus can import them
  kImport,     ///< Milvus takes the data in
  kIndex,
  kLoad,
  kMigrate,  ///< Zilliz Cloud takes the uploaded backup in; counted in percent
  kRemove,
  kDone,
};
std::string_view StepName(Step step);

/// How far a run is. Written by the run, read by whoever shows it; thread-safe.
class Progress {
 public:
  struct Snapshot {
    Step step = Step::kStart;
    std::int64_t objects_done = 0;   ///< of this step
    std::int64_t objects_total = 0;  ///< 0: not known
    bool objects_are_rows = false;   ///< they took the time, whatever bytes they have
    std::int64_t bytes_done = 0;
    std::int64_t bytes_total = 0;
    /// What the server says of the objects that it works on, added up: 100 for each that is done.
    std::int64_t percent_sum = 0;
    /// Import jobs, which run beside the staging of what comes after them; they outlast a step.
    std::int64_t jobs_done = 0;
    std::int64_t jobs_total = 0;
    std::int64_t jobs_percent_sum = 0;  ///< as percent_sum
    std::chrono::steady_clock::time_point step_started;
    std::chrono::steady_clock::time_point run_started;
  };

  /// Begin a step and forget the counts of the one before, but for those of import jobs. `objects_total`
  /// counts whatever the step handles one by one: objects, collections.
  void Enter(Step step, std::int64_t objects_total = 0, std::int64_t bytes_total = 0);
  /// The same, where rows are what is handled one by one.
  void EnterRows(Step step, std::int64_t rows_total, std::int64_t bytes_total = 0);
  void Add(std::int64_t objects, std::int64_t bytes);
  /// More of what the server says of the objects that it works on; the parts of one come to 100 at most.
  void AddPercent(std::int64_t percent);
  /// From here on the jobs are counted: `total` of them, none done.
  void SetJobs(std::int64_t total);
  void AddJobs(std::int64_t done);
  void AddJobsPercent(std::int64_t percent);
  Snapshot Get() const;

 private:
  mutable std::mutex mutex_;
  Snapshot now_{.step_started = std::chrono::steady_clock::now(),
                .run_started = std::chrono::steady_clock::now()};
};

}  // namespace mbk
