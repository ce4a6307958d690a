#include "model/version.h"

#include <charconv>

namespace mbk {

std::optional<MajorMinor> ParseMajorMinor(std::string_view version) {
  if (version.starts_with('v')) version.remove_prefix(1);
  const char* const end = version.data() + version.size();
  MajorMinor parsed;
  const auto major = std::from_chars(version.data(), end, parsed.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return std::nullopt;
  if (std::from_chars(major.ptr + 1, end, parsed.minor).ec != std::errc()) return std::nullopt;
  return parsed;
}

}  // namespace mbk
