#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/limited_store.h"
#include "store/memory/memory_store.h"
#include "store/metered_store.h"
#include "store/testing/faulty_store.h"

namespace mbk {
namespace {

// Time that passes only by sleeping.
class SleptTime : public Sleeper {
 public:
  Status Sleep(Milliseconds duration, const CallContext& context) override {
    MBK_TRY(context.Check());
    now_ += duration;
    return {};
  }
  SteadyNow clock() {
    return [this] { return now_; };
  }
  Milliseconds passed() const {
    return std::chrono::duration_cast<Milliseconds>(now_ - Deadline::Clock::time_point{});
  }
  void Pass(Milliseconds duration) { now_ += duration; }

 private:
  Deadline::Clock::time_point now_{};
};

const ByteSink kIgnore = [](std::string_view) { return Status(); };

TEST(TokenBucket, LetsABurstOfOneSecondThroughAndThenKeepsTheRate) {
  SleptTime time;
  TokenBucket bucket(100, time.clock(), time);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(bucket.Take(1, {}).ok());
  EXPECT_EQ(time.passed(), Milliseconds(0));
  for (int i = 0; i < 500; ++i) EXPECT_TRUE(bucket.Take(1, {}).ok());
  EXPECT_EQ(time.passed(), Milliseconds(5'000));
}

TEST(TokenBucket, SavesNoMoreThanOneSecond) {
  SleptTime time;
  TokenBucket bucket(100, time.clock(), time);
  time.Pass(Milliseconds(60'000));
  EXPECT_TRUE(bucket.Take(300, {}).ok());
  EXPECT_EQ(time.passed(), Milliseconds(62'000));
}

TEST(TokenBucket, TakesNothingWhenTheWaitIsCutShort) {
  SleptTime time;
  TokenBucket bucket(100, time.clock(), time);
  std::stop_source source;
  source.request_stop();
  EXPECT_EQ(bucket.Take(1'000'000, {.stop = source.get_token()}).code(), Code::kCancelled);
  EXPECT_TRUE(bucket.Take(100, {}).ok());
  EXPECT_EQ(time.passed(), Milliseconds(0));
}

TEST(LimitedStore, BytesInBothDirectionsShareTheRate) {
  SleptTime time;
  LimitedStore store(std::make_shared<MemoryStore>(), {.bytes_per_second = 1'000}, time, time.clock());
  EXPECT_TRUE(store.Put({.key = ObjectKey("k"), .body = std::string(3'000, 'x')}, {}).ok());
  EXPECT_EQ(time.passed(), Milliseconds(2'000));
  EXPECT_TRUE(store.Get({.key = ObjectKey("k")}, kIgnore, {}).ok());
  EXPECT_EQ(time.passed(), Milliseconds(5'000));
}

TEST(LimitedStore, CountsADeleteByItsRequests) {
  SleptTime time;
  LimitedStore store(std::make_shared<MemoryStore>(), {.requests_per_second = 1}, time, time.clock());
  const std::vector<ObjectKey> keys(2'001, ObjectKey("k"));
  EXPECT_TRUE(store.Delete(keys, {}).ok());
  EXPECT_EQ(time.passed(), Milliseconds(2'000));
}

TEST(LimitedStore, WithoutLimitsNothingWaits) {
  SleptTime time;
  LimitedStore store(std::make_shared<MemoryStore>(), {}, time, time.clock());
  EXPECT_TRUE(store.Put({.key = ObjectKey("k"), .body = std::string(1 << 20, 'x')}, {}).ok());
  EXPECT_TRUE(store.Get({.key = ObjectKey("k")}, kIgnore, {}).ok());
  EXPECT_EQ(time.passed(), Milliseconds(0));
}

TEST(MeteredStore, CountsCallsErrorsAndBytesByOperation) {
  auto memory = std::make_shared<MemoryStore>();
  MeteredStore store(memory);
  const ObjectKey key("k");
  EXPECT_TRUE(store.Put({.key = key, .body = "12345"}, {}).ok());
  EXPECT_TRUE(store.Get({.key = key, .range = {.offset = 2}}, kIgnore, {}).ok());
  EXPECT_FALSE(store.Get({.key = ObjectKey("absent")}, kIgnore, {}).ok());
  EXPECT_TRUE(store.Copy({.bucket = memory->identity().bucket, .key = key}, ObjectKey("copy"), {}).ok());

  const StoreMetrics metrics = store.Snapshot();
  EXPECT_EQ(metrics.of(StoreOperation::kPut).bytes_out, 5);
  EXPECT_EQ(metrics.of(StoreOperation::kGet).calls, 2);
  EXPECT_EQ(metrics.of(StoreOperation::kGet).errors, 1);
  EXPECT_EQ(metrics.of(StoreOperation::kGet).bytes_in, 3);
  EXPECT_EQ(metrics.of(StoreOperation::kCopy).calls, 1);
  EXPECT_EQ(metrics.Total().calls, 4);
  EXPECT_EQ(metrics.Total().bytes_in, 3);
}

TEST(FaultyStore, HitsTheCallsItWasToldTo) {
  FaultyStore store(std::make_shared<MemoryStore>());
  store.Inject({.operation = StoreOperation::kPut, .nth = 2, .times = 2});
  std::vector<bool> outcomes;
  for (int i = 0; i < 4; ++i) outcomes.push_back(store.Put({.key = ObjectKey("k")}, {}).ok());
  EXPECT_THAT(outcomes, testing::ElementsAre(true, false, false, true));
  EXPECT_EQ(store.fired(), 2);
}

TEST(FaultyStore, ALostAnswerIsToACallThatWasCarriedOut) {
  auto memory = std::make_shared<MemoryStore>();
  FaultyStore store(memory);
  store.Inject({.operation = StoreOperation::kPut, .kind = Fault::Kind::kAnswerLost});
  EXPECT_EQ(store.Put({.key = ObjectKey("k")}, {}).status().code(), Code::kUnavailable);
  EXPECT_THAT(memory->Keys(), testing::ElementsAre("k"));
}

TEST(StoreOperation, EveryOperationHasAName) {
  EXPECT_EQ(StoreOperationName(StoreOperation::kList), "list");
  EXPECT_EQ(StoreOperationName(StoreOperation::kUploadPartCopy), "upload_part_copy");
  EXPECT_EQ(StoreOperationName(StoreOperation::kWhyKept), "why_kept");
  EXPECT_EQ(StoreOperationName(StoreOperation::kEnsureBucket), "ensure_bucket");
}

}  // namespace
}  // namespace mbk
