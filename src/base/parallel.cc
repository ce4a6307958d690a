#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "base/caught.h"
#include "base/log.h"

namespace mbk {
namespace {

// Keeps the first error and stops everyone else.
class FirstError {
 public:
  explicit FirstError(const CallContext& outer)
      : forward_(outer.stop, [this] { stop_.request_stop(); }), inner_{stop_.get_token(), outer.deadline} {}

  const CallContext& context() const { return inner_; }
  void Report(Status status) {
    {
      std::scoped_lock lock(mutex_);
      if (first_.ok()) first_ = std::move(status);
    }
    stop_.request_stop();
  }
  Status Take() { return std::move(first_); }

 private:
  std::stop_source stop_;
  std::stop_callback<std::function<void()>> forward_;
  CallContext inner_;
  std::mutex mutex_;
  Status first_;
};

// As many as the system gives: with fewer the work takes longer, and that is all.
template <class Work>
void StartThreads(std::vector<std::jthread>& pool, std::size_t count, const Work& work) {
  try {
    while (pool.size() < count) pool.emplace_back(work);
  } catch (const std::system_error& refused) {
    log::Info("the system gave {} of {} threads: {}", pool.size(), count, refused.what());
  }
}

}  // namespace

Status ParallelFor(std::size_t count, int workers, const CallContext& context,
                   const std::function<Status(std::size_t, const CallContext&)>& task) {
  MBK_TRY(context.Check());
  if (count == 0) return {};
  FirstError error(context);
  std::atomic<std::size_t> next{0};
  auto work = [&] {
    for (std::size_t index = next++; index < count; index = next++) {
      Status status = error.context().Check();
      if (status.ok()) status = Caught([&] { return task(index, error.context()); });
      if (!status.ok()) return error.Report(std::move(status));
    }
  };
  const std::size_t threads = std::min(count, static_cast<std::size_t>(std::max(1, workers)));
  {
    std::vector<std::jthread> pool;
    pool.reserve(threads);
    StartThreads(pool, threads - 1, work);
    work();
  }
  return error.Take();
}

}  // namespace mbk
