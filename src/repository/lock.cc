#include "repository/lock.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"

namespace mbk {
namespace {

// On the way out of a run that may have been told to stop within five seconds.
constexpr Milliseconds kReleaseTimeout{1'000};
constexpr Milliseconds kAfterFailure{5'000};
constexpr Milliseconds kLongestRenewal{30'000};
constexpr Milliseconds kOverdue{10'000};
// A request that was cut off is carried out by then, if ever.
constexpr Milliseconds kStraggler{500};

CallContext ForRelease(const CallContext& context) {
  // Not the stop token: a run that is told to stop has to release its lock all the same.
  const bool ended = !context.Check().ok();
  const Milliseconds left = ended ? kReleaseTimeout : std::min(kLongestRenewal, context.deadline.Remaining());
  return {.deadline = Deadline::After(left)};
}

}  // namespace

Result<LockOwner> ReadLock(ObjectReader& store, const BackupLayout& layout, const CallContext& context) {
  MBK_TRY_ASSIGN(const std::vector<FoundLock> found, FindLocks(store, layout, context));
  if (found.empty()) return NotFound(fmt::format("backup {} is not locked", layout.name()));
  const auto held = std::find_if(found.begin(), found.end(),
                                 [](const FoundLock& lock) { return lock.owner && lock.owner->holds; });
  const FoundLock& lock = held == found.end() ? found.front() : *held;
  return lock.owner ? Result<LockOwner>(*lock.owner) : DataLoss(lock.Describe());
}

Result<std::unique_ptr<BackupLock>> BackupLock::Acquire(ObjectStore& store, const BackupLayout& layout,
                                                        std::string_view verb, const CallContext& context,
                                                        LockClock& clock) {
  auto session = std::make_unique<LockSession>(store, layout, ThisProcess(verb, clock.WallSeconds()), clock);
  MBK_TRY(session->Acquire(context));
  return std::unique_ptr<BackupLock>(new BackupLock(std::move(session), clock, context));
}

BackupLock::BackupLock(std::unique_ptr<LockSession> session, LockClock& clock, const CallContext& context)
    : session_(std::move(session)),
      clock_(clock),
      outer_(context.stop, StopRun{&run_}),
      renewer_([this](const std::stop_token& stop) { KeepRenewing(stop); }) {}

BackupLock::~BackupLock() {
  if (!held_) return;
  Status released = Release({.deadline = Deadline::After(kReleaseTimeout)});
  // A lost lock was told by whoever found it lost.
  if (!released.ok() && released.code() != Code::kLocked)
    log::Warn("the lock stays behind and counts for {} s: {}", kLockLease.count() / 1'000,
              released.message());
}

CallContext BackupLock::While(const CallContext& context) const {
  return {.stop = run_.get_token(), .deadline = context.deadline};
}

Status BackupLock::Check(const CallContext& context) {
  Status ours = session_->Check(context);
  if (ours.code() == Code::kLocked) run_.request_stop();
  return ours;
}

Status BackupLock::CheckTime() {
  Status ours = session_->CheckTime();
  if (ours.code() == Code::kLocked) run_.request_stop();
  return ours;
}

Status BackupLock::CheckBeforeWrite(const CallContext& context) {
  const bool overdue = Since(session_->renewed(), clock_) > kLockHeartbeat + kOverdue;
  return overdue ? Check(context) : CheckTime();
}

void BackupLock::KeepRenewing(const std::stop_token& stop) {
  Milliseconds pause = kLockHeartbeat;
  while (clock_.Sleep(pause, {.stop = stop}).ok()) {
    {
      std::lock_guard lock(mutex_);
      renewing_ = true;
    }
    const Milliseconds left = kLockLease / 2 - Since(session_->renewed(), clock_);
    const CallContext context{
        .stop = renewal_.get_token(),
        .deadline = Deadline::After(std::clamp(left, Milliseconds(1), kLongestRenewal))};
    const Status renewed = session_->Renew(context);
    {
      std::lock_guard lock(mutex_);
      renewing_ = false;
      cut_short_ = renewed.code() == Code::kCancelled || renewed.code() == Code::kDeadlineExceeded ||
                   renewed.code() == Code::kUnavailable;
    }
    idle_.notify_all();
    if (renewed.code() == Code::kLocked) {
      if (!stop.stop_requested()) log::Error("{}", renewed.message());
      run_.request_stop();
      return;
    }
    pause = renewed.ok() ? kLockHeartbeat : kAfterFailure;
    if (!renewed.ok() && !stop.stop_requested()) log::Warn("could not renew the lock: {}", renewed.message());
  }
}

bool BackupLock::StopRenewing() {
  renewer_.request_stop();
  {
    // A renewal that is under way is waited for: cut off, it might arrive behind the removal of the lock.
    std::unique_lock lock(mutex_);
    idle_.wait_for(lock, kReleaseTimeout, [&] { return !renewing_; });
  }
  renewal_.request_stop();
  if (renewer_.joinable()) renewer_.join();
  return std::exchange(cut_short_, false);
}

Status BackupLock::Release(const CallContext& context) {
  const bool straggler = StopRenewing();
  Status released = session_->Release(ForRelease(context));
  if (released.ok() && straggler) {
    // Its last renewal went unanswered, and may have brought the lock back.
    Status waited = clock_.Sleep(kStraggler, {});
    if (waited.ok()) released = session_->Release(ForRelease(context));
  }
  // Another run's: there is nothing of ours to try again.
  if (released.ok() || released.code() == Code::kLocked) held_ = false;
  return released;
}

}  // namespace mbk
