#pragma once

#include <mutex>
#include <string>
#include <utility>

#include "base/call_context.h"
#include "base/status.h"

namespace mbk {

/// How often and how patiently a failed call is made again.
struct RetryPolicy {
  int max_attempts = 8;  ///< calls in all, the first included; at least 1
  Milliseconds initial_backoff{100};
  double multiplier = 2.0;
  Milliseconds max_backoff{5'000};
  /// What attempts that went unanswered (kDeadlineExceeded) may take together: none begins that would go
  /// beyond, were it as silent as the one before.
  Milliseconds silence = Milliseconds::max();
  /// No attempt begins when those before it have taken so long, waits included.
  Milliseconds total = Milliseconds::max();
};

/// Whether making a call twice is the same as making it once.
enum class Idempotency { kIdempotent, kNotIdempotent };

/// The wait before attempt `attempt` + 1 (`attempt` counts from 1), without jitter. A throttled call
/// waits twice as long: the other side asked for less.
Milliseconds BackoffAfter(const RetryPolicy& policy, int attempt, Code code);

/// Says once, as a warning, that a server is tried again and again: who it is, what it said, which settings
/// to look at. Once an outage, and at most once a minute, however many calls meet it. Thread-safe.
class RetryNotice {
 public:
  /// Calls are given so long before anything is said.
  static constexpr Milliseconds kWorthSaying{5'000};

  /// `settings` in the words of the user's file, e.g. "minio.address and minio.port"; may be empty.
  RetryNotice(std::string who, std::string settings);

  void Failing(const Status& failure);
  /// The server said something, be it a refusal.
  void Answered();

 private:
  const std::string who_;
  const std::string settings_;
  std::mutex mutex_;
  bool said_ = false;  // of this outage
  Deadline::Clock::time_point last_said_;
};

namespace retry_internal {
/// What went into a call so far.
struct Effort {
  int attempts = 0;
  Milliseconds spent{0};   ///< in attempts and between them
  Milliseconds silent{0};  ///< in attempts that went unanswered
  Milliseconds last{0};    ///< in the last attempt

  void Add(const Status& failure, Milliseconds took);
};

/// Decides what follows a failed attempt: ok to try again (after having slept), else the final error,
/// which says how the retries ended. `notice` may be null.
Status NextAttempt(const RetryPolicy& policy, Idempotency idempotency, Effort& effort, const Status& failure,
                   Sleeper& sleeper, const CallContext& context, RetryNotice* notice);
inline Status StatusOf(const Status& status) { return status; }
template <class T>
Status StatusOf(const Result<T>& result) {
  return result.status();
}
}  // namespace retry_internal

/// The one retry loop of the program. `call` returns a Status or a Result and is made again while it
/// fails with a retryable code, attempts are left and `context` allows. A call that is not idempotent
/// is repeated only when the failure says that it was not carried out (kThrottled). `notice`, which may be
/// null, hears of what goes on for longer than RetryNotice::kWorthSaying.
template <class Call>
auto Retry(const RetryPolicy& policy, Idempotency idempotency, Sleeper& sleeper, const CallContext& context,
           Call&& call, RetryNotice* notice = nullptr) -> decltype(call()) {
  for (retry_internal::Effort effort;;) {
    const auto begun = Deadline::Clock::now();
    auto outcome = call();
    Status failure = retry_internal::StatusOf(outcome);
    if (failure.ok()) {
      if (notice != nullptr) notice->Answered();
      return outcome;
    }
    effort.Add(failure, std::chrono::ceil<Milliseconds>(Deadline::Clock::now() - begun));
    Status next = retry_internal::NextAttempt(policy, idempotency, effort, failure, sleeper, context, notice);
    if (!next.ok()) return next;
  }
}

}  // namespace mbk
