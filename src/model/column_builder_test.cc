#include "model/column_builder.h"

#include <gtest/gtest.h>

#include <string>

namespace mbk {
namespace {

TEST(ColumnBuilder, KeepsNullsAndEmptyStringsApart) {
  ColumnBuilder builder(100, DataType::kVarChar, ColumnLayout::kVariable);
  builder.AppendBytes("");
  builder.AppendNull();
  builder.AppendBytes("abc");
  const Column column = builder.Finish();
  ASSERT_EQ(column.length, 3);
  EXPECT_FALSE(column.IsNull(0));
  EXPECT_TRUE(column.IsNull(1));
  EXPECT_EQ(column.BytesAt(0), "");
  EXPECT_EQ(column.BytesAt(2), "abc");
}

TEST(ColumnBuilder, WithoutNullsHasNoBitmap) {
  ColumnBuilder builder(1, DataType::kInt64, ColumnLayout::kFixed, 8);
  builder.AppendNumber(std::int64_t{7});
  EXPECT_EQ(builder.Finish().validity, nullptr);
}

TEST(ColumnBuilder, IsEmptyAfterFinish) {
  ColumnBuilder builder(1, DataType::kInt64, ColumnLayout::kFixed, 8);
  builder.AppendNull();
  const Column first = builder.Finish();
  builder.AppendNumber(std::int64_t{9});
  const Column second = builder.Finish();
  EXPECT_TRUE(first.IsNull(0));
  EXPECT_FALSE(second.IsNull(0));
  EXPECT_EQ(second.NumberAt<std::int64_t>(0), 9);
  EXPECT_EQ(second.length, 1);
}

RowBatch Numbers(int count) {
  ColumnBuilder bits(100, DataType::kBool, ColumnLayout::kBits);
  ColumnBuilder numbers(101, DataType::kInt32, ColumnLayout::kFixed, 4);
  for (int i = 0; i < count; ++i) {
    bits.AppendBool(i % 3 == 0);
    numbers.AppendNumber(std::int32_t{i});
  }
  return {.rows = count, .columns = {bits.Finish(), numbers.Finish()}};
}

TEST(SelectRows, TakesThoseThatAreMarked) {
  std::vector<bool> keep(20, false);
  keep[3] = keep[19] = true;
  const RowBatch selected = SelectRows(Numbers(20), keep);
  ASSERT_EQ(selected.rows, 2);
  EXPECT_TRUE(selected.columns[0].BoolAt(0));
  EXPECT_FALSE(selected.columns[0].BoolAt(1));
  EXPECT_EQ(selected.Find(101)->NumberAt<std::int32_t>(1), 19);
}

TEST(SelectRows, OfASliceCountsFromTheSlicesBegin) {
  const RowBatch slice = SliceRows(Numbers(20), 10, 5);
  ASSERT_EQ(slice.rows, 5);
  EXPECT_EQ(slice.Find(101)->NumberAt<std::int32_t>(0), 10);
  EXPECT_TRUE(slice.columns[0].BoolAt(2));  // row 12
  const RowBatch selected = SelectRows(slice, {false, false, true, false, false});
  EXPECT_EQ(selected.Find(101)->NumberAt<std::int32_t>(0), 12);
}

}  // namespace
}  // namespace mbk
