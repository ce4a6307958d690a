#pragma once

#include <algorithm>
#include <cctype>
#include <string_view>

namespace mbk {

/// Whether `text` may stand for a database or collection in filters and renames: letters, digits, '_'.
inline bool IsIdentifier(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) || c == '_'; });
}

}  // namespace mbk
