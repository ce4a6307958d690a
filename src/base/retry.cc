#include "base/retry.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace mbk {

Milliseconds BackoffAfter(const RetryPolicy& policy, int attempt, Code code) {
  double wait =
      static_cast<double>(policy.initial_backoff.count()) * std::pow(policy.multiplier, attempt - 1);
  if (code == Code::kThrottled) wait *= 2;
  return Milliseconds(static_cast<long>(std::min(wait, static_cast<double>(policy.max_backoff.count()))));
}

namespace retry_internal {
namespace {

// Up to a fifth less, so that many workers refused together do not come back together.
Milliseconds WithJitter(Milliseconds wait) {
  thread_local std::minstd_rand random{std::random_device{}()};
  return Milliseconds(wait.count() - static_cast<long>(random() % (wait.count() / 5 + 1)));
}

}  // namespace

Status NextAttempt(const RetryPolicy& policy, Idempotency idempotency, int attempt, const Status& failure,
                   Sleeper& sleeper, const CallContext& context) {
  if (!IsRetryable(failure.code())) return failure;
  if (idempotency == Idempotency::kNotIdempotent && failure.code() != Code::kThrottled) {
    return {failure.code(), failure.message() + " (not tried again: it may have been carried out)"};
  }
  if (attempt >= policy.max_attempts) {
    if (attempt == 1) return failure;
    return {failure.code(), fmt::format("{} (after {} attempts)", failure.message(), attempt)};
  }
  Status slept = sleeper.Sleep(WithJitter(BackoffAfter(policy, attempt, failure.code())), context);
  if (!slept.ok())
    return {slept.code(),
            fmt::format("{} (while waiting to try again: {})", failure.message(), slept.message())};
  return {};
}

}  // namespace retry_internal
}  // namespace mbk
