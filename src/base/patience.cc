#include "base/patience.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace mbk {
namespace {

using std::chrono::duration_cast;

long Minutes(Milliseconds time) { return duration_cast<std::chrono::minutes>(time).count(); }

}  // namespace

Patience::Patience(std::string what, std::optional<Milliseconds> limit)
    : what_(std::move(what)), limit_(limit), since_(Deadline::Clock::now()) {}

Milliseconds Patience::Unchanged() const {
  return std::max(slept_, duration_cast<Milliseconds>(Deadline::Clock::now() - since_));
}

Status Patience::StillWaiting(const std::string& state, Milliseconds slept) {
  if (state != state_) {
    state_ = state;
    since_ = Deadline::Clock::now();
    slept_ = Milliseconds(0);
    say_at_ = kWorthSaying;
    return {};
  }
  slept_ += slept;
  const Milliseconds unchanged = Unchanged();
  if (limit_ && unchanged >= *limit_)
    return {Code::kDeadlineExceeded,
            fmt::format("{}: nothing has changed for {} minutes ({}), it is waited for no longer", what_,
                        Minutes(unchanged), state_)};
  if (unchanged >= say_at_) {
    log::Warn("{}: nothing has changed for {} minutes ({}), it is still waited for", what_,
              Minutes(unchanged), state_);
    say_at_ = unchanged + kWorthSaying;
  }
  return {};
}

}  // namespace mbk
