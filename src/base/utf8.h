#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// UTF-8 as RFC 3629 has it: no longer forms than needed, no surrogates, nothing above U+10FFFF.
namespace mbk::utf8 {

/// What a text begins with.
struct Character {
  std::size_t length = 0;  ///< bytes of it that are right; 0: the first byte begins none, or another follows
  bool whole = false;      ///< it is not cut by the end of the text
};

/// The first character of `text`, which is not empty.
Character FirstCharacter(std::string_view text);

/// The code point of a character that is whole.
char32_t CodePoint(std::string_view character);

/// Add a code point, at most U+10FFFF and no surrogate.
void Append(char32_t point, std::string& text);

}  // namespace mbk::utf8
