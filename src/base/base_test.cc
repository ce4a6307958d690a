#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/call_context.h"
#include "base/caught.h"
#include "base/log.h"
#include "base/named.h"
#include "base/patience.h"
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

TEST(Retry, OfWhatGoesOnForSecondsIsSaidOnceWithServerAndSettings) {
  RecordingSleeper sleeper;
  RetryNotice notice("http://127.0.0.1:9000", "minio.address and minio.port");
  testing::internal::CaptureStderr();
  for (int calls = 0; calls < 3; ++calls)
    EXPECT_FALSE(Retry(
                     RetryPolicy{}, Idempotency::kIdempotent, sleeper, CallContext{},
                     [&] { return Fail(Code::kUnavailable); }, &notice)
                     .ok());
  const std::string said = testing::internal::GetCapturedStderr();
  for (const char* part : {"http://127.0.0.1:9000", "minio.address and minio.port", "boom"})
    EXPECT_THAT(said, testing::HasSubstr(part));
  EXPECT_EQ(said.find("boom"), said.rfind("boom")) << "once: " << said;
}

TEST(Retry, OfAMomentIsNotSaid) {
  RecordingSleeper sleeper;
  RetryNotice notice("server", "");
  testing::internal::CaptureStderr();
  int calls = 0;
  EXPECT_TRUE(Retry(
                  RetryPolicy{}, Idempotency::kIdempotent, sleeper, CallContext{},
                  [&] { return ++calls < 4 ? Fail(Code::kUnavailable) : Status(); }, &notice)
                  .ok());
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

// Attempts that hang are told apart from those that fail at once: a store that takes requests and says
// nothing.
TEST(Retry, GivesUpOnSilenceBeforeAttemptsRunOut) {
  RecordingSleeper sleeper;
  const RetryPolicy policy{.max_attempts = 8, .silence = Milliseconds(115'000)};
  retry_internal::Effort effort;
  const Status silence = Fail(Code::kDeadlineExceeded);
  int attempts = 0;
  Status next;
  while (next.ok()) {
    ++attempts;
    effort.Add(silence, Milliseconds(50'000));
    next =
        retry_internal::NextAttempt(policy, Idempotency::kIdempotent, effort, silence, sleeper, {}, nullptr);
  }
  EXPECT_EQ(attempts, 2) << "a third would end after two and a half minutes";
  EXPECT_EQ(next.message(), "boom (after 2 attempts)");
}

TEST(Retry, OfALongCallThatBrokeIsNoSilence) {
  RecordingSleeper sleeper;
  const RetryPolicy policy{.max_attempts = 8, .silence = Milliseconds(115'000)};
  retry_internal::Effort effort;
  effort.Add(Fail(Code::kUnavailable), std::chrono::minutes(10));
  EXPECT_TRUE(retry_internal::NextAttempt(policy, Idempotency::kIdempotent, effort, Fail(Code::kUnavailable),
                                          sleeper, {}, nullptr)
                  .ok());
}

TEST(Patience, SaysEveryHourWhatItWaitsForAndEndsAtItsLimit) {
  Patience patience("the flush of default.books", std::chrono::hours(3));
  testing::internal::CaptureStderr();
  Status still;
  int minutes = 0;
  for (; still.ok() && minutes < 600; ++minutes)
    still = patience.StillWaiting("not yet", std::chrono::minutes(1));
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(still.code(), Code::kDeadlineExceeded);
  EXPECT_EQ(minutes, 181);
  EXPECT_THAT(still.message(), testing::HasSubstr("the flush of default.books"));
  EXPECT_THAT(said, testing::HasSubstr("for 60 minutes (not yet)"));
  EXPECT_THAT(said, testing::HasSubstr("for 120 minutes (not yet)"));
}

TEST(Patience, HasNoEndWhileTheOtherSideGetsOn) {
  Patience patience("the load of default.books", std::chrono::minutes(30));
  for (int percent = 0; percent < 100; ++percent)
    EXPECT_TRUE(patience.StillWaiting(std::to_string(percent), std::chrono::minutes(29)).ok());
}

TEST(Caught, TurnsWhatIsThrownIntoAnError) {
  EXPECT_EQ(Caught([]() -> Status { throw std::bad_alloc(); }).message(), "out of memory");
  EXPECT_THAT(Caught([]() -> Status { throw std::runtime_error("no threads"); }).message(),
              testing::HasSubstr("no threads"));
  EXPECT_TRUE(Caught([] { return Status(); }).ok());
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
