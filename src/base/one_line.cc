#include "base/one_line.h"

#include <algorithm>
#include <cstddef>

namespace mbk {

std::string OneLine(std::string_view text) {
  constexpr std::size_t kMostBytes = 300;
  std::size_t end = std::min(text.size(), kMostBytes);
  // Not within a UTF-8 sequence.
  while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  std::string line(text.substr(0, end));
  std::replace_if(line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  if (end < text.size()) line += "…";
  return line;
}

}  // namespace mbk
