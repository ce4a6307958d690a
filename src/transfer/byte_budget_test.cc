#include "transfer/byte_budget.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>
#include <vector>

namespace mbk {
namespace {

// A context that has no patience: what cannot be had at once is an error.
CallContext Impatient() { return {.deadline = Deadline::After(Milliseconds(0))}; }

TEST(ByteBudget, GivesOutNoMoreThanItHolds) {
  ByteBudget budget(10);
  Result<ByteBudget::Share> first = budget.Acquire(6, {}), second = budget.Acquire(4, {});
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(budget.Acquire(1, Impatient()).status().code(), Code::kDeadlineExceeded);
  EXPECT_TRUE(budget.Acquire(0, Impatient()).ok()) << "an empty object needs no memory";
}

TEST(ByteBudget, TakesBackAShareThatIsDestroyed) {
  ByteBudget budget(10);
  {
    auto share = budget.Acquire(10, {});
  }
  EXPECT_TRUE(budget.Acquire(10, Impatient()).ok());
}

TEST(ByteBudget, TakesBackAShareThatIsReplacedByAnother) {
  ByteBudget budget(10);
  ByteBudget::Share share = budget.Acquire(5, {}).value();
  share = budget.Acquire(5, {}).value();
  EXPECT_TRUE(budget.Acquire(5, Impatient()).ok());
  EXPECT_FALSE(budget.Acquire(6, Impatient()).ok());
}

TEST(ByteBudget, AMovedShareIsGivenBackOnce) {
  ByteBudget budget(10);
  {
    ByteBudget::Share from = budget.Acquire(10, {}).value();
    const ByteBudget::Share to = std::move(from);
  }
  EXPECT_TRUE(budget.Acquire(10, Impatient()).ok());
  auto all = budget.Acquire(10, {});
  EXPECT_FALSE(budget.Acquire(1, Impatient()).ok()) << "given back twice";
}

TEST(ByteBudget, LetsASharePassThatIsLargerThanTheBudgetButAlone) {
  ByteBudget budget(10);
  {
    auto small = budget.Acquire(1, {});
    EXPECT_FALSE(budget.Acquire(100, Impatient()).ok());
  }
  auto huge = budget.Acquire(100, Impatient());
  ASSERT_TRUE(huge.ok());
  EXPECT_FALSE(budget.Acquire(1, Impatient()).ok());
}

TEST(ByteBudget, LendsALargeBufferAgainToWhoNeedsOneOfItsSize) {
  constexpr std::int64_t kPart = 1 << 20;
  ByteBudget budget(4 * kPart);
  const char* memory = nullptr;
  {
    ByteBudget::Share share = budget.Acquire(kPart, {}).value();
    EXPECT_EQ(share.buffer().view(), "");
    share.buffer().Reserve(kPart);
    ASSERT_TRUE(share.buffer().Append("left over"));
    memory = share.buffer().view().data();
  }
  ByteBudget::Share small = budget.Acquire(kPart / 3, {}).value(),
                    large = budget.Acquire(kPart + 9, {}).value();
  EXPECT_NE(small.buffer().view().data(), memory) << "it would hold more than was acquired";
  EXPECT_NE(large.buffer().view().data(), memory);
  ByteBudget::Share same = budget.Acquire(kPart, {}).value();
  EXPECT_EQ(same.buffer().view().data(), memory);
  EXPECT_EQ(same.buffer().view(), "");
}

TEST(ByteBudget, WhatLiesIdleAndWhatIsHeldStayWithinTheLimitTogether) {
  constexpr std::int64_t kPart = 1 << 20;
  ByteBudget budget(2 * kPart);
  auto leave_idle = [&] {
    ByteBudget::Share share = budget.Acquire(kPart, {}).value();
    share.buffer().Reserve(kPart - 1);
  };
  leave_idle();
  {
    auto all_but_a_little = budget.Acquire(2 * kPart - 10, {});
  }
  EXPECT_EQ(budget.Acquire(kPart - 1, {}).value().buffer().capacity(), 0u)
      << "the idle buffer was kept beside a share that left no room for it";
}

TEST(ByteBudget, AStopEndsTheWait) {
  ByteBudget budget(10);
  auto all = budget.Acquire(10, {});
  std::stop_source stop;
  Status waited;
  std::thread waiter([&] { waited = budget.Acquire(1, {.stop = stop.get_token()}).status(); });
  stop.request_stop();
  waiter.join();
  EXPECT_EQ(waited.code(), Code::kCancelled);
}

TEST(ByteBudget, ManyThreadsNeverHoldMoreThanTheLimitTogether) {
  constexpr std::int64_t kLimit = 7;
  ByteBudget budget(kLimit);
  std::atomic<std::int64_t> held = 0, most = 0;
  std::vector<std::thread> threads;
  for (std::int64_t size = 1; size <= 8; ++size) {
    threads.emplace_back([&, charged = std::min(size, kLimit)] {
      for (int i = 0; i < 200; ++i) {
        auto share = budget.Acquire(charged, {});
        const std::int64_t now = held += charged;
        for (std::int64_t seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
        }
        held -= charged;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most, kLimit);
  EXPECT_GT(most, 0);
}

}  // namespace
}  // namespace mbk
