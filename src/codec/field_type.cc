#include "codec/field_type.h"

#include <fmt/format.h>

#include <charconv>

namespace mbk::codec {
namespace {

/// Milvus's own limit is 32,768, and 262,144 bits for binary vectors.
constexpr std::int32_t kMaxDimension = 1 << 20;

FieldSchema SystemField(std::int64_t id, const char* name) {
  FieldSchema field;
  field.field_id = id;
  field.name = name;
  field.data_type = DataType::kInt64;
  return field;
}

Status FieldError(const FieldSchema& field, std::string_view what) {
  return InvalidArgument(fmt::format("field {} ({}): {}", field.name, field.field_id, what));
}

/// What a binlog stores; types that are stored alike have one number.
int StorageClass(DataType type) {
  switch (type) {
    case DataType::kTimestamptz:
      return static_cast<int>(DataType::kInt64);
    case DataType::kString:
    case DataType::kText:
      return static_cast<int>(DataType::kVarChar);
    case DataType::kArray:
    case DataType::kGeometry:
    case DataType::kSparseFloatVector:
      return static_cast<int>(DataType::kJson);
    default:
      return static_cast<int>(type);
  }
}

}  // namespace

bool IsDenseVector(DataType type) { return IsVector(type) && type != DataType::kSparseFloatVector; }

bool IsText(DataType type) {
  return type == DataType::kString || type == DataType::kVarChar || type == DataType::kText;
}

bool SameStorage(DataType a, DataType b) { return StorageClass(a) == StorageClass(b); }

Result<std::int32_t> DimensionOf(const FieldSchema& field) {
  const std::string* const text = FindValue(field.type_params, "dim");
  if (text == nullptr) return FieldError(field, "a vector without a dimension");
  std::int32_t dimension = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), dimension);
  const bool is_number = error == std::errc() && end == text->data() + text->size();
  if (!is_number || dimension < 1 || dimension > kMaxDimension)
    return FieldError(field,
                      fmt::format("dimension \"{}\" is not a number from 1 to {}", *text, kMaxDimension));
  if (field.data_type == DataType::kBinaryVector && dimension % 8 != 0)
    return FieldError(field, fmt::format("a binary vector's dimension of {} is not whole bytes", dimension));
  return dimension;
}

Result<ColumnShape> ShapeOf(const FieldSchema& field) {
  const auto fixed = [](std::int32_t width) {
    return ColumnShape{.layout = ColumnLayout::kFixed, .width = width};
  };
  // A fixed width has no room for a null: such vectors are stored like strings.
  const auto vector = [&](std::int32_t bits) -> Result<ColumnShape> {
    MBK_TRY_ASSIGN(const std::int32_t dimension, DimensionOf(field));
    return ColumnShape{.layout = field.nullable ? ColumnLayout::kVariable : ColumnLayout::kFixed,
                       .width = dimension / 8 * bits + dimension % 8 * bits / 8};
  };
  switch (field.data_type) {
    case DataType::kBool:
      return ColumnShape{.layout = ColumnLayout::kBits};
    case DataType::kInt8:
      return fixed(1);
    case DataType::kInt16:
      return fixed(2);
    case DataType::kInt32:
    case DataType::kFloat:
      return fixed(4);
    case DataType::kInt64:
    case DataType::kTimestamptz:
    case DataType::kDouble:
      return fixed(8);
    case DataType::kString:
    case DataType::kVarChar:
    case DataType::kText:
    case DataType::kArray:
    case DataType::kJson:
    case DataType::kGeometry:
    case DataType::kSparseFloatVector:
    case DataType::kArrayOfVector:
      return ColumnShape{.layout = ColumnLayout::kVariable};
    case DataType::kBinaryVector:
      return vector(1);
    case DataType::kInt8Vector:
      return vector(8);
    case DataType::kFloat16Vector:
    case DataType::kBFloat16Vector:
      return vector(16);
    case DataType::kFloatVector:
      return vector(32);
    default:
      return Status(Code::kUnimplemented,
                    fmt::format("field {} ({}): rows of data type {} are unknown to this version", field.name,
                                field.field_id, static_cast<int>(field.data_type)));
  }
}

FieldSchema ElementOf(const FieldSchema& field) {
  FieldSchema element = field;
  element.data_type = field.element_type;
  element.element_type = DataType::kNone;
  element.nullable = field.element_nullable;
  return element;
}

std::vector<FieldSchema> StoredFields(const CollectionSchema& schema) {
  std::vector<FieldSchema> fields = {SystemField(kRowIdField, "RowID"),
                                     SystemField(kTimestampField, "Timestamp")};
  // A server that was asked may list the two itself.
  for (const FieldSchema& field : schema.fields) {
    if (field.field_id != kRowIdField && field.field_id != kTimestampField) fields.push_back(field);
  }
  for (const StructArrayField& group : schema.struct_array_fields) {
    for (const FieldSchema& field : group.fields) {
      fields.push_back(field);
      fields.back().name = group.name + "." + field.name;
      fields.back().nullable = field.nullable || group.nullable;
    }
  }
  return fields;
}

std::optional<FieldSchema> FindField(const CollectionSchema& schema, std::int64_t field_id) {
  for (FieldSchema& field : StoredFields(schema)) {
    if (field.field_id == field_id) return std::move(field);
  }
  return std::nullopt;
}

}  // namespace mbk::codec
