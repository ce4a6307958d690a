#include "repository/readable.h"

#include "base/log.h"
#include "repository/found_lock.h"

namespace mbk {
namespace {

// What may be about to take the backup from under a reader. Whoever writes beside a committed backup only
// releases its lock, or left it behind.
bool Threatens(const FoundLock& lock, bool committed) {
  return !committed || (lock.owner && lock.owner->verb == kDeleteVerb);
}

Result<bool> IsLive(ObjectReader& store, const BackupLayout& layout, const FoundLock& lock, LockClock& clock,
                    const CallContext& context) {
  switch (JudgeLock(lock, ThisProcessIdentity(), clock.WallSeconds())) {
    case LockState::kLive:
      return true;
    case LockState::kDead:
      return false;
    case LockState::kDoubtful:
      break;
  }
  SayThatLockIsWatched(layout, lock, kLockConfirm);
  MBK_TRY_ASSIGN(const bool silent, StaysSilent(store, lock, kLockConfirm, clock, context));
  return !silent;
}

Result<bool> IsCommitted(ObjectReader& store, const BackupLayout& layout, const CallContext& context) {
  Status there = store.Head(layout.Meta(kBackupMeta), context).status();
  if (there.code() == Code::kNotFound) return false;
  MBK_TRY(std::move(there));
  return true;
}

}  // namespace

Status CheckReadable(ObjectReader& store, const BackupLayout& layout, const CallContext& context,
                     LockClock& clock) {
  MBK_TRY_ASSIGN(const std::vector<FoundLock> found, FindLocks(store, layout, context));
  if (found.empty()) return {};
  MBK_TRY_ASSIGN(const bool committed, IsCommitted(store, layout, context));
  for (const FoundLock& lock : found) {
    if (!Threatens(lock, committed)) continue;
    MBK_TRY_ASSIGN(const bool live, IsLive(store, layout, lock, clock, context));
    if (live) return LockedBy(layout, lock);
    log::Info("backup \"{}\" has the lock of a run that is over: {}", layout.name(), lock.Describe());
  }
  return {};
}

}  // namespace mbk
