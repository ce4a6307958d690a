#include "transfer/ramp.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace mbk {
namespace {

using namespace std::chrono_literals;

const Ramp::Clock::time_point kStart{};

// Finish `count` pieces, spread over `window`.
void Work(Ramp& ramp, Ramp::Clock::time_point& now, int count, std::chrono::milliseconds window) {
  for (int i = 0; i < count; ++i) ramp.Finished(now += Ramp::Clock::duration(window) / count);
}

TEST(Ramp, BeginsWithAFew) {
  EXPECT_EQ(Ramp(128, kStart).open(), 16);
  EXPECT_EQ(Ramp(4, kStart).open(), 4);
  EXPECT_EQ(Ramp(0, kStart).open(), 1);
}

TEST(Ramp, OpensUpAsLongAsThatBringsMore) {
  Ramp ramp(100, kStart);
  auto now = kStart;
  Work(ramp, now, 40, 250ms);
  EXPECT_EQ(ramp.open(), 32);
  Work(ramp, now, 80, 250ms);
  EXPECT_EQ(ramp.open(), 64);
  Work(ramp, now, 160, 250ms);
  EXPECT_EQ(ramp.open(), 100);
}

TEST(Ramp, StaysWhereMoreWorkersBringNothing) {
  Ramp ramp(128, kStart);
  auto now = kStart;
  Work(ramp, now, 200, 250ms);
  Work(ramp, now, 200, 250ms);
  Work(ramp, now, 210, 250ms);
  EXPECT_EQ(ramp.open(), 32);
}

TEST(Ramp, LetsInWhoWaitsWhenItOpensUp) {
  Ramp ramp(128, kStart);
  std::atomic<bool> entered = false;
  std::jthread worker([&](const std::stop_token& stop) { entered = ramp.Enter(20, stop); });
  auto now = kStart;
  Work(ramp, now, 40, 250ms);
  worker.join();
  EXPECT_TRUE(entered);
}

TEST(Ramp, LetsGoWhoWaitsWhenTheWorkEndsOrAStopIsAskedFor) {
  Ramp ramp(128, kStart);
  std::atomic<int> turned_away = 0;
  std::jthread first([&](const std::stop_token& stop) { turned_away += ramp.Enter(20, stop) ? 0 : 1; });
  first.request_stop();
  first.join();
  std::jthread second([&](const std::stop_token& stop) { turned_away += ramp.Enter(20, stop) ? 0 : 1; });
  ramp.End();
  second.join();
  EXPECT_EQ(turned_away, 2);
}

}  // namespace
}  // namespace mbk
