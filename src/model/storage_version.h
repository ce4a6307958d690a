#pragma once

#include <cstdint>

namespace mbk {

/// The first value of Segment::storage_version of which several fields share a file; before it each field has
/// files of its own.
inline constexpr std::int64_t kFirstPackedStorageVersion = 2;

}  // namespace mbk
