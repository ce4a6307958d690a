#pragma once

#include <cstdint>

#include "base/status.h"
#include "store/object_store.h"

namespace mbk {

/// A ByteRange applied to an object of a known size.
struct ResolvedRange {
  std::int64_t offset = 0;
  std::int64_t length = 0;  ///< bytes, never beyond the end of the object
};

/// Cut `range` to an object of `size` bytes; the rules stand at ByteRange.
Result<ResolvedRange> ResolveRange(const ByteRange& range, std::int64_t size);

}  // namespace mbk
