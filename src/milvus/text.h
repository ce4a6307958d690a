#pragma once

#include <string_view>

namespace mbk {

inline bool Contains(std::string_view words, std::string_view part) { return words.find(part) != words.npos; }

}  // namespace mbk
