#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "base/call_context.h"
#include "base/status.h"

namespace mbk {

/// A value that holds for some time only: temporary keys, a bearer token, a key that signs for others.
template <class T>
struct Expiring {
  using Time = std::chrono::system_clock::time_point;
  T value;
  Time expires = Time::max();  ///< max: it stays good
};

/// Fetches an expiring value when it is first asked for, and again shortly before it expires. Thread-safe:
/// while one thread fetches a new one the others go on with the old one, as long as it holds.
template <class T>
class Refreshing {
 public:
  using Fetch = std::function<Result<Expiring<T>>(const CallContext&)>;
  using Now = std::function<std::chrono::system_clock::time_point()>;

  /// A request that is signed now may reach the service minutes later, and clocks differ.
  static constexpr std::chrono::minutes kEarly{5};
  /// Where a value lives shorter than that, and where a fetch failed: how long the old one is used on.
  static constexpr std::chrono::seconds kRetryAfter{10};

  explicit Refreshing(
      Fetch fetch, Now now = [] { return std::chrono::system_clock::now(); })
      : fetch_(std::move(fetch)), now_(std::move(now)) {}
  Refreshing(const Refreshing&) = delete;
  Refreshing& operator=(const Refreshing&) = delete;

  /// A value that holds now. Costs what `fetch` costs when there is none or it is about to expire, else
  /// nothing. A fetch that fails is an error only when the old value no longer holds.
  Result<T> Get(const CallContext& context) {
    if (std::optional<T> held = Held(/*fresh=*/true)) return *std::move(held);
    std::unique_lock fetching(fetch_mutex_, std::try_to_lock);
    if (!fetching.owns_lock()) {
      if (std::optional<T> held = Held(/*fresh=*/false)) return *std::move(held);
      fetching.lock();
    }
    // Another thread may have fetched it meanwhile.
    if (std::optional<T> held = Held(/*fresh=*/true)) return *std::move(held);
    return FetchNew(context);
  }

  /// The service refused the value before its time (it was revoked, or a clock is wrong): the next Get
  /// fetches.
  void Drop() {
    std::scoped_lock lock(mutex_);
    current_.reset();
  }
  /// The same, unless another thread has fetched a new value since: of many that are refused together, one
  /// fetches.
  void Drop(const T& refused) {
    std::scoped_lock lock(mutex_);
    if (current_ && current_->value == refused) current_.reset();
  }

 private:
  // The value while it holds: `fresh`, until it should be renewed; else until it expires.
  std::optional<T> Held(bool fresh) const {
    std::scoped_lock lock(mutex_);
    if (!current_ || now_() >= (fresh ? renew_at_ : current_->expires)) return std::nullopt;
    return current_->value;
  }

  Result<T> FetchNew(const CallContext& context) {
    Result<Expiring<T>> fetched = fetch_(context);
    const auto now = now_();
    std::scoped_lock lock(mutex_);
    if (fetched.ok()) {
      current_ = std::move(fetched).value();
      const bool long_lived = current_->expires - now > 2 * kEarly;
      renew_at_ = long_lived ? current_->expires - kEarly : std::min(current_->expires, now + kRetryAfter);
      return current_->value;
    }
    if (!current_ || now >= current_->expires) return std::move(fetched).status();
    renew_at_ = std::min(current_->expires, now + kRetryAfter);
    return current_->value;
  }

  const Fetch fetch_;
  const Now now_;
  std::mutex fetch_mutex_;  ///< held by the one thread that fetches
  mutable std::mutex mutex_;
  std::optional<Expiring<T>> current_;
  typename Expiring<T>::Time renew_at_;
};

}  // namespace mbk
