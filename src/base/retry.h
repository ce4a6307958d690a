#pragma once

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
};

/// Whether making a call twice is the same as making it once.
enum class Idempotency { kIdempotent, kNotIdempotent };

/// The wait before attempt `attempt` + 1 (`attempt` counts from 1), without jitter. A throttled call
/// waits twice as long: the other side asked for less.
Milliseconds BackoffAfter(const RetryPolicy& policy, int attempt, Code code);

namespace retry_internal {
/// Decides what follows a failed attempt: ok to try again (after having slept), else the final error,
/// which says how the retries ended.
Status NextAttempt(const RetryPolicy& policy, Idempotency idempotency, int attempt, const Status& failure,
                   Sleeper& sleeper, const CallContext& context);
inline Status StatusOf(const Status& status) { return status; }
template <class T>
Status StatusOf(const Result<T>& result) {
  return result.status();
}
}  // namespace retry_internal

/// The one retry loop of the program. `call` returns a Status or a Result and is made again while it
/// fails with a retryable code, attempts are left and `context` allows. A call that is not idempotent
/// is repeated only when the failure says that it was not carried out (kThrottled).
template <class Call>
auto Retry(const RetryPolicy& policy, Idempotency idempotency, Sleeper& sleeper, const CallContext& context,
           Call&& call) -> decltype(call()) {
  for (int attempt = 1;; ++attempt) {
    auto outcome = call();
    Status failure = retry_internal::StatusOf(outcome);
    if (failure.ok()) return outcome;
    Status next = retry_internal::NextAttempt(policy, idempotency, attempt, failure, sleeper, context);
    if (!next.ok()) return next;
  }
}

}  // namespace mbk
