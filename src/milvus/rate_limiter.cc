#include "milvus/rate_limiter.h"

#include <algorithm>

namespace mbk {

Status RateLimiter::Acquire(const CallContext& context) {
  Milliseconds wait = Reserve();
  if (wait <= Milliseconds::zero()) return {};
  return sleeper_.Sleep(wait, context);
}

Milliseconds RateLimiter::Reserve() {
  std::lock_guard lock(mutex_);
  if (!limiting_) return Milliseconds::zero();
  Clock::time_point now = Clock::now();
  next_free_ = std::max(next_free_, now) +
               std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / rate_));
  return std::chrono::ceil<Milliseconds>(next_free_ - now);
}

void RateLimiter::OnSuccess() {
  std::lock_guard lock(mutex_);
  if (!limiting_) return;
  rate_ = std::min(rates_.max, rate_ + (rate_ < 1 ? 0.1 : 1.0));
}

void RateLimiter::OnThrottled() {
  std::lock_guard lock(mutex_);
  limiting_ = true;
  rate_ = std::max(rates_.min, rate_ / 2);
}

double RateLimiter::rate() const {
  std::lock_guard lock(mutex_);
  return rate_;
}

}  // namespace mbk
