#include "transfer/ramp.h"

#include <algorithm>

namespace mbk {
namespace {

constexpr int kFirst = 16;
// Long enough to see a store of 100 ms a request answer every worker twice.
constexpr std::chrono::milliseconds kWindow{250};
// What twice the workers must bring to be worth it.
constexpr double kWorthIt = 1.2;

}  // namespace

Ramp::Ramp(int most, Clock::time_point now)
    : most_(std::max(1, most)), open_(std::min(kFirst, most_)), window_began_(now) {}

bool Ramp::Enter(int index, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  return opened_.wait(lock, stop, [&] { return ended_ || index < open_; }) && !ended_;
}

void Ramp::Finished(Clock::time_point now) {
  std::scoped_lock lock(mutex_);
  ++finished_;
  if (open_ < most_ && now - window_began_ >= kWindow) LookAtRate(now);
}

void Ramp::LookAtRate(Clock::time_point now) {
  const double rate =
      static_cast<double>(finished_) / std::chrono::duration<double>(now - window_began_).count();
  window_began_ = now;
  finished_ = 0;
  if (rate < best_rate_ * kWorthIt) return;
  best_rate_ = rate;
  open_ = std::min(most_, open_ * 2);
  opened_.notify_all();
}

void Ramp::End() {
  std::scoped_lock lock(mutex_);
  ended_ = true;
  opened_.notify_all();
}

int Ramp::open() const {
  std::scoped_lock lock(mutex_);
  return open_;
}

}  // namespace mbk
