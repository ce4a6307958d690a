#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/memory_pool.h>
#include <arrow/type.h>
#include <arrow/util/compression.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "codec/arrow/arrow_codec.h"
#include "codec/arrow/column_export.h"
#include "codec/arrow/guard.h"
#include "codec/arrow/parquet_writer.h"
#include "codec/delta_text.h"
#include "codec/envelope.h"
#include "codec/field_type.h"
#include "codec/scalar_field.h"
#include "codec/utf8.h"

/// Files of storage V1, as Milvus 2.3 or 2.4 writes them.
namespace mbk::codec {
namespace {

using Dialect = EncodeOptions::Dialect;

struct TimestampRange {
  std::uint64_t first = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t last = 0;
};

Result<TimestampRange> RangeOf(const Column& timestamps, std::int64_t rows) {
  if (timestamps.type != DataType::kInt64 || timestamps.layout != ColumnLayout::kFixed ||
      timestamps.width != 8 || timestamps.length != rows || rows < 1)
    return InvalidArgument("a binlog needs a row, and a timestamp for each");
  TimestampRange range;
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto timestamp = timestamps.NumberAt<std::uint64_t>(row);
    range.first = std::min(range.first, timestamp);
    range.last = std::max(range.last, timestamp);
  }
  return range;
}

std::int64_t VariableBytes(const Column& column) {
  return column.offsets[column.offset + column.length] - column.offsets[column.offset];
}

/// An array costs what its elements do as Go holds them: numbers their width, strings 16 bytes of header.
std::int64_t ElementBytes(const FieldSchema& field, const Column& column) {
  const Result<ColumnShape> shape = ShapeOf(ElementOf(field));
  const std::int64_t width = shape.ok() ? std::max(shape->width, 1) : 1;
  std::int64_t bytes = 0;
  ScalarField value;
  for (std::int64_t row = 0; row < column.length; ++row) {
    if (column.IsNull(row) || !ParseScalarField(column.BytesAt(row), value).ok()) continue;
    if (value.kind != ScalarField::Kind::kString) bytes += static_cast<std::int64_t>(value.size()) * width;
    for (const std::string_view text : value.strings) bytes += static_cast<std::int64_t>(text.size()) + 16;
  }
  return bytes;
}

/// As Milvus reckons: strings cost their header in Go, vectors a dimension.
std::int64_t OriginalSize(const FieldSchema& field, const Column& column) {
  if (column.layout == ColumnLayout::kBits) return column.length;
  if (column.type == DataType::kArray) return ElementBytes(field, column);
  const bool is_vector = IsVector(column.type) || column.type == DataType::kArrayOfVector;
  const std::int64_t bytes =
      column.layout == ColumnLayout::kFixed ? column.length * column.width : VariableBytes(column);
  if (is_vector) return bytes + 4;
  return column.layout == ColumnLayout::kFixed ? bytes : bytes + 16 * column.length;
}

Status CheckText(const Column& column) {
  for (std::int64_t row = 0; row < column.length && IsText(column.type); ++row) {
    if (!column.IsNull(row) && !IsUtf8(column.BytesAt(row)))
      return InvalidArgument(fmt::format("row {} of field {} is not UTF-8", row, column.field_id));
  }
  return {};
}

EnvelopeOptions InsertOptions(const EncodeOptions& options) {
  const bool is_stream = options.dialect == Dialect::kMilvus24;
  return {.type = EventType::kInsert,
          .written_at = options.written_at,
          .mark_nullable = is_stream,
          .next_position = !is_stream};
}

}  // namespace

Result<std::string> EncodeInsertLog(const BinlogOrigin& origin, const FieldSchema& field,
                                    const Column& column, const Column& timestamps,
                                    const EncodeOptions& options) {
  const bool is_stream = options.dialect == Dialect::kMilvus24;
  MBK_TRY_ASSIGN(const ColumnShape shape, ShapeOf(field));
  MBK_TRY(CheckColumn(field, shape, column));
  MBK_TRY(CheckText(column));
  if (field.nullable && !is_stream)
    return InvalidArgument(fmt::format("field {} may be null, which Milvus 2.3 does not know", field.name));
  MBK_TRY_ASSIGN(const TimestampRange range, RangeOf(timestamps, column.length));
  MBK_TRY_ASSIGN(const std::shared_ptr<arrow::Array> array, PayloadArray(field, shape, column));

  parquet::WriterProperties::Builder properties = BinlogProperties();
  std::shared_ptr<arrow::KeyValueMetadata> metadata;
  if (is_stream && field.is_primary_key) properties.disable_dictionary();
  if (field.data_type == DataType::kArrayOfVector || (IsDenseVector(field.data_type) && field.nullable)) {
    const DataType element =
        field.data_type == DataType::kArrayOfVector ? field.element_type : field.data_type;
    const std::string* const dimension = FindValue(field.type_params, "dim");
    metadata = arrow::KeyValueMetadata::Make(
        {"elementType", "dim"},
        {fmt::format("{}", static_cast<int>(element)), dimension == nullptr ? "" : *dimension});
  }
  const std::string name = is_stream ? fmt::format("{}", field.field_id) : "val";
  const auto schema = arrow::schema({arrow::field(name, array->type(), is_stream, metadata)});
  MBK_TRY_ASSIGN(
      const std::string payload,
      WriteParquet(schema, {array}, {.properties = properties.build(), .store_schema = metadata != nullptr}));

  return WriteEnvelope({.origin = origin,
                        .field_id = field.field_id,
                        .start_timestamp = range.first,
                        .end_timestamp = range.last,
                        .payload_type = field.data_type,
                        .original_size = OriginalSize(field, column),
                        .nullable = field.nullable},
                       payload, InsertOptions(options));
}

