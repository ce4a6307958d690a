#include <arrow/array.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "codec/arrow/arrow_codec.h"
#include "codec/arrow/column_export.h"
#include "codec/arrow/guard.h"
#include "codec/arrow/parquet_writer.h"
#include "codec/field_type.h"

/// Files of storage V2: Parquet whose columns are named after their field ids, with these key-value pairs:
///
///   group_field_id_list = "0,1,100;101"              the fields of each column group of the segment
///   row_group_metadata  = "1048576|8192|0;…"         bytes in memory, rows, first row of each row group
///   storage_version     = "1.0.0"
namespace mbk::codec {
namespace {

constexpr std::int64_t kRowGroupBytes = 1 << 20;

std::string GroupList(std::span<const std::vector<std::int64_t>> groups) {
  std::vector<std::string> texts;
  for (const std::vector<std::int64_t>& group : groups)
    texts.push_back(fmt::format("{}", fmt::join(group, ",")));
  return fmt::format("{}", fmt::join(texts, ";"));
}

std::string RowGroupList(std::int64_t rows, std::int64_t group_rows, std::int64_t bytes_per_row) {
  std::vector<std::string> texts;
  for (std::int64_t first = 0; first < rows; first += group_rows) {
    const std::int64_t count = std::min(group_rows, rows - first);
    texts.push_back(fmt::format("{}|{}|{}", count * bytes_per_row, count, first));
  }
  return fmt::format("{}", fmt::join(texts, ";"));
}

}  // namespace

Result<std::string> EncodePacked(const CollectionSchema& schema, const RowBatch& batch,
                                 std::span<const std::vector<std::int64_t>> groups) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  std::int64_t bytes = 0;
  for (const Column& column : batch.columns) {
    const std::optional<FieldSchema> field = FindField(schema, column.field_id);
    if (!field)
      return InvalidArgument(fmt::format("collection {} has no field {}", schema.name, column.field_id));
    if (column.length != batch.rows) return InvalidArgument("columns of different lengths");
    MBK_TRY_ASSIGN(const ColumnShape shape, ShapeOf(*field));
    MBK_TRY(CheckColumn(*field, shape, column));
    MBK_TRY_ASSIGN(const std::shared_ptr<arrow::Array> array, PayloadArray(*field, shape, column));
    const std::string id = fmt::format("{}", field->field_id);
    fields.push_back(arrow::field(id, array->type(), field->nullable,
                                  arrow::KeyValueMetadata::Make({"PARQUET:field_id"}, {id})));
    bytes += arrow::util::TotalBufferSize(*array);
    arrays.push_back(array);
  }
  if (batch.rows < 1 || arrays.empty()) return InvalidArgument("a packed file needs a row and a column");

  const std::int64_t bytes_per_row = std::max<std::int64_t>(1, bytes / batch.rows);
  const std::int64_t group_rows = std::max<std::int64_t>(1, kRowGroupBytes / bytes_per_row);
  return WriteParquet(
      arrow::schema(fields), arrays,
      {.properties = BinlogProperties().build(),
       .row_group_rows = group_rows,
       .key_values = {{"group_field_id_list", GroupList(groups)},
                      {"row_group_metadata", RowGroupList(batch.rows, group_rows, bytes_per_row)},
                      {"storage_version", "1.0.0"}}});
}

}  // namespace mbk::codec
