#include "repository/lock_session.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/log.h"
#include "store/store_clock.h"

namespace mbk {
namespace {

// Others that come and go at the same time cost a new look; more than a few of them are a storm.
constexpr int kRounds = 12;
// On the way out of a run that may have been told to stop within five seconds.
constexpr Milliseconds kCleanUp{2'000};
constexpr Milliseconds kHalfLease = kLockLease / 2;

Milliseconds Seconds(Milliseconds time) { return time / 1'000; }

CallContext OnTheWayOut() { return {.deadline = Deadline::After(kCleanUp)}; }

// What a call must not outlast: a put that comes to an end much later would be of another time.
CallContext Within(Milliseconds timeout, const CallContext& context) {
  const Milliseconds left = std::min(timeout, context.deadline.Remaining());
  return {.stop = context.stop, .deadline = Deadline::After(left)};
}

}  // namespace

LockMoment LockSession::renewed() const {
  std::lock_guard lock(mutex_);
  return renewed_;
}

// ---------------------------------------------------------------------------------------------- acquiring

Status LockSession::Acquire(const CallContext& context) {
  for (int round = 0; round < kRounds; ++round) {
    const LockMoment began = NowBy(clock_);
    MBK_TRY_ASSIGN(const std::vector<FoundLock> found, FindLocks(store_, layout_, context));
    MBK_TRY_ASSIGN(Claimed claimed, SettleOthers(found, context));
    if (claimed == Claimed::kLookAgain) continue;
    MBK_TRY_ASSIGN(claimed, Claim(found, began, context));
    if (claimed == Claimed::kLookAgain) continue;
    // Last: whatever was done before may have taken long.
    Status ours = as_candidate_ ? Status() : RemoveDead(context);
    if (ours.ok()) ours = Check(context);
    if (!ours.ok()) Withdraw();
    return ours;
  }
  return {Code::kLocked,
          fmt::format("backup \"{}\": other runs take and leave its lock all the time; try again",
                      layout_.name())};
}

Result<LockSession::Claimed> LockSession::SettleOthers(const std::vector<FoundLock>& found,
                                                       const CallContext& context) {
  for (const FoundLock& lock : found) {
    if (IsProvedDead(lock)) continue;
    switch (JudgeLock(lock, owner_.process, clock_.WallSeconds())) {
      case LockState::kLive:
        return LockedBy(layout_, lock);
      case LockState::kDead:
        dead_.push_back(lock);
        break;
      case LockState::kDoubtful: {
        MBK_TRY_ASSIGN(const bool dead, ProveDead(lock, context));
        if (dead) dead_.push_back(lock);
        return Claimed::kLookAgain;  // time has passed, others may have come
      }
    }
  }
  return Claimed::kYes;
}

Result<bool> LockSession::ProveDead(const FoundLock& lock, const CallContext& context) {
  MBK_TRY_ASSIGN(const std::int64_t now_ms, StoreNow(store_, layout_.ScratchOf(owner_.id), context));
  Milliseconds needed = kLockLease;
  if (now_ms > 0 && lock.last_modified_ms > 0) {
    const Milliseconds age{now_ms - lock.last_modified_ms};
    needed = std::clamp(kLockLease - age, kLockConfirm, kLockLease);
  }
  SayThatLockIsWatched(layout_, lock, needed);
  MBK_TRY_ASSIGN(const bool silent, StaysSilent(store_, lock, needed, clock_, context));
  if (silent) return true;
  Result<FoundLock> now = ReadFoundLock(store_, lock.key, context);
  if (now.status().code() == Code::kNotFound) return false;  // its run ended meanwhile
  MBK_TRY(now.status());
  return LockedBy(layout_, *now);
}

bool LockSession::IsProvedDead(const FoundLock& lock) const {
  return std::any_of(dead_.begin(), dead_.end(), [&](const FoundLock& dead) { return dead.SameAs(lock); });
}

bool LockSession::Replaces(const LockOwner& other) const {
  return std::find(owner_.replaces.begin(), owner_.replaces.end(), other.id) != owner_.replaces.end();
}

Result<LockSession::Claimed> LockSession::Claim(const std::vector<FoundLock>& found, const LockMoment& began,
                                                const CallContext& context) {
  owner_.replaces.clear();
  for (const FoundLock& dead : dead_) {
    if (dead.owner) owner_.replaces.push_back(dead.owner->id);
  }
  const auto the_one = std::find_if(found.begin(), found.end(),
                                    [&](const FoundLock& lock) { return lock.key == layout_.Meta(kLock); });
  const FoundLock* dead = the_one == found.end() ? nullptr : &*the_one;
  if (!store_.capabilities().conditional_put) as_candidate_ = true;
  if (dead != nullptr && !as_candidate_ && !replaces_by_etag_) {
    MBK_TRY_ASSIGN(replaces_by_etag_, ObeysIfMatch(context));
    if (!replaces_by_etag_) as_candidate_ = true;
    return Claimed::kLookAgain;  // what was found is as old as the trial took
  }
  return as_candidate_ ? ClaimAsCandidate(began, context) : ClaimTheOne(dead, began, context);
}

Result<LockSession::Claimed> LockSession::ClaimTheOne(const FoundLock* dead, const LockMoment& began,
                                                      const CallContext& context) {
  key_ = layout_.Meta(kLock);
  const LockMoment sent = NowBy(clock_);
  const std::string body = Body(1);
  PutRequest put{.key = key_, .body = body};
  if (dead == nullptr)
    put.condition = PutCondition::kIfAbsent;
  else
    put.if_match = dead->etag;
  NoteRenewed(sent, 1, "");
  Result<WriteResult> written = store_.Put(put, context);
  const Code code = written.status().code();
  if (code == Code::kAlreadyExists || code == Code::kFailedPrecondition) {  // another run was quicker
    key_ = {};
    return Claimed::kLookAgain;
  }
  if (code == Code::kUnimplemented && dead != nullptr) {
    key_ = {};
    as_candidate_ = true;
    return Claimed::kLookAgain;
  }
  if (!written.ok()) {  // it may have arrived all the same
    Withdraw();
    return written.status();
  }
  NoteRenewed(sent, 1, written->etag);
  Result<bool> obeys = dead == nullptr ? ObeysIfAbsent(context) : Result<bool>(true);
  // A candidate of a run that knows nothing of conditions: seen by this run's first look, or sees this run's
  // lock, unless too much time lay between the two.
  Result<bool> others = Since(began, clock_) > kLockPut ? OthersCame(context) : Result<bool>(false);
  if (obeys.ok() && *obeys && others.ok() && !*others) return Claimed::kYes;
  Withdraw();
  MBK_TRY(obeys.status());
  MBK_TRY(others.status());
  if (!*obeys) as_candidate_ = true;
  return Claimed::kLookAgain;
}

Result<bool> LockSession::ObeysIfAbsent(const CallContext& context) {
  Status again =
      store_.Put({.key = key_, .body = Body(1), .condition = PutCondition::kIfAbsent}, context).status();
  if (again.code() == Code::kAlreadyExists) return true;
  MBK_TRY(std::move(again));
  log::Info("{} passes over If-None-Match: the lock is taken in a way that needs no conditions",
            store_.identity().Url(key_));
  return false;
}

Result<bool> LockSession::ObeysIfMatch(const CallContext& context) {
  if (!store_.capabilities().conditional_replace) return false;
  const ObjectKey scratch = layout_.ScratchOf(owner_.id);
  MBK_TRY_ASSIGN(const WriteResult first, store_.Put({.key = scratch, .body = "1"}, context));
  Status right = store_.Put({.key = scratch, .body = "2", .if_match = first.etag}, context).status();
  Status wrong = store_.Put({.key = scratch, .body = "3", .if_match = first.etag}, context).status();
  Status removed = DeletePlainly(scratch, OnTheWayOut());
  if (!removed.ok()) log::Warn("{} stays behind: {}", store_.identity().Url(scratch), removed.message());
  if (!right.ok() && IsRetryable(right.code())) return right;
  if (!wrong.ok() && IsRetryable(wrong.code())) return wrong;
  return right.ok() && wrong.code() == Code::kFailedPrecondition;
}

Result<bool> LockSession::OthersCame(const CallContext& context) {
  MBK_TRY_ASSIGN(const std::vector<FoundLock> found, FindLocks(store_, layout_, context));
  return std::any_of(found.begin(), found.end(),
                     [&](const FoundLock& lock) { return lock.key != key_ && !IsProvedDead(lock); });
}

Result<LockSession::Claimed> LockSession::ClaimAsCandidate(const LockMoment& began,
                                                           const CallContext& context) {
  key_ = layout_.LockOf(owner_.id);
  owner_.holds = false;
  const LockMoment sent = NowBy(clock_);
  NoteRenewed(sent, 1, "");
  Result<WriteResult> written = store_.Put({.key = key_, .body = Body(1)}, Within(kLockPut, context));
  if (!written.ok()) {
    Withdraw();
    const bool only_late = written.status().code() == Code::kDeadlineExceeded && context.Check().ok();
    return only_late ? Result<Claimed>(Claimed::kLookAgain) : written.status();
  }
  NoteRenewed(sent, 1, written->etag);
  const bool late = Since(began, clock_) > kLockPut;
  // Whoever did not see this candidate had begun before it lay there, and is done by then.
  Status waited = late ? Status() : clock_.Sleep(kLockSettle, context);
  Result<Claimed> elected =
      waited.ok() && !late ? Elect(sent, context) : Result<Claimed>(Claimed::kLookAgain);
  if (elected.ok() && *elected == Claimed::kYes) return elected;
  Withdraw();
  MBK_TRY(std::move(waited));
  return elected;
}

Result<LockSession::Claimed> LockSession::Elect(const LockMoment& sent, const CallContext& context) {
  MBK_TRY_ASSIGN(const std::vector<FoundLock> found, FindLocks(store_, layout_, context));
  bool stands = false;
  for (const FoundLock& lock : found) {
    if (lock.key == key_) {
      stands = true;
      continue;
    }
    if (IsProvedDead(lock)) continue;
    const bool loses_to_us = lock.owner && !lock.owner->holds && lock.owner->id > owner_.id;
    if (!loses_to_us) return LockedBy(layout_, lock);
  }
  if (!stands) return Claimed::kLookAgain;  // taken for dead: we were suspended
  owner_.holds = true;
  Status removed = RemoveDead(context);
  if (removed.code() == Code::kFailedPrecondition) return Claimed::kLookAgain;  // it is another run's by now
  MBK_TRY(std::move(removed));
  const LockMoment now = NowBy(clock_);
  MBK_TRY_ASSIGN(const WriteResult written,
                 store_.Put({.key = key_, .body = Body(2)}, Within(kLockPut, context)));
  if (Since(sent, clock_) > kHalfLease) return Claimed::kLookAgain;
  NoteRenewed(now, 2, written.etag);
  return Claimed::kYes;
}

Status LockSession::RemoveDead(const CallContext& context) {
  for (const FoundLock& dead : dead_) {
    if (dead.key == key_) continue;  // replaced already
    // The key of a candidate is its run's alone; meta/lock.json may be another run's by now.
    if (dead.key != layout_.Meta(kLock))
      MBK_TRY(DeletePlainly(dead.key, context));
    else
      MBK_TRY(DeleteThisVersion(dead, context));
  }
  return {};
}

// ------------------------------------------------------------------------------------------------ keeping

std::string LockSession::Body(std::int64_t beat) const {
  LockOwner owner = owner_;
  owner.beat = beat;
  owner.heartbeat_s = clock_.WallSeconds();
  return LockToJson(owner);
}

void LockSession::NoteRenewed(const LockMoment& sent, std::int64_t beat, std::string etag) {
  std::lock_guard lock(mutex_);
  renewed_ = sent;
  beat_ = beat;
  etag_ = std::move(etag);
}

Status LockSession::Lose(std::string_view why) {
  std::lock_guard lock(mutex_);
  if (lost_.ok()) {
    lost_ = {Code::kLocked,
             fmt::format("the lock of this run on backup \"{}\" is lost: {}; nothing more is written "
                         "or removed there",
                         layout_.name(), why)};
  }
  return lost_;
}

Status LockSession::CheckTime() {
  {
    std::lock_guard lock(mutex_);
    if (!lost_.ok()) return lost_;
  }
  const Milliseconds silent = Since(renewed(), clock_);
  if (silent <= kHalfLease) return {};
  return Lose(
      fmt::format("it could not be renewed for {} s, be it that the store did not answer or that this "
                  "process was suspended, and another run may have taken it for dead",
                  Seconds(silent).count()));
}

Status LockSession::Renew(const CallContext& context) {
  MBK_TRY(CheckTime());
  const LockMoment sent = NowBy(clock_);
  MBK_TRY(!as_candidate_ && store_.capabilities().conditional_replace ? RenewTheOne(context)
                                                                      : RenewByReading(context));
  // Against the renewal before: one that took so long may have come behind another run's.
  MBK_TRY(CheckTime());
  std::lock_guard lock(mutex_);
  renewed_ = sent;
  return {};
}

Status LockSession::RenewTheOne(const CallContext& context) {
  std::string etag;
  std::int64_t beat = 0;
  {
    std::lock_guard lock(mutex_);
    etag = etag_;
    beat = beat_ + 1;
  }
  const std::string body = Body(beat);
  Result<WriteResult> written = store_.Put({.key = key_, .body = body, .if_match = etag}, context);
  if (written.ok()) {
    std::lock_guard lock(mutex_);
    etag_ = written->etag;
    beat_ = beat;
    return {};
  }
  const Code code = written.status().code();
  // Another version: ours, if an answer was lost; or the store has no such condition after all.
  if (code == Code::kFailedPrecondition || code == Code::kUnimplemented) return RenewByReading(context);
  return written.status();
}

Status LockSession::RenewByReading(const CallContext& context) {
  Result<FoundLock> now = ReadFoundLock(store_, key_, context);
  if (now.status().code() == Code::kNotFound) return Lose("its object is gone: another run took it for dead");
  MBK_TRY(now.status());
  if (!now->owner || now->owner->id != owner_.id)
    return Lose("it is another run's by now: " + now->Describe());
  std::int64_t beat = 0;
  {
    std::lock_guard lock(mutex_);
    beat = std::max(beat_, now->owner->beat) + 1;
  }
  const std::string body = Body(beat);
  const bool by_etag = !as_candidate_ && store_.capabilities().conditional_replace;
  Result<WriteResult> written = store_.Put(
      {.key = key_, .body = body, .if_match = by_etag ? std::string_view(now->etag) : std::string_view()},
      context);
  if (by_etag && written.status().code() == Code::kUnimplemented)
    written = store_.Put({.key = key_, .body = body}, context);
  if (by_etag && written.status().code() == Code::kFailedPrecondition)
    return Lose("it is another run's by now");
  MBK_TRY(written.status());
  std::lock_guard lock(mutex_);
  etag_ = written->etag;
  beat_ = beat;
  return {};
}

Status LockSession::Check(const CallContext& context) {
  MBK_TRY(CheckTime());
  MBK_TRY(as_candidate_ ? CheckCandidate(context) : CheckTheOne(context));
  return CheckTime();  // the look itself may have taken long
}

Status LockSession::CheckTheOne(const CallContext& context) {
  Result<FoundLock> now = ReadFoundLock(store_, key_, context);
  if (now.status().code() == Code::kNotFound) return Lose("its object is gone: another run took it for dead");
  MBK_TRY(now.status());
  if (now->owner && now->owner->id == owner_.id) return {};
  return Lose("it is another run's by now: " + now->Describe());
}

Status LockSession::CheckCandidate(const CallContext& context) {
  MBK_TRY_ASSIGN(const std::vector<FoundLock> found, FindLocks(store_, layout_, context));
  bool stands = false;
  for (const FoundLock& lock : found) {
    if (lock.key == key_) {
      stands = true;
      continue;
    }
    // One that was proved dead may come back by a put that was under way all the time.
    if (!lock.owner || Replaces(*lock.owner)) continue;
    const std::vector<std::string>& gone = lock.owner->replaces;
    if (std::find(gone.begin(), gone.end(), owner_.id) != gone.end() || lock.owner->holds)
      return Lose("it is another run's by now: " + lock.Describe());
  }
  return stands ? Status() : Lose("its object is gone: another run took it for dead");
}

// ------------------------------------------------------------------------------------------- giving it back

Status LockSession::Release(const CallContext& context) {
  if (key_.empty()) return {};
  return RemoveOwn(context);
}

Status LockSession::RemoveOwn(const CallContext& context) {
  if (as_candidate_) return DeletePlainly(key_, context);  // the key is this run's alone
  Result<FoundLock> now = ReadFoundLock(store_, key_, context);
  if (now.status().code() == Code::kNotFound) return {};
  MBK_TRY(now.status());
  if (!now->owner || now->owner->id != owner_.id)
    return Lose("it is another run's by now: " + now->Describe());
  return DeleteThisVersion(*now, context);
}

Status LockSession::DeletePlainly(const ObjectKey& key, const CallContext& context) {
  const ObjectKey keys[] = {key};
  return store_.Delete(keys, context);
}

Status LockSession::DeleteThisVersion(const FoundLock& lock, const CallContext& context) {
  if (store_.capabilities().conditional_delete) {
    Status deleted = store_.DeleteIfMatch(lock.key, lock.etag, context);
    if (deleted.code() != Code::kUnimplemented) return deleted;
  }
  // Nobody else may take a lock that was renewed lately. Behind that only a read tells, and not for long.
  MBK_TRY(CheckTime());
  Result<FoundLock> now = ReadFoundLock(store_, lock.key, context);
  if (now.status().code() == Code::kNotFound) return {};
  MBK_TRY(now.status());
  if (!now->SameAs(lock)) return LockedBy(layout_, *now);
  MBK_TRY(CheckTime());
  return DeletePlainly(lock.key, context);
}

void LockSession::Withdraw() {
  if (key_.empty()) return;
  Status removed = RemoveOwn(OnTheWayOut());
  if (!removed.ok() && removed.code() != Code::kLocked)
    log::Warn("a lock stays behind and counts for {} s: {}", Seconds(kLockLease).count(), removed.message());
  key_ = {};
  std::lock_guard lock(mutex_);
  lost_ = {};
}

}  // namespace mbk
