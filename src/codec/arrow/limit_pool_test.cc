#include "codec/arrow/limit_pool.h"

#include <gtest/gtest.h>

#include <cstring>

namespace mbk::codec {
namespace {

constexpr std::int64_t kMiB = 1 << 20;
constexpr std::int64_t kAlignment = 64;

TEST(LimitPool, RefusesWhatGoesBeyondItsLimit) {
  LimitPool pool(2 * kMiB);
  std::uint8_t* block = nullptr;
  ASSERT_TRUE(pool.Allocate(kMiB, kAlignment, &block).ok());
  std::uint8_t* other = nullptr;
  EXPECT_TRUE(pool.Allocate(2 * kMiB, kAlignment, &other).IsOutOfMemory());
  EXPECT_TRUE(pool.Reallocate(kMiB, 3 * kMiB, kAlignment, &block).IsOutOfMemory());
  EXPECT_EQ(pool.bytes_allocated(), kMiB);
  pool.Free(block, kMiB, kAlignment);
  EXPECT_EQ(pool.bytes_allocated(), 0);
}

TEST(LimitPool, CountsOnlyWhatIsNotLent) {
  LimitPool pool(2 * kMiB);
  std::uint8_t* lent = nullptr;
  std::uint8_t* own = nullptr;
  ASSERT_TRUE(pool.Allocate(2 * kMiB, kAlignment, &lent).ok());
  pool.Lend(2 * kMiB);
  EXPECT_TRUE(pool.Allocate(2 * kMiB, kAlignment, &own).ok());
  pool.Free(own, 2 * kMiB, kAlignment);
  pool.Free(lent, 2 * kMiB, kAlignment);
  pool.TakeBack(2 * kMiB);
}

TEST(LimitPool, HandsOutBlocksOfAllSizesThatHoldWhatWasAskedFor) {
  LimitPool pool(256 * kMiB);
  for (const std::int64_t size : {std::int64_t{1}, 256 * 1024L - 1, 256 * 1024L, 256 * 1024L + 1, kMiB - 1,
                                  kMiB, kMiB + 1, 7 * kMiB + 12'345, 30 * kMiB}) {
    for (int again = 0; again < 3; ++again) {
      std::uint8_t* block = nullptr;
      ASSERT_TRUE(pool.Allocate(size, kAlignment, &block).ok());
      std::memset(block, again, static_cast<std::size_t>(size));
      ASSERT_TRUE(pool.Reallocate(size, size + size / 16, kAlignment, &block).ok());
      EXPECT_EQ(block[size - 1], again);
      std::memset(block, again, static_cast<std::size_t>(size + size / 16));
      pool.Free(block, size + size / 16, kAlignment);
    }
  }
  EXPECT_EQ(pool.bytes_allocated(), 0);
}

#ifndef __SANITIZE_ADDRESS__
TEST(LimitPool, GivesALargeBlockThatWasFreedToTheNextOfAboutThatSize) {
  LimitPool pool(256 * kMiB);
  std::uint8_t* first = nullptr;
  ASSERT_TRUE(pool.Allocate(8 * kMiB, kAlignment, &first).ok());
  pool.Free(first, 8 * kMiB, kAlignment);
  std::uint8_t* second = nullptr;
  ASSERT_TRUE(pool.Allocate(8 * kMiB - 100, kAlignment, &second).ok());
  EXPECT_EQ(second, first);
  pool.Free(second, 8 * kMiB - 100, kAlignment);
}
#endif

}  // namespace
}  // namespace mbk::codec
