#pragma once

#include <stop_token>
#include <thread>

namespace mbk::cli {

/// Turns SIGINT, SIGTERM and SIGHUP (the terminal is gone) into a stop request; a SIGHUP that was ignored at
/// the start, as under nohup, stays ignored. Must be made before any other thread, which then inherit the
/// blocked signals. A second signal ends the process at once, with exit code 130; a second SIGHUP does not: a
/// shell and the kernel each send one when a connection drops.
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
