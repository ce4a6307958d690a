#pragma once

#include <chrono>
#include <mutex>

#include "base/call_context.h"
#include "base/status.h"

namespace mbk {

/// Spaces out calls that the server limits (Flush: 0.1/s by default since 2.4): additive increase,
/// multiplicative decrease. It does nothing until the server refuses a call for the first time, so that a
/// server without limits is not slowed down. Thread-safe.
class RateLimiter {
 public:
  struct Rates {
    double start = 5;  ///< calls per second when the first refusal comes
    double min = 1;
    double max = 100;
  };

  /// `sleeper` is not owned.
  RateLimiter(Rates rates, Sleeper& sleeper) : rates_(rates), sleeper_(sleeper), rate_(rates.start) {}

  /// Waits for the next free moment; fails only when `context` ends.
  Status Acquire(const CallContext& context);
  /// The server took the call: one call per second more, a tenth below one per second.
  void OnSuccess();
  /// The server refused the call: half as many.
  void OnThrottled();

  double rate() const;  ///< calls per second, once limiting

 private:
  using Clock = std::chrono::steady_clock;

  /// Books the next moment and says how long it is until then.
  Milliseconds Reserve();

  const Rates rates_;
  Sleeper& sleeper_;
  mutable std::mutex mutex_;
  bool limiting_ = false;
  double rate_;
  Clock::time_point next_free_;
};

}  // namespace mbk
