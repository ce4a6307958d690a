#include "codec/delta_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace mbk::codec {
namespace {

using ::testing::HasSubstr;

Status Parse(std::string_view line, DataType type, DeltaText& out) { return ParseDeltaText(line, type, out); }

TEST(DeltaText, JsonKeepsAllBits) {
  DeltaText text;
  ASSERT_TRUE(
      Parse(R"({"pk":-9223372036854775808,"ts":18446744073709551615,"pkType":5})", DataType::kInt64, text)
          .ok());
  EXPECT_EQ(text.number, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(text.timestamp, std::numeric_limits<std::uint64_t>::max());
  ASSERT_TRUE(Parse(R"({"pk":9007199254740993,"ts":449577445671698433})", DataType::kInt64, text).ok());
  EXPECT_EQ(text.number, 9007199254740993);
  EXPECT_EQ(text.timestamp, 449577445671698433u);
}

TEST(DeltaText, JsonOfTextIsUnescaped) {
  DeltaText text;
  ASSERT_TRUE(Parse(R"({"pk":"a\u003cb\"\\\u4e2d文","ts":1,"pkType":21})", DataType::kVarChar, text).ok());
  EXPECT_EQ(text.text, "a<b\"\\中文");
  ASSERT_TRUE(Parse(R"({"pk":"","ts":1,"pkType":21})", DataType::kVarChar, text).ok());
  EXPECT_EQ(text.text, "");
}

TEST(DeltaText, OldTextIsANumberAndATimestamp) {
  DeltaText text;
  ASSERT_TRUE(Parse("-7,449577445671698433", DataType::kInt64, text).ok());
  EXPECT_EQ(text.number, -7);
  EXPECT_EQ(text.timestamp, 449577445671698433u);
  EXPECT_EQ(Parse("7,8", DataType::kVarChar, text).code(), Code::kDataLoss);
}

TEST(DeltaText, WhatIsNoDeleteIsRefused) {
  DeltaText text;
  for (const char* line : {"",
                           "7",
                           "7,",
                           ",8",
                           "7,8,9",
                           "7,-8",
                           " 7,8",
                           "{}",
                           "{",
                           R"({"pk":1})",
                           R"({"ts":1})",
                           R"({"pk":null,"ts":1})",
                           R"({"pk":1.5,"ts":1})",
                           R"({"pk":1,"ts":-1})",
                           R"({"pk":1,"ts":"1"})",
                           R"({"pk":[1],"ts":1})",
                           R"({"pk":{"a":1},"ts":1})",
                           R"({"pk":9223372036854775808,"ts":1})",
                           R"({"pk":1,"ts":18446744073709551616})",
                           R"({"pk":"1","ts":1})",
                           R"({"pk":1,"ts":1,"pkType":21})",
                           R"({"pk":1,"ts":1}x)",
                           "{\"pk\":\"\xff\",\"ts\":1}",
                           R"([{"pk":1,"ts":1}])"}) {
    EXPECT_EQ(Parse(line, DataType::kInt64, text).code(), Code::kDataLoss) << line;
  }
  EXPECT_THAT(Parse(R"({"pk":1,"ts":1})", DataType::kVarChar, text).message(), HasSubstr("VarChar"));
}

TEST(DeltaText, UnknownKeysAreSkipped) {
  DeltaText text;
  EXPECT_TRUE(Parse(R"({"note":"x","old":null,"pk":1,"ts":2,"far":1e9})", DataType::kInt64, text).ok());
}

TEST(DeltaText, WhatIsFormattedIsParsed) {
  DeltaText text = {.number = -5, .text = "k\n<\x01>&\"\\ü", .timestamp = 0xFFFFFFFFFFFFFFFFu};
  DeltaText read;
  ASSERT_TRUE(Parse(FormatDeltaText(text, DataType::kVarChar), DataType::kVarChar, read).ok());
  EXPECT_EQ(read.text, text.text);
  ASSERT_TRUE(Parse(FormatDeltaText(text, DataType::kInt64), DataType::kInt64, read).ok());
  EXPECT_EQ(read.number, -5);
  EXPECT_EQ(read.timestamp, text.timestamp);
  EXPECT_EQ(FormatDeltaText({.number = 1, .timestamp = 2}, DataType::kInt64),
            R"({"pk":1,"ts":2,"pkType":5})");
}

}  // namespace
}  // namespace mbk::codec
