#include <arrow/array.h>
#include <arrow/io/interfaces.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include "codec/arrow/arrow_codec.h"
#include "codec/arrow/guard.h"
#include "codec/arrow/parquet_writer.h"
#include "codec/arrow/table_types.h"
#include "codec/field_type.h"

namespace mbk::codec {
namespace {

/// A row group is encoded in memory before it is written.
constexpr std::int64_t kRowGroupBytes = 32 << 20;

class SinkStream : public arrow::io::OutputStream {
 public:
  explicit SinkStream(FileSink sink) : sink_(std::move(sink)) {}

  const Status& failure() const { return failure_; }

  arrow::Status Write(const void* data, std::int64_t length) override {
    if (failure_.ok()) failure_ = sink_({static_cast<const char*>(data), static_cast<std::size_t>(length)});
    if (!failure_.ok()) return arrow::Status::IOError(failure_.message());
    position_ += length;
    return arrow::Status::OK();
  }
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  arrow::Result<std::int64_t> Tell() const override { return position_; }
  bool closed() const override { return closed_; }

 private:
  FileSink sink_;
  Status failure_;
  std::int64_t position_ = 0;
  bool closed_ = false;
};

std::int64_t BytesOf(const Column& column) {
  if (column.layout != ColumnLayout::kVariable) return column.length * std::max(column.width, 1);
  return column.offsets[column.offset + column.length] - column.offsets[column.offset];
}

/// The column of a dense vector's values: those of lists have a path of their own (Parquet's nested types).
std::string ValuesPath(const FieldSchema& field) {
  return field.data_type == DataType::kBinaryVector ? field.name : field.name + ".list.element";
}

class ParquetTableWriter : public TableWriter {
 public:
  explicit ParquetTableWriter(FileSink sink) : stream_(std::make_shared<SinkStream>(std::move(sink))) {}

  ~ParquetTableWriter() override {
    // A writer that was given up has nothing to say any more; Arrow's closes itself when it is destroyed.
    (void)Run([&] {
      writer_.reset();
      return arrow::Status::OK();
    });
  }

  Status Open(const CollectionSchema& schema) {
    for (FieldSchema& field : StoredFields(schema)) {
      if (field.field_id == kRowIdField || field.field_id == kTimestampField) continue;
      MBK_TRY_ASSIGN(std::shared_ptr<arrow::DataType> type, TableType(field));
      arrow_fields_.push_back(arrow::field(field.name, std::move(type), field.nullable));
      fields_.push_back(std::move(field));
    }
    if (fields_.empty()) return InvalidArgument(fmt::format("collection {} has no fields", schema.name));
    return Run([&] {
      parquet::WriterProperties::Builder properties = CompressedProperties();
      properties.enable_page_checksum();
      // Vectors hardly repeat: their dictionary would cost time and memory, to be given up when it is full.
      for (const FieldSchema& field : fields_)
        if (IsDenseVector(field.data_type)) properties.disable_dictionary(ValuesPath(field));
      parquet::ArrowWriterProperties::Builder arrow_properties;
      arrow_properties.store_schema();
      return parquet::arrow::FileWriter::Open(*arrow::schema(arrow_fields_), arrow::system_memory_pool(),
                                              stream_, properties.build(), arrow_properties.build())
          .Value(&writer_);
    });
  }

  Status Write(const RowBatch& batch) override {
    if (batch.rows == 0) return {};
    std::vector<std::shared_ptr<arrow::Array>> arrays;
    for (const FieldSchema& field : fields_) {
      const Column* const column = batch.Find(field.field_id);
      if (column == nullptr || column->length != batch.rows)
        return InvalidArgument(fmt::format("rows without field {} ({})", field.name, field.field_id));
      Result<std::shared_ptr<arrow::Array>> array = TableArray(field, *column);
      if (!array.ok()) return array.status().WithContext(fmt::format("behind {} rows", rows_));
      arrays.push_back(std::move(*array));
      group_bytes_ += BytesOf(*column);
    }
    MBK_TRY(Run([&] {
      const auto record =
          arrow::RecordBatch::Make(arrow::schema(arrow_fields_), batch.rows, std::move(arrays));
      ARROW_RETURN_NOT_OK(writer_->WriteRecordBatch(*record));
      return group_bytes_ < kRowGroupBytes ? arrow::Status::OK() : writer_->NewBufferedRowGroup();
    }));
    if (group_bytes_ >= kRowGroupBytes) group_bytes_ = 0;
    rows_ += batch.rows;
    return {};
  }

  Status Finish() override {
    return Run([&] { return writer_->Close(); });
  }

 private:
  template <class Call>
  Status Run(Call&& call) {
    Status status = Guard(Code::kInternal, "write a table", std::forward<Call>(call));
    return stream_->failure().ok() ? status : stream_->failure();
  }

  const std::shared_ptr<SinkStream> stream_;
  std::vector<FieldSchema> fields_;
  arrow::FieldVector arrow_fields_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
  std::int64_t group_bytes_ = 0;
  std::int64_t rows_ = 0;
};

}  // namespace

Result<std::unique_ptr<TableWriter>> OpenTable(const CollectionSchema& schema, FileSink sink) {
  auto writer = std::make_unique<ParquetTableWriter>(std::move(sink));
  MBK_TRY(writer->Open(schema));
  return std::unique_ptr<TableWriter>(std::move(writer));
}

}  // namespace mbk::codec
