#include "cli/stop_signals.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>

#include "cli/exit_code.h"

namespace mbk::cli {
namespace {

// Wakes the waiter at the end; nobody else sends it.
constexpr int kQuit = SIGUSR2;

// `timeout` sends one signal to its child and then one to the group of both. Nobody presses a key twice so
// quickly.
constexpr std::chrono::milliseconds kOneBurst{200};

bool IsIgnored(int number) {
  struct sigaction action{};
  return sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

sigset_t OurSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (int number : {SIGINT, SIGTERM, kQuit}) sigaddset(&set, number);
  // A signal that is blocked is delivered to sigwait even where it is ignored.
  if (!IsIgnored(SIGHUP)) sigaddset(&set, SIGHUP);
  return set;
}

}  // namespace

StopSignals::StopSignals() {
  const sigset_t set = OurSignals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // A store that hangs up while we write is an error of that request, not the end of the process.
  signal(SIGPIPE, SIG_IGN);
  waiter_ = std::thread([this, set] {
    int first = 0;
    std::chrono::steady_clock::time_point came;
    for (int number = 0; sigwait(&set, &number) == 0 && number != kQuit;) {
      const auto now = std::chrono::steady_clock::now();
      if (stop_.stop_requested() && (number == SIGHUP || (number == first && now - came < kOneBurst)))
        continue;
      if (stop_.stop_requested()) _exit(kInterrupted);
      constexpr char kSaid[] = "\nstopping; press Ctrl-C again to end at once\n";
      first = number;
      came = now;
      [[maybe_unused]] ssize_t written = write(STDERR_FILENO, kSaid, sizeof(kSaid) - 1);
      stop_.request_stop();
    }
  });
}

StopSignals::~StopSignals() {
  pthread_kill(waiter_.native_handle(), kQuit);
  waiter_.join();
}

}  // namespace mbk::cli
