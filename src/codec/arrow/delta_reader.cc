#include <arrow/array.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>

#include "codec/arrow/arrow_codec.h"
#include "codec/arrow/column_import.h"
#include "codec/arrow/payload_reader.h"
#include "codec/delta_text.h"

/// Delta logs: a V1 file whose payload has one column of text, or of keys and timestamps (MULTI_FIELD), or a
/// bare Parquet file with keys and timestamps.
namespace mbk::codec {
namespace {

constexpr std::int64_t kBatchRows = 8192;
constexpr std::int64_t kMemoryBytes = 256 << 20;

FieldSchema Field(const char* name, DataType type) {
  FieldSchema field;
  field.name = name;
  field.field_id = -1;
  field.data_type = type;
  return field;
}

class DeltaPiece {
 public:
  DeltaPiece(std::unique_ptr<PayloadReader> piece, DataType key_type, const DeleteSink& sink,
             std::shared_ptr<LimitPool> pool)
      : piece_(std::move(piece)), key_type_(key_type), sink_(sink), pool_(std::move(pool)) {}

  Status Read() {
    const std::size_t count = piece_->columns().size();
    if (count == 0) return DataLoss(piece_->where() + ": a delta log without columns");
    return count == 1 ? ReadTexts() : ReadColumns();
  }

 private:
  Status ReadTexts() {
    const FieldSchema field = Field("delta", DataType::kString);
    MBK_TRY(Prepare(0, field));
    DeltaText text;
    return ForEachBatch([&](std::int64_t first, std::int64_t rows) -> Status {
      MBK_TRY_ASSIGN(const Column lines, ReadColumn(0, field, first, rows));
      for (std::int64_t row = 0; row < rows; ++row) {
        Status status = ParseDeltaText(lines.BytesAt(row), key_type_, text);
        if (!status.ok())
          return std::move(status).WithContext(fmt::format("{}: row {}", piece_->where(), first + row));
        MBK_TRY(sink_({.number = text.number, .text = text.text, .timestamp = text.timestamp}));
      }
      return {};
    });
  }

  Status ReadColumns() {
    const FieldSchema key_field = Field("pk", key_type_);
    const FieldSchema timestamp_field = Field("ts", DataType::kInt64);
    const int timestamp_index = TimestampIndex();
    const int key_index = timestamp_index == 0 ? 1 : 0;
    MBK_TRY(Prepare(key_index, key_field));
    MBK_TRY(Prepare(timestamp_index, timestamp_field));
    return ForEachBatch([&](std::int64_t first, std::int64_t rows) -> Status {
      MBK_TRY_ASSIGN(const Column keys, ReadColumn(key_index, key_field, first, rows));
      MBK_TRY_ASSIGN(const Column timestamps, ReadColumn(timestamp_index, timestamp_field, first, rows));
      for (std::int64_t row = 0; row < rows; ++row) {
        DeletedKey key = {.timestamp = timestamps.NumberAt<std::uint64_t>(row)};
        if (key_type_ == DataType::kInt64) {
          key.number = keys.NumberAt<std::int64_t>(row);
        } else {
          key.text = keys.BytesAt(row);
        }
        MBK_TRY(sink_(key));
      }
      return {};
    });
  }

  /// Columns are `pk` and `ts`, or bear field ids, of which the timestamp has 1.
  int TimestampIndex() const {
    const std::vector<PayloadReader::FileColumn>& columns = piece_->columns();
    for (std::size_t i = 0; i < 2; ++i) {
      if (columns[i].name == "ts" || columns[i].name == std::to_string(kTimestampField))
        return static_cast<int>(i);
    }
    return 1;
  }

  Status Prepare(int index, const FieldSchema& field) {
    MBK_TRY_ASSIGN(const ColumnShape shape, ShapeOf(field));
    MBK_TRY(
        CheckType(field, shape, *piece_->columns()[static_cast<std::size_t>(index)].type, piece_->where()));
    return piece_->Select(index);
  }

  Result<Column> ReadColumn(int index, const FieldSchema& field, std::int64_t first, std::int64_t rows) {
    MBK_TRY_ASSIGN(const ColumnShape shape, ShapeOf(field));
    MBK_TRY_ASSIGN(std::shared_ptr<arrow::Array> array, piece_->Read(index, rows));
    return ImportColumn(field, shape, std::move(array),
                        {.where = piece_->where(), .first_row = first, .pool = pool_});
  }

  template <class Visit>
  Status ForEachBatch(const Visit& visit) {
    for (std::int64_t first = 0; first < piece_->rows(); first += kBatchRows)
      MBK_TRY(visit(first, std::min(kBatchRows, piece_->rows() - first)));
    return {};
  }

  const std::unique_ptr<PayloadReader> piece_;
  const DataType key_type_;
  const DeleteSink& sink_;
  const std::shared_ptr<LimitPool> pool_;
};

}  // namespace

Status ReadDeltaLog(ByteSource& file, DataType key_type, const DeleteSink& sink) {
  if (key_type != DataType::kInt64 && key_type != DataType::kVarChar)
    return InvalidArgument(fmt::format("{}: keys of type {}", file.name(), static_cast<int>(key_type)));
  const auto pool = std::make_shared<LimitPool>(kMemoryBytes);
  const auto read = [&](Payload payload) -> Status {
    MBK_TRY_ASSIGN(std::unique_ptr<PayloadReader> piece, PayloadReader::Open(file, payload, pool));
    return DeltaPiece(std::move(piece), key_type, sink, pool).Read();
  };

  MBK_TRY_ASSIGN(const FileKind kind, ProbeFile(file));
  if (kind == FileKind::kParquet) return read({.offset = 0, .length = file.size()});
  MBK_TRY_ASSIGN(EnvelopeReader envelope, EnvelopeReader::Open(file));
  while (true) {
    MBK_TRY_ASSIGN(const std::optional<Payload> payload, envelope.Next(EventType::kDelete));
    if (!payload) return {};
    MBK_TRY(read(*payload));
  }
}

}  // namespace mbk::codec
