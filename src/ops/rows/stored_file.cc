#include "ops/rows/stored_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

namespace mbk::rows {

StoredFile::StoredFile(ObjectReader& store, ObjectKey key, std::int64_t size, std::int64_t window_bytes,
                       CallContext context)
    : store_(store),
      key_(std::move(key)),
      url_(store.identity().Url(key_)),
      size_(size),
      window_bytes_(window_bytes),
      context_(std::move(context)) {}

Status StoredFile::ReadAt(std::int64_t offset, std::int64_t length, char* out) {
  if (offset < 0 || length < 0 || offset > size_ - length)
    return DataLoss(fmt::format("{}: {} bytes at {} lie outside its {} bytes", url_, length, offset, size_));
  const std::int64_t window_end = window_begin_ + static_cast<std::int64_t>(window_.size());
  if (offset < window_begin_ || offset + length > window_end) MBK_TRY(FillWindow(offset, length));
  std::memcpy(out, window_.data() + (offset - window_begin_), static_cast<std::size_t>(length));
  return {};
}

Status StoredFile::FillWindow(std::int64_t offset, std::int64_t length) {
  const std::int64_t begin = size_ <= window_bytes_ ? 0 : offset;
  const std::int64_t wanted = std::min(std::max(length, window_bytes_), size_ - begin);
  window_.clear();
  window_.reserve(static_cast<std::size_t>(wanted));
  window_begin_ = begin;
  auto sink = [this, wanted](std::string_view piece) -> Status {
    if (static_cast<std::int64_t>(window_.size() + piece.size()) > wanted)
      return DataLoss(fmt::format("{}: the store sends more than was asked for", url_));
    window_.append(piece);
    return {};
  };
  Result<ObjectInfo> read = store_.Get({.key = key_, .range = {begin, wanted}}, sink, context_);
  if (!read.ok()) {
    window_.clear();
    return read.status();
  }
  if (static_cast<std::int64_t>(window_.size()) != wanted || read->size != size_) {
    window_.clear();
    return DataLoss(fmt::format("{} has {} bytes, the backup's metadata say {}", url_, read->size, size_));
  }
  return {};
}

}  // namespace mbk::rows
