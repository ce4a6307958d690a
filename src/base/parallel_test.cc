#include "base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <new>
#include <set>
#include <thread>
#include <vector>

#include "base/progress.h"

namespace mbk {
namespace {

TEST(ParallelFor, RunsEveryTaskOnce) {
  std::vector<std::atomic<int>> runs(1000);
  ASSERT_TRUE(ParallelFor(runs.size(), 8, {}, [&](std::size_t i, const CallContext&) {
                ++runs[i];
                return Status();
              }).ok());
  for (const auto& count : runs) EXPECT_EQ(count, 1);
}

TEST(ParallelFor, ATaskThatThrowsHasFailed) {
  for (const int workers : {1, 4}) {
    const Status status = ParallelFor(8, workers, {}, [](std::size_t i, const CallContext&) -> Status {
      if (i == 5) throw std::bad_alloc();
      return {};
    });
    EXPECT_EQ(status, Internal("out of memory"));
  }
}

TEST(ParallelFor, TasksReallyRunSideBySide) {
  std::latch all_there(4);  // passes only when four tasks wait in it at once
  ASSERT_TRUE(ParallelFor(4, 4, {}, [&](std::size_t, const CallContext&) {
                all_there.arrive_and_wait();
                return Status();
              }).ok());
}

TEST(ParallelFor, FirstErrorStopsTheRest) {
  std::atomic<int> begun{0};
  Status status = ParallelFor(100'000, 4, {}, [&](std::size_t i, const CallContext&) {
    ++begun;
    return i == 3 ? NotFound("three") : Status();
  });
  EXPECT_EQ(status, NotFound("three"));
  EXPECT_LT(begun, 100'000);
}

TEST(ParallelFor, ErrorReachesTasksThatWait) {
  Status status = ParallelFor(2, 2, {}, [&](std::size_t i, const CallContext& context) {
    if (i == 0) return Internal("broken");
    return RealSleeper().Sleep(std::chrono::hours(1), context);
  });
  EXPECT_EQ(status, Internal("broken"));
}

TEST(ParallelFor, StopRequestedBeforeMeansNothingRuns) {
  std::stop_source source;
  source.request_stop();
  Status status =
      ParallelFor(5, 2, CallContext{.stop = source.get_token()}, [&](std::size_t, const CallContext&) {
        ADD_FAILURE() << "ran";
        return Status();
      });
  EXPECT_EQ(status.code(), Code::kCancelled);
}

TEST(ParallelFor, NothingToDoIsFine) {
  EXPECT_TRUE(ParallelFor(0, 4, {}, [](std::size_t, const CallContext&) { return Internal("ran"); }).ok());
}

TEST(Progress, EnteringAStepForgetsTheCountsBefore) {
  Progress progress;
  progress.Enter(Step::kCopy, 10, 1000);
  progress.Add(2, 300);
  EXPECT_EQ(progress.Get().bytes_done, 300);
  progress.Enter(Step::kVerify, 5);
  EXPECT_EQ(progress.Get().step, Step::kVerify);
  EXPECT_EQ(progress.Get().objects_done, 0);
  EXPECT_EQ(progress.Get().objects_total, 5);
}

}  // namespace
}  // namespace mbk
