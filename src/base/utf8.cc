#include "base/utf8.h"

#include <algorithm>
#include <cstdint>

namespace mbk::utf8 {
namespace {

std::uint8_t ByteAt(std::string_view text, std::size_t i) { return static_cast<std::uint8_t>(text[i]); }

/// What the first byte of a character says: how long it is, and where its second byte lies (which rules out
/// longer forms than needed, surrogates, and what is beyond U+10FFFF).
struct Lead {
  std::size_t length = 0;  ///< 0: begins no character
  std::uint8_t second_from = 0x80, second_to = 0xBF;
};

Lead LeadOf(std::uint8_t byte) {
  if (byte < 0x80) return {.length = 1};
  if (byte < 0xC2) return {};
  if (byte < 0xE0) return {.length = 2};
  if (byte == 0xE0) return {.length = 3, .second_from = 0xA0};
  if (byte == 0xED) return {.length = 3, .second_to = 0x9F};
  if (byte < 0xF0) return {.length = 3};
  if (byte == 0xF0) return {.length = 4, .second_from = 0x90};
  if (byte < 0xF4) return {.length = 4};
  if (byte == 0xF4) return {.length = 4, .second_to = 0x8F};
  return {};
}

}  // namespace

Character FirstCharacter(std::string_view text) {
  const Lead lead = LeadOf(ByteAt(text, 0));
  Character character{.length = std::min<std::size_t>(lead.length, 1)};
  while (character.length > 0 && character.length < lead.length && character.length < text.size()) {
    const std::uint8_t byte = ByteAt(text, character.length);
    const bool second = character.length == 1;
    if (byte < (second ? lead.second_from : 0x80) || byte > (second ? lead.second_to : 0xBF)) return {};
    ++character.length;
  }
  character.whole = lead.length > 0 && character.length == lead.length;
  return character;
}

char32_t CodePoint(std::string_view character) {
  const std::uint8_t lead = ByteAt(character, 0);
  if (character.size() == 1) return lead;
  char32_t point = lead & (0x7FU >> character.size());
  for (std::size_t i = 1; i < character.size(); ++i) point = point << 6 | (ByteAt(character, i) & 0x3FU);
  return point;
}

void Append(char32_t point, std::string& text) {
  const auto push = [&](char32_t byte) { text += static_cast<char>(byte); };
  const auto push_tail = [&](int shift) { push(0x80 | (point >> shift & 0x3F)); };
  if (point < 0x80) return push(point);
  if (point < 0x800) {
    push(0xC0 | point >> 6);
  } else {
    if (point < 0x10000) {
      push(0xE0 | point >> 12);
    } else {
      push(0xF0 | point >> 18);
      push_tail(12);
    }
    push_tail(6);
  }
  push_tail(0);
}

}  // namespace mbk::utf8
