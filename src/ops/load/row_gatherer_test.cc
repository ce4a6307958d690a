#include "ops/load/row_gatherer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "milvus/row_size.h"

namespace mbk::load {
namespace {

using testing::ElementsAre;

// Rows of a number and of a text that may be null.
RowBatch Rows(std::int64_t first, std::int64_t count) {
  ColumnBuilder number(100, DataType::kInt64, ColumnLayout::kFixed, 8);
  ColumnBuilder text(101, DataType::kVarChar, ColumnLayout::kVariable);
  for (std::int64_t row = first; row < first + count; ++row) {
    number.AppendNumber(row);
    row % 2 == 0 ? text.AppendNull() : text.AppendBytes("row " + std::to_string(row));
  }
  return {.rows = count, .columns = {number.Finish(), text.Finish()}};
}

std::vector<std::int64_t> NumbersOf(const RowBatch& batch) {
  std::vector<std::int64_t> numbers;
  for (std::int64_t row = 0; row < batch.rows; ++row)
    numbers.push_back(batch.columns[0].NumberAt<std::int64_t>(row));
  return numbers;
}

constexpr GatherLimits kWide = {.message_bytes = 1 << 20, .message_rows = 100, .held_bytes = 1 << 20};

TEST(RowGatherer, PutsTheRowsOfAPartitionIntoOneMessage) {
  RowGatherer gatherer(kWide);
  EXPECT_FALSE(gatherer.Add("east", Rows(0, 2)));
  EXPECT_FALSE(gatherer.Add("west", Rows(10, 1)));
  EXPECT_FALSE(gatherer.Add("east", SliceRows(Rows(4, 4), 1, 2)));
  const std::vector<RowMessage> messages = gatherer.TakeAll();
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0].partition, "east");
  EXPECT_THAT(NumbersOf(messages[0].rows), ElementsAre(0, 1, 5, 6));
  const Column& text = messages[0].rows.columns[1];
  EXPECT_TRUE(text.IsNull(0));
  EXPECT_EQ(text.BytesAt(1), "row 1");
  EXPECT_EQ(text.BytesAt(2), "row 5");
  EXPECT_TRUE(text.IsNull(3));
  EXPECT_THAT(NumbersOf(messages[1].rows), ElementsAre(10));
  EXPECT_TRUE(gatherer.TakeAll().empty());
}

TEST(RowGatherer, HandsOutAMessageThatIsFull) {
  RowGatherer by_rows({.message_bytes = 1 << 20, .message_rows = 4, .held_bytes = 1 << 20});
  EXPECT_FALSE(by_rows.Add("", Rows(0, 3)));
  const std::optional<RowMessage> full = by_rows.Add("", Rows(3, 3));
  ASSERT_TRUE(full);
  EXPECT_THAT(NumbersOf(full->rows), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_TRUE(by_rows.TakeAll().empty());

  const std::int64_t bytes = EncodedSize(Rows(0, 3));
  RowGatherer by_bytes({.message_bytes = 2 * bytes, .message_rows = 100, .held_bytes = 1 << 20});
  EXPECT_FALSE(by_bytes.Add("", Rows(0, 3)));
  EXPECT_TRUE(by_bytes.Add("", Rows(0, 3)));
}

TEST(RowGatherer, HandsOutTheLargestWhenItHoldsTooMuch) {
  const std::int64_t bytes = EncodedSize(Rows(0, 2));
  RowGatherer gatherer({.message_bytes = 1 << 20, .message_rows = 100, .held_bytes = 3 * bytes});
  EXPECT_FALSE(gatherer.Add("a", Rows(0, 2)));
  EXPECT_FALSE(gatherer.Add("b", Rows(0, 4)));
  const std::optional<RowMessage> largest = gatherer.Add("c", Rows(0, 2));
  ASSERT_TRUE(largest);
  EXPECT_EQ(largest->partition, "b");
  EXPECT_FALSE(gatherer.Add("d", Rows(0, 2)));
}

}  // namespace
}  // namespace mbk::load
