#include "cli/text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace mbk::cli {
namespace {

TEST(HumanBytes, AreShortAndRounded) {
  EXPECT_EQ(HumanBytes(0), "0 B");
  EXPECT_EQ(HumanBytes(1023), "1023 B");
  EXPECT_EQ(HumanBytes(1024), "1.0 KiB");
  EXPECT_EQ(HumanBytes(1536), "1.5 KiB");
  EXPECT_EQ(HumanBytes(50'541'363), "48.2 MiB");
  EXPECT_EQ(HumanBytes((1 << 20) - 1), "1.0 MiB") << "never 1024.0 KiB";
  EXPECT_EQ(HumanBytes(5LL << 40), "5.0 TiB");
  EXPECT_EQ(HumanBytes(9'223'372'036'854'775'807), "8192.0 PiB");
}

RC_GTEST_PROP(HumanBytes, NeverTakeMoreThanTenColumns, ()) {
  RC_ASSERT(HumanBytes(*rc::gen::inRange<std::int64_t>(0, 1LL << 60)).size() <= 10);
}

TEST(HumanCount, HasACommaEveryThreeDigits) {
  EXPECT_EQ(HumanCount(0), "0");
  EXPECT_EQ(HumanCount(999), "999");
  EXPECT_EQ(HumanCount(1000), "1,000");
  EXPECT_EQ(HumanCount(1234567), "1,234,567");
  EXPECT_EQ(HumanCount(-1234), "-1,234");
  EXPECT_EQ(HumanCount(-123), "-123");
}

RC_GTEST_PROP(HumanCount, IsTheNumberWithoutItsCommas, ()) {
  const auto number = *rc::gen::arbitrary<std::int64_t>();
  std::string text = HumanCount(number);
  std::erase(text, ',');
  RC_ASSERT(text == std::to_string(number));
}

TEST(HumanDuration, HasTwoUnitsAtMost) {
  EXPECT_EQ(HumanDuration(std::chrono::seconds(-5)), "0s");
  EXPECT_EQ(HumanDuration(std::chrono::seconds(42)), "42s");
  EXPECT_EQ(HumanDuration(std::chrono::seconds(185)), "3m05s");
  EXPECT_EQ(HumanDuration(std::chrono::seconds(3599)), "59m59s");
  EXPECT_EQ(HumanDuration(std::chrono::seconds(3725)), "1h02m");
}

TEST(Table, AlignsItsColumnsAndLeavesNoTrailingSpace) {
  EXPECT_EQ(
      Table({{"NAME", "ROWS", "NOTE"}, {"a", "1", ""}, {"long_name", "12345", "x"}}, {false, true, false}),
      "NAME        ROWS  NOTE\n"
      "a              1\n"
      "long_name  12345  x\n");
  EXPECT_EQ(Table({{"A"}}, {false}), "A\n");
}

}  // namespace
}  // namespace mbk::cli
