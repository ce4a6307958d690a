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

bool StoredFile::Window::Holds(std::int64_t offset, std::int64_t length) const {
  return bytes != nullptr && offset >= begin &&
         offset + length <= begin + static_cast<std::int64_t>(bytes->size());
}

Status StoredFile::ReadAt(std::int64_t offset, std::int64_t length, char* out) {
  MBK_TRY_ASSIGN(const Window* const window, Hold(offset, length));
  std::memcpy(out, window->At(offset), static_cast<std::size_t>(length));
  return {};
}

Result<std::optional<ByteView>> StoredFile::View(std::int64_t offset, std::int64_t length) {
  if (size_ > window_bytes_) return std::optional<ByteView>();
  MBK_TRY_ASSIGN(const Window* const window, Hold(offset, length));
  return std::optional(ByteView{window->At(offset), window->bytes});
}

Result<const StoredFile::Window*> StoredFile::Hold(std::int64_t offset, std::int64_t length) {
  if (offset < 0 || length < 0 || offset > size_ - length)
    return DataLoss(fmt::format("{}: {} bytes at {} lie outside its {} bytes", url_, length, offset, size_));
  if (window_.Holds(offset, length)) return &window_;
  if (tail_.Holds(offset, length)) return &tail_;
  // The footer is read before the pages: it must not displace those that were read ahead.
  const bool is_tail = window_.bytes != nullptr && offset + length == size_ && length < window_bytes_;
  Window& window = is_tail ? tail_ : window_;
  std::string buffer = TakeBuffer(window);
  const std::int64_t begin = size_ <= window_bytes_ ? 0 : offset;
  const std::int64_t wanted = std::min(std::max(length, window_bytes_), size_ - begin);
  MBK_TRY_ASSIGN(window, Fetch(begin, wanted, std::move(buffer)));
  return &window;
}

// Megabytes of fresh memory cost as many page faults as the bytes are worth reading. What a view may show
// stays.
std::string StoredFile::TakeBuffer(Window& window) const {
  std::string buffer;
  if (window.bytes != nullptr && size_ > window_bytes_) buffer = std::move(*window.bytes);
  window.bytes.reset();
  return buffer;
}

Result<StoredFile::Window> StoredFile::Fetch(std::int64_t begin, std::int64_t wanted, std::string bytes) {
  bytes.clear();
  bytes.reserve(static_cast<std::size_t>(wanted));
  auto sink = [&](std::string_view piece) -> Status {
    if (static_cast<std::int64_t>(bytes.size() + piece.size()) > wanted)
      return DataLoss(fmt::format("{}: the store sends more than was asked for", url_));
    bytes.append(piece);
    return {};
  };
  const Result<ObjectInfo> got = store_.Get({.key = key_, .range = {begin, wanted}}, sink, context_);
  // So stores refuse a range that begins behind the end.
  if (got.status().code() == Code::kFailedPrecondition)
    return DataLoss(fmt::format("{} is shorter than the {} bytes that the backup's metadata say: {}", url_,
                                size_, got.status().message()));
  MBK_TRY_ASSIGN(const ObjectInfo read, got);
  if (static_cast<std::int64_t>(bytes.size()) != wanted || read.size != size_)
    return DataLoss(fmt::format("{} has {} bytes, the backup's metadata say {}", url_, read.size, size_));
  return Window{.begin = begin, .bytes = std::make_shared<std::string>(std::move(bytes))};
}

}  // namespace mbk::rows
