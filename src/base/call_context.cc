#include "base/call_context.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace mbk {

Milliseconds Deadline::Remaining() const {
  if (IsNever()) return Milliseconds::max();
  return std::max(Milliseconds::zero(), std::chrono::ceil<Milliseconds>(at_ - Clock::now()));
}

Status CallContext::Check() const {
  if (stop.stop_requested()) return Cancelled("stopped on request");
  if (deadline.Passed()) return {Code::kDeadlineExceeded, "the deadline has passed"};
  return {};
}

namespace {

class SteadySleeper : public Sleeper {
 public:
  Status Sleep(Milliseconds duration, const CallContext& context) override {
    MBK_TRY(context.Check());
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any woken;
    // The predicate never holds: only the stop token or the time ends this wait.
    woken.wait_for(lock, context.stop, std::min(duration, context.deadline.Remaining()),
                   [] { return false; });
    return context.Check();
  }
};

}  // namespace

Sleeper& RealSleeper() {
  static SteadySleeper sleeper;
  return sleeper;
}

}  // namespace mbk
