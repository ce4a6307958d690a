#include "codec/scalar_field.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>

namespace mbk::codec {
namespace {

using Kind = ScalarField::Kind;

TEST(ScalarField, ReadsWhatMilvusWrites) {
  ScalarField field;
  // From a real binlog: an empty list of long_data, and an empty list of string_data.
  ASSERT_TRUE(ParseScalarField(std::string_view("\x1a\x00", 2), field).ok());
  EXPECT_EQ(field.kind, Kind::kLong);
  EXPECT_EQ(field.size(), 0u);
  ASSERT_TRUE(ParseScalarField(std::string_view("\x32\x00", 2), field).ok());
  EXPECT_EQ(field.kind, Kind::kString);
  ASSERT_TRUE(ParseScalarField(std::string_view("\x1a\x05\x0a\x03\x00\x01\x02", 7), field).ok());
  EXPECT_EQ(field.integers, (std::vector<std::int64_t>{0, 1, 2}));
  ASSERT_TRUE(ParseScalarField("", field).ok());
  EXPECT_EQ(field.kind, Kind::kNone);
}

TEST(ScalarField, NumbersMayComeUnpacked) {
  ScalarField field;
  ASSERT_TRUE(ParseScalarField(std::string_view("\x12\x04\x08\x05\x08\x06", 6), field).ok());
  EXPECT_EQ(field.kind, Kind::kInt);
  EXPECT_EQ(field.integers, (std::vector<std::int64_t>{5, 6}));
  ASSERT_TRUE(ParseScalarField(std::string_view("\x22\x05\x0d\x00\x00\x80\x3f", 7), field).ok());
  EXPECT_EQ(field.floats, (std::vector<float>{1.0f}));
}

TEST(ScalarField, BrokenMessagesAreRefused) {
  ScalarField field;
  for (const std::string_view bytes :
       {std::string_view("\x1a", 1), std::string_view("\x1a\x05\x0a", 3),
        std::string_view("\x1a\x02\x0a\x05", 4), std::string_view("\x22\x05\x0a\x03\x00\x00\x00", 7),
        std::string_view("\x3a\x00", 2), std::string_view("\x08\x01", 2), std::string_view("\x1b\x00", 2),
        std::string_view("\x00\x00", 2),
        std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11)}) {
    EXPECT_EQ(ParseScalarField(bytes, field).code(), Code::kDataLoss);
  }
}

RC_GTEST_PROP(ScalarField, WhatIsFormattedIsParsed, (const std::vector<std::int64_t>& numbers)) {
  ScalarField read;
  const std::string bytes = FormatScalarField({.kind = Kind::kLong, .integers = numbers});
  RC_ASSERT(ParseScalarField(bytes, read).ok());
  RC_ASSERT(read.kind == Kind::kLong);
  RC_ASSERT(read.integers == numbers);
}

RC_GTEST_PROP(ScalarField, BitsOfFloatsSurvive, (const std::vector<std::uint64_t>& patterns)) {
  ScalarField field = {.kind = Kind::kDouble};
  field.doubles.resize(patterns.size());
  if (!patterns.empty()) std::memcpy(field.doubles.data(), patterns.data(), patterns.size() * 8);
  const std::string bytes = FormatScalarField(field);
  ScalarField read;
  RC_ASSERT(ParseScalarField(bytes, read).ok());
  RC_ASSERT(read.doubles.size() == patterns.size());
  // Outside of the macro, which evaluates both sides.
  const bool is_same =
      patterns.empty() || std::memcmp(read.doubles.data(), patterns.data(), patterns.size() * 8) == 0;
  RC_ASSERT(is_same);
}

RC_GTEST_PROP(ScalarField, TextsSurvive, (const std::vector<std::string>& texts)) {
  const std::string bytes =
      FormatScalarField({.kind = Kind::kString, .strings = {texts.begin(), texts.end()}});
  ScalarField read;
  RC_ASSERT(ParseScalarField(bytes, read).ok());
  RC_ASSERT(std::vector<std::string>(read.strings.begin(), read.strings.end()) == texts);
}

RC_GTEST_PROP(ScalarField, AnyBytesAreTakenOrRefused, (const std::string& bytes)) {
  ScalarField field;
  const Status status = ParseScalarField(bytes, field);
  RC_ASSERT(status.ok() || status.code() == Code::kDataLoss);
}

}  // namespace
}  // namespace mbk::codec
