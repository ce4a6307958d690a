#pragma once

#include <cstdint>

#include "base/call_context.h"
#include "base/status.h"

namespace mbk {

/// The clocks that a lock goes by, and waiting. Tests bring their own. Thread-safe.
class LockClock {
 public:
  virtual ~LockClock() = default;
  /// Unix seconds: what is written into a lock for people to read. May jump; decides nothing dangerous.
  virtual std::int64_t WallSeconds() = 0;
  /// Since some moment; stands still while the machine is suspended (CLOCK_MONOTONIC).
  virtual Milliseconds Awake() = 0;
  /// The same, but goes on while the machine is suspended (CLOCK_BOOTTIME).
  virtual Milliseconds SinceBoot() = 0;
  /// As Sleeper has it.
  virtual Status Sleep(Milliseconds duration, const CallContext& context) = 0;
};

LockClock& RealLockClock();

/// A moment on both clocks that do not jump.
struct LockMoment {
  Milliseconds awake{0};
  Milliseconds since_boot{0};
};
LockMoment NowBy(LockClock& clock);
/// What has passed since, on the clock that went further.
Milliseconds Since(const LockMoment& moment, LockClock& clock);

/// How long a lock is good for. A run that could not renew its lock for half a lease stops; another one takes
/// it for dead when it was not renewed for a whole one.
inline constexpr Milliseconds kLockHeartbeat{30'000};
inline constexpr Milliseconds kLockLease{300'000};
/// From the look for other locks to the answer to one's own put, on a store without conditions; whoever takes
/// longer begins anew. What others put then lies there after kLockSettle at the latest.
inline constexpr Milliseconds kLockPut{4'000};
inline constexpr Milliseconds kLockSettle{6'000};
/// A lock that looks dead by the store's clock is watched so long all the same: clocks jump, and a live run
/// renews its lock meanwhile.
inline constexpr Milliseconds kLockConfirm{40'000};

}  // namespace mbk
