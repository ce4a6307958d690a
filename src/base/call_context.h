#pragma once

#include <chrono>
#include <stop_token>

#include "base/status.h"

namespace mbk {

using Milliseconds = std::chrono::milliseconds;

/// A point in time after which a call gives up. Copyable, thread-safe to read.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  static Deadline Never() { return Deadline(Clock::time_point::max()); }
  static Deadline After(Milliseconds timeout) { return Deadline(Clock::now() + timeout); }

  bool IsNever() const { return at_ == Clock::time_point::max(); }
  bool Passed() const { return !IsNever() && Clock::now() >= at_; }
  /// Time left, never negative; `Milliseconds::max()` when there is no deadline.
  Milliseconds Remaining() const;

 private:
  explicit Deadline(Clock::time_point at) : at_(at) {}
  Clock::time_point at_;
};

/// What ends a waiting call early: someone asked to stop, or its time is over.
/// Every call that does I/O or waits takes one and passes it down.
struct CallContext {
  std::stop_token stop;
  Deadline deadline = Deadline::Never();

  /// kCancelled or kDeadlineExceeded when the call should end now, else ok.
  Status Check() const;
};

/// Waits; injected so that tests of retries and polls take no time.
class Sleeper {
 public:
  virtual ~Sleeper() = default;
  /// Wait for `duration`, or less when `context` ends: then its error is returned. Thread-safe.
  virtual Status Sleep(Milliseconds duration, const CallContext& context) = 0;
};

/// The sleeper of the program: real time, woken at once by a stop request.
Sleeper& RealSleeper();

}  // namespace mbk
