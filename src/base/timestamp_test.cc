#include "base/timestamp.h"

#include <gtest/gtest.h>

namespace mbk {
namespace {

using Time = std::chrono::system_clock::time_point;
using std::chrono::seconds;

TEST(ParseTimestamp, ReadsSecondsWithAndWithoutFraction) {
  for (const char* text :
       {"2026-11-27T06:00:00Z", "2026-11-27T06:00:00.5Z", "2026-11-27T06:00:00.123456789Z"}) {
    Result<Time> time = ParseTimestamp(text);
    ASSERT_TRUE(time.ok()) << text;
    EXPECT_EQ(*time, Time(seconds(1795759200))) << text;
  }
  EXPECT_EQ(*ParseTimestamp("1970-01-01T00:00:00Z"), Time());
  EXPECT_EQ(*ParseTimestamp("2024-02-29T23:59:60Z"), Time(seconds(1709251200)));
}

TEST(ParseTimestamp, ReadsOffsetsFromUtc) {
  EXPECT_EQ(*ParseTimestamp("2026-11-27T07:00:00+01:00"), Time(seconds(1795759200)));
  EXPECT_EQ(*ParseTimestamp("2026-11-27T02:30:00.25-03:30"), Time(seconds(1795759200)));
}

TEST(ParseTimestamp, TakesAYearBeyondTheClockForNever) {
  EXPECT_EQ(*ParseTimestamp("9999-12-31T23:59:59Z"), Time::max());
}

TEST(ParseTimestamp, TakesAYearBeforeTheClockForLongPast) {
  for (const char* text : {"0000-01-01T00:00:00Z", "1013-01-01T00:00:00Z", "1969-12-31T23:59:59-01:00"})
    EXPECT_EQ(*ParseTimestamp(text), Time()) << text;
}

TEST(ParseTimestamp, RefusesEverythingElse) {
  for (const char* text :
       {"", "2026-11-27", "2026-11-27T06:00:00", "2026-11-27T06:00:00+0100", "2026-11-27T06:00:00+24:00",
        "2026-11-27T06:00:00+01:60", "2026-11-27 06:00:00Z", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z",
        "2026-11-27T24:00:00Z", "2026-11-27T06:60:00Z", "2026-11-27T06:00:00.Z", "2026-11-27T06:00:00.5xZ",
        "2026-11-27T06:00:00ZZ", "+026-11-27T06:00:00Z"}) {
    EXPECT_EQ(ParseTimestamp(text).status().code(), Code::kDataLoss) << text;
  }
}

}  // namespace
}  // namespace mbk
