#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "manifest/keys.h"
#include "repository/found_lock.h"
#include "repository/lock_clock.h"
#include "repository/lock_owner.h"
#include "store/object_store.h"

namespace mbk {

/// The protocol by which one run takes, keeps and gives back the lock of a backup, without threads of its own
/// (BackupLock has one). Two ways, which respect each other (docs/adr/0024):
///
/// * Where the store can put conditionally, one object for all, meta/lock.json: put when absent, replaced by
///   etag. Whether the store really obeys is tried once.
/// * Elsewhere a candidate of one's own, meta/lock-<id>.json; after a while in which every put that had begun
///   has ended, the smallest id among those that lie there holds.
///
/// Whoever has not renewed for half a lease counts its lock as lost, for good. Renew and Check may be called
/// by two threads; Acquire comes before, Release behind all others.
class LockSession {
 public:
  LockSession(ObjectStore& store, const BackupLayout& layout, LockOwner owner, LockClock& clock)
      : store_(store), layout_(layout), owner_(std::move(owner)), clock_(clock) {}

  /// kLocked when another run holds the lock, or stands for it with a better claim. A lock that looks old is
  /// watched first, up to a lease. At most six requests where nobody else is.
  Status Acquire(const CallContext& context);
  /// Say that the run is still there. kLocked once the lock is lost; any other error may pass.
  Status Renew(const CallContext& context);
  /// Whether the lock is ours, as the store has it: kLocked if not. One request.
  Status Check(const CallContext& context);
  /// The same as far as the clocks tell, without a request.
  Status CheckTime();
  /// Remove the lock object if it is ours; kLocked, and nothing done, if not. Two requests.
  Status Release(const CallContext& context);

  /// When the lock was last known to be renewed.
  LockMoment renewed() const;
  const LockOwner& owner() const { return owner_; }

 private:
  enum class Claimed { kYes, kLookAgain };

  Result<Claimed> SettleOthers(const std::vector<FoundLock>& found, const CallContext& context);
  /// Whether the run behind a doubtful lock is over; waits for it.
  Result<bool> ProveDead(const FoundLock& lock, const CallContext& context);
  bool IsProvedDead(const FoundLock& lock) const;
  bool Replaces(const LockOwner& other) const;

  Result<Claimed> Claim(const std::vector<FoundLock>& found, const LockMoment& began,
                        const CallContext& context);
  Result<Claimed> ClaimTheOne(const FoundLock* dead, const LockMoment& began, const CallContext& context);
  Result<Claimed> ClaimAsCandidate(const LockMoment& began, const CallContext& context);
  Result<Claimed> Elect(const LockMoment& sent, const CallContext& context);
  /// Whether another run's lock lies there that is not proved dead.
  Result<bool> OthersCame(const CallContext& context);
  /// Take away what dead runs left, so that their locks cannot be taken for live ones.
  Status RemoveDead(const CallContext& context);
  Result<bool> ObeysIfAbsent(const CallContext& context);
  Result<bool> ObeysIfMatch(const CallContext& context);

  Status RenewTheOne(const CallContext& context);
  Status RenewByReading(const CallContext& context);
  Status CheckTheOne(const CallContext& context);
  Status CheckCandidate(const CallContext& context);

  /// Remove what lies under our key if it is ours.
  Status RemoveOwn(const CallContext& context);
  /// On the way out: what a run that does not get the lock has put.
  void Withdraw();
  Status DeletePlainly(const ObjectKey& key, const CallContext& context);
  Status DeleteThisVersion(const FoundLock& lock, const CallContext& context);

  std::string Body(std::int64_t beat) const;
  void NoteRenewed(const LockMoment& sent, std::int64_t beat, std::string etag);
  Status Lose(std::string_view why);

  ObjectStore& store_;
  const BackupLayout layout_;
  LockOwner owner_;
  LockClock& clock_;
  std::vector<FoundLock> dead_;  ///< proved so by this run
  bool as_candidate_ = false;
  bool replaces_by_etag_ = false;
  ObjectKey key_;  ///< of our lock; empty: none was put

  mutable std::mutex mutex_;  ///< of what follows
  LockMoment renewed_;
  std::string etag_;
  std::int64_t beat_ = 0;
  Status lost_;
};

}  // namespace mbk
