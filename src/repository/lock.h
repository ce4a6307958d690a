#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "base/call_context.h"
#include "base/status.h"
#include "manifest/keys.h"
#include "store/object_store.h"

namespace mbk {

/// Who holds a backup's name while it is written or removed: the content of its lock object.
struct LockOwner {
  std::string id;    ///< random, one per run
  std::string verb;  ///< "create", "copy", "delete"
  std::string host;
  std::string boot_id;
  std::int64_t pid = 0;
  std::int64_t started_s = 0;    ///< unix seconds
  std::int64_t heartbeat_s = 0;  ///< unix seconds, renewed every kHeartbeat
  /// "create on host db1, pid 4711, since 2026-11-22 01:00:00 UTC"
  std::string Describe() const;
};

std::string LockToJson(const LockOwner& owner);
Result<LockOwner> LockFromJson(std::string_view json);

/// This process as an owner.
LockOwner ThisProcess(std::string_view verb);

/// Whether the run behind a lock is certainly over: its process is gone from this very machine and boot,
/// or it has not renewed the lock for kLockLease.
bool IsStale(const LockOwner& owner, const LockOwner& here);

/// Read a lock; kNotFound when the backup is not locked.
Result<LockOwner> ReadLock(ObjectReader& store, const BackupLayout& layout, const CallContext& context);

/// Holds the lock object of a backup and renews it from a thread of its own until it is released.
/// kLocked when another live run holds it. A stale lock is taken over.
class BackupLock {
 public:
  static Result<std::unique_ptr<BackupLock>> Acquire(ObjectStore& store, const BackupLayout& layout,
                                                     std::string_view verb, const CallContext& context);
  BackupLock(const BackupLock&) = delete;
  BackupLock& operator=(const BackupLock&) = delete;
  ~BackupLock();

  /// Remove the lock object. Tried once: a lock that stays behind expires. Destruction tries it too, within
  /// two seconds.
  Status Release(const CallContext& context);

 private:
  BackupLock(ObjectStore& store, ObjectKey key, LockOwner owner);
  void Renew(const std::stop_token& stop);

  ObjectStore& store_;
  const ObjectKey key_;
  LockOwner owner_;
  bool held_ = true;
  std::jthread renewer_;
};

}  // namespace mbk
