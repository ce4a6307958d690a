#include "codec/arrow/parquet_writer.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/memory_pool.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/writer.h>

#include <algorithm>

#include "codec/arrow/guard.h"

namespace mbk::codec {

parquet::WriterProperties::Builder CompressedProperties() {
  parquet::WriterProperties::Builder builder;
  builder.memory_pool(arrow::system_memory_pool())->compression(parquet::Compression::ZSTD);
  return builder;
}

parquet::WriterProperties::Builder BinlogProperties() {
  parquet::WriterProperties::Builder builder = CompressedProperties();
  builder.compression_level(3);
  builder.data_page_version(parquet::ParquetDataPageVersion::V1)->disable_write_page_index();
  builder.set_size_statistics_level(parquet::SizeStatisticsLevel::None);
  return builder;
}

Result<std::string> WriteParquet(const std::shared_ptr<arrow::Schema>& schema,
                                 const std::vector<std::shared_ptr<arrow::Array>>& columns,
                                 const ParquetOptions& options) {
  std::string bytes;
  MBK_TRY(Guard(Code::kInvalidArgument, "write Parquet", [&] {
    parquet::ArrowWriterProperties::Builder arrow_properties;
    if (options.store_schema) arrow_properties.store_schema();
    arrow::MemoryPool* const pool = arrow::system_memory_pool();
    ARROW_ASSIGN_OR_RAISE(auto out, arrow::io::BufferOutputStream::Create(64 << 10, pool));
    ARROW_ASSIGN_OR_RAISE(auto writer, parquet::arrow::FileWriter::Open(
                                           *schema, pool, out, options.properties, arrow_properties.build()));
    if (!options.key_values.empty()) {
      auto pairs = std::make_shared<arrow::KeyValueMetadata>();
      for (const auto& [key, value] : options.key_values) pairs->Append(key, value);
      ARROW_RETURN_NOT_OK(writer->AddKeyValueMetadata(pairs));
    }
    const std::shared_ptr<arrow::Table> table = arrow::Table::Make(schema, columns);
    const std::int64_t rows = options.row_group_rows > 0 ? options.row_group_rows : table->num_rows();
    ARROW_RETURN_NOT_OK(writer->WriteTable(*table, std::max<std::int64_t>(1, rows)));
    ARROW_RETURN_NOT_OK(writer->Close());
    ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<arrow::Buffer> buffer, out->Finish());
    bytes = buffer->ToString();
    return arrow::Status::OK();
  }));
  return bytes;
}

}  // namespace mbk::codec
