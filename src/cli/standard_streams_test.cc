#include "cli/standard_streams.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>

#include "cli/app.h"
#include "cli/exit_code.h"

namespace mbk::cli {
namespace {

using testing::HasSubstr;

// Puts another file in the place of a stream, for one scope.
class InPlaceOf {
 public:
  InPlaceOf(int stream, int file) : stream_(stream), saved_(::dup(stream)) {
    std::fflush(nullptr);
    ::dup2(file, stream);
    ::close(file);
  }
  ~InPlaceOf() {
    std::fflush(nullptr);
    ::dup2(saved_, stream_);
    ::close(saved_);
  }
  InPlaceOf(const InPlaceOf&) = delete;
  InPlaceOf& operator=(const InPlaceOf&) = delete;

 private:
  const int stream_, saved_;
};

int FullDisk() { return ::open("/dev/full", O_WRONLY | O_CLOEXEC); }

TEST(WriteResult, OnAFullDiskIsAnError) {
  const InPlaceOf full(STDOUT_FILENO, FullDisk());
  const Status lost = WriteResult("a result\n");
  EXPECT_EQ(lost.code(), Code::kInternal);
  EXPECT_THAT(lost.message(), HasSubstr("No space left on device"));
}

TEST(WriteResult, IntoAPipeThatNobodyReadsIsAnError) {
  ::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  const InPlaceOf broken(STDOUT_FILENO, ends[1]);
  EXPECT_THAT(WriteResult("a result\n").message(), HasSubstr("Broken pipe"));
}

TEST(WriteResult, IsThereAfterwards) {
  testing::internal::CaptureStdout();
  EXPECT_TRUE(WriteResult("a result\n").ok());
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "a result\n");
}

TEST(Main, FailsWhenItsResultCannotBeWritten) {
  const std::vector<std::vector<std::string>> calls = {
      {"--man"}, {"--help"}, {"list", "--help"}, {"--version"}, {"completion", "bash"}, {"config", "show"}};
  for (const auto& arguments : calls) {
    testing::internal::CaptureStderr();
    int code = kDone;
    {
      const InPlaceOf full(STDOUT_FILENO, FullDisk());
      code = Main(arguments);
    }
    EXPECT_EQ(code, kFailed) << arguments.front();
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("No space left on device"))
        << arguments.front();
  }
}

TEST(Main, FailsWhenProgressForAProgramCannotBeWritten) {
  const InPlaceOf full(STDERR_FILENO, FullDisk());
  testing::internal::CaptureStdout();
  EXPECT_EQ(Main({"config", "show", "--progress", "json"}), kFailed);
  testing::internal::GetCapturedStdout();
}

// The next file that is opened would take the number, and the result would be written into it.
TEST(StandardStreamsDeathTest, AreTakenWhenTheyAreClosed) {
  EXPECT_EXIT(
      {
        ::close(STDIN_FILENO);
        ::close(STDOUT_FILENO);
        OccupyStandardStreams();
        const bool taken = ::open("/dev/null", O_RDONLY) > STDERR_FILENO;
        ::_exit(taken && !WriteResult("x").ok() ? 7 : 1);
      },
      testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace mbk::cli
