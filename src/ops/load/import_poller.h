#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

#include "base/call_context.h"
#include "base/progress.h"
#include "base/status.h"
#include "milvus/client.h"

namespace mbk::load {

/// The imports of one collection. A wave starts when all of the one before has completed.
struct CollectionImport {
  CollectionName target;
  std::vector<std::vector<ImportRequest>> waves;
  /// Called once, on the poller's thread, when the last job completed or the first one failed and none
  /// is running any more. `rows` counts what the completed jobs say they imported.
  std::function<void(Status status, std::int64_t rows)> finished;
};

/// Submits import jobs and asks for their states: one thread for all jobs of a run. Milvus works through
/// jobs one after the other and in their order, so only the oldest few are asked for. It looks first
/// after 100 ms, less and less often while nothing changes, at most every 2 s.
class ImportPoller {
 public:
  /// At most `max_jobs` are with the server at a time. `context` ends everything: jobs on the server run
  /// on, Milvus cannot cancel them.
  ImportPoller(MilvusClient& client, Sleeper& sleeper, int max_jobs, Progress& progress,
               const CallContext& context);
  ImportPoller(const ImportPoller&) = delete;
  ImportPoller& operator=(const ImportPoller&) = delete;
  /// Waits for the thread; call WaitAll first unless the run is being given up.
  ~ImportPoller();

  /// Thread-safe. A collection without imports finishes at once.
  void Add(CollectionImport import);
  /// Wait until every added collection has finished. Only a stop makes it fail.
  Status WaitAll();

 private:
  struct Entry;
  struct Job {
    Entry* entry = nullptr;
    std::int64_t id = 0;
  };

  void Run(const std::stop_token& stop);
  void SubmitMore(const CallContext& context);
  bool SubmitNext(Entry& entry, const CallContext& context);
  bool PollOldest(const CallContext& context);
  bool PollJob(const Job& job, bool& still_runs, const CallContext& context);
  void FinishReady();

  MilvusClient& client_;
  Sleeper& sleeper_;
  const int max_jobs_;
  Progress& progress_;
  const CallContext context_;

  std::mutex mutex_;  // guards entries_' structure and unfinished_
  std::condition_variable_any changed_;
  std::list<Entry> entries_;
  std::size_t unfinished_ = 0;
  Status ended_;
  std::deque<Job> jobs_;  // with the server, oldest first; only the thread touches it
  std::jthread thread_;
};

}  // namespace mbk::load
