#include "repository/lock_clock.h"

#include <time.h>

#include <algorithm>
#include <chrono>

namespace mbk {
namespace {

Milliseconds Read(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return std::chrono::duration_cast<Milliseconds>(std::chrono::seconds(now.tv_sec) +
                                                  std::chrono::nanoseconds(now.tv_nsec));
}

class SystemLockClock final : public LockClock {
 public:
  std::int64_t WallSeconds() override { return Read(CLOCK_REALTIME).count() / 1'000; }
  Milliseconds Awake() override { return Read(CLOCK_MONOTONIC); }
  Milliseconds SinceBoot() override { return Read(CLOCK_BOOTTIME); }
  Status Sleep(Milliseconds duration, const CallContext& context) override {
    return RealSleeper().Sleep(duration, context);
  }
};

}  // namespace

LockClock& RealLockClock() {
  static SystemLockClock clock;
  return clock;
}

LockMoment NowBy(LockClock& clock) { return {.awake = clock.Awake(), .since_boot = clock.SinceBoot()}; }

Milliseconds Since(const LockMoment& moment, LockClock& clock) {
  const LockMoment now = NowBy(clock);
  return std::max(now.awake - moment.awake, now.since_boot - moment.since_boot);
}

}  // namespace mbk
