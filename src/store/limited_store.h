#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include "base/call_context.h"
#include "store/forwarding_store.h"

namespace mbk {

/// The time, injected so that tests of rates take none.
using SteadyNow = std::function<Deadline::Clock::time_point()>;

/// So much a second, with a burst of one second. Whoever takes more than is there goes into debt and
/// waits until it is paid, so a piece larger than the burst passes too, and waiters are served in the
/// order in which they came. Thread-safe.
class TokenBucket {
 public:
  /// `per_second` 0: no limit.
  TokenBucket(double per_second, SteadyNow now, Sleeper& sleeper);

  /// Take `amount` and wait for it; the error of `context` when that ends first, with nothing taken.
  Status Take(double amount, const CallContext& context);

 private:
  Milliseconds Borrow(double amount);
  void GiveBack(double amount);

  const double per_second_;
  const SteadyNow now_;
  Sleeper& sleeper_;
  std::mutex mutex_;
  double balance_;  ///< below zero: debt
  Deadline::Clock::time_point refilled_at_;
};

struct StoreLimits {
  double bytes_per_second = 0;     ///< bodies sent and received together; 0: no limit
  double requests_per_second = 0;  ///< 0: no limit
};

/// Keeps the traffic with a store below a rate. Bytes that the service copies by itself do not count.
/// Put it under RetryingStore, so that repeated calls count too. Thread-safe.
class LimitedStore : public ForwardingStore {
 public:
  LimitedStore(std::shared_ptr<ObjectStore> inner, const StoreLimits& limits,
               Sleeper& sleeper = RealSleeper(), SteadyNow now = Deadline::Clock::now);

 protected:
  Status Before(const StoreCall& call, const CallContext& context) override;
  Status Received(std::string_view bytes, const CallContext& context) override;

 private:
  TokenBucket bytes_;
  TokenBucket requests_;
};

}  // namespace mbk
