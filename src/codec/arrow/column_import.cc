#include "codec/arrow/column_import.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/buffer.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "codec/arrow/guard.h"
#include "codec/utf8.h"

namespace mbk::codec {
namespace {

using arrow::Type;

/// Arrow has no buffer where there are no values, but a pointer that leads nowhere trips memcpy.
constexpr std::uint8_t kNoValues[8] = {};

/// What keeps the memory of a column alive. It does not count against the limit of the pool that it is of.
class Owner {
 public:
  Owner(std::shared_ptr<LimitPool> pool, std::shared_ptr<arrow::Array> array)
      : pool_(std::move(pool)), array_(std::move(array)) {
    Count(*array_->data());
    pool_->Lend(bytes_);
  }
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;
  ~Owner() {
    array_.reset();
    buffers_.clear();
    pool_->TakeBack(bytes_);
  }
  void Add(std::shared_ptr<arrow::Buffer> buffer) {
    pool_->Lend(buffer->capacity());
    bytes_ += buffer->capacity();
    buffers_.push_back(std::move(buffer));
  }

 private:
  void Count(const arrow::ArrayData& data) {
    for (const std::shared_ptr<arrow::Buffer>& buffer : data.buffers)
      if (buffer != nullptr) bytes_ += buffer->capacity();
    for (const std::shared_ptr<arrow::ArrayData>& child : data.child_data) Count(*child);
  }

  std::shared_ptr<LimitPool> pool_;
  std::shared_ptr<arrow::Array> array_;
  std::vector<std::shared_ptr<arrow::Buffer>> buffers_;
  std::int64_t bytes_ = 0;
};

Type::type ScalarType(DataType type) {
  switch (type) {
    case DataType::kBool:
      return Type::BOOL;
    case DataType::kInt8:
      return Type::INT8;
    case DataType::kInt16:
      return Type::INT16;
    case DataType::kInt32:
      return Type::INT32;
    case DataType::kInt64:
    case DataType::kTimestamptz:
      return Type::INT64;
    case DataType::kFloat:
      return Type::FLOAT;
    case DataType::kDouble:
      return Type::DOUBLE;
    default:
      return Type::NA;
  }
}

/// The elements of a dense vector when it is stored as a list.
Type::type VectorElement(DataType type) {
  if (type == DataType::kFloatVector) return Type::FLOAT;
  return type == DataType::kInt8Vector ? Type::INT8 : Type::UINT8;
}

const arrow::DataType* ListElement(const arrow::DataType& type) {
  if (type.id() != Type::LIST && type.id() != Type::FIXED_SIZE_LIST) return nullptr;
  return type.field(0)->type().get();
}

bool IsBytes(const arrow::DataType& type) { return type.id() == Type::BINARY || type.id() == Type::STRING; }

bool Fits(const FieldSchema& field, const ColumnShape& shape, const arrow::DataType& type) {
  const arrow::DataType* const element = ListElement(type);
  if (IsDenseVector(field.data_type)) {
    if (type.id() == Type::FIXED_SIZE_BINARY)
      return static_cast<const arrow::FixedSizeBinaryType&>(type).byte_width() == shape.width;
    if (type.id() == Type::BINARY) return field.nullable;
    return element != nullptr && element->id() == VectorElement(field.data_type);
  }
  if (field.data_type == DataType::kArrayOfVector) {
    if (type.id() != Type::LIST) return false;
    return element->id() == VectorElement(field.element_type) || element->id() == Type::FIXED_SIZE_BINARY ||
           element->id() == Type::BINARY;
  }
  if (shape.layout == ColumnLayout::kVariable) return IsBytes(type);
  return type.id() == ScalarType(field.data_type);
}

class Importer {
 public:
  Importer(const FieldSchema& field, const ColumnShape& shape, std::shared_ptr<arrow::Array> array,
           const ImportContext& context)
      : field_(field), shape_(shape), array_(std::move(array)), context_(context) {}

  Result<Column> Run() {
    column_ = {.field_id = field_.field_id,
               .type = field_.data_type,
               .layout = shape_.layout,
               .width = shape_.layout == ColumnLayout::kFixed ? shape_.width : 0,
               .length = array_->length()};
    MBK_TRY(CheckNulls());
    owner_ = std::make_shared<Owner>(context_.pool, array_);
    MBK_TRY(TakeValues());
    if (column_.values == nullptr) column_.values = kNoValues;
    MBK_TRY(CheckValues());
    column_.owner = std::move(owner_);
    return std::move(column_);
  }

 private:
  Status CheckNulls() {
    if (array_->null_count() == 0) return {};
    column_.validity = array_->null_bitmap_data();
    for (std::int64_t row = 0; row < array_->length() && !field_.nullable; ++row) {
      if (array_->IsNull(row)) return Damaged(row, "is null, and may not be");
    }
    return {};
  }

