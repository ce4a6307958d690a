#include "codec/arrow/payload_reader.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/chunked_array.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <algorithm>
#include <charconv>

#include "codec/arrow/guard.h"

namespace mbk::codec {
namespace {

/// Read ahead of one column; all columns of all open files have one each. A file that is no larger, or lies
/// in memory already, needs none: its pages are read where they are.
constexpr std::int64_t kReadAheadBytes = 256 << 10;
/// Milvus's segments have some millions of rows.
constexpr std::int64_t kMaxRows = 1LL << 31;
/// A run of equal values is a few bytes however long it is, so a file may have far more rows than bytes, but
/// writers make pages of a million values at most, of twenty bytes or more.
constexpr std::int64_t kMaxRowsPerByte = 1 << 16;
constexpr std::int32_t kMaxThriftElements = 1 << 16;
constexpr std::int32_t kMaxSchemaDepth = 16;

parquet::ReaderProperties Properties(LimitPool* pool) {
  parquet::ReaderProperties properties(pool);
  properties.set_thrift_container_size_limit(kMaxThriftElements);
  properties.set_schema_depth_limit(kMaxSchemaDepth);
  properties.set_page_checksum_verification(true);
  return properties;
}

/// Calls `visit` with the numbers of the leaf columns below a field.
template <class Visit>
void ForEachLeaf(const parquet::arrow::SchemaField& field, const Visit& visit) {
  if (field.is_leaf()) visit(field.column_index);
  for (const parquet::arrow::SchemaField& child : field.children) ForEachLeaf(child, visit);
}

std::optional<std::int64_t> ParquetFieldId(const arrow::Field& field) {
  if (field.metadata() == nullptr) return std::nullopt;
  const arrow::Result<std::string> text = field.metadata()->Get("PARQUET:field_id");
  std::int64_t id = 0;
  if (!text.ok()) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), id);
  if (error != std::errc() || end != text->data() + text->size() || id < 0) return std::nullopt;
  return id;
}

}  // namespace

Result<std::unique_ptr<PayloadReader>> PayloadReader::Open(ByteSource& source, Payload slice,
                                                           std::shared_ptr<LimitPool> pool) {
  std::unique_ptr<PayloadReader> reader(
      new PayloadReader(fmt::format("{}: offset {}", source.name(), slice.offset), std::move(pool)));
  MBK_TRY(reader->OpenFile(source, slice));
  return reader;
}

Status PayloadReader::OpenFile(ByteSource& source, Payload slice) {
  MBK_TRY_ASSIGN(ParquetTail tail, ReadParquetTail(source, slice.offset, slice.length));
  MBK_TRY_ASSIGN(std::optional<ByteView> view, source.View(slice.offset, slice.length));
  parquet::ReaderProperties reader_properties = Properties(pool_.get());
  if (!view && slice.length > kReadAheadBytes) {
    reader_properties.enable_buffered_stream();
    reader_properties.set_buffer_size(kReadAheadBytes);
  }
  file_ = std::make_shared<SliceFile>(source, slice, std::move(tail), std::move(view), pool_);
  MBK_TRY(Run([&] {
    parquet::ArrowReaderProperties properties(/*use_threads=*/false);
    properties.set_pre_buffer(false);
    ARROW_ASSIGN_OR_RAISE(
        reader_, parquet::arrow::FileReader::Make(
                     pool_.get(), parquet::ParquetFileReader::Open(file_, reader_properties), properties));
    for (const parquet::arrow::SchemaField& field : reader_->manifest().schema_fields) {
      columns_.push_back({.name = field.field->name(),
                          .field_id = ParquetFieldId(*field.field),
                          .type = field.field->type()});
    }
    return arrow::Status::OK();
  }));
  selected_.resize(columns_.size());
  return CheckRows(slice.length);
}

