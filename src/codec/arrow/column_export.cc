#include "codec/arrow/column_export.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/memory_pool.h>
#include <arrow/type.h>
#include <arrow/util/bitmap_ops.h>
#include <fmt/format.h>

#include "codec/arrow/guard.h"

namespace mbk::codec {
namespace {

class View : public arrow::Buffer {
 public:
  View(const void* data, std::int64_t size, std::shared_ptr<const void> owner)
      : arrow::Buffer(static_cast<const std::uint8_t*>(data), size), owner_(std::move(owner)) {}

 private:
  std::shared_ptr<const void> owner_;
};

Status WrongColumn(const FieldSchema& field, std::string_view what) {
  return InvalidArgument(fmt::format("a column for field {} ({}) {}", field.name, field.field_id, what));
}

std::shared_ptr<arrow::Array> MakeArray(std::shared_ptr<arrow::DataType> type, const Column& column,
                                        std::vector<std::shared_ptr<arrow::Buffer>> values) {
  const std::int64_t end = column.offset + column.length;
  std::vector<std::shared_ptr<arrow::Buffer>> buffers = {nullptr};
  if (column.validity != nullptr) buffers[0] = ViewOf(column.validity, (end + 7) / 8, column.owner);
  buffers.insert(buffers.end(), values.begin(), values.end());
  return arrow::MakeArray(arrow::ArrayData::Make(std::move(type), column.length, std::move(buffers),
                                                 column.validity == nullptr ? 0 : arrow::kUnknownNullCount,
                                                 column.offset));
}

/// A list of numbers of `width` bytes from rows of bytes.
Result<std::shared_ptr<arrow::Array>> ListArray(const FieldSchema& field,
                                                const std::shared_ptr<arrow::DataType>& type,
                                                const Column& column) {
  const std::shared_ptr<arrow::DataType> element = type->field(0)->type();
  const std::int32_t width = element->byte_width();
  const std::int32_t first = column.offsets[column.offset];
  std::shared_ptr<arrow::Buffer> offsets;
  MBK_TRY(Guard(Code::kInternal, "arrange vectors",
                [&] { return arrow::AllocateBuffer((column.length + 1) * 4).Value(&offsets); }));
  auto* const numbers = reinterpret_cast<std::int32_t*>(offsets->mutable_data());
  for (std::int64_t row = 0; row <= column.length; ++row) {
    const std::int32_t bytes = column.offsets[column.offset + row] - first;
    if (bytes % width != 0) return WrongColumn(field, "has vectors of half elements");
    numbers[row] = bytes / width;
  }
  const std::int64_t count = numbers[column.length];
  std::shared_ptr<arrow::Array> elements = arrow::MakeArray(arrow::ArrayData::Make(
      element, count, {nullptr, ViewOf(column.values + first, count * width, column.owner)}, 0));
  return arrow::MakeArray(arrow::ArrayData::Make(type, column.length,
                                                 {ValidityOf(column), std::move(offsets)}, {elements->data()},
                                                 column.validity == nullptr ? 0 : arrow::kUnknownNullCount));
}

}  // namespace

std::shared_ptr<arrow::Buffer> ViewOf(const void* data, std::int64_t size,
                                      std::shared_ptr<const void> owner) {
  return std::make_shared<View>(data, size, std::move(owner));
}

std::shared_ptr<arrow::Buffer> ValidityOf(const Column& column) {
  if (column.validity == nullptr) return nullptr;
  if (column.offset % 8 == 0)
    return ViewOf(column.validity + column.offset / 8, (column.length + 7) / 8, column.owner);
  return arrow::internal::CopyBitmap(arrow::system_memory_pool(), column.validity, column.offset,
                                     column.length)
      .ValueOrDie();
}

Status CheckColumn(const FieldSchema& field, const ColumnShape& shape, const Column& column) {
  if (column.type != field.data_type || column.layout != shape.layout || column.length < 0 ||
      column.offset < 0)
    return WrongColumn(field, "is of another type");
  if (shape.layout == ColumnLayout::kFixed && column.width != shape.width)
    return WrongColumn(field, fmt::format("has {} bytes a value instead of {}", column.width, shape.width));
  if (!field.nullable) {
    for (std::int64_t row = 0; row < column.length && column.validity != nullptr; ++row)
      if (column.IsNull(row)) return WrongColumn(field, fmt::format("has no value in row {}", row));
  }
  if (IsDenseVector(field.data_type) && shape.layout == ColumnLayout::kVariable) {
    for (std::int64_t row = 0; row < column.length; ++row) {
      if (!column.IsNull(row) && column.BytesAt(row).size() != static_cast<std::size_t>(shape.width))
        return WrongColumn(field, fmt::format("has a vector of another length in row {}", row));
    }
  }
  return {};
}

std::shared_ptr<arrow::DataType> PayloadType(const FieldSchema& field, const ColumnShape& shape) {
  switch (field.data_type) {
    case DataType::kBool:
      return arrow::boolean();
    case DataType::kInt8:
      return arrow::int8();
    case DataType::kInt16:
      return arrow::int16();
    case DataType::kInt32:
      return arrow::int32();
    case DataType::kInt64:
    case DataType::kTimestamptz:
      return arrow::int64();
    case DataType::kFloat:
      return arrow::float32();
    case DataType::kDouble:
      return arrow::float64();
    case DataType::kString:
    case DataType::kVarChar:
    case DataType::kText:
      return arrow::utf8();
    case DataType::kArrayOfVector:
      if (field.element_type == DataType::kFloatVector) return arrow::list(arrow::float32());
      return arrow::list(field.element_type == DataType::kInt8Vector ? arrow::int8() : arrow::uint8());
    default:
      if (shape.layout == ColumnLayout::kFixed) return arrow::fixed_size_binary(shape.width);
      return arrow::binary();
  }
}

Result<std::shared_ptr<arrow::Array>> PayloadArray(const FieldSchema& field, const ColumnShape& shape,
                                                   const Column& column) {
  std::shared_ptr<arrow::DataType> type = PayloadType(field, shape);
  if (field.data_type == DataType::kArrayOfVector) return ListArray(field, type, column);
  if (shape.layout == ColumnLayout::kVariable) return BytesArray(type, column);
  const std::int64_t end = column.offset + column.length;
  const std::int64_t bytes = shape.layout == ColumnLayout::kBits ? (end + 7) / 8 : end * shape.width;
  return MakeArray(std::move(type), column, {ViewOf(column.values, bytes, column.owner)});
}

std::shared_ptr<arrow::Array> BytesArray(const std::shared_ptr<arrow::DataType>& type, const Column& column) {
  const std::int64_t end = column.offset + column.length;
  return MakeArray(type, column,
                   {ViewOf(column.offsets, (end + 1) * 4, column.owner),
                    ViewOf(column.values, column.offsets[end], column.owner)});
}

}  // namespace mbk::codec
