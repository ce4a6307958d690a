#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>

namespace mbk {

/// How many workers a pool lets work: few at first, twice as many whenever the last doubling brought more
/// finished work a second. A store far away gets all of them within a second; one that is busy with sixteen
/// is not asked for more, which would only cost connections and time on both sides. Thread-safe.
class Ramp {
 public:
  using Clock = std::chrono::steady_clock;
  /// At most `most` workers, at least one.
  Ramp(int most, Clock::time_point now);

  /// Worker `index`, from 0, waits for its turn. False: there is no more work, or a stop was asked for.
  bool Enter(int index, const std::stop_token& stop);
  /// A piece of work was finished.
  void Finished(Clock::time_point now);
  /// There is no more work: whoever waits is let go.
  void End();

  int open() const;

 private:
  void LookAtRate(Clock::time_point now);

  const int most_;
  mutable std::mutex mutex_;
  std::condition_variable_any opened_;
  int open_;
  bool ended_ = false;
  Clock::time_point window_began_;
  std::int64_t finished_ = 0;  ///< in this window
  double best_rate_ = 0;       ///< pieces a second
};

}  // namespace mbk
