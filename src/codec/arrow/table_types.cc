#include "codec/arrow/table_types.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/builder.h>
#include <arrow/memory_pool.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <cstring>
#include <limits>

#include "codec/arrow/column_export.h"
#include "codec/arrow/guard.h"
#include "codec/scalar_field.h"
#include "codec/utf8.h"

namespace mbk::codec {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;

constexpr std::int32_t kSparseEntryBytes = 8;

Status RowError(const FieldSchema& field, std::int64_t row, std::string_view what) {
  return DataLoss(fmt::format("row {}: field {} ({}) {}", row, field.name, field.field_id, what));
}

Result<std::shared_ptr<arrow::Buffer>> Allocate(std::int64_t bytes) {
  std::shared_ptr<arrow::Buffer> buffer;
  MBK_TRY(Guard(Code::kInternal, "allocate a column",
                [&] { return arrow::AllocateBuffer(bytes, arrow::system_memory_pool()).Value(&buffer); }));
  return buffer;
}

// ---------------------------------------------------------------------------------------------- vectors

/// The elements of a vector of numbers. bfloat16 is shown as float, which holds each of its values and which
/// every reader knows.
struct Element {
  TypePtr type;
  std::int32_t bytes = 0;  // in the column
};

Element ElementOfVector(DataType vector) {
  switch (vector) {
    case DataType::kFloatVector:
      return {arrow::float32(), 4};
    case DataType::kFloat16Vector:
      return {arrow::float16(), 2};
    case DataType::kBFloat16Vector:
      return {arrow::float32(), 2};
    default:
      return {arrow::int8(), 1};
  }
}

/// `count` elements that lie at `data`.
Result<std::shared_ptr<arrow::ArrayData>> Elements(DataType vector, const std::uint8_t* data,
                                                   std::int64_t count,
                                                   const std::shared_ptr<const void>& owner) {
  const Element element = ElementOfVector(vector);
  std::shared_ptr<arrow::Buffer> values = ViewOf(data, count * element.bytes, owner);
  if (vector == DataType::kBFloat16Vector) {
    MBK_TRY_ASSIGN(values, Allocate(count * 4));
    // The upper half of a float.
    for (std::int64_t i = 0; i < count; ++i) {
      std::uint16_t half;
      std::memcpy(&half, data + i * 2, 2);
      const std::uint32_t whole = static_cast<std::uint32_t>(half) << 16;
      std::memcpy(values->mutable_data() + i * 4, &whole, 4);
    }
  }
  return arrow::ArrayData::Make(element.type, count, {nullptr, std::move(values)}, 0);
}

TypePtr ItemsOf(const TypePtr& type, std::int32_t count) {
  const auto item = arrow::field("element", type, /*nullable=*/false);
  return count == 0 ? arrow::list(item) : arrow::fixed_size_list(item, count);
}

/// `count` vectors of one width, one behind another.
Result<ArrayPtr> FixedVectors(const FieldSchema& field, std::int32_t width, const std::uint8_t* data,
                              std::int64_t count, const std::shared_ptr<const void>& owner) {
  if (field.data_type == DataType::kBinaryVector) {
    return arrow::MakeArray(arrow::ArrayData::Make(arrow::fixed_size_binary(width), count,
                                                   {nullptr, ViewOf(data, count * width, owner)}, 0));
  }
  const Element element = ElementOfVector(field.data_type);
  const std::int32_t dimension = width / element.bytes;
  MBK_TRY_ASSIGN(auto elements, Elements(field.data_type, data, count * dimension, owner));
  return arrow::MakeArray(
      arrow::ArrayData::Make(ItemsOf(element.type, dimension), count, {nullptr}, {std::move(elements)}, 0));
}

/// The offsets of a kVariable column in units of `width` bytes, from 0.
Result<std::shared_ptr<arrow::Buffer>> Offsets(const FieldSchema& field, const Column& column,
                                               std::int32_t width) {
  MBK_TRY_ASSIGN(std::shared_ptr<arrow::Buffer> buffer, Allocate((column.length + 1) * 4));
  auto* const offsets = reinterpret_cast<std::int32_t*>(buffer->mutable_data());
  const std::int32_t first = column.offsets[column.offset];
  offsets[0] = 0;
  for (std::int64_t row = 0; row < column.length; ++row) {
    const std::int32_t bytes = column.offsets[column.offset + row + 1] - first;
    if (bytes % width != 0) return RowError(field, row, fmt::format("is no whole number of {} bytes", width));
    offsets[row + 1] = bytes / width;
  }
  return buffer;
}

Result<ArrayPtr> ListOf(const FieldSchema& field, const TypePtr& type, const Column& column,
                        std::int32_t width, std::shared_ptr<arrow::ArrayData> items) {
  MBK_TRY_ASSIGN(std::shared_ptr<arrow::Buffer> offsets, Offsets(field, column, width));
  return arrow::MakeArray(arrow::ArrayData::Make(type, column.length,
                                                 {ValidityOf(column), std::move(offsets)}, {std::move(items)},
                                                 column.validity == nullptr ? 0 : arrow::kUnknownNullCount));
}

const std::uint8_t* FirstValue(const Column& column) {
  if (column.layout == ColumnLayout::kFixed) return column.values + column.offset * column.width;
  return column.values + column.offsets[column.offset];
}

std::int64_t ValueBytes(const Column& column) {
  return column.offsets[column.offset + column.length] - column.offsets[column.offset];
}

/// A vector that may be null is a list of no fixed size: Parquet has no nulls of a fixed size.
Result<ArrayPtr> DenseVectors(const FieldSchema& field, const TypePtr& type, const Column& column) {
  if (column.layout == ColumnLayout::kFixed)
    return FixedVectors(field, column.width, FirstValue(column), column.length, column.owner);
  if (field.data_type == DataType::kBinaryVector) return BytesArray(type, column);
  const std::int32_t width = ElementOfVector(field.data_type).bytes;
  MBK_TRY_ASSIGN(auto items,
                 Elements(field.data_type, FirstValue(column), ValueBytes(column) / width, column.owner));
  return ListOf(field, type, column, width, std::move(items));
}

Result<ArrayPtr> VectorLists(const FieldSchema& field, const TypePtr& type, const Column& column) {
  FieldSchema element = ElementOf(field);
  element.nullable = false;
  MBK_TRY_ASSIGN(const ColumnShape shape, ShapeOf(element));
  MBK_TRY_ASSIGN(const ArrayPtr items, FixedVectors(element, shape.width, FirstValue(column),
                                                    ValueBytes(column) / shape.width, column.owner));
  return ListOf(field, type, column, shape.width, items->data());
}

Result<ArrayPtr> SparseVectors(const FieldSchema& field, const TypePtr& type, const Column& column) {
  const std::int64_t count = ValueBytes(column) / kSparseEntryBytes;
  MBK_TRY_ASSIGN(std::shared_ptr<arrow::Buffer> indices, Allocate(count * 4));
  MBK_TRY_ASSIGN(std::shared_ptr<arrow::Buffer> weights, Allocate(count * 4));
  const std::uint8_t* const entries = FirstValue(column);
  for (std::int64_t i = 0; i < count; ++i) {
    std::memcpy(indices->mutable_data() + i * 4, entries + i * kSparseEntryBytes, 4);
    std::memcpy(weights->mutable_data() + i * 4, entries + i * kSparseEntryBytes + 4, 4);
  }
  auto keys = arrow::ArrayData::Make(arrow::uint32(), count, {nullptr, std::move(indices)}, 0);
  auto values = arrow::ArrayData::Make(arrow::float32(), count, {nullptr, std::move(weights)}, 0);
  auto pairs = arrow::ArrayData::Make(static_cast<const arrow::MapType&>(*type).value_type(), count,
                                      {nullptr}, {std::move(keys), std::move(values)}, 0);
  return ListOf(field, type, column, kSparseEntryBytes, std::move(pairs));
}

// ----------------------------------------------------------------------------------------------- arrays

/// Appends integers to a builder of any width; false when one does not fit.
template <class Builder>
arrow::Status AppendIntegers(arrow::ArrayBuilder& builder, const std::vector<std::int64_t>& values) {
  using Value = typename Builder::value_type;
  for (const std::int64_t value : values) {
    if (value < std::numeric_limits<Value>::min() || value > std::numeric_limits<Value>::max())
      return arrow::Status::Invalid("has an element that does not fit its type");
    ARROW_RETURN_NOT_OK(static_cast<Builder&>(builder).Append(static_cast<Value>(value)));
  }
  return arrow::Status::OK();
}

arrow::Status AppendElements(arrow::ArrayBuilder& builder, const ScalarField& value) {
  switch (builder.type()->id()) {
    case arrow::Type::BOOL:
      for (const std::int64_t element : value.integers)
        ARROW_RETURN_NOT_OK(static_cast<arrow::BooleanBuilder&>(builder).Append(element != 0));
      return arrow::Status::OK();
    case arrow::Type::INT8:
      return AppendIntegers<arrow::Int8Builder>(builder, value.integers);
    case arrow::Type::INT16:
      return AppendIntegers<arrow::Int16Builder>(builder, value.integers);
    case arrow::Type::INT32:
      return AppendIntegers<arrow::Int32Builder>(builder, value.integers);
    case arrow::Type::INT64:
      return AppendIntegers<arrow::Int64Builder>(builder, value.integers);
    case arrow::Type::FLOAT:
      return static_cast<arrow::FloatBuilder&>(builder).AppendValues(value.floats);
    case arrow::Type::DOUBLE:
      return static_cast<arrow::DoubleBuilder&>(builder).AppendValues(value.doubles);
    default:
      for (const std::string_view element : value.strings) {
        if (!IsUtf8(element)) return arrow::Status::Invalid("has an element that is not UTF-8");
        ARROW_RETURN_NOT_OK(static_cast<arrow::StringBuilder&>(builder).Append(element));
      }
      return arrow::Status::OK();
  }
}

Result<ArrayPtr> ScalarLists(const FieldSchema& field, const TypePtr& type, const Column& column) {
  ArrayPtr array;
  ScalarField value;
  std::int64_t row = 0;
  const ScalarField::Kind kind = KindOf(field.element_type);
  const Status status = Guard(Code::kDataLoss, "read arrays", [&] {
    std::unique_ptr<arrow::ArrayBuilder> elements;
    ARROW_RETURN_NOT_OK(arrow::MakeBuilder(arrow::system_memory_pool(), type->field(0)->type(), &elements));
    arrow::ListBuilder lists(arrow::system_memory_pool(), std::move(elements), type);
    for (; row < column.length; ++row) {
      if (column.IsNull(row)) {
        ARROW_RETURN_NOT_OK(lists.AppendNull());
        continue;
      }
      const Status parsed = ParseScalarField(column.BytesAt(row), value);
      if (!parsed.ok()) return arrow::Status::Invalid("is ", parsed.message());
      if (value.kind != kind && value.kind != ScalarField::Kind::kNone)
        return arrow::Status::Invalid("has elements that the schema contradicts");
      ARROW_RETURN_NOT_OK(lists.Append());
      ARROW_RETURN_NOT_OK(AppendElements(*lists.value_builder(), value));
    }
    return lists.Finish(&array);
  });
  if (!status.ok()) return RowError(field, row, status.message().substr(std::strlen("read arrays: ")));
  return array;
}

Result<ArrayPtr> Texts(const FieldSchema& field, const TypePtr& type, const Column& column) {
  for (std::int64_t row = 0; row < column.length; ++row) {
    if (!column.IsNull(row) && !IsUtf8(column.BytesAt(row))) return RowError(field, row, "is not UTF-8");
  }
  return BytesArray(type, column);
}

}  // namespace

