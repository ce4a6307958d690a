#include "store/byte_range.h"

#include <fmt/core.h>

#include <algorithm>

namespace mbk {

Result<ResolvedRange> ResolveRange(const ByteRange& range, std::int64_t size) {
  const bool to_the_end = range.length == -1;
  if (range.offset < 0 || (!to_the_end && range.length <= 0)) {
    return InvalidArgument(fmt::format("no byte range: {} bytes from offset {}", range.length, range.offset));
  }
  if (range.offset == 0 && to_the_end) return ResolvedRange{.offset = 0, .length = size};
  if (range.offset >= size) {
    return FailedPrecondition(
        fmt::format("the range begins at byte {}, the object has {} bytes", range.offset, size));
  }
  const std::int64_t left = size - range.offset;
  return ResolvedRange{.offset = range.offset, .length = to_the_end ? left : std::min(range.length, left)};
}

}  // namespace mbk
