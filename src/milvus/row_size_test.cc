#include "milvus/row_size.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "milvus/row_messages.h"
#include "milvus/testing/any_rows.h"
#include "model/column_builder.h"

namespace mbk {
namespace {

using milvustest::CellsOf;
using milvustest::TextColumn;

RC_GTEST_PROP(RowSize, IsWhatTheMessageTakesAndAFewBytesAColumnMore, ()) {
  const auto rows = *rc::gen::inRange<std::int64_t>(1, 50);
  for (DataType type : milvustest::kEveryType) {
    milvustest::AnyColumn any = milvustest::AnyColumnOf(type, rows);
    RowBatch batch{.rows = rows, .columns = {any.column}};
    PbFieldsData sent;
    RC_ASSERT(ToFieldsData({.fields = {any.field}}, batch, false, &sent).ok());
    const auto actual = static_cast<std::int64_t>(sent.Get(0).ByteSizeLong());
    constexpr std::int64_t kFrame = 64;
    RC_ASSERT(actual <= EncodedSize(batch) + kFrame);
    RC_ASSERT(EncodedSize(batch) <= actual + 40 * rows);
  }
}

RC_GTEST_PROP(RowSize, PiecesAreTheBatchInOrderAndWithinTheirLimits, ()) {
  std::vector<std::string> texts;
  for (auto left = *rc::gen::inRange(0, 40); left > 0; --left)
    texts.push_back(std::string(*rc::gen::inRange<std::size_t>(0, 100), 'x') + std::to_string(left));
  RowBatch batch{.rows = static_cast<std::int64_t>(texts.size()),
                 .columns = {TextColumn(100, DataType::kVarChar, texts)}};
  const auto max_bytes = *rc::gen::inRange<std::int64_t>(1, 300);
  const auto max_rows = *rc::gen::inRange<std::int64_t>(1, 10);
  milvustest::CellValues joined;
  for (const RowBatch& piece : SplitRows(batch, max_bytes, max_rows)) {
    RC_ASSERT(piece.rows > 0 && piece.rows <= max_rows);
    RC_ASSERT(piece.rows == 1 || EncodedSize(piece) <= max_bytes);
    for (auto& cell : CellsOf(piece.columns[0])) joined.push_back(std::move(cell));
  }
  RC_ASSERT(joined == CellsOf(batch.columns[0]));
}

TEST(RowSize, ASliceOfASliceIsWhereItShouldBe) {
  RowBatch batch{.rows = 5, .columns = {TextColumn(100, DataType::kVarChar, {"a", "b", "c", "d", "e"})}};
  RowBatch slice = SliceRows(SliceRows(batch, 1, 4), 1, 2);
  EXPECT_EQ(slice.rows, 2);
  EXPECT_EQ(slice.columns[0].BytesAt(0), "c");
  EXPECT_EQ(slice.columns[0].BytesAt(1), "d");
}

}  // namespace
}  // namespace mbk
