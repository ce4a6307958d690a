#include "store/limited_store.h"

#include <algorithm>

namespace mbk {

TokenBucket::TokenBucket(double per_second, SteadyNow now, Sleeper& sleeper)
    : per_second_(per_second),
      now_(std::move(now)),
      sleeper_(sleeper),
      balance_(per_second),
      refilled_at_(now_()) {}

Status TokenBucket::Take(double amount, const CallContext& context) {
  if (per_second_ <= 0) return {};
  const Milliseconds wait = Borrow(amount);
  if (wait <= Milliseconds::zero()) return {};
  Status slept = sleeper_.Sleep(wait, context);
  if (!slept.ok()) GiveBack(amount);
  return slept;
}

// Rounded down: a debt of less than a millisecond stays on the books instead of costing a wake-up for
// every small piece.
Milliseconds TokenBucket::Borrow(double amount) {
  std::lock_guard lock(mutex_);
  const auto now = now_();
  const std::chrono::duration<double> passed = now - refilled_at_;
  refilled_at_ = now;
  balance_ = std::min(per_second_, balance_ + passed.count() * per_second_) - amount;
  return std::chrono::floor<Milliseconds>(std::chrono::duration<double>(-balance_ / per_second_));
}

void TokenBucket::GiveBack(double amount) {
  std::lock_guard lock(mutex_);
  balance_ += amount;
}

LimitedStore::LimitedStore(std::shared_ptr<ObjectStore> inner, const StoreLimits& limits, Sleeper& sleeper,
                           SteadyNow now)
    : ForwardingStore(std::move(inner)),
      bytes_(limits.bytes_per_second, now, sleeper),
      requests_(limits.requests_per_second, now, sleeper) {}

Status LimitedStore::Before(const StoreCall& call, const CallContext& context) {
  MBK_TRY(requests_.Take(static_cast<double>(call.requests), context));
  return bytes_.Take(static_cast<double>(call.bytes_out), context);
}

Status LimitedStore::Received(std::string_view bytes, const CallContext& context) {
  return bytes_.Take(static_cast<double>(bytes.size()), context);
}

}  // namespace mbk
