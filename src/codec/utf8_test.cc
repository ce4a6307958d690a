#include "codec/utf8.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace mbk::codec {
namespace {

TEST(Utf8, TextIsTaken) {
  for (const char* text : {"", "a", "plain ascii, longer than eight", "ü", "中文字符串", "12345678€",
                           "\xf0\x9f\x92\x9a", "\xed\x9f\xbf", "\xee\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
  }
  EXPECT_TRUE(IsUtf8(std::string_view("\0", 1)));
}

TEST(Utf8, OtherBytesAreNot) {
  for (const char* bytes : {"\x80", "\xff", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80",
                            "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
                            "\xc3", "\xe2\x82", "\xf0\x9f\x92", "\xc3(", "12345678\xff", "\xe2(\xa1"}) {
    EXPECT_FALSE(IsUtf8(bytes)) << bytes;
  }
}

// Each alone is as it is in a longer text, wherever in it: behind any number of other bytes, and before any.
TEST(Utf8, ATextIsLookedAtToItsLastByte) {
  for (std::size_t before = 0; before < 40; ++before) {
    for (std::size_t behind = 0; behind < 20; ++behind) {
      const auto in = [&](std::string_view piece) {
        return std::string(before, 'a') + std::string(piece) + std::string(behind, 'b');
      };
      for (const char* text : {"ü", "€", "\xf0\x9f\x92\x9a", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"})
        EXPECT_TRUE(IsUtf8(in(text))) << before << text << behind;
      for (const char* bytes :
           {"\x80", "\xc3", "\xe2\x82", "\xf0\x9f\x92", "\xed\xa0\x80", "\xe2\x82\xac\xac"})
        EXPECT_FALSE(IsUtf8(in(bytes))) << before << " " << behind;
    }
  }
}

// By the table of Unicode 15, 3.9 (Table 3-7), read byte for byte.
bool IsUtf8ByTheTable(std::string_view text) {
  struct Row {
    unsigned first, last, second_first, second_last, length;
  };
  constexpr std::array<Row, 9> kRows{{{0x00, 0x7F, 0, 0, 1},
                                      {0xC2, 0xDF, 0x80, 0xBF, 2},
                                      {0xE0, 0xE0, 0xA0, 0xBF, 3},
                                      {0xE1, 0xEC, 0x80, 0xBF, 3},
                                      {0xED, 0xED, 0x80, 0x9F, 3},
                                      {0xEE, 0xEF, 0x80, 0xBF, 3},
                                      {0xF0, 0xF0, 0x90, 0xBF, 4},
                                      {0xF1, 0xF3, 0x80, 0xBF, 4},
                                      {0xF4, 0xF4, 0x80, 0x8F, 4}}};
  while (!text.empty()) {
    const auto byte = [&](std::size_t i) {
      return static_cast<unsigned>(static_cast<unsigned char>(text[i]));
    };
    const Row* found = nullptr;
    for (const Row& row : kRows)
      if (byte(0) >= row.first && byte(0) <= row.last) found = &row;
    if (found == nullptr || text.size() < found->length) return false;
    if (found->length > 1 && (byte(1) < found->second_first || byte(1) > found->second_last)) return false;
    for (std::size_t i = 2; i < found->length; ++i)
      if (byte(i) < 0x80 || byte(i) > 0xBF) return false;
    text.remove_prefix(found->length);
  }
  return true;
}

RC_GTEST_PROP(Utf8, IsWhatUnicodesTableSays, ()) {
  // Characters of all lengths, and pieces that are next to being one.
  static const std::vector<std::string> kPieces = {"a",
                                                   "0123456789",
                                                   "\x7f",
                                                   "\xc2\x80",
                                                   "\xdf\xbf",
                                                   "\xe0\xa0\x80",
                                                   "\xed\x9f\xbf",
                                                   "\xee\x80\x80",
                                                   "\xef\xbf\xbf",
                                                   "\xf0\x90\x80\x80",
                                                   "\xf3\xbf\xbf\xbf",
                                                   "\xf4\x8f\xbf\xbf",
                                                   "中文字符",
                                                   "€",
                                                   "\x80",
                                                   "\xbf",
                                                   "\xc0",
                                                   "\xc1\xbf",
                                                   "\xe0\x9f",
                                                   "\xed\xa0",
                                                   "\xf0\x8f",
                                                   "\xf4\x90",
                                                   "\xf5\x80",
                                                   "\xff",
                                                   "\xe1\x80",
                                                   "\xf1\x80\x80"};
  const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(kPieces));
  std::string text;
  for (const std::string& piece : pieces) text += piece;
  RC_ASSERT(IsUtf8(text) == IsUtf8ByTheTable(text));
  // Mostly right texts are wrong in one place.
  std::string right;
  for (const std::string& piece : pieces)
    if (IsUtf8ByTheTable(piece)) right += piece;
  RC_ASSERT(IsUtf8(right));
  if (right.empty()) return;
  right[*rc::gen::inRange<std::size_t>(0, right.size())] = *rc::gen::arbitrary<char>();
  RC_ASSERT(IsUtf8(right) == IsUtf8ByTheTable(right));
}

}  // namespace
}  // namespace mbk::codec
