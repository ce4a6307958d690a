#pragma once

#include <rapidcheck.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "milvus/column_buffers.h"
#include "milvus/field_data.h"
#include "model/rows.h"
#include "model/schema.h"
#include "model/testing/every_type.h"

/// Columns of rows for tests: from values, and arbitrary ones of every type.
namespace mbk::milvustest {

using CellValues = std::vector<std::optional<std::string>>;

/// The values of `column` as bytes, of Bool one byte 0 or 1.
inline CellValues CellsOf(const Column& column) {
  CellValues cells;
  for (std::int64_t row = 0; row < column.length; ++row) {
    if (column.IsNull(row)) {
      cells.emplace_back();
    } else if (column.layout == ColumnLayout::kBits) {
      cells.emplace_back(std::string(1, column.BoolAt(row) ? '\1' : '\0'));
    } else {
      cells.emplace_back(std::string(column.BytesAt(row)));
    }
  }
  return cells;
}

/// A column of these values, whose first row is row `offset` of its buffers.
inline Column ColumnOfCells(DataType type, ColumnLayout layout, std::int32_t width, const CellValues& cells,
                            std::int64_t offset = 0) {
  auto buffers = std::make_shared<ColumnBuffers>();
  bool has_null = false;
  for (const auto& cell : cells) has_null = has_null || !cell;
  auto add = [&](const std::optional<std::string>& cell) {
    if (has_null) buffers->AddValid(cell.has_value());
    if (layout == ColumnLayout::kBits) {
      buffers->AddBit(cell && *cell == std::string(1, '\1'));
    } else {
      std::string bytes = cell.value_or("");
      if (layout == ColumnLayout::kFixed) bytes.resize(static_cast<std::size_t>(width), '\x5a');
      buffers->AddBytes(bytes);
    }
    if (layout == ColumnLayout::kVariable) RC_ASSERT(buffers->EndValue());
  };
  for (std::int64_t i = 0; i < offset; ++i) add("");
  for (const auto& cell : cells) add(cell);
  Column column =
      ColumnBuffers::Finish(std::move(buffers), type, layout, width, static_cast<std::int64_t>(cells.size()));
  column.offset = offset;
  return column;
}

template <class T>
Column NumberColumn(std::int64_t field_id, DataType type, const std::vector<T>& values) {
  CellValues cells;
  for (T value : values)
    cells.emplace_back(std::string(reinterpret_cast<const char*>(&value), sizeof(value)));
  Column column = ColumnOfCells(type, ColumnLayout::kFixed, sizeof(T), cells);
  column.field_id = field_id;
  return column;
}

inline Column TextColumn(std::int64_t field_id, DataType type, const std::vector<std::string>& values) {
  Column column = ColumnOfCells(type, ColumnLayout::kVariable, 0, CellValues(values.begin(), values.end()));
  column.field_id = field_id;
  return column;
}

inline std::string AnyBytes(std::size_t size) {
  return *rc::gen::container<std::string>(size, rc::gen::arbitrary<char>());
}

/// One value of the field, as a Column has it.
inline std::string AnyCell(const FieldSchema& field, std::int64_t dim) {
  if (field.data_type == DataType::kBool) return std::string(1, *rc::gen::arbitrary<bool>() ? '\1' : '\0');
  if (const std::int64_t width = FixedWidth(field.data_type, dim); width > 0)
    return AnyBytes(static_cast<std::size_t>(width));
  const auto count = *rc::gen::inRange<std::size_t>(0, 4);
  if (field.data_type == DataType::kSparseFloatVector) return AnyBytes(8 * count);
  if (field.data_type == DataType::kArrayOfVector)
    return AnyBytes(count * static_cast<std::size_t>(FixedWidth(field.element_type, dim)));
  return *rc::gen::string<std::string>();
}

using modeltest::kEveryType;

struct AnyColumn {
  FieldSchema field;
  Column column;
};

/// A field of the type and `rows` values for it, some of which may be missing.
inline AnyColumn AnyColumnOf(DataType type, std::int64_t rows) {
  const std::int64_t dim = 8 * *rc::gen::inRange<std::int64_t>(1, 4);
  FieldSchema field{.field_id = kFirstFieldId, .name = "f", .data_type = type};
  if (IsVector(type) || type == DataType::kArrayOfVector) field.type_params = {{"dim", std::to_string(dim)}};
  if (type == DataType::kArray) field.element_type = DataType::kInt64;
  if (type == DataType::kArrayOfVector)
    field.element_type =
        *rc::gen::element(DataType::kFloatVector, DataType::kBinaryVector, DataType::kInt8Vector,
                          DataType::kFloat16Vector, DataType::kBFloat16Vector);
  field.nullable = *rc::gen::arbitrary<bool>();
  CellValues cells;
  for (std::int64_t i = 0; i < rows; ++i) {
    const bool missing = field.nullable && *rc::gen::weightedElement<bool>({{3, false}, {1, true}});
    cells.push_back(missing ? std::nullopt : std::optional(AnyCell(field, dim)));
  }
  const std::int64_t width = FixedWidth(type, dim);
  ColumnLayout layout = width > 0 ? ColumnLayout::kFixed : ColumnLayout::kVariable;
  if (type == DataType::kBool) layout = ColumnLayout::kBits;
  if (IsVector(type) && field.nullable) layout = ColumnLayout::kVariable;
  Column column =
      ColumnOfCells(type, layout, layout == ColumnLayout::kFixed ? static_cast<std::int32_t>(width) : 0,
                    cells, *rc::gen::inRange<std::int64_t>(0, 10));
  column.field_id = field.field_id;
  return {.field = std::move(field), .column = std::move(column)};
}

}  // namespace mbk::milvustest
