#pragma once

#include <compare>
#include <optional>
#include <string_view>

namespace mbk {

/// The first two numbers of a Milvus version.
struct MajorMinor {
  int major = 0;
  int minor = 0;
  friend auto operator<=>(const MajorMinor&, const MajorMinor&) = default;
};

/// Of "v2.3.5", "2.6.18-dev" and the like; nothing for what is no release ("master-20261101", "").
std::optional<MajorMinor> ParseMajorMinor(std::string_view version);

}  // namespace mbk