namespace {

/// Keys and timestamps as lines of JSON, and how many bytes these are.
Result<std::shared_ptr<arrow::Array>> JsonLines(const Column& keys, const Column& timestamps,
                                                std::int64_t& bytes) {
  arrow::StringBuilder builder(arrow::system_memory_pool());
  std::shared_ptr<arrow::Array> lines;
  MBK_TRY(Guard(Code::kInvalidArgument, "write deletes", [&] {
    DeltaText text;
    for (std::int64_t row = 0; row < keys.length; ++row) {
      if (keys.type == DataType::kInt64) {
        text.number = keys.NumberAt<std::int64_t>(row);
      } else {
        text.text = keys.BytesAt(row);
      }
      text.timestamp = timestamps.NumberAt<std::uint64_t>(row);
      const std::string line = FormatDeltaText(text, keys.type);
      bytes += static_cast<std::int64_t>(line.size());
      ARROW_RETURN_NOT_OK(builder.Append(line));
    }
    return builder.Finish(&lines);
  }));
  return lines;
}

Result<std::string> KeysAndTimestamps(const FieldSchema& key_field, const ColumnShape& shape,
                                      const Column& keys, const Column& timestamps) {
  FieldSchema timestamp_field;
  timestamp_field.data_type = DataType::kInt64;
  MBK_TRY_ASSIGN(const std::shared_ptr<arrow::Array> key_array, PayloadArray(key_field, shape, keys));
  MBK_TRY_ASSIGN(const std::shared_ptr<arrow::Array> timestamp_array,
                 PayloadArray(timestamp_field, {.width = 8}, timestamps));
  const auto schema = arrow::schema(
      {arrow::field("pk", key_array->type(), false), arrow::field("ts", timestamp_array->type(), false)});
  parquet::WriterProperties::Builder properties = BinlogProperties();
  properties.compression(parquet::Compression::UNCOMPRESSED)
      ->compression_level(arrow::util::kUseDefaultCompressionLevel);
  return WriteParquet(schema, {key_array, timestamp_array}, {.properties = properties.build()});
}

}  // namespace

Result<std::string> EncodeDeltaLog(const BinlogOrigin& origin, const Column& keys, const Column& timestamps,
                                   RowCodec::DeltaFormat format, const EncodeOptions& options) {
  if (keys.type != DataType::kInt64 && keys.type != DataType::kVarChar)
    return InvalidArgument(fmt::format("deletes with keys of type {}", static_cast<int>(keys.type)));
  FieldSchema key_field;
  key_field.name = "pk";
  key_field.data_type = keys.type;
  MBK_TRY_ASSIGN(const ColumnShape shape, ShapeOf(key_field));
  MBK_TRY(CheckColumn(key_field, shape, keys));
  MBK_TRY(CheckText(keys));
  MBK_TRY_ASSIGN(const TimestampRange range, RangeOf(timestamps, keys.length));
  if (format == RowCodec::DeltaFormat::kBareParquet)
    return KeysAndTimestamps(key_field, shape, keys, timestamps);

  Descriptor descriptor = {.origin = origin,
                           .field_id = -1,
                           .start_timestamp = range.first,
                           .end_timestamp = range.last,
                           .payload_type = DataType::kString,
                           .multi_field = format == RowCodec::DeltaFormat::kMultiField};
  const EnvelopeOptions envelope = {.type = EventType::kDelete, .written_at = options.written_at};
  if (descriptor.multi_field) {
    MBK_TRY_ASSIGN(const std::string payload, KeysAndTimestamps(key_field, shape, keys, timestamps));
    descriptor.original_size = OriginalSize(key_field, keys) + 8 * keys.length;
    return WriteEnvelope(descriptor, payload, envelope);
  }
  std::int64_t bytes = 0;
  MBK_TRY_ASSIGN(const std::shared_ptr<arrow::Array> lines, JsonLines(keys, timestamps, bytes));
  descriptor.original_size = bytes;
  MBK_TRY_ASSIGN(const std::string payload,
                 WriteParquet(arrow::schema({arrow::field("val", arrow::utf8(), false)}), {lines},
                              {.properties = BinlogProperties().build()}));
  return WriteEnvelope(descriptor, payload, envelope);
}

}  // namespace mbk::codec
