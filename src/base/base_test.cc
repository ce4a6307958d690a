#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/call_context.h"
#include "base/log.h"
#include "base/named.h"
#include "base/retry.h"
#include "base/status.h"

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

Status Fail(Code code) { return {code, "boom"}; }

TEST(Status, ContextStandsBeforeTheMessage) {
  EXPECT_EQ(NotFound("no such key").WithContext("get s3://a/b").message(), "get s3://a/b: no such key");
  EXPECT_TRUE(Status().WithContext("anything").ok());
}

TEST(Result, TryAssignLeavesWithTheError) {
  auto twice = [](Result<int> in) -> Result<int> {
    MBK_TRY_ASSIGN(int value, std::move(in));
    return value * 2;
  };
  EXPECT_EQ(twice(21).value(), 42);
  EXPECT_EQ(twice(NotFound("gone")).status().code(), Code::kNotFound);
}

TEST(Retry, ReturnsTheFirstSuccess) {
  RecordingSleeper sleeper;
  int calls = 0;
  Status status = Retry(RetryPolicy{}, Idempotency::kIdempotent, sleeper, CallContext{},
                        [&] { return ++calls < 3 ? Fail(Code::kUnavailable) : Status(); });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(sleeper.slept.size(), 2u);
}

TEST(Retry, WaitsGrowAndAreCapped) {
  RetryPolicy policy{.max_attempts = 9,
                     .initial_backoff = Milliseconds(100),
                     .multiplier = 2,
                     .max_backoff = Milliseconds(1000)};
  EXPECT_EQ(BackoffAfter(policy, 1, Code::kUnavailable), Milliseconds(100));
  EXPECT_EQ(BackoffAfter(policy, 3, Code::kUnavailable), Milliseconds(400));
  EXPECT_EQ(BackoffAfter(policy, 3, Code::kThrottled), Milliseconds(800));
  EXPECT_EQ(BackoffAfter(policy, 60, Code::kUnavailable), Milliseconds(1000));
}

TEST(Retry, FinalErrorSaysHowManyAttempts) {
  RecordingSleeper sleeper;
  Status status = Retry(RetryPolicy{.max_attempts = 3}, Idempotency::kIdempotent, sleeper, CallContext{},
                        [&] { return Fail(Code::kUnavailable); });
  EXPECT_EQ(status.message(), "boom (after 3 attempts)");
}

TEST(Retry, PermanentErrorIsNotRepeated) {
  RecordingSleeper sleeper;
  int calls = 0;
  Status status = Retry(RetryPolicy{}, Idempotency::kIdempotent, sleeper, CallContext{}, [&] {
    ++calls;
    return Fail(Code::kPermissionDenied);
  });
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(status.message(), "boom");
}

TEST(Retry, NotIdempotentIsRepeatedOnlyWhenThrottled) {
  RecordingSleeper sleeper;
  int calls = 0;
  auto failing_with = [&](Code code) {
    calls = 0;
    return Retry(RetryPolicy{.max_attempts = 3}, Idempotency::kNotIdempotent, sleeper, CallContext{}, [&] {
      ++calls;
      return Fail(code);
    });
  };
  EXPECT_THAT(failing_with(Code::kUnavailable).message(), testing::HasSubstr("may have been carried out"));
  EXPECT_EQ(calls, 1);
  EXPECT_FALSE(failing_with(Code::kThrottled).ok());
  EXPECT_EQ(calls, 3);
}

TEST(Retry, StopEndsTheWait) {
  std::stop_source source;
  source.request_stop();
  RecordingSleeper sleeper;
  Status status = Retry(RetryPolicy{}, Idempotency::kIdempotent, sleeper,
                        CallContext{.stop = source.get_token()}, [&] { return Fail(Code::kUnavailable); });
  EXPECT_EQ(status.code(), Code::kCancelled);
  EXPECT_THAT(status.message(), testing::HasSubstr("boom"));
}

TEST(RealSleeper, WakesAtOnceWhenStopped) {
  std::stop_source source;
  std::jthread stopper([&] { source.request_stop(); });
  Status status = RealSleeper().Sleep(std::chrono::hours(1), CallContext{.stop = source.get_token()});
  EXPECT_EQ(status.code(), Code::kCancelled);
}

TEST(RealSleeper, EndsAtTheDeadline) {
  Status status =
      RealSleeper().Sleep(std::chrono::hours(1), CallContext{.deadline = Deadline::After(Milliseconds(1))});
  EXPECT_EQ(status.code(), Code::kDeadlineExceeded);
}

TEST(Log, LevelsOfTheGoToolAreUnderstood) {
  EXPECT_EQ(log::ParseLevel("INFO").value(), log::Level::kInfo);
  EXPECT_EQ(log::ParseLevel("fatal").value(), log::Level::kError);
  EXPECT_EQ(log::ParseLevel("loud").status().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace mbk
