#include "base/utf8.h"

#include <gtest/gtest.h>

namespace mbk::utf8 {
namespace {

constexpr char32_t kFirstSurrogate = 0xD800, kBehindSurrogates = 0xE000, kBehindAll = 0x110000;

std::string Encoded(char32_t point) {
  std::string text;
  Append(point, text);
  return text;
}

TEST(Utf8, EveryCodePointIsReadBackAndKnownAsOneCharacter) {
  for (char32_t point = 0; point < kBehindAll; ++point) {
    if (point == kFirstSurrogate) point = kBehindSurrogates;
    const std::string text = Encoded(point);
    const Character character = FirstCharacter(text + "x");
    ASSERT_TRUE(character.whole) << static_cast<std::uint32_t>(point);
    ASSERT_EQ(character.length, text.size()) << static_cast<std::uint32_t>(point);
    ASSERT_EQ(CodePoint(text), point) << static_cast<std::uint32_t>(point);
  }
}

TEST(Utf8, ACharacterThatTheEndCutsIsNotWhole) {
  for (const std::string& text : {Encoded(0xE9), Encoded(0x20AC), Encoded(0x1F600)}) {
    for (std::size_t size = 1; size < text.size(); ++size) {
      const Character character = FirstCharacter(std::string_view(text).substr(0, size));
      EXPECT_FALSE(character.whole);
      EXPECT_EQ(character.length, size);
    }
  }
}

TEST(Utf8, WhatBeginsNoCharacterHasNoLength) {
  for (const char* text :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC3(", "\xE2\x82(", "\xF0\x9F\x98("}) {
    const Character character = FirstCharacter(text);
    EXPECT_FALSE(character.whole) << text;
    EXPECT_EQ(character.length, 0U) << text;
  }
}

}  // namespace
}  // namespace mbk::utf8
