#include "model/column_builder.h"

#include <utility>

namespace mbk {
namespace {

void AppendBit(std::vector<std::uint8_t>& bits, std::int64_t at, bool value) {
  if (at % 8 == 0) bits.push_back(0);
  if (value) bits.back() |= static_cast<std::uint8_t>(1u << (at % 8));
}

}  // namespace

ColumnBuilder::ColumnBuilder(std::int64_t field_id, DataType type, ColumnLayout layout, std::int32_t width)
    : shape_{.field_id = field_id, .type = type, .layout = layout, .width = width},
      buffers_(std::make_unique<Buffers>()) {}

ColumnBuilder::ColumnBuilder(const Column& column)
    : ColumnBuilder(column.field_id, column.type, column.layout, column.width) {}

void ColumnBuilder::AppendValidity(bool valid) {
  AppendBit(buffers_->validity, length_, valid);
  has_nulls_ |= !valid;
  ++length_;
}

void ColumnBuilder::AppendNull() {
  switch (shape_.layout) {
    case ColumnLayout::kBits:
      AppendBit(buffers_->values, length_, false);
      break;
    case ColumnLayout::kFixed:
      buffers_->values.resize(buffers_->values.size() + static_cast<std::size_t>(shape_.width));
      break;
    case ColumnLayout::kVariable:
      buffers_->offsets.push_back(buffers_->offsets.back());
      break;
  }
  AppendValidity(false);
}

void ColumnBuilder::AppendBool(bool value) {
  AppendBit(buffers_->values, length_, value);
  AppendValidity(true);
}

void ColumnBuilder::AppendBytes(std::string_view value) {
  buffers_->values.insert(buffers_->values.end(), value.begin(), value.end());
  if (shape_.layout == ColumnLayout::kVariable)
    buffers_->offsets.push_back(static_cast<std::int32_t>(buffers_->values.size()));
  AppendValidity(true);
}

void ColumnBuilder::AppendFrom(const Column& column, std::int64_t row) {
  if (column.IsNull(row))
    AppendNull();
  else if (shape_.layout == ColumnLayout::kBits)
    AppendBool(column.BoolAt(row));
  else
    AppendBytes(column.BytesAt(row));
}

std::int64_t ColumnBuilder::bytes() const { return static_cast<std::int64_t>(buffers_->values.size()); }

Column ColumnBuilder::Finish() {
  std::shared_ptr<Buffers> owned = std::move(buffers_);
  buffers_ = std::make_unique<Buffers>();
  Column column = shape_;
  column.length = std::exchange(length_, 0);
  column.validity = std::exchange(has_nulls_, false) ? owned->validity.data() : nullptr;
  column.values = owned->values.data();
  column.offsets = shape_.layout == ColumnLayout::kVariable ? owned->offsets.data() : nullptr;
  column.owner = std::move(owned);
  return column;
}

RowBatch SelectRows(const RowBatch& batch, const std::vector<bool>& keep) {
  RowBatch selected;
  for (const Column& column : batch.columns) {
    ColumnBuilder builder(column);
    for (std::int64_t row = 0; row < batch.rows; ++row)
      if (keep[static_cast<std::size_t>(row)]) builder.AppendFrom(column, row);
    selected.rows = builder.length();
    selected.columns.push_back(builder.Finish());
  }
  return selected;
}

RowBatch SliceRows(const RowBatch& batch, std::int64_t first, std::int64_t count) {
  RowBatch slice = batch;
  slice.rows = count;
  for (Column& column : slice.columns) {
    column.offset += first;
    column.length = count;
  }
  return slice;
}

}  // namespace mbk
