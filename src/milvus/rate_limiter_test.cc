#include "milvus/rate_limiter.h"

#include <gtest/gtest.h>

#include <vector>

namespace mbk {
namespace {

class RecordingSleeper : public Sleeper {
 public:
  Status Sleep(Milliseconds duration, const CallContext& context) override {
    slept.push_back(duration);
    return context.Check();
  }
  std::vector<Milliseconds> slept;
};

class RateLimiterTest : public testing::Test {
 protected:
  RecordingSleeper sleeper_;
  RateLimiter limiter_{{.start = 5, .min = 1, .max = 7}, sleeper_};
};

TEST_F(RateLimiterTest, DoesNothingBeforeTheFirstRefusal) {
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(limiter_.Acquire({}).ok());
    limiter_.OnSuccess();
  }
  EXPECT_TRUE(sleeper_.slept.empty());
  EXPECT_EQ(limiter_.rate(), 5);
}

TEST_F(RateLimiterTest, SpacesCallsOutAfterARefusal) {
  limiter_.OnThrottled();  // 2.5/s: a call every 400 ms
  ASSERT_TRUE(limiter_.Acquire({}).ok());
  ASSERT_TRUE(limiter_.Acquire({}).ok());
  ASSERT_EQ(sleeper_.slept.size(), 2u);
  EXPECT_LE(sleeper_.slept[0], Milliseconds(400));
  EXPECT_GT(sleeper_.slept[1], Milliseconds(400));
  EXPECT_LE(sleeper_.slept[1], Milliseconds(800));
}

TEST_F(RateLimiterTest, HalvesDownToItsMinimumAndGrowsUpToItsMaximum) {
  limiter_.OnThrottled();
  EXPECT_EQ(limiter_.rate(), 2.5);
  for (int i = 0; i < 10; ++i) limiter_.OnThrottled();
  EXPECT_EQ(limiter_.rate(), 1);
  limiter_.OnSuccess();
  EXPECT_EQ(limiter_.rate(), 2);
  for (int i = 0; i < 10; ++i) limiter_.OnSuccess();
  EXPECT_EQ(limiter_.rate(), 7);
}

TEST(RateLimiter, GrowsByATenthBelowOneCallPerSecond) {
  RecordingSleeper sleeper;
  RateLimiter limiter({.start = 1, .min = 0.01, .max = 50}, sleeper);
  limiter.OnThrottled();
  limiter.OnSuccess();
  EXPECT_DOUBLE_EQ(limiter.rate(), 0.6);
}

TEST_F(RateLimiterTest, AStopEndsTheWait) {
  limiter_.OnThrottled();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(limiter_.Acquire({.stop = stop.get_token()}).code(), Code::kCancelled);
}

}  // namespace
}  // namespace mbk
