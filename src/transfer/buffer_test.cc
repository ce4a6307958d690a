#include "transfer/buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace mbk {
namespace {

TEST(Buffer, TakesWhatIsCopiedAndWhatWasWrittenInPlace) {
  Buffer buffer;
  buffer.Reserve(6);
  ASSERT_TRUE(buffer.Append("ab"));
  std::ranges::copy(std::string_view("cd"), buffer.room().begin());
  ASSERT_TRUE(buffer.Append({buffer.room().data(), 2}));
  ASSERT_TRUE(buffer.Append("ef"));
  EXPECT_EQ(buffer.view(), "abcdef");
  EXPECT_TRUE(buffer.room().empty());
}

TEST(Buffer, TakesNoMoreThanItHasRoomFor) {
  Buffer buffer;
  EXPECT_FALSE(buffer.Append("a"));
  EXPECT_TRUE(buffer.Append(""));
  buffer.Reserve(2);
  EXPECT_FALSE(buffer.Append("abc"));
  EXPECT_EQ(buffer.view(), "");
}

TEST(Buffer, KeepsItsMemoryWhenThatIsEnough) {
  Buffer buffer;
  buffer.Reserve(8);
  const char* memory = buffer.view().data();
  ASSERT_TRUE(buffer.Append("left"));
  buffer.Reserve(7);
  EXPECT_EQ(buffer.view(), "");
  EXPECT_EQ(buffer.view().data(), memory);
  EXPECT_EQ(buffer.capacity(), 8u);
  EXPECT_EQ(buffer.room().size(), 7u);
}

TEST(Buffer, LeavesNothingBehindWhereItIsMovedFrom) {
  Buffer from;
  from.Reserve(2);
  ASSERT_TRUE(from.Append("ab"));
  Buffer to = std::move(from);
  EXPECT_EQ(to.view(), "ab");
  from.Reserve(1);  // NOLINT(bugprone-use-after-move): what it may do then
  EXPECT_TRUE(from.Append("c"));
  from = std::move(to);
  EXPECT_EQ(from.view(), "ab");
}

}  // namespace
}  // namespace mbk
