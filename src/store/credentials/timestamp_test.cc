#include "store/credentials/timestamp.h"

#include <gtest/gtest.h>

namespace mbk::credentials {
namespace {

using Time = std::chrono::system_clock::time_point;
using std::chrono::seconds;

TEST(ParseUtcTimestamp, ReadsSecondsWithAndWithoutFraction) {
  for (const char* text :
       {"2026-11-27T06:00:00Z", "2026-11-27T06:00:00.5Z", "2026-11-27T06:00:00.123456789Z"}) {
    Result<Time> time = ParseUtcTimestamp(text);
    ASSERT_TRUE(time.ok()) << text;
    EXPECT_EQ(*time, Time(seconds(1795759200))) << text;
  }
  EXPECT_EQ(*ParseUtcTimestamp("1970-01-01T00:00:00Z"), Time());
  EXPECT_EQ(*ParseUtcTimestamp("2024-02-29T23:59:60Z"), Time(seconds(1709251200)));
}

TEST(ParseUtcTimestamp, TakesAYearBeyondTheClockForNever) {
  EXPECT_EQ(*ParseUtcTimestamp("9999-12-31T23:59:59Z"), Time::max());
}

TEST(ParseUtcTimestamp, RefusesEverythingElse) {
  for (const char* text : {"", "2026-11-27", "2026-11-27T06:00:00", "2026-11-27T06:00:00+01:00",
                           "2026-11-27 06:00:00Z", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z",
                           "2026-11-27T24:00:00Z", "2026-11-27T06:60:00Z", "2026-11-27T06:00:00.Z",
                           "2026-11-27T06:00:00.5xZ", "2026-11-27T06:00:00ZZ", "+026-11-27T06:00:00Z"}) {
    EXPECT_EQ(ParseUtcTimestamp(text).status().code(), Code::kDataLoss) << text;
  }
}

}  // namespace
}  // namespace mbk::credentials
