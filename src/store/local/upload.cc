#include "store/local/upload.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/uuid.h"
#include "store/local/posix.h"

namespace mbk::local_internal {

Result<UploadedPart> Upload::Append(int number, const PartWriter& write) {
  std::lock_guard lock(mutex_);
  const auto sent = static_cast<int>(sent_.size());
  if (number != sent + 1 && (number != sent || sent == 0)) {
    return FailedPrecondition(fmt::format(
        "upload part {} of {}: it cannot follow {} parts: files take them in order", number, path(), sent));
  }
  if (number == sent) sent_.pop_back();
  // Behind the parts that are kept may lie one that failed, or that this one replaces.
  MBK_TRY(posix::CutAndSeek(file_.fd(), sent_.empty() ? 0 : sent_.back().end, path()));
  MBK_TRY(write(file_.fd(), path()));
  MBK_TRY_ASSIGN(std::int64_t end, posix::Position(file_.fd(), path()));
  sent_.push_back({.part = {.number = number, .etag = fmt::format("{}-{}", end, ++writes_)}, .end = end});
  return sent_.back().part;
}

Status Upload::CheckParts(std::span<const UploadedPart> parts) const {
  const bool ascending =
      std::ranges::adjacent_find(parts, std::ranges::greater_equal(), &UploadedPart::number) == parts.end();
  if (parts.empty() || !ascending) {
    return InvalidArgument(
        fmt::format("complete the upload of {}: it needs parts, in ascending order", path()));
  }
  const bool same = std::ranges::equal(parts, sent_, [](const UploadedPart& named, const Sent& sent) {
    return named.number == sent.part.number && named.etag == sent.part.etag;
  });
  if (same) return {};
  return FailedPrecondition(
      fmt::format("complete the upload of {}: the {} parts to complete are not the {} that were sent", path(),
                  parts.size(), sent_.size()));
}

Result<WriteResult> Upload::Complete(std::span<const UploadedPart> parts) {
  std::lock_guard lock(mutex_);
  MBK_TRY(CheckParts(parts));
  // What lies behind the last part is of one that failed.
  MBK_TRY(posix::CutAndSeek(file_.fd(), sent_.back().end, path()));
  MBK_TRY_ASSIGN(std::string etag, file_.Publish(PutCondition::kNone));
  return WriteResult{.etag = std::move(etag)};
}

UploadId UploadTable::Add(const ObjectKey& key, std::shared_ptr<Upload> upload) {
  UploadId added{.key = key, .id = NewUuid()};
  std::lock_guard lock(mutex_);
  uploads_.emplace(added.id, std::move(upload));
  return added;
}

Result<std::shared_ptr<Upload>> UploadTable::Find(const UploadId& upload) const {
  std::lock_guard lock(mutex_);
  auto found = uploads_.find(upload.id);
  if (found != uploads_.end()) return found->second;
  return NotFound(
      fmt::format("the upload of {} is not under way: it was completed or aborted", upload.key.str()));
}

void UploadTable::Remove(const UploadId& upload) {
  std::shared_ptr<Upload> removed;  // its file is closed behind the lock
  std::lock_guard lock(mutex_);
  if (auto node = uploads_.extract(upload.id); !node.empty()) removed = std::move(node.mapped());
}

}  // namespace mbk::local_internal