  Status TakeValues() {
    switch (array_->type_id()) {
      case Type::BINARY:
      case Type::STRING: {
        const auto& binary = static_cast<const arrow::BinaryArray&>(*array_);
        column_.offsets = binary.raw_value_offsets();
        column_.values = binary.raw_data();
        return {};
      }
      case Type::FIXED_SIZE_BINARY:
        return TakeFixed(static_cast<const arrow::FixedSizeBinaryArray&>(*array_).raw_values());
      case Type::LIST:
      case Type::FIXED_SIZE_LIST:
        return TakeList();
      default:
        column_.values = array_->data()->GetValues<std::uint8_t>(1, 0);
        return {};
    }
  }

  /// Vectors one behind another, with room for those that are null.
  Status TakeFixed(const std::uint8_t* values) {
    column_.values = values;
    if (shape_.layout == ColumnLayout::kFixed) return {};
    MBK_TRY(
        MakeOffsets([&](std::int64_t row) { return array_->IsNull(row) ? 0 : std::int64_t{shape_.width}; }));
    if (array_->null_count() == 0) return {};
    MBK_TRY_ASSIGN(std::uint8_t* const packed, Allocate(column_.offsets[column_.length]));
    for (std::int64_t row = 0; row < column_.length; ++row) {
      if (!array_->IsNull(row)) {
        std::memcpy(packed + column_.offsets[row], values + row * shape_.width,
                    static_cast<std::size_t>(shape_.width));
      }
    }
    column_.values = packed;
    return {};
  }

  Status TakeList() {
    MBK_TRY(CheckElements());
    const std::int64_t first = column_.length == 0 ? 0 : ListOffset(0);
    const bool is_dense = IsDenseVector(field_.data_type);
    for (std::int64_t row = 0; row < column_.length && is_dense; ++row) {
      const std::int64_t bytes = ElementOffset(ListOffset(row + 1)) - ElementOffset(ListOffset(row));
      if (!array_->IsNull(row) && bytes != shape_.width)
        return Damaged(row, fmt::format("is a vector of {} bytes instead of {}", bytes, shape_.width));
    }
    const std::uint8_t* const values = ElementBytes() + ElementOffset(first);
    if (array_->type_id() == Type::FIXED_SIZE_LIST) return TakeFixed(values);
    column_.values = values;
    if (shape_.layout == ColumnLayout::kFixed) return {};
    // A null has no elements: Parquet's lists have no room for any.
    return MakeOffsets([&](std::int64_t row) {
      return ElementOffset(ListOffset(row + 1)) - ElementOffset(ListOffset(row));
    });
  }

  const arrow::Array& Elements() const {
    if (array_->type_id() == Type::LIST) return *static_cast<const arrow::ListArray&>(*array_).values();
    return *static_cast<const arrow::FixedSizeListArray&>(*array_).values();
  }
  /// Where the list of a row begins, in elements.
  std::int64_t ListOffset(std::int64_t row) const {
    if (array_->type_id() == Type::LIST)
      return static_cast<const arrow::ListArray&>(*array_).value_offset(row);
    return static_cast<const arrow::FixedSizeListArray&>(*array_).value_offset(row);
  }
  /// Where an element begins, in bytes behind ElementBytes().
  std::int64_t ElementOffset(std::int64_t index) const {
    const arrow::Array& elements = Elements();
    if (elements.type_id() == Type::BINARY)
      return static_cast<const arrow::BinaryArray&>(elements).raw_value_offsets()[index];
    return index * elements.type()->byte_width();
  }
  const std::uint8_t* ElementBytes() const {
    const arrow::Array& elements = Elements();
    if (elements.type_id() == Type::BINARY)
      return static_cast<const arrow::BinaryArray&>(elements).raw_data();
    return elements.data()->GetValues<std::uint8_t>(1, elements.offset() * elements.type()->byte_width());
  }

  Status CheckElements() {
    const arrow::Array& elements = Elements();
    if (elements.null_count() == 0) return {};
    for (std::int64_t row = 0; row < column_.length; ++row) {
      for (std::int64_t i = ListOffset(row); i < ListOffset(row + 1) && !array_->IsNull(row); ++i)
        if (elements.IsNull(i)) return Damaged(row, "has a null in a vector");
    }
    return {};
  }

  // Texts one behind another are UTF-8 when each of them is, and none begins within a character. To look at
  // all at once takes a fraction of the time.
  bool IsAllUtf8() const {
    const std::int32_t* const offsets = column_.offsets;
    const auto* const text = reinterpret_cast<const char*>(column_.values);
    const std::int32_t begin = offsets[0], end = offsets[column_.length];
    if (!IsUtf8({text + begin, static_cast<std::size_t>(end - begin)})) return false;
    for (std::int64_t row = 1; row < column_.length; ++row)
      if (offsets[row] < end && (text[offsets[row]] & 0xC0) == 0x80) return false;
    return true;
  }

