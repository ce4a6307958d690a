#include "net/http_date.h"

#include <gtest/gtest.h>

namespace mbk {
namespace {

TEST(HttpDate, IsInEnglishAndGmt) {
  using Time = std::chrono::system_clock::time_point;
  EXPECT_EQ(HttpDate(Time(std::chrono::seconds(1435361952))), "Fri, 26 Jun 2015 23:39:12 GMT");
  EXPECT_EQ(HttpDate(Time(std::chrono::seconds(0))), "Thu, 01 Jan 1970 00:00:00 GMT");
}

}  // namespace
}  // namespace mbk
