#include "base/retry.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "base/log.h"

namespace mbk {

Milliseconds BackoffAfter(const RetryPolicy& policy, int attempt, Code code) {
  double wait =
      static_cast<double>(policy.initial_backoff.count()) * std::pow(policy.multiplier, attempt - 1);
  if (code == Code::kThrottled) wait *= 2;
  return Milliseconds(static_cast<long>(std::min(wait, static_cast<double>(policy.max_backoff.count()))));
}

RetryNotice::RetryNotice(std::string who, std::string settings)
    : who_(std::move(who)), settings_(std::move(settings)) {}

void RetryNotice::Failing(const Status& failure) {
  constexpr std::chrono::minutes kLeastApart{1};
  {
    std::scoped_lock lock(mutex_);
    const auto now = Deadline::Clock::now();
    const bool just_said = last_said_ != Deadline::Clock::time_point() && now - last_said_ < kLeastApart;
    if (said_ || just_said) return;
    said_ = true;
    last_said_ = now;
  }
  log::Warn("{} is tried again, it has not done what was asked for seconds: {}{}", who_, failure.message(),
            settings_.empty() ? "" : fmt::format(" (settings: {})", settings_));
}

void RetryNotice::Answered() {
  std::scoped_lock lock(mutex_);
  said_ = false;
}

namespace retry_internal {
namespace {

// Up to a fifth less, so that many workers refused together do not come back together.
Milliseconds WithJitter(Milliseconds wait) {
  thread_local std::minstd_rand random{std::random_device{}()};
  return Milliseconds(wait.count() - static_cast<long>(random() % (wait.count() / 5 + 1)));
}

Status GaveUp(const Effort& effort, const Status& failure) {
  if (effort.attempts == 1) return failure;
  return {failure.code(), fmt::format("{} (after {} attempts)", failure.message(), effort.attempts)};
}

bool TooSilent(const RetryPolicy& policy, const Effort& effort, const Status& failure) {
  if (failure.code() != Code::kDeadlineExceeded || policy.silence == Milliseconds::max()) return false;
  return effort.silent + effort.last > policy.silence;
}

}  // namespace

void Effort::Add(const Status& failure, Milliseconds took) {
  ++attempts;
  spent += took;
  last = took;
  if (failure.code() == Code::kDeadlineExceeded) silent += took;
}

Status NextAttempt(const RetryPolicy& policy, Idempotency idempotency, Effort& effort, const Status& failure,
                   Sleeper& sleeper, const CallContext& context, RetryNotice* notice) {
  if (!IsRetryable(failure.code())) {
    if (notice != nullptr) notice->Answered();
    return failure;
  }
  if (idempotency == Idempotency::kNotIdempotent && failure.code() != Code::kThrottled) {
    return {failure.code(), failure.message() + " (not tried again: it may have been carried out)"};
  }
  const bool over = effort.attempts >= policy.max_attempts || effort.spent >= policy.total;
  if (over || TooSilent(policy, effort, failure)) return GaveUp(effort, failure);
  const Milliseconds wait = WithJitter(BackoffAfter(policy, effort.attempts, failure.code()));
  effort.spent += wait;
  if (notice != nullptr && effort.spent >= RetryNotice::kWorthSaying) notice->Failing(failure);
  Status slept = sleeper.Sleep(wait, context);
  if (!slept.ok())
    return {slept.code(),
            fmt::format("{} (while waiting to try again: {})", failure.message(), slept.message())};
  return {};
}

}  // namespace retry_internal
}  // namespace mbk
