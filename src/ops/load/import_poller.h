#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/call_context.h"
#include "base/progress.h"
#include "base/reach.h"
#include "base/status.h"
#include "milvus/client.h"

namespace mbk::load {

/// How the imports of a collection ended.
struct ImportEnd {
  Status status;
  std::int64_t rows = 0;  ///< what the completed jobs of data say they imported
  /// A job may still be at work, and read its files: its state, or whether it began, could not be asked.
  bool jobs_may_run = false;
};

/// The imports of one collection. A wave starts when all of the one before has completed.
struct CollectionImport {
  CollectionName target;
  std::vector<std::vector<ImportRequest>> waves;
  /// Called on the poller's thread, as soon as the server has told the ids of a few jobs. May be empty.
  std::function<void(std::span<const std::int64_t> jobs)> submitted;
  /// Called once, on the poller's thread, before the first job is submitted. May be empty.
  std::function<void()> begun;
  /// Called once, on the poller's thread, when the last job completed or the first one failed and none
  /// is known to run any more. Not called for what a stop left unfinished.
  std::function<void(ImportEnd end)> finished;
};

/// Submits import jobs and asks for their states: one thread for all jobs of a run. Milvus works through
/// jobs one after the other and in their order, so only the oldest few are asked for. It looks first
/// after 100 ms, less and less often while nothing changes, at most every 2 s. There is no limit to that:
/// jobs wait for their turn behind those of others; every hour without any change is said. A server that
/// answers none of what is asked for two minutes (MilvusRetries::poll) ends all collections that have jobs
/// with it.
class ImportPoller {
 public:
  /// At most `max_jobs` are with the server at a time. `context` ends everything: jobs on the server run
  /// on, Milvus cannot cancel them. `proved_by`: the command to advise when the server dies under an import;
  /// may be empty.
  ImportPoller(MilvusClient& client, Sleeper& sleeper, int max_jobs, Progress& progress,
               const CallContext& context, AdvisedCommand proved_by = {});
  ImportPoller(const ImportPoller&) = delete;
  ImportPoller& operator=(const ImportPoller&) = delete;
  /// Waits for the thread; call WaitAll first unless the run is being given up.
  ~ImportPoller();

  /// Thread-safe. A collection without imports finishes at once.
  void Add(CollectionImport import);
  /// Wait until every added collection has finished. Only a stop makes it fail.
  Status WaitAll();
  /// Why it works no more; ok while it does. Thread-safe.
  Status Ended() const;

 private:
  struct Entry;
  struct Job {
    Entry* entry = nullptr;
    std::int64_t id = 0;
    std::string path;  ///< the first of those that it imports
    bool is_l0 = false;
    ImportState state = ImportState::kPending;
    int percent = 0;

    std::string Name() const;
  };
  enum class Look { kWaits, kRuns, kOver, kServerGone };

  Status Work(const CallContext& context);
  void Run(const std::stop_token& stop);
  void SubmitMore(const CallContext& context);
  bool SubmitNext(Entry& entry, const CallContext& context);
  bool PollOldest(const CallContext& context);
  Look PollJob(Job& job, const CallContext& context);
  void Over(const Job& job);
  void LoseAllJobs(const Status& failure);
  std::string StateInWords() const;
  void FinishReady();

  MilvusClient& client_;
  Sleeper& sleeper_;
  const int max_jobs_;
  Progress& progress_;
  const CallContext context_;
  const AdvisedCommand proved_by_;

  mutable std::mutex mutex_;  // guards ended_, entries_' structure and unfinished_
  std::condition_variable_any changed_;
  std::list<Entry> entries_;
  std::size_t unfinished_ = 0;
  Status ended_;
  std::deque<Job> jobs_;  // with the server, oldest first; only the thread touches it
  std::jthread thread_;
};

}  // namespace mbk::load
