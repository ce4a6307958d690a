#include <errno.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "store/credentials/source.h"

namespace mbk::credentials {
namespace {

// Files of keys and tokens have a few KiB.
constexpr std::size_t kMaxFileBytes = 1 << 20;
// A metadata service answers within milliseconds. Where there is none, packets vanish: this is what a user
// waits for the message that there are no credentials.
constexpr Milliseconds kMetadataConnectTimeout{1000};

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
  return {code, fmt::format("{}: {}", path, std::strerror(error))};
}

Result<std::string> ReadSmallFile(const std::string& path) {
  const File file(path);
  struct stat info{};
  if (file.fd() < 0 || ::fstat(file.fd(), &info) != 0) return Unreadable(path, errno);
  if (!S_ISREG(info.st_mode)) return InvalidArgument(fmt::format("{}: not a regular file", path));
  std::string text;
  char piece[16 << 10];
  for (ssize_t got; (got = ::read(file.fd(), piece, sizeof(piece))) != 0;) {
    if (got < 0) return Unreadable(path, errno);
    text.append(piece, static_cast<std::size_t>(got));
    if (text.size() > kMaxFileBytes)
      return InvalidArgument(fmt::format("{}: larger than {} bytes", path, kMaxFileBytes));
  }
  return text;
}

std::optional<std::string> ReadEnv(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace

Tools SystemTools(const std::string& ca_file) {
  return {.env = ReadEnv,
          .read_file = ReadSmallFile,
          .metadata = std::make_shared<HttpClient>(
              HttpClientOptions{.connect_timeout = kMetadataConnectTimeout, .obey_proxy_variables = false}),
          .services = std::make_shared<HttpClient>(HttpClientOptions{.ca_file = ca_file}),
          .now = [] { return std::chrono::system_clock::now(); },
          .sleeper = &RealSleeper()};
}

}  // namespace mbk::credentials
