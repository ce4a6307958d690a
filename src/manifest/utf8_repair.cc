#include "manifest/utf8_repair.h"

#include <algorithm>
#include <cstddef>

namespace mbk::manifest {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

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

struct Character {
  std::size_t length = 0;  ///< bytes that are right
  bool whole = false;
};

/// At the beginning of `text`, which is not empty.
Character CharacterOf(std::string_view text) {
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

/// How far `text` is UTF-8.
std::size_t ValidPrefix(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const Character character = CharacterOf(text.substr(at));
    if (!character.whole) break;
    at += character.length;
  }
  return at;
}

}  // namespace

std::string_view Utf8Repair::Take(std::string_view piece, bool is_last) {
  if (held_.empty()) return Repaired(piece, is_last);
  joined_ = held_;
  joined_ += piece;
  held_.clear();
  return Repaired(joined_, is_last);
}

std::string_view Utf8Repair::Repaired(std::string_view text, bool is_last) {
  const std::size_t valid = ValidPrefix(text);
  if (valid == text.size()) return text;
  repaired_.assign(text.substr(0, valid));
  for (std::size_t at = valid; at < text.size();) {
    const std::string_view rest = text.substr(at);
    const Character character = CharacterOf(rest);
    if (character.whole) {
      repaired_ += rest.substr(0, character.length);
    } else if (character.length == rest.size() && !is_last) {
      held_ = rest;
      break;
    } else {
      repaired_ += kReplacement;
      ++replaced_;
    }
    at += character.whole ? character.length : 1;
  }
  return repaired_;
}

}  // namespace mbk::manifest