Status PayloadReader::CheckRows(std::int64_t length) {
  return Run([&] {
    const parquet::FileMetaData& metadata = *reader_->parquet_reader()->metadata();
    rows_ = metadata.num_rows();
    if (rows_ < 0 || rows_ > kMaxRows || rows_ / kMaxRowsPerByte > length)
      return arrow::Status::Invalid("claims ", rows_, " rows in ", length, " bytes");
    std::int64_t sum = 0;
    for (int i = 0; i < metadata.num_row_groups(); ++i) {
      const std::int64_t rows = metadata.RowGroup(i)->num_rows();
      if (rows < 0 || rows > rows_ - sum)
        return arrow::Status::Invalid("row groups contradict the number of rows");
      sum += rows;
    }
    if (sum != rows_) return arrow::Status::Invalid("row groups contradict the number of rows");
    return arrow::Status::OK();
  });
}

Status PayloadReader::Select(int index) {
  if (selected_[static_cast<std::size_t>(index)] != nullptr) return {};
  MBK_TRY(CheckColumn(index));
  return Run([&] { return reader_->GetColumn(index, &selected_[static_cast<std::size_t>(index)]); });
}

Status PayloadReader::CheckColumn(int index) {
  return Run([&] {
    const parquet::FileMetaData& metadata = *reader_->parquet_reader()->metadata();
    ARROW_ASSIGN_OR_RAISE(const std::int64_t length, file_->GetSize());
    arrow::Status status;
    const auto check = [&](const parquet::RowGroupMetaData& group, int leaf) {
      const std::unique_ptr<parquet::ColumnChunkMetaData> chunk = group.ColumnChunk(leaf);
      const bool is_flat = metadata.schema()->Column(leaf)->max_repetition_level() == 0;
      if (chunk->num_values() < 0 || (is_flat && chunk->num_values() != group.num_rows())) {
        status = arrow::Status::Invalid("column ", leaf, " claims ", chunk->num_values(), " values in ",
                                        group.num_rows(), " rows");
      } else if (chunk->total_compressed_size() < 0 || chunk->total_compressed_size() > length ||
                 chunk->data_page_offset() < 0 || chunk->data_page_offset() > length) {
        status = arrow::Status::Invalid("the pages of column ", leaf, " lie outside of the file");
      }
    };
    for (int i = 0; i < metadata.num_row_groups() && status.ok(); ++i) {
      const std::unique_ptr<parquet::RowGroupMetaData> group = metadata.RowGroup(i);
      ForEachLeaf(reader_->manifest().schema_fields[static_cast<std::size_t>(index)],
                  [&](int leaf) { check(*group, leaf); });
    }
    return status;
  });
}

double PayloadReader::BytesPerRow(int index) const {
  const parquet::FileMetaData& metadata = *reader_->parquet_reader()->metadata();
  double bytes = 0;
  for (int i = 0; i < metadata.num_row_groups(); ++i) {
    const std::unique_ptr<parquet::RowGroupMetaData> group = metadata.RowGroup(i);
    ForEachLeaf(reader_->manifest().schema_fields[static_cast<std::size_t>(index)], [&](int leaf) {
      bytes +=
          static_cast<double>(std::max<std::int64_t>(0, group->ColumnChunk(leaf)->total_uncompressed_size()));
    });
  }
  return bytes / static_cast<double>(std::max<std::int64_t>(1, rows_));
}

Result<std::shared_ptr<arrow::Array>> PayloadReader::Read(int index, std::int64_t count) {
  std::shared_ptr<arrow::Array> array;
  MBK_TRY(Run([&] {
    std::shared_ptr<arrow::ChunkedArray> chunks;
    ARROW_RETURN_NOT_OK(selected_[static_cast<std::size_t>(index)]->NextBatch(count, &chunks));
    if (chunks == nullptr || chunks->length() != count)
      return arrow::Status::Invalid("fewer rows than the footer claims");
    if (chunks->num_chunks() == 1) {
      array = chunks->chunk(0);
      return arrow::Status::OK();
    }
    return arrow::Concatenate(chunks->chunks(), pool_.get()).Value(&array);
  }));
  return array;
}

template <class Call>
Status PayloadReader::Run(Call&& call) {
  Status status = Guard(Code::kDataLoss, where_, std::forward<Call>(call));
  if (!status.ok() && file_ != nullptr && !file_->failure().ok()) return file_->failure();
  return status;
}

}  // namespace mbk::codec
