#include "manifest/utf8_repair.h"

#include <gtest/gtest.h>

namespace mbk::manifest {
namespace {

struct Repaired {
  std::string text;
  std::int64_t replaced = 0;
};

// `text` in pieces of `length` bytes.
Repaired Repair(std::string_view text, std::size_t length) {
  Utf8Repair repair;
  Repaired repaired;
  for (std::size_t at = 0; at < text.size(); at += length)
    repaired.text += repair.Take(text.substr(at, length), false);
  repaired.text += repair.Take("", true);
  repaired.replaced = repair.replaced();
  return repaired;
}

TEST(Utf8Repair, LeavesWhatIsRightAsItIsWhereverItIsCut) {
  const std::string text =
      "plain, \xC3\xA4, \xE4\xB8\xAD\xE6\x96\x87, \xF0\x9F\x92\x9A, \xE2\x80\xA8, \xF4\x8F\xBF\xBF" +
      std::string(1, '\0') + ".";
  for (std::size_t length = 1; length <= text.size(); ++length) {
    EXPECT_EQ(Repair(text, length).text, text) << length;
    EXPECT_EQ(Repair(text, length).replaced, 0) << length;
  }
}

TEST(Utf8Repair, ReplacesEachByteThatIsPartOfNoCharacter) {
  const std::string r = "\xEF\xBF\xBD";
  const std::pair<std::string, std::string> texts[] = {
      {"a\xFF\xFE\xC3 b", "a" + r + r + r + " b"},  // no lead bytes, and one without its second
      {"\x80", r},                                  // a second without its first
      {"\xC0\xAF", r + r},                          // longer than needed
      {"\xE0\x80\x80", r + r + r},                  // the same
      {"\xED\xA0\x80", r + r + r},                  // a surrogate
      {"\xF4\x90\x80\x80", r + r + r + r},          // beyond the last character
      {"\xE4\xB8", r + r},                          // cut off at the end
      {"\xE4\xB8z\xF0\x9F\x92\x9A", r + r + "z\xF0\x9F\x92\x9A"},
  };
  for (const auto& [text, expected] : texts) {
    for (std::size_t length = 1; length <= text.size(); ++length)
      EXPECT_EQ(Repair(text, length).text, expected);
  }
  EXPECT_EQ(Repair("a\xFF\xFE\xC3 b", 2).replaced, 3);
}

}  // namespace
}  // namespace mbk::manifest