  Status CheckValues() {
    if (IsText(field_.data_type) && column_.length > 0 && IsAllUtf8()) return {};
    const bool is_text = IsText(field_.data_type);
    const bool is_sparse = field_.data_type == DataType::kSparseFloatVector;
    const bool is_dense = IsDenseVector(field_.data_type);
    if (column_.layout != ColumnLayout::kVariable || !(is_text || is_sparse || is_dense)) return {};
    for (std::int64_t row = 0; row < column_.length; ++row) {
      if (column_.IsNull(row)) continue;
      const std::string_view value = column_.BytesAt(row);
      if (is_text && !IsUtf8(value)) return Damaged(row, "is not UTF-8");
      if (is_sparse && value.size() % 8 != 0)
        return Damaged(row, fmt::format("is no sparse vector: {} bytes", value.size()));
      if (is_dense && value.size() != static_cast<std::size_t>(shape_.width))
        return Damaged(row, fmt::format("is a vector of {} bytes instead of {}", value.size(), shape_.width));
    }
    return {};
  }

  /// Sets column_.offsets from the length of each row.
  template <class LengthOf>
  Status MakeOffsets(const LengthOf& length_of) {
    MBK_TRY_ASSIGN(std::uint8_t* const bytes, Allocate((column_.length + 1) * 4));
    auto* const offsets = reinterpret_cast<std::int32_t*>(bytes);
    std::int64_t at = 0;
    offsets[0] = 0;
    for (std::int64_t row = 0; row < column_.length; ++row) {
      at += length_of(row);
      if (at > std::numeric_limits<std::int32_t>::max()) return Damaged(row, "ends beyond 2 GiB of values");
      offsets[row + 1] = static_cast<std::int32_t>(at);
    }
    column_.offsets = offsets;
    return {};
  }

  Result<std::uint8_t*> Allocate(std::int64_t bytes) {
    std::shared_ptr<arrow::Buffer> buffer;
    MBK_TRY(Guard(Code::kDataLoss, std::string(context_.where), [&] {
      ARROW_ASSIGN_OR_RAISE(buffer, arrow::AllocateBuffer(bytes, context_.pool.get()));
      return arrow::Status::OK();
    }));
    std::uint8_t* const data = buffer->mutable_data();
    owner_->Add(std::move(buffer));
    return data;
  }

  Status Damaged(std::int64_t row, std::string_view what) const {
    return DataLoss(fmt::format("{}: row {}: field {} ({}) {}", context_.where, context_.first_row + row,
                                field_.name, field_.field_id, what));
  }

  const FieldSchema& field_;
  const ColumnShape& shape_;
  const std::shared_ptr<arrow::Array> array_;
  const ImportContext& context_;
  Column column_;
  std::shared_ptr<Owner> owner_;
};

}  // namespace

Status CheckType(const FieldSchema& field, const ColumnShape& shape, const arrow::DataType& type,
                 std::string_view where) {
  if (Fits(field, shape, type)) return {};
  return DataLoss(
      fmt::format("{}: field {} ({}) is of type {} by the schema, with {} bytes a value, but the file has {}",
                  where, field.name, field.field_id, static_cast<int>(field.data_type), shape.width,
                  FirstLine(type.ToString())));
}

Result<Column> ImportColumn(const FieldSchema& field, const ColumnShape& shape,
                            std::shared_ptr<arrow::Array> array, const ImportContext& context) {
  if (array->offset() != 0) {
    MBK_TRY(Guard(Code::kDataLoss, std::string(context.where),
                  [&] { return arrow::Concatenate({array}, context.pool.get()).Value(&array); }));
  }
  return Importer(field, shape, std::move(array), context).Run();
}

Result<Column> NullColumn(const FieldSchema& field, const ColumnShape& shape, std::int64_t rows,
                          const std::shared_ptr<LimitPool>& pool) {
  // Zeros serve as validity, as offsets and as values alike.
  const std::int64_t value_bytes = shape.layout == ColumnLayout::kFixed ? rows * shape.width : 0;
  const std::int64_t bytes = std::max(value_bytes, (rows + 1) * 4);
  std::shared_ptr<arrow::Buffer> zeros;
  MBK_TRY(Guard(Code::kInternal, "fill a column with nulls", [&] {
    ARROW_ASSIGN_OR_RAISE(zeros, arrow::AllocateBuffer(bytes, pool.get()));
    return arrow::Status::OK();
  }));
  std::memset(zeros->mutable_data(), 0, static_cast<std::size_t>(bytes));
  const std::uint8_t* const data = zeros->data();
  const bool is_variable = shape.layout == ColumnLayout::kVariable;
  // The pool is destroyed behind what it has allocated.
  auto owner = std::make_shared<std::pair<std::shared_ptr<LimitPool>, std::shared_ptr<arrow::Buffer>>>(
      pool, std::move(zeros));
  return Column{.field_id = field.field_id,
                .type = field.data_type,
                .layout = shape.layout,
                .width = shape.layout == ColumnLayout::kFixed ? shape.width : 0,
                .length = rows,
                .validity = data,
                .values = data,
                .offsets = is_variable ? reinterpret_cast<const std::int32_t*>(data) : nullptr,
                .owner = std::move(owner)};
}

}  // namespace mbk::codec
