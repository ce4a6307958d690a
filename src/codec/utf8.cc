#include "codec/utf8.h"

#include <cstdint>
#include <cstring>

namespace mbk::codec {
namespace {

bool IsContinuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

/// Bytes of the character that `text` begins with, at least one byte long; 0 when it is none.
std::size_t CharacterLength(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = at(0);
  if (first < 0x80) return 1;
  const std::size_t length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if (!IsContinuation(at(i))) return 0;
  const unsigned char second = at(1);
  const bool wrong = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
                     (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
  return wrong ? 0 : length;
}

/// Bytes at the front that are ASCII, in steps of eight.
std::size_t AsciiPrefix(std::string_view text) {
  std::size_t length = 0;
  for (; length + 8 <= text.size(); length += 8) {
    std::uint64_t block;
    std::memcpy(&block, text.data() + length, 8);
    if ((block & 0x8080808080808080u) != 0) break;
  }
  return length;
}

}  // namespace

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    text.remove_prefix(AsciiPrefix(text));
    if (text.empty()) break;
    const std::size_t length = CharacterLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace mbk::codec
