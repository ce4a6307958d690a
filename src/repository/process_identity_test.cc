#include "repository/process_identity.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>

namespace mbk {
namespace {

// A child that waits until it is killed, by what it is known as.
class Child {
 public:
  Child() : pid_(::fork()) {
    if (pid_ == 0) {
      ::pause();
      ::_exit(0);
    }
  }
  ~Child() { End(); }
  void Kill() { ::kill(pid_, SIGKILL); }
  void End() {
    if (pid_ <= 0) return;
    Kill();
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
};

TEST(ProcessIdentity, OfThisProcessIsWholeAndAlive) {
  const ProcessIdentity here = ThisProcessIdentity();
  EXPECT_FALSE(here.host.empty());
  EXPECT_FALSE(here.boot_id.empty());
  EXPECT_TRUE(here.pid_namespace.starts_with("pid:[")) << here.pid_namespace;
  EXPECT_EQ(here.pid, ::getpid());
  EXPECT_GT(here.start_ticks, 0);
  EXPECT_EQ(StateOf(here, here), ProcessState::kAlive);
}

TEST(ProcessIdentity, APidThatBeganAtAnotherTimeIsAnotherProcess) {
  const ProcessIdentity here = ThisProcessIdentity();
  ProcessIdentity before = here;
  before.start_ticks -= 1;
  EXPECT_EQ(StateOf(before, here), ProcessState::kGone);
}

TEST(ProcessIdentity, AProcessThatEndedIsGoneWaitedForOrNot) {
  const ProcessIdentity here = ThisProcessIdentity();
  Child child;
  ProcessIdentity of_child = here;
  of_child.pid = child.pid();
  of_child.start_ticks = here.start_ticks + 1'000'000'000;  // not that of any process yet
  EXPECT_EQ(StateOf(of_child, here), ProcessState::kGone);
  child.Kill();
  siginfo_t ended{};
  ASSERT_EQ(::waitid(P_PID, child.pid(), &ended, WEXITED | WNOWAIT), 0);  // a zombie now
  EXPECT_EQ(StateOf(of_child, here), ProcessState::kGone);
  child.End();
  EXPECT_EQ(StateOf(of_child, here), ProcessState::kGone);
}

// hidepid=2: the processes of other users are not in /proc, and live.
TEST(ProcessIdentity, AProcessThatProcDoesNotShowIsGoneOnlyWhenTheKernelKnowsNone) {
  const ProcessIdentity here = ThisProcessIdentity();
  const auto state = [&](std::optional<std::string> stat, int kill_error) {
    const ProcessTable table{.stat = [stat](std::int64_t) { return stat; },
                             .kill_error = [kill_error](std::int64_t) { return kill_error; }};
    return StateOf(here, here, table);
  };
  for (const std::optional<std::string>& stat :
       {std::optional<std::string>(), std::optional<std::string>("")}) {
    EXPECT_EQ(state(stat, EPERM), ProcessState::kUnknown) << "another user's";
    EXPECT_EQ(state(stat, 0), ProcessState::kUnknown);
    EXPECT_EQ(state(stat, ENOSYS), ProcessState::kUnknown) << "a sandbox";
    EXPECT_EQ(state(stat, ESRCH), ProcessState::kGone);
  }
}

TEST(ProcessIdentity, NothingIsSaidOfOtherHostsBootsAndNamespacesOrOfHalfAnIdentity) {
  const ProcessIdentity here = ThisProcessIdentity();
  const auto state = [&](auto change) {
    ProcessIdentity other = here;
    other.start_ticks -= 1;  // gone, if it could be told
    change(other);
    return StateOf(other, here);
  };
  EXPECT_EQ(state([](ProcessIdentity& p) { p.host += "x"; }), ProcessState::kUnknown);
  EXPECT_EQ(state([](ProcessIdentity& p) { p.boot_id += "x"; }), ProcessState::kUnknown);
  EXPECT_EQ(state([](ProcessIdentity& p) { p.pid_namespace = "pid:[1]"; }), ProcessState::kUnknown)
      << "another container of this machine, or unshare --pid";
  EXPECT_EQ(state([](ProcessIdentity& p) { p.pid_namespace.clear(); }), ProcessState::kUnknown)
      << "written by an older version";
  EXPECT_EQ(state([](ProcessIdentity& p) { p.start_ticks = 0; }), ProcessState::kUnknown);
  EXPECT_EQ(state([](ProcessIdentity& p) { p.pid = 0; }), ProcessState::kUnknown);
  ProcessIdentity unknown_boot = here;
  unknown_boot.boot_id.clear();
  EXPECT_EQ(StateOf(unknown_boot, unknown_boot), ProcessState::kUnknown);
}

}  // namespace
}  // namespace mbk
