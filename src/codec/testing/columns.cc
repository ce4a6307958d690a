#include "codec/testing/columns.h"

#include <memory>
#include <utility>

#include "codec/field_type.h"
#include "codec/memory_source.h"

namespace mbk::codec::testing {
namespace {

struct Memory {
  std::vector<std::uint8_t> validity;
  std::string values;
  std::vector<std::int32_t> offsets = {0};
};

void SetBit(std::vector<std::uint8_t>& bits, std::size_t at, bool value) {
  bits.resize(at / 8 + 1);
  if (value) bits[at / 8] = static_cast<std::uint8_t>(bits[at / 8] | 1u << at % 8);
}

}  // namespace

FieldSchema Field(std::int64_t id, DataType type, std::int32_t dimension) {
  FieldSchema field;
  field.field_id = id;
  field.name = "f" + std::to_string(id);
  field.data_type = type;
  if (dimension > 0) field.type_params.push_back({.key = "dim", .value = std::to_string(dimension)});
  return field;
}

Column ColumnOf(const FieldSchema& field, const Values& values) {
  const ColumnShape shape = ShapeOf(field).value();
  auto memory = std::make_shared<Memory>();
  std::vector<std::uint8_t> bits;
  bool has_nulls = false;
  for (std::size_t row = 0; row < values.size(); ++row) {
    const std::optional<std::string>& value = values[row];
    SetBit(memory->validity, row, value.has_value());
    has_nulls = has_nulls || !value;
    if (shape.layout == ColumnLayout::kBits) SetBit(bits, row, value && (*value)[0] != 0);
    if (shape.layout == ColumnLayout::kFixed)
      memory->values += value.value_or(std::string(static_cast<std::size_t>(shape.width), '\0'));
    if (shape.layout == ColumnLayout::kVariable) memory->values += value.value_or("");
    memory->offsets.push_back(static_cast<std::int32_t>(memory->values.size()));
  }
  if (shape.layout == ColumnLayout::kBits) memory->values.assign(bits.begin(), bits.end());
  const bool is_variable = shape.layout == ColumnLayout::kVariable;
  return {.field_id = field.field_id,
          .type = field.data_type,
          .layout = shape.layout,
          .width = shape.layout == ColumnLayout::kFixed ? shape.width : 0,
          .length = static_cast<std::int64_t>(values.size()),
          .validity = has_nulls ? memory->validity.data() : nullptr,
          .values = reinterpret_cast<const std::uint8_t*>(memory->values.data()),
          .offsets = is_variable ? memory->offsets.data() : nullptr,
          .owner = memory};
}

Column TimestampsOf(const std::vector<std::uint64_t>& timestamps) {
  Values values;
  for (const std::uint64_t timestamp : timestamps) values.emplace_back(Bytes(timestamp));
  return ColumnOf(Field(kTimestampField, DataType::kInt64), values);
}

Values ValuesOf(const Column& column) {
  Values values;
  for (std::int64_t row = 0; row < column.length; ++row) {
    if (column.IsNull(row)) {
      values.emplace_back();
    } else if (column.layout == ColumnLayout::kBits) {
      values.emplace_back(std::string(1, column.BoolAt(row) ? '\1' : '\0'));
    } else {
      values.emplace_back(column.BytesAt(row));
    }
  }
  return values;
}

FieldFiles FilesOf(std::int64_t field_id, const std::vector<std::string>& contents) {
  FieldFiles files = {.field_id = field_id};
  for (const std::string& content : contents) {
    const std::string name = std::to_string(field_id) + "/" + std::to_string(files.files.size() + 1);
    files.files.push_back(std::make_unique<MemorySource>(name, content));
  }
  return files;
}

CollectionSchema SchemaOf(std::vector<FieldSchema> fields) {
  CollectionSchema schema;
  schema.name = "books";
  schema.fields = std::move(fields);
  return schema;
}

Result<ReadResult> ReadAll(RowCodec& codec, const CollectionSchema& schema, std::vector<FieldFiles> files,
                           const ReadOptions& options) {
  MBK_TRY_ASSIGN(std::unique_ptr<RowReader> reader, codec.OpenSegment(schema, std::move(files), options));
  ReadResult result;
  while (true) {
    MBK_TRY_ASSIGN(const std::optional<RowBatch> batch, reader->Next());
    if (!batch) return result;
    result.batches.push_back(batch->rows);
    result.columns.resize(batch->columns.size());
    for (std::size_t i = 0; i < batch->columns.size(); ++i) {
      if (batch->columns[i].length != batch->rows) return Internal("columns of different lengths");
      for (std::optional<std::string>& value : ValuesOf(batch->columns[i]))
        result.columns[i].push_back(std::move(value));
    }
  }
}

}  // namespace mbk::codec::testing
