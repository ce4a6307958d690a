#include "ops/rows/living.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

namespace mbk::rows {
namespace {

constexpr Hash128 kKey{7, 0};

// Segments 0 and 1 in partition 0, segment 2 in partition 1; four rows each.
LivingRows World(bool one_key_space = false) {
  LivingRows living(Scopes({0, 0, 1}, 2), one_key_space);
  for (std::size_t segment : {0, 1, 2}) living.SetRows(segment, 4);
  return living;
}

const Scopes kScopes({0, 0, 1}, 2);

TEST(LivingRows, ARowOlderThanADeleteIsDead) {
  LivingRows living = World();
  std::vector<KeyEvent> events{KeyEvent::RowAt(kKey, 10, 0, 2),
                               KeyEvent::DeletedIn(kKey, 11, kScopes.OfSegment(0))};
  living.Resolve(events);
  EXPECT_FALSE(living.OfSegment(0)[2]);
  EXPECT_TRUE(living.OfSegment(0)[1]);
  EXPECT_EQ(living.OfPartition(0), (RowCounts{.written = 8, .deleted = 1}));
}

TEST(LivingRows, ARowOfTheDeletesOwnMomentLives) {
  LivingRows living = World();
  std::vector<KeyEvent> events{KeyEvent::DeletedIn(kKey, 11, kScopes.OfSegment(0)),
                               KeyEvent::RowAt(kKey, 11, 0, 2)};
  living.Resolve(events);
  EXPECT_EQ(living.OfPartition(0).living(), 8);
}

TEST(LivingRows, ADeleteHoldsForItsScopeOnly) {
  LivingRows living = World();
  std::vector<KeyEvent> events{KeyEvent::RowAt(kKey, 10, 0, 0), KeyEvent::RowAt(kKey, 10, 2, 0),
                               KeyEvent::DeletedIn(kKey, 20, kScopes.OfPartition(0))};
  living.Resolve(events);
  EXPECT_FALSE(living.OfSegment(0)[0]);
  EXPECT_TRUE(living.OfSegment(2)[0]);
}

TEST(LivingRows, ADeleteOfTheWholeCollectionHoldsEverywhere) {
  LivingRows living = World();
  std::vector<KeyEvent> events{KeyEvent::RowAt(kKey, 10, 0, 0), KeyEvent::RowAt(kKey, 10, 2, 0),
                               KeyEvent::DeletedIn(kKey, 20, kScopes.OfAll())};
  living.Resolve(events);
  EXPECT_FALSE(living.OfSegment(0)[0]);
  EXPECT_FALSE(living.OfSegment(2)[0]);
}

TEST(LivingRows, OfOneKeyTheNewestLives) {
  LivingRows living = World();
  std::vector<KeyEvent> events{KeyEvent::RowAt(kKey, 12, 1, 3), KeyEvent::RowAt(kKey, 10, 0, 0),
                               KeyEvent::RowAt(kKey, 11, 0, 1)};
  living.Resolve(events);
  EXPECT_TRUE(living.OfSegment(1)[3]);
  EXPECT_EQ(living.OfPartition(0), (RowCounts{.written = 8, .duplicate = 2}));
}

TEST(LivingRows, TwoPartitionsMayHoldOneKeyUnlessThereIsAPartitionKey) {
  const std::vector<KeyEvent> events{KeyEvent::RowAt(kKey, 10, 0, 0), KeyEvent::RowAt(kKey, 11, 2, 0)};
  LivingRows apart = World(), together = World(true);
  std::vector<KeyEvent> copy = events;
  apart.Resolve(copy);
  together.Resolve(copy);
  EXPECT_TRUE(apart.OfSegment(0)[0]);
  EXPECT_FALSE(together.OfSegment(0)[0]);
  EXPECT_TRUE(together.OfSegment(2)[0]);
}

TEST(LivingRows, ARowDeletedAndWrittenAgainLives) {
  LivingRows living = World();
  std::vector<KeyEvent> events{
      KeyEvent::RowAt(kKey, 10, 0, 0), KeyEvent::DeletedIn(kKey, 11, kScopes.OfSegment(0)),
      KeyEvent::DeletedIn(kKey, 11, kScopes.OfSegment(1)), KeyEvent::RowAt(kKey, 12, 1, 0)};
  living.Resolve(events);
  EXPECT_FALSE(living.OfSegment(0)[0]);
  EXPECT_TRUE(living.OfSegment(1)[0]);
  EXPECT_EQ(living.OfPartition(0), (RowCounts{.written = 8, .deleted = 1}));
}

// Against the rule as it is written: of the rows whose timestamp is not below any delete that holds for
// them, the newest of each key and partition.
RC_GTEST_PROP(LivingRows, AgreesWithTheRuleAsWritten, ()) {
  const auto facts = *rc::gen::container<std::vector<std::tuple<int, int, int, bool>>>(rc::gen::tuple(
      rc::gen::inRange(0, 3), rc::gen::inRange(1, 6), rc::gen::inRange(0, 6), rc::gen::arbitrary<bool>()));
  LivingRows living(Scopes({0, 0, 1}, 2), false);
  std::map<std::size_t, std::int64_t> rows;
  std::vector<KeyEvent> events;
  for (const auto& [key, time, where, is_delete] : facts) {
    const Hash128 hash{static_cast<std::uint64_t>(key), 0};
    if (is_delete) {
      events.push_back(
          KeyEvent::DeletedIn(hash, static_cast<std::uint64_t>(time), static_cast<std::size_t>(where)));
    } else {
      const auto segment = static_cast<std::size_t>(where % 3);
      events.push_back(KeyEvent::RowAt(hash, static_cast<std::uint64_t>(time), segment, rows[segment]++));
    }
  }
  for (std::size_t segment : {0, 1, 2}) living.SetRows(segment, rows[segment]);
  const std::vector<KeyEvent> all = events;
  living.Resolve(events);
  for (const KeyEvent& row : all) {
    if (row.is_delete()) continue;
    const auto survives = [&](const KeyEvent& candidate) {
      for (const KeyEvent& other : all)
        if (other.is_delete() && other.key == candidate.key && other.timestamp > candidate.timestamp &&
            kScopes.Holds(other.scope(), candidate.segment()))
          return false;
      return true;
    };
    bool lives = survives(row);
    for (const KeyEvent& other : all) {
      if (other.is_delete() || other.key != row.key || !survives(other)) continue;
      if (kScopes.partition_of(other.segment()) != kScopes.partition_of(row.segment())) continue;
      if (std::tie(other.timestamp, other.place) > std::tie(row.timestamp, row.place)) lives = false;
    }
    RC_ASSERT(living.OfSegment(row.segment())[static_cast<std::size_t>(row.row())] == lives);
  }
}

}  // namespace
}  // namespace mbk::rows
