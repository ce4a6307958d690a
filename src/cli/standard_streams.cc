#include "cli/standard_streams.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace mbk::cli {
namespace {

// open() gives the lowest number that is free.
void Occupy(int number, int flags) {
  if (::fcntl(number, F_GETFD) != -1 || errno != EBADF) return;
  [[maybe_unused]] const int taken = ::open("/dev/null", flags);
}

}  // namespace

void OccupyStandardStreams() {
  Occupy(STDIN_FILENO, O_RDONLY);
  Occupy(STDOUT_FILENO, O_RDONLY);
  Occupy(STDERR_FILENO, O_WRONLY);
}

Status WriteResult(std::string_view text) {
  errno = 0;
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  const bool flushed = std::fflush(stdout) == 0;
  const int why = errno;
  const bool failed = !written || !flushed || std::ferror(stdout) != 0;
  std::clearerr(stdout);
  if (!failed) return {};
  return Internal(fmt::format("the result could not be written to standard output: {}",
                              std::generic_category().message(why != 0 ? why : EIO)));
}

}  // namespace mbk::cli
