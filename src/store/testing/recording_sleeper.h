#pragma once

#include <mutex>
#include <vector>

#include "base/call_context.h"

namespace mbk {

/// Does not sleep, but remembers that it should have. Thread-safe.
class RecordingSleeper : public Sleeper {
 public:
  Status Sleep(Milliseconds duration, const CallContext& context) override {
    std::lock_guard lock(mutex_);
    slept_.push_back(duration);
    return context.Check();
  }
  std::vector<Milliseconds> slept() const {
    std::lock_guard lock(mutex_);
    return slept_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Milliseconds> slept_;
};

}  // namespace mbk
