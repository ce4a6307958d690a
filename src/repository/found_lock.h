#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "manifest/keys.h"
#include "repository/lock_clock.h"
#include "repository/lock_owner.h"
#include "store/object_store.h"

/// Locks as they lie in a store, and what can be said of the runs behind them.
namespace mbk {

struct FoundLock {
  ObjectKey key;
  std::string etag;
  std::int64_t last_modified_ms = 0;
  std::string content;
  std::optional<LockOwner> owner;  ///< none: it cannot be read
  /// "create on host …", or what is wrong with it.
  std::string Describe() const;
  bool SameAs(const FoundLock& other) const {
    return key == other.key && etag == other.etag && content == other.content;
  }
};

/// All locks of a backup, most often none. One listing, and one small read each.
Result<std::vector<FoundLock>> FindLocks(ObjectReader& store, const BackupLayout& layout,
                                         const CallContext& context);
/// One of them; kNotFound when it is gone.
Result<FoundLock> ReadFoundLock(ObjectReader& store, const ObjectKey& key, const CallContext& context);

enum class LockState {
  kLive,      ///< its run is at work, or may well be
  kDead,      ///< its process is certainly gone
  kDoubtful,  ///< only watching it will tell
};
/// What can be said without waiting. A heartbeat that looks recent by `now_s`, our own clock, is believed,
/// since that refuses and harms nothing; one that looks old proves nothing: the clocks of two hosts differ.
LockState JudgeLock(const FoundLock& lock, const ProcessIdentity& here, std::int64_t now_s);

/// Whether a lock stays as it is for `duration` while we watch: a live run renews it every kLockHeartbeat.
/// Time in which this process, too, was suspended does not count. False when it changes or goes.
Result<bool> StaysSilent(ObjectReader& store, const FoundLock& lock, Milliseconds duration, LockClock& clock,
                         const CallContext& context);

/// A warning: who seems to hold the backup, and how long that is watched.
void SayThatLockIsWatched(const BackupLayout& layout, const FoundLock& lock, Milliseconds duration);

/// kLocked, with who holds the backup.
Status LockedBy(const BackupLayout& layout, const FoundLock& lock);

}  // namespace mbk
