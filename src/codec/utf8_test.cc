#include "codec/utf8.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace mbk::codec
