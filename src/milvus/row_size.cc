#include "milvus/row_size.h"

#include "model/column_builder.h"

namespace mbk {
namespace {

/// Bytes of a number in the wire format: seven bits each, and ten for what is negative.
std::int64_t VarintSize(std::int64_t value) {
  if (value < 0) return 10;
  std::int64_t size = 1;
  for (auto left = static_cast<std::uint64_t>(value); left >= 0x80; left >>= 7) ++size;
  return size;
}

std::int64_t ValueSize(const Column& column, std::int64_t row) {
  constexpr std::int64_t kTimestamptzText = 29;  // "2026-01-02T03:04:05.000006Z" and what leads it
  switch (column.type) {
    case DataType::kBool:
      return 1;
    case DataType::kInt8:
      return VarintSize(column.NumberAt<std::int8_t>(row));
    case DataType::kInt16:
      return VarintSize(column.NumberAt<std::int16_t>(row));
    case DataType::kInt32:
      return VarintSize(column.NumberAt<std::int32_t>(row));
    case DataType::kInt64:
      return VarintSize(column.NumberAt<std::int64_t>(row));
    case DataType::kTimestamptz:
      return kTimestamptzText;
    default:
      break;
  }
  if (column.layout == ColumnLayout::kFixed) return column.width;
  const auto size = static_cast<std::int64_t>(column.BytesAt(row).size());
  // What leads a value: tag and length. The vectors of a row are three messages, one in another, and a dim.
  constexpr std::int64_t kNestedTags = 16;
  const std::int64_t lead = 1 + VarintSize(size);
  return column.type == DataType::kArrayOfVector ? size + 3 * lead + kNestedTags : size + lead;
}

}  // namespace

std::int64_t EncodedRowSize(const RowBatch& batch, std::int64_t row) {
  std::int64_t size = 0;
  for (const Column& column : batch.columns) {
    size += 1;  // valid_data
    if (!column.IsNull(row)) size += ValueSize(column, row);
  }
  return size;
}

std::int64_t EncodedSize(const RowBatch& batch) {
  std::int64_t size = 0;
  for (std::int64_t row = 0; row < batch.rows; ++row) size += EncodedRowSize(batch, row);
  return size;
}

std::vector<RowBatch> SplitRows(const RowBatch& batch, std::int64_t max_bytes, std::int64_t max_rows) {
  std::vector<RowBatch> pieces;
  std::int64_t first = 0;
  std::int64_t bytes = 0;
  for (std::int64_t row = 0; row < batch.rows; ++row) {
    const std::int64_t size = EncodedRowSize(batch, row);
    if (row > first && (bytes + size > max_bytes || row - first >= max_rows)) {
      pieces.push_back(SliceRows(batch, first, row - first));
      first = row;
      bytes = 0;
    }
    bytes += size;
  }
  if (batch.rows > first) pieces.push_back(SliceRows(batch, first, batch.rows - first));
  return pieces;
}

}  // namespace mbk
