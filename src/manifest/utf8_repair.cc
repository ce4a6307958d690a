#include "manifest/utf8_repair.h"

#include <cstddef>

#include "base/utf8.h"

namespace mbk::manifest {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// How far `text` is UTF-8.
std::size_t ValidPrefix(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const utf8::Character character = utf8::FirstCharacter(text.substr(at));
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
    const utf8::Character character = utf8::FirstCharacter(rest);
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
