#include "config/text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace mbk::config {
namespace {

TEST(Text, MaskedKeepsTwoBytesAtEitherEndOfLongSecrets) {
  EXPECT_EQ(Masked(""), "");
  EXPECT_EQ(Masked("abcd"), "****");
  EXPECT_EQ(Masked("minioadmin"), "mi****in");
  EXPECT_EQ(Masked("paßwort"), "****");
}

TEST(Text, QuotedStaysOnOneShortLine) {
  EXPECT_EQ(Quoted("a\nb"), "\"a\\x0ab\"");
  EXPECT_LT(Quoted(std::string(10'000, 'x')).size(), 200u);
}

TEST(Text, UserInfoIsHidden) {
  EXPECT_EQ(WithoutUserInfo("http://u:p@h:1/x"), "http://****@h:1/x");
  EXPECT_EQ(WithoutUserInfo("http://h/a@b"), "http://h/a@b");
  EXPECT_EQ(WithoutUserInfo("plain@text"), "plain@text");
}

// The textbook distance, over the whole matrix.
std::size_t Distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
      } else {
        cost[i][j] =
            std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      }
    }
  }
  return cost[a.size()][b.size()];
}

RC_GTEST_PROP(Text, WithinEditsAgreesWithTheFullMatrix, ()) {
  const auto word = rc::gen::container<std::string>(rc::gen::element('a', 'b', 'c'));
  const std::string a = *word;
  const std::string b = *word;
  const std::size_t limit = *rc::gen::inRange<std::size_t>(0, 4);
  RC_ASSERT(WithinEdits(a, b, limit) == (Distance(a, b) <= limit));
}

}  // namespace
}  // namespace mbk::config
