#include "base/refreshing.h"

#include <gmock/gmock.h>

#include <atomic>
#include <condition_variable>
#include <thread>

namespace mbk {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// A source whose values are numbered and live for an hour, by a clock that the test moves.
class RefreshingTest : public testing::Test {
 protected:
  using Time = Expiring<int>::Time;

  Refreshing<int> Make() {
    return Refreshing<int>(
        [this](const CallContext&) -> Result<Expiring<int>> {
          ++fetches_;
          if (!failure_.ok()) return failure_;
          return Expiring<int>{fetches_, now_ + lifetime_};
        },
        [this] { return now_; });
  }
  static int ValueOf(Refreshing<int>& source) {
    Result<int> value = source.Get({});
    EXPECT_TRUE(value.ok()) << value.status().message();
    return value.ok() ? *value : 0;
  }

  Time now_ = Time(hours(1'000'000 / 2));
  std::chrono::seconds lifetime_ = hours(1);
  Status failure_;
  int fetches_ = 0;
};

TEST_F(RefreshingTest, FetchesOnceWhileTheValueHolds) {
  Refreshing<int> source = Make();
  EXPECT_EQ(ValueOf(source), 1);
  now_ += minutes(54);
  EXPECT_EQ(ValueOf(source), 1);
  EXPECT_EQ(fetches_, 1);
}

TEST_F(RefreshingTest, FetchesAgainBeforeTheValueExpires) {
  Refreshing<int> source = Make();
  EXPECT_EQ(ValueOf(source), 1);
  now_ += minutes(56);
  EXPECT_EQ(ValueOf(source), 2);
}

TEST_F(RefreshingTest, AFailedRefreshIsNoErrorWhileTheOldValueHolds) {
  Refreshing<int> source = Make();
  EXPECT_EQ(ValueOf(source), 1);
  now_ += minutes(56);
  failure_ = {Code::kUnavailable, "the metadata service is down"};
  EXPECT_EQ(ValueOf(source), 1);
  EXPECT_EQ(ValueOf(source), 1);
  EXPECT_EQ(fetches_, 2) << "asked again only after a while";
  now_ += seconds(11);
  EXPECT_EQ(ValueOf(source), 1);
  EXPECT_EQ(fetches_, 3);
  now_ += minutes(5);
  EXPECT_EQ(source.Get({}).status(), failure_);
}

TEST_F(RefreshingTest, AFailedFirstFetchIsTheError) {
  Refreshing<int> source = Make();
  failure_ = {Code::kPermissionDenied, "no role"};
  EXPECT_EQ(source.Get({}).status(), failure_);
  failure_ = {};
  EXPECT_EQ(ValueOf(source), 2);
}

TEST_F(RefreshingTest, AValueThatLivesForSecondsIsStillUsedMoreThanOnce) {
  Refreshing<int> source = Make();
  lifetime_ = minutes(2);
  EXPECT_EQ(ValueOf(source), 1);
  EXPECT_EQ(ValueOf(source), 1);
  now_ += seconds(11);
  EXPECT_EQ(ValueOf(source), 2);
}

TEST_F(RefreshingTest, AValueThatWasRefusedIsFetchedAgain) {
  Refreshing<int> source = Make();
  EXPECT_EQ(ValueOf(source), 1);
  source.Drop();
  EXPECT_EQ(ValueOf(source), 2);
}

TEST_F(RefreshingTest, OthersGoOnWithTheOldValueWhileOneThreadFetches) {
  std::mutex mutex;
  std::condition_variable changed;
  bool fetching = false, may_end = false;
  std::atomic<int> fetches = 0;
  std::atomic<std::int64_t> minutes_passed = 0;
  auto now = [&] { return now_ + minutes(minutes_passed); };
  Refreshing<int> source(
      [&](const CallContext&) -> Result<Expiring<int>> {
        if (++fetches == 2) {
          std::unique_lock lock(mutex);
          fetching = true;
          changed.notify_all();
          changed.wait(lock, [&] { return may_end; });
        }
        return Expiring<int>{fetches, now() + hours(1)};
      },
      now);
  EXPECT_EQ(ValueOf(source), 1);
  minutes_passed = 56;
  std::jthread refresher([&] { EXPECT_EQ(ValueOf(source), 2); });
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return fetching; });
  lock.unlock();
  EXPECT_EQ(ValueOf(source), 1) << "while the other one waits";
  lock.lock();
  may_end = true;
  changed.notify_all();
  lock.unlock();
  refresher.join();
  EXPECT_EQ(ValueOf(source), 2);
  EXPECT_EQ(fetches, 2);
}

TEST_F(RefreshingTest, AValueThatWasReplacedIsNotDroppedAgain) {
  Refreshing<int> source = Make();
  EXPECT_EQ(ValueOf(source), 1);
  source.Drop(1);
  EXPECT_EQ(ValueOf(source), 2);
  source.Drop(1);
  EXPECT_EQ(ValueOf(source), 2);
}

}  // namespace
}  // namespace mbk
