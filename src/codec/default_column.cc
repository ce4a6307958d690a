#include "codec/default_column.h"

#include <fmt/core.h>

#include <string_view>

#include "codec/scalar_field.h"
#include "model/column_builder.h"

namespace mbk::codec {
namespace {

using Kind = DefaultValue::Kind;

bool IsText(Kind kind) { return kind == Kind::kString || kind == Kind::kBytes; }

bool IsInteger(Kind kind) { return kind == Kind::kInt || kind == Kind::kLong || kind == Kind::kTimestamptz; }

// The value as a row of the column has it. False for one of another type.
bool Append(ColumnBuilder& column, DataType type, const DefaultValue& value) {
  switch (type) {
    case DataType::kBool:
      if (value.kind != Kind::kBool) return false;
      column.AppendBool(value.integer != 0);
      return true;
    case DataType::kInt8:
      if (!IsInteger(value.kind)) return false;
      column.AppendNumber(static_cast<std::int8_t>(value.integer));
      return true;
    case DataType::kInt16:
      if (!IsInteger(value.kind)) return false;
      column.AppendNumber(static_cast<std::int16_t>(value.integer));
      return true;
    case DataType::kInt32:
      if (!IsInteger(value.kind)) return false;
      column.AppendNumber(static_cast<std::int32_t>(value.integer));
      return true;
    case DataType::kInt64:
    case DataType::kTimestamptz:
      if (!IsInteger(value.kind)) return false;
      column.AppendNumber(value.integer);
      return true;
    case DataType::kFloat:
      if (value.kind != Kind::kFloat) return false;
      column.AppendNumber(value.number);
      return true;
    case DataType::kDouble:
      if (value.kind != Kind::kDouble) return false;
      column.AppendNumber(value.precise);
      return true;
    case DataType::kString:
    case DataType::kVarChar:
    case DataType::kText:
    case DataType::kJson:
    case DataType::kGeometry:
      if (!IsText(value.kind)) return false;
      column.AppendBytes(value.text);
      return true;
    default:
      return false;
  }
}

}  // namespace

Result<Column> DefaultColumn(const FieldSchema& field, const ColumnShape& shape, std::int64_t rows) {
  const auto where = [&] { return fmt::format("field {} ({})", field.name, field.field_id); };
  const Result<DefaultValue> value = ParseDefaultValue(field.default_value);
  if (!value.ok()) return value.status().WithContext(where());
  ColumnBuilder column(field.field_id, field.data_type, shape.layout, shape.width);
  for (std::int64_t row = 0; row < rows; ++row)
    if (!Append(column, field.data_type, *value))
      return DataLoss(fmt::format("{} is of type {}, and its default is not", where(),
                                  static_cast<int>(field.data_type)));
  return column.Finish();
}

}  // namespace mbk::codec
