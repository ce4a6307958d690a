#include "cli/stop_signals.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <future>

#include "cli/exit_code.h"

namespace mbk::cli {
namespace {

// Signals are of the whole process; each test has one of its own.
void WaitForStop(const StopSignals& signals) {
  std::promise<void> stopped;
  std::stop_callback heard(signals.token(), [&] { stopped.set_value(); });
  stopped.get_future().wait();
}

TEST(StopSignalsDeathTest, AHangUpIsAStopAndTheSecondOfTheShellIsNoMore) {
  EXPECT_EXIT(
      {
        {
          const StopSignals signals;
          ::kill(::getpid(), SIGHUP);
          WaitForStop(signals);
          ::kill(::getpid(), SIGHUP);
        }
        ::_exit(7);
      },
      testing::ExitedWithCode(7), "stopping");
}

TEST(StopSignalsDeathTest, UnderNohupAHangUpIsNothing) {
  EXPECT_EXIT(
      {
        ::signal(SIGHUP, SIG_IGN);
        bool stopped = false;
        {
          const StopSignals signals;
          ::kill(::getpid(), SIGHUP);
          stopped = signals.token().stop_requested();
        }
        ::_exit(stopped ? 1 : 7);
      },
      testing::ExitedWithCode(7), "^$");
}

TEST(StopSignalsDeathTest, OneTerminationThatComesTwiceAtOnceIsOne) {
  EXPECT_EXIT(
      {
        {
          const StopSignals signals;
          ::kill(::getpid(), SIGTERM);
          WaitForStop(signals);
          ::kill(::getpid(), SIGTERM);
        }
        ::_exit(7);
      },
      testing::ExitedWithCode(7), "stopping");
}

TEST(StopSignalsDeathTest, ASecondInterruptEndsAtOnce) {
  EXPECT_EXIT(
      {
        const StopSignals signals;
        ::kill(::getpid(), SIGHUP);
        WaitForStop(signals);
        ::kill(::getpid(), SIGINT);
        std::promise<void>().get_future().wait();
      },
      testing::ExitedWithCode(kInterrupted), "");
}

}  // namespace
}  // namespace mbk::cli