Result<TypePtr> TableType(const FieldSchema& field) {
  MBK_TRY_ASSIGN(const ColumnShape shape, ShapeOf(field));
  switch (field.data_type) {
    case DataType::kTimestamptz:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case DataType::kJson:
      return arrow::utf8();
    case DataType::kSparseFloatVector:
      return arrow::map(arrow::uint32(), arrow::field("value", arrow::float32(), /*nullable=*/false));
    case DataType::kArray: {
      MBK_TRY_ASSIGN(const TypePtr element, TableType(ElementOf(field)));
      const bool is_scalar =
          !IsVector(field.element_type) && field.element_type != DataType::kArray &&
          field.element_type != DataType::kJson && field.element_type != DataType::kGeometry &&
          field.element_type != DataType::kTimestamptz && field.element_type != DataType::kArrayOfVector;
      if (is_scalar) return ItemsOf(element, 0);
      return Status(Code::kUnimplemented,
                    fmt::format("field {} ({}): arrays of type {} are unknown to this version", field.name,
                                field.field_id, static_cast<int>(field.element_type)));
    }
    case DataType::kArrayOfVector: {
      FieldSchema element = ElementOf(field);
      element.nullable = false;
      if (!IsDenseVector(element.data_type)) {
        return Status(Code::kUnimplemented,
                      fmt::format("field {} ({}): lists of type {} are unknown to this version", field.name,
                                  field.field_id, static_cast<int>(field.element_type)));
      }
      MBK_TRY_ASSIGN(const TypePtr item, TableType(element));
      return ItemsOf(item, 0);
    }
    case DataType::kBinaryVector:
      return field.nullable ? arrow::binary() : arrow::fixed_size_binary(shape.width);
    default:
      break;
  }
  if (!IsDenseVector(field.data_type)) return PayloadType(field, shape);
  const Element element = ElementOfVector(field.data_type);
  return ItemsOf(element.type, field.nullable ? 0 : shape.width / element.bytes);
}

Result<ArrayPtr> TableArray(const FieldSchema& field, const Column& column) {
  MBK_TRY_ASSIGN(const ColumnShape shape, ShapeOf(field));
  MBK_TRY(CheckColumn(field, shape, column));
  MBK_TRY_ASSIGN(const TypePtr type, TableType(field));
  if (IsDenseVector(field.data_type)) return DenseVectors(field, type, column);
  switch (field.data_type) {
    case DataType::kJson:
    case DataType::kString:
    case DataType::kVarChar:
    case DataType::kText:
      return Texts(field, type, column);
    case DataType::kArray:
      return ScalarLists(field, type, column);
    case DataType::kSparseFloatVector:
      return SparseVectors(field, type, column);
    case DataType::kArrayOfVector:
      return VectorLists(field, type, column);
    default:
      break;
  }
  MBK_TRY_ASSIGN(const ArrayPtr array, PayloadArray(field, shape, column));
  if (array->type()->Equals(type)) return array;
  // A timestamp is its number under another name.
  std::shared_ptr<arrow::ArrayData> renamed = array->data()->Copy();
  renamed->type = type;
  return arrow::MakeArray(std::move(renamed));
}

}  // namespace mbk::codec
