#pragma once

#include <stop_token>
#include <thread>

namespace mbk::cli {

/// Turns SIGINT and SIGTERM into a stop request. Must be made before any other thread, which then
/// inherit the blocked signals. A second signal ends the process at once, with exit code 130.
class StopSignals {
 public:
  StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals();

  std::stop_token token() const { return stop_.get_token(); }

 private:
  std::stop_source stop_;
  std::thread waiter_;
};

}  // namespace mbk::cli
