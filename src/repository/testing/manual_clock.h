#pragma once

#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "repository/lock_clock.h"

namespace mbk {

/// Time that passes when a test says so, or when the test's own thread sleeps. Other threads (those that
/// renew) sleep until then, or until they are stopped.
class ManualClock final : public LockClock {
 public:
  std::int64_t WallSeconds() override { return (kStart + Awake()).count() / 1'000; }
  Milliseconds Awake() override {
    std::lock_guard lock(mutex_);
    return now_;
  }
  Milliseconds SinceBoot() override {
    std::lock_guard lock(mutex_);
    return now_ + suspended_;
  }
  Status Sleep(Milliseconds duration, const CallContext& context) override {
    MBK_TRY(context.Check());
    if (std::this_thread::get_id() == owner_) {
      Advance(duration);
      return context.Check();
    }
    std::unique_lock lock(mutex_);
    const Milliseconds wake = now_ + duration;
    const auto sleeper = wakes_.insert(wake);
    passed_.notify_all();
    passed_.wait(lock, context.stop, [&] { return now_ >= wake; });
    wakes_.erase(sleeper);
    return context.Check();
  }

  /// As Advance, once another thread sleeps: what it waits for is from then on. One whose time has come sleeps no
  /// longer, also before it gets to run.
  void AdvanceASleeper(Milliseconds time) {
    {
      std::unique_lock lock(mutex_);
      passed_.wait(lock, [&] { return !wakes_.empty() && *wakes_.rbegin() > now_; });
    }
    Advance(time);
  }
  void Advance(Milliseconds time) {
    std::lock_guard lock(mutex_);
    now_ += time;
    passed_.notify_all();
  }
  /// The machine sleeps: only one of the clocks goes on.
  void Suspend(Milliseconds time) {
    std::lock_guard lock(mutex_);
    suspended_ += time;
  }
  /// Unix milliseconds, for the clock of a MemoryStore.
  std::int64_t UnixMs() { return (kStart + Awake()).count(); }

 private:
  static constexpr Milliseconds kStart{1'800'000'000'000};

  const std::thread::id owner_ = std::this_thread::get_id();
  std::mutex mutex_;
  std::condition_variable_any passed_;
  std::multiset<Milliseconds> wakes_;
  Milliseconds now_{0};
  Milliseconds suspended_{0};
};

}  // namespace mbk
