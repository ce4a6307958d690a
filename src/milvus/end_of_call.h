#pragma once

#include <grpcpp/client_context.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

#include "base/call_context.h"

namespace mbk {

/// Cancels a call when the run is stopped: at once, or where the server does not bear it, when the answer has
/// been waited for for `patience`. Lives as long as the call is under way.
class EndOfCall {
 public:
  EndOfCall(grpc::ClientContext& rpc, const std::stop_token& stop, Milliseconds patience)
      : rpc_(rpc), patience_(patience), on_stop_(stop, [this] { Stop(); }) {}
  EndOfCall(const EndOfCall&) = delete;
  EndOfCall& operator=(const EndOfCall&) = delete;
  ~EndOfCall() {
    {
      std::scoped_lock lock(mutex_);
      over_ = true;
    }
    changed_.notify_all();
  }

 private:
  // On the thread that stops the run, which has others to tell.
  void Stop() {
    if (patience_ == Milliseconds{0})
      rpc_.TryCancel();
    else
      waiting_ = std::jthread([this] { CancelLate(); });
  }
  void CancelLate() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, patience_, [this] { return over_; })) rpc_.TryCancel();
  }

  grpc::ClientContext& rpc_;
  const Milliseconds patience_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  std::jthread waiting_;
  std::stop_callback<std::function<void()>> on_stop_;  // the last: it is gone before `waiting_` is joined
};

}  // namespace mbk
