#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <thread>

#include "base/call_context.h"
#include "base/status.h"
#include "ops/runs/record.h"
#include "ops/runs/record_place.h"

namespace mbk::runs {

/// How long a record counts as that of a living run after its last renewal.
inline constexpr std::chrono::seconds kLease{300};

struct HeartbeatTimes {
  std::chrono::milliseconds every = std::chrono::seconds(30);
  /// A run without a renewal for so long is lost; what is left of the lease is for calls under way.
  std::chrono::milliseconds lost_after = std::chrono::seconds(240);
  /// A clock that goes on while the machine sleeps.
  std::function<std::chrono::milliseconds()> now;  ///< empty: the later of CLOCK_MONOTONIC and CLOCK_BOOTTIME
};

/// Who begins a record.
struct RunStart {
  std::string verb;
  std::string server;  ///< MilvusClient::address()
  std::string root;    ///< MilvusSide::root; "" where the store is not opened
};

/// The record of this run: written before anything is made in the target, removed when nothing of the run is
/// temporary any more. Thread-safe; renews its heartbeat from a thread of its own. When the object goes, the
/// record stays as it is: a later run puts right what it names.
class RunRecord {
 public:
  /// Write a first record, without collections. The error of the place when it cannot be written.
  static Result<std::unique_ptr<RunRecord>> Start(std::shared_ptr<RecordPlace> place, const RunStart& start,
                                                  const CallContext& context, HeartbeatTimes times = {});
  /// Take over the record of a run that is dead, as `seen`, to put right what it left. kLocked when it is not
  /// as it was seen, or another run was quicker.
  static Result<std::unique_ptr<RunRecord>> TakeOver(std::shared_ptr<RecordPlace> place, const Record& seen,
                                                     const CallContext& context, HeartbeatTimes times = {});
  RunRecord(const RunRecord&) = delete;
  RunRecord& operator=(const RunRecord&) = delete;
  ~RunRecord();

  const std::string& run_id() const { return record_.run_id; }
  /// The record's address, for messages.
  std::string Where() const { return place_->Where(run_id()); }

  /// What is known of the collection `index` of the plan. Durable when it returns; one read and one write.
  /// kLocked when the record is not this run's any more, because it could not be renewed in time or another
  /// run took it over: nothing may be changed in the target from then on.
  Status Update(std::size_t index, const RecordedCollection& collection, const CallContext& context);
  /// Before the first object is written below `prefix`.
  Status NoteStaging(const std::string& prefix, const CallContext& context);
  /// When nothing is left below it, and no job reads it.
  Status ForgetStaging(const std::string& prefix, const CallContext& context);
  /// As soon as the server has told the ids of import jobs.
  Status NoteImports(std::span<const std::int64_t> jobs, const CallContext& context);
  /// Ends the renewal and removes the record; one that still names something temporary, or a staging prefix,
  /// stays for a later run.
  Status Finish(const CallContext& context);

  /// Ends when `context` does, and when the record is lost. Calls that change the target take it. To be
  /// called once; the result is used no longer than this object.
  CallContext Guarded(const CallContext& context);
  /// ok, or the kLocked that says why the record is not this run's any more. No request: to be asked before
  /// each step that drops or renames.
  Status Lost() const;
  /// As it was last written.
  Record Snapshot() const;

 private:
  RunRecord(std::shared_ptr<RecordPlace> place, Record record, std::chrono::milliseconds written,
            HeartbeatTimes times);
  void Renew(const std::stop_token& stop);
  Status Change(const std::function<void(Record&)>& change, const CallContext& context);
  // These are called with the mutex held.
  Status CheckTime() const;
  Status CheckOurs(const CallContext& context);
  Status Write(const CallContext& context);
  void Lose(const Status& why);

  const std::shared_ptr<RecordPlace> place_;
  const HeartbeatTimes times_;
  mutable std::mutex mutex_;  ///< also held over the requests, so that an older record never follows a newer
  std::condition_variable_any wake_;
  Record record_;
  std::string version_;                ///< of what CheckOurs read last
  std::chrono::milliseconds renewed_;  ///< by times_.now, before the last write that succeeded
  Status lost_;
  std::stop_source lost_source_;
  std::optional<std::stop_callback<std::function<void()>>> outer_stop_;
  bool finished_ = false;
  std::jthread renewer_;
};

}  // namespace mbk::runs
