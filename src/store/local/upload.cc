#include "store/local/upload.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/hash.h"
#include "store/local/posix.h"

namespace mbk::local_internal {
namespace {

using posix::ErrnoStatus;
using posix::Fd;

constexpr mode_t kDirectoryMode = 0777;
constexpr mode_t kFileMode = 0666;

std::string PartName(int number) { return fmt::format("{:05}", number); }

// An id names a directory, and comes back from a caller: it must be one of ours.
bool IsUploadId(std::string_view id) {
  return id.starts_with(fmt::format("{}upload-", kHiddenPrefix)) &&
         id.find_first_not_of("-.abcdefghijklmnopqrstuvwxyz0123456789") == std::string_view::npos;
}

struct UploadDirectory {
  Place place;  ///< of the target
  Fd fd;
};

Result<UploadDirectory> Open(const Tree& tree, const UploadId& upload) {
  MBK_TRY(tree.CheckKey(upload.key.str()));
  const Status unknown =
      NotFound(fmt::format("no upload \"{}\" of {}", upload.id, tree.PathOf(upload.key.str())));
  if (!IsUploadId(upload.id)) return unknown;
  auto place = tree.Find(upload.key.str());
  if (place.status().code() == Code::kNotFound) return unknown;
  if (!place.ok()) return place.status();
  Fd fd(::openat(place->directory.get(), upload.id.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.ok() && errno == ENOENT) return unknown;
  if (!fd.ok()) return ErrnoStatus(errno, "open the upload of", place->path);
  return UploadDirectory{.place = std::move(*place), .fd = std::move(fd)};
}

// Append the part to `target` and its bytes to the digest.
Status AppendPart(const UploadDirectory& upload, const UploadedPart& part, const PendingFile& target,
                  Md5& md5, const CallContext& context) {
  const Fd file(::openat(upload.fd.get(), PartName(part.number).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status{};
  if (!file.ok() || ::fstat(file.get(), &status) != 0 || EtagOf(status) != part.etag) {
    return FailedPrecondition(
        fmt::format("complete the upload of {}: part {} was not uploaded, or has another etag",
                    upload.place.path, part.number));
  }
  auto append = [&](std::string_view bytes) {
    md5.Update(bytes);
    return posix::WriteAll(target.fd(), bytes, target.path());
  };
  return posix::ReadRange(file.get(), 0, status.st_size, target.path(), append, context);
}

Status CheckOrder(std::span<const UploadedPart> parts, const std::string& path) {
  const bool ascending = std::adjacent_find(parts.begin(), parts.end(), [](const auto& a, const auto& b) {
                           return a.number >= b.number;
                         }) == parts.end();
  if (!parts.empty() && ascending) return {};
  return InvalidArgument(fmt::format("complete the upload of {}: it needs parts, in ascending order", path));
}

}  // namespace

Result<StartedUpload> StartUpload(const Tree& tree, const ObjectKey& key) {
  MBK_TRY(tree.CheckKey(key.str()));
  StartedUpload started{.id = {.key = key}};
  MBK_TRY(RetryWhilePruned([&]() -> Status {
    MBK_TRY_ASSIGN(Place place, tree.Make(key.str()));
    started.id.id = HiddenName("upload");
    const char* name = started.id.id.c_str();
    if (::mkdirat(place.directory.get(), name, kDirectoryMode) != 0)
      return ErrnoStatus(errno, "start an upload of", place.path);
    started.claim =
        Fd(::openat(place.directory.get(), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!started.claim.ok()) return ErrnoStatus(errno, "start an upload of", place.path);
    return Claim(started.claim, place.path);
  }));
  return started;
}

Result<UploadedPart> WritePart(const Tree& tree, const UploadId& upload, int part_number,
                               const std::function<Status(int fd, const std::string& path)>& write) {
  MBK_TRY_ASSIGN(UploadDirectory directory, Open(tree, upload));
  const std::string& path = directory.place.path;
  // Under a name of its own first: a part that is sent again must not be seen half-written.
  const std::string hidden_name = HiddenName("part");
  const Fd file(
      ::openat(directory.fd.get(), hidden_name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode));
  if (!file.ok()) return ErrnoStatus(errno, "create a part of", path);
  if (Status written = write(file.get(), path); !written.ok()) {
    ::unlinkat(directory.fd.get(), hidden_name.c_str(), 0);
    return written;
  }
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return ErrnoStatus(errno, "stat a part of", path);
  if (::renameat(directory.fd.get(), hidden_name.c_str(), directory.fd.get(),
                 PartName(part_number).c_str()) != 0) {
    return ErrnoStatus(errno, "write a part of", path);
  }
  return UploadedPart{.number = part_number, .etag = EtagOf(status)};
}

Result<WriteResult> CompleteUpload(const Tree& tree, const UploadId& upload,
                                   std::span<const UploadedPart> parts, const CallContext& context) {
  MBK_TRY_ASSIGN(UploadDirectory directory, Open(tree, upload));
  MBK_TRY(CheckOrder(parts, directory.place.path));
  MBK_TRY_ASSIGN(PendingFile target, PendingFile::Create(tree, upload.key.str()));
  Md5 md5;
  for (const UploadedPart& part : parts) MBK_TRY(AppendPart(directory, part, target, md5, context));
  MBK_TRY_ASSIGN(std::string etag, target.Publish(PutCondition::kNone));
  MBK_TRY(RemoveUpload(tree, upload));
  return WriteResult{.etag = std::move(etag), .digest = {.kind = Digest::Kind::kMd5, .hex = md5.Hex()}};
}

Status RemoveUpload(const Tree& tree, const UploadId& upload) {
  auto directory = Open(tree, upload);
  if (directory.status().code() == Code::kNotFound) return {};
  if (!directory.ok()) return directory.status();
  const std::string& path = directory->place.path;
  MBK_TRY_ASSIGN(std::vector<posix::Entry> parts, posix::ReadDirectory(directory->fd.get(), path));
  for (const posix::Entry& part : parts) {
    if (::unlinkat(directory->fd.get(), part.name.c_str(), 0) != 0 && errno != ENOENT) {
      return ErrnoStatus(errno, "remove a part of", path);
    }
  }
  const int removed = ::unlinkat(directory->place.directory.get(), upload.id.c_str(), AT_REMOVEDIR);
  return removed == 0 || errno == ENOENT ? Status() : ErrnoStatus(errno, "remove the upload of", path);
}

}  // namespace mbk::local_internal
