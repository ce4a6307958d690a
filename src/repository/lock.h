#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string_view>
#include <thread>

#include "base/call_context.h"
#include "base/status.h"
#include "manifest/keys.h"
#include "repository/found_lock.h"
#include "repository/lock_clock.h"
#include "repository/lock_owner.h"
#include "repository/lock_session.h"
#include "store/object_store.h"

namespace mbk {

/// Read the lock of a backup, one of them if several lie there; kNotFound when it is not locked, kDataLoss
/// when the lock cannot be read.
Result<LockOwner> ReadLock(ObjectReader& store, const BackupLayout& layout, const CallContext& context);

/// Holds the lock of a backup and renews it from a thread of its own until it is released. See LockSession
/// for how, and docs/adr/0024 for what it promises: a run whose lock is lost is told to stop before another
/// one may take it for dead. Thread-safe but for Release.
class BackupLock {
 public:
  /// kLocked when another live run holds it. The lock of a dead one is taken over; one that only looks dead
  /// is watched first, for as long as a lease (five minutes), with a warning that says so.
  static Result<std::unique_ptr<BackupLock>> Acquire(ObjectStore& store, const BackupLayout& layout,
                                                     std::string_view verb, const CallContext& context,
                                                     LockClock& clock = RealLockClock());
  BackupLock(const BackupLock&) = delete;
  BackupLock& operator=(const BackupLock&) = delete;
  /// Releases the lock if that was not done, or did not succeed; within two seconds.
  ~BackupLock();

  /// `context`, ended too once the lock is lost: what a run does while it holds the lock. Good for the life
  /// of the lock.
  CallContext While(const CallContext& context) const;
  /// To be asked before each step that commits, overwrites or removes: kLocked, with what happened, when the
  /// lock is not ours any more. One request.
  Status Check(const CallContext& context);
  /// The same as far as clocks can tell, and without a request.
  Status CheckTime();
  /// Before any other write: CheckTime, and Check where the last renewal is overdue, as it is in a process
  /// that has just been woken up.
  Status CheckBeforeWrite(const CallContext& context);

  /// Remove the lock object if it is ours; kLocked, and nothing is removed, if not. Also with a context that
  /// has ended it is tried, within two seconds. A lock that stays behind expires.
  Status Release(const CallContext& context);

 private:
  BackupLock(std::unique_ptr<LockSession> session, LockClock& clock, const CallContext& context);
  void KeepRenewing(const std::stop_token& stop);
  /// No renewal is under way any more; whether one was cut short, and may still arrive.
  bool StopRenewing();

  struct StopRun {
    std::stop_source* run;
    void operator()() const { run->request_stop(); }
  };

  const std::unique_ptr<LockSession> session_;
  LockClock& clock_;
  std::stop_source run_;  ///< of While
  std::stop_callback<StopRun> outer_;
  bool held_ = true;

  std::mutex mutex_;  ///< of what follows
  std::condition_variable idle_;
  bool renewing_ = false;
  bool cut_short_ = false;
  std::stop_source renewal_;
  std::jthread renewer_;
};

}  // namespace mbk
