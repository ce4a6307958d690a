#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"

/// System calls as Status and Result: what went wrong, with which path, and what to do about it.
namespace mbk::posix {

/// A file descriptor and its closing. -1: none.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd();

  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// "<action> <path>: <errno's text>", with a remedy where there is one. `error` is an errno.
Status ErrnoStatus(int error, std::string_view action, std::string_view path);

/// Whether `error` says that there is nothing of that name, be it that the parent is missing or no
/// directory.
bool IsAbsent(int error);

Status WriteAll(int fd, std::string_view bytes, std::string_view path);

/// Make the file `size` bytes long, and let the next write begin there.
Status CutAndSeek(int fd, std::int64_t size, std::string_view path);
/// Where the next write begins.
Result<std::int64_t> Position(int fd, std::string_view path);

/// Where pieces of a file are read to, one after another, and who takes them then.
struct ReadTarget {
  std::function<Status(std::string_view)> sink;
  /// Where the next piece goes; empty, or none: memory of ReadRange's own.
  std::function<std::span<char>()> room = {};
};

/// Read `length` bytes from `offset` in pieces. A file that ends earlier is kUnavailable.
Status ReadRange(int fd, std::int64_t offset, std::int64_t length, std::string_view path,
                 const ReadTarget& target, const CallContext& context);

/// Let the empty file `to` share all blocks of `from`. False where the file system cannot; `to` is still
/// empty then.
bool Reflink(int from, int to);

/// Append `length` bytes of `from` to `to`, inside the kernel where the file systems allow it.
Status CopyRange(int from, std::int64_t offset, std::int64_t length, int to, std::string_view path,
                 const CallContext& context);

/// One name in a directory.
struct Entry {
  enum class Type { kFile, kDirectory, kOther };
  std::string name;
  Type type = Type::kOther;
};

/// The entries of a directory but "." and "..", in no order. Any descriptor of a directory will do.
Result<std::vector<Entry>> ReadDirectory(int directory, std::string_view path);

/// Make the names in a directory durable.
Status SyncDirectory(int directory, std::string_view path);

}  // namespace mbk::posix
