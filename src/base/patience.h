#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/call_context.h"
#include "base/status.h"

namespace mbk {

/// Keeps watch over a wait for what another program does at its own pace. While the other side gets on it may
/// take as long as it takes; while nothing changes this is said every hour, and where there is a limit the
/// wait ends there. Not thread-safe.
class Patience {
 public:
  static constexpr std::chrono::hours kWorthSaying{1};

  /// `what` is waited for, e.g. "the flush of default.books". `limit`: the longest without any change; none:
  /// for ever.
  Patience(std::string what, std::optional<Milliseconds> limit);

  /// After a look that found it unfinished and a sleep of `slept`: `state` is how far the other side is, in
  /// words. kDeadlineExceeded when it has been the same for the limit. Time counts as it passed or as it was
  /// slept, whichever is more.
  Status StillWaiting(const std::string& state, Milliseconds slept);

 private:
  Milliseconds Unchanged() const;

  const std::string what_;
  const std::optional<Milliseconds> limit_;
  std::string state_;
  Deadline::Clock::time_point since_;  // when it last changed
  Milliseconds slept_{0};              // since then
  Milliseconds say_at_ = kWorthSaying;
};

}  // namespace mbk
