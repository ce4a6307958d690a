#include "net/http_date.h"

#include <gtest/gtest.h>

namespace mbk {
namespace {

TEST(HttpDate, IsInEnglishAndGmt) {
  using Time = std::chrono::system_clock::time_point;
  EXPECT_EQ(HttpDate(Time(std::chrono::seconds(1435361952))), "Fri, 26 Jun 2015 23:39:12 GMT");
  EXPECT_EQ(HttpDate(Time(std::chrono::seconds(0))), "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST(HttpDate, IsReadAsItIsWritten) {
  using Time = std::chrono::system_clock::time_point;
  for (const long long seconds : {0LL, 1435361952LL, 1709164800LL, 4102444799LL}) {
    const Time time{std::chrono::seconds(seconds)};
    EXPECT_EQ(ParseHttpDate(HttpDate(time)), time) << seconds;
  }
}

TEST(HttpDate, IsNotReadFromAnythingElse) {
  for (const char* text :
       {"", "Fri, 26 Jun 2015 23:39:12", "Fri, 26 Jum 2015 23:39:12 GMT", "Fri, 31 Jun 2015 23:39:12 GMT",
        "Fri, 26 Jun 2015 24:39:12 GMT", "Fri, -6 Jun 2015 23:39:12 GMT", "Friday, 26-Jun-15 23:39:12 GMT",
        "Fri Jun 26 23:39:12 2015", "Fri, 26 Jun 0001 23:39:12 GMT"}) {
    EXPECT_EQ(ParseHttpDate(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace mbk
