#pragma once

#include <arrow/type_fwd.h>
#include <parquet/properties.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"

namespace mbk::codec {

/// zstd, and memory of the C library, which gives back what was freed; Arrow's own pool keeps it.
parquet::WriterProperties::Builder CompressedProperties();

/// How Milvus's writers write: ZSTD level 3, pages of version 1, dictionaries, no page index.
parquet::WriterProperties::Builder BinlogProperties();

struct ParquetOptions {
  std::shared_ptr<parquet::WriterProperties> properties;
  std::int64_t row_group_rows = 0;  ///< 0: all rows in one
  std::vector<std::pair<std::string, std::string>> key_values;
  bool store_schema = false;  ///< Arrow's own, for types that Parquet does not know
};

/// One Parquet file. The columns are as long as each other. kInvalidArgument with Arrow's words when it
/// cannot be written.
Result<std::string> WriteParquet(const std::shared_ptr<arrow::Schema>& schema,
                                 const std::vector<std::shared_ptr<arrow::Array>>& columns,
                                 const ParquetOptions& options);

}  // namespace mbk::codec
