#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Small text helpers of the configuration: comparing names, and showing values that came from outside.
namespace mbk::config {

/// ASCII lower case; other bytes stay.
std::string Lower(std::string_view text);
bool EqualIgnoringCase(std::string_view a, std::string_view b);
/// Without leading and trailing blanks.
std::string_view Trimmed(std::string_view text);

/// `text` in double quotes for a message: control characters escaped, cut after 120 bytes.
std::string Quoted(std::string_view text);
/// Control characters escaped, so that the text stays on its line of a table or a message.
std::string OneLine(std::string_view text);
/// A secret as `config show` prints it: empty stays empty, up to four bytes are "****", longer ones keep
/// two at either end; a secret beyond ASCII is "****", a cut character would say more than it should.
std::string Masked(std::string_view secret);
/// A URL with what stands before '@' in its host part replaced by "****".
std::string WithoutUserInfo(std::string_view url);

/// Whether at most `limit` insertions, deletions or replacements turn `a` into `b`. O(|a|·limit).
bool WithinEdits(std::string_view a, std::string_view b, std::size_t limit);

}  // namespace mbk::config
