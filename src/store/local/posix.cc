#include "store/local/posix.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

namespace mbk::posix {
namespace {

// Less than the size from which malloc maps fresh pages (main.cc).
constexpr std::int64_t kReadBytes = 128 << 10;
// Between two looks at the stop token: a fraction of a second on a slow disk.
constexpr std::int64_t kKernelCopyBytes = 16 << 20;

struct ErrorMeaning {
  Code code;
  std::string_view remedy;
};

ErrorMeaning MeaningOf(int error) {
  switch (error) {
    case ENOENT:
      return {Code::kNotFound, ""};
    case EEXIST:
      return {Code::kAlreadyExists, ""};
    case EACCES:
    case EPERM:
      return {Code::kPermissionDenied, "give this user access, or choose another localPath/rootPath"};
    case EROFS:
      return {Code::kPermissionDenied, "the file system is mounted read-only"};
    case ELOOP:
      return {Code::kPermissionDenied, "symbolic links below the base directory are not followed"};
    // Not kFailedPrecondition: of a put that says that its condition did not hold, as if another run had been
    // there.
    case ENOSPC:
      return {Code::kInternal, "disk full: free space and run again"};
    case EDQUOT:
      return {Code::kInternal, "disk full: the quota of this user is used up"};
    case EFBIG:
      return {Code::kInternal, "the file system or ulimit -f allows no file of this size"};
    case ENOTDIR:
      return {Code::kFailedPrecondition, "a part of the path is a file or a symbolic link"};
    case EISDIR:
    case ENOTEMPTY:
      return {Code::kFailedPrecondition, "a directory has the name of the object"};
    case EMFILE:
    case ENFILE:
      return {Code::kUnavailable, "raise ulimit -n, or lower the concurrency"};
    case EIO:
    case EAGAIN:
    case EBUSY:
    case ESTALE:
    case ETIMEDOUT:
    case EINTR:
      return {Code::kUnavailable, ""};
    case ENAMETOOLONG:
    case EINVAL:
      return {Code::kInvalidArgument, ""};
    default:
      return {Code::kInternal, ""};
  }
}

// The calls of this file that wait may be interrupted by a signal; then they are simply made again.
template <class Call>
auto Uninterrupted(Call&& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

// copy_file_range says so when it cannot work between these two files.
bool NeedsUserSpaceCopy(int error) {
  return error == EXDEV || error == EINVAL || error == ENOSYS || error == EOPNOTSUPP || error == EBADF;
}

Status EndedEarly(std::string_view path, std::int64_t missing) {
  return {Code::kUnavailable,
          fmt::format("read {}: the file ended {} bytes early; it is being changed", path, missing)};
}

}  // namespace

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

Status ErrnoStatus(int error, std::string_view action, std::string_view path) {
  const ErrorMeaning meaning = MeaningOf(error);
  std::string message = fmt::format("{} {}: {}", action, path, std::generic_category().message(error));
  if (!meaning.remedy.empty()) message += fmt::format("; {}", meaning.remedy);
  return {meaning.code, std::move(message)};
}

bool IsAbsent(int error) { return error == ENOENT || error == ENOTDIR; }

Status WriteAll(int fd, std::string_view bytes, std::string_view path) {
  while (!bytes.empty()) {
    const ssize_t written = Uninterrupted([&] { return ::write(fd, bytes.data(), bytes.size()); });
    if (written < 0) return ErrnoStatus(errno, "write", path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Status CutAndSeek(int fd, std::int64_t size, std::string_view path) {
  if (::ftruncate(fd, size) != 0 || ::lseek(fd, size, SEEK_SET) < 0) return ErrnoStatus(errno, "cut", path);
  return {};
}

Result<std::int64_t> Position(int fd, std::string_view path) {
  const off_t position = ::lseek(fd, 0, SEEK_CUR);
  if (position < 0) return ErrnoStatus(errno, "write", path);
  return static_cast<std::int64_t>(position);
}

Status ReadRange(int fd, std::int64_t offset, std::int64_t length, std::string_view path,
                 const ReadTarget& target, const CallContext& context) {
  std::unique_ptr<char[]> own;
  const auto own_bytes = static_cast<std::size_t>(std::min(length, kReadBytes));
  while (length > 0) {
    MBK_TRY(context.Check());
    std::span<char> room = target.room ? target.room() : std::span<char>();
    if (room.empty()) {
      if (!own) own = std::make_unique_for_overwrite<char[]>(own_bytes);
      room = {own.get(), own_bytes};
    }
    const std::size_t wanted = std::min({room.size(), own_bytes, static_cast<std::size_t>(length)});
    const ssize_t got = Uninterrupted([&] { return ::pread(fd, room.data(), wanted, offset); });
    if (got < 0) return ErrnoStatus(errno, "read", path);
    if (got == 0) return EndedEarly(path, length);
    MBK_TRY(target.sink({room.data(), static_cast<std::size_t>(got)}));
    offset += got;
    length -= got;
  }
  return {};
}

bool Reflink(int from, int to) {
  return Uninterrupted([&] { return ::ioctl(to, FICLONE, from); }) == 0;
}

Status CopyRange(int from, std::int64_t offset, std::int64_t length, int to, std::string_view path,
                 const CallContext& context) {
  while (length > 0) {
    MBK_TRY(context.Check());
    off_t position = offset;
    const auto piece = static_cast<std::size_t>(std::min(length, kKernelCopyBytes));
    const ssize_t copied =
        Uninterrupted([&] { return ::copy_file_range(from, &position, to, nullptr, piece, 0); });
    if (copied < 0 && NeedsUserSpaceCopy(errno)) {
      return ReadRange(from, offset, length, path,
                       {.sink = [&](std::string_view bytes) { return WriteAll(to, bytes, path); }}, context);
    }
    if (copied < 0) return ErrnoStatus(errno, "copy", path);
    if (copied == 0) return EndedEarly(path, length);
    offset += copied;
    length -= copied;
  }
  return {};
}

Result<std::vector<Entry>> ReadDirectory(int directory, std::string_view path) {
  // A descriptor of its own: a directory stream keeps a position, and one opened for its path cannot be read.
  const int fd = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(errno, "list", path);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(fd), ::closedir);
  if (!stream) {
    const int error = errno;
    ::close(fd);
    return ErrnoStatus(error, "list", path);
  }
  std::vector<Entry> entries;
  errno = 0;
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    unsigned char type = entry->d_type;
    if (type == DT_UNKNOWN) {  // some file systems do not tell
      struct stat status{};
      if (::fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0) type = IFTODT(status.st_mode);
    }
    const auto kind = type == DT_REG   ? Entry::Type::kFile
                      : type == DT_DIR ? Entry::Type::kDirectory
                                       : Entry::Type::kOther;
    entries.push_back({.name = std::string(name), .type = kind});
    errno = 0;
  }
  if (errno != 0) return ErrnoStatus(errno, "list", path);
  return entries;
}

Status SyncDirectory(int directory, std::string_view path) {
  const Fd readable(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!readable.ok()) return ErrnoStatus(errno, "open", path);
  // Some network file systems have no fsync of a directory; there a rename is durable by itself.
  if (::fsync(readable.get()) != 0 && errno != EINVAL) return ErrnoStatus(errno, "sync", path);
  return {};
}

}  // namespace mbk::posix
