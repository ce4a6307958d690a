#include "store/credentials/small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "store/http_store.h"

namespace mbk::credentials {
namespace {

// Files of keys and tokens have a few KiB.
constexpr std::size_t kMaxFileBytes = 1 << 20;

class File {
 public:
  // A pipe that nobody writes to must not hold up the program.
  explicit File(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

Status Unreadable(const std::string& path, int error) {
  const Code code = error == ENOENT || error == ENOTDIR ? Code::kNotFound : Code::kInvalidArgument;
  return {code, fmt::format("{}: {}", OneLine(path), std::strerror(error))};
}

}  // namespace

Result<std::string> ReadSmallFile(const std::string& path) {
  const File file(path);
  struct stat info{};
  if (file.fd() < 0 || ::fstat(file.fd(), &info) != 0) return Unreadable(path, errno);
  if (!S_ISREG(info.st_mode)) return InvalidArgument(fmt::format("{}: not a regular file", OneLine(path)));
  std::string text;
  char piece[16 << 10];
  for (ssize_t got; (got = ::read(file.fd(), piece, sizeof(piece))) != 0;) {
    if (got < 0) return Unreadable(path, errno);
    text.append(piece, static_cast<std::size_t>(got));
    if (text.size() > kMaxFileBytes)
      return InvalidArgument(fmt::format("{}: larger than {} bytes", OneLine(path), kMaxFileBytes));
  }
  return text;
}

Result<std::string> ReadNamedFile(const std::string& path) {
  Result<std::string> text = ReadSmallFile(path);
  if (text.status().code() == Code::kNotFound) return InvalidArgument(text.status().message());
  return text;
}

}  // namespace mbk::credentials
