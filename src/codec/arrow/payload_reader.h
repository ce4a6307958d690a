#pragma once

#include <arrow/type_fwd.h>
#include <parquet/arrow/reader.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "codec/arrow/limit_pool.h"
#include "codec/arrow/slice_file.h"
#include "codec/byte_source.h"
#include "codec/envelope.h"

namespace mbk::codec {

/// One Parquet file, read by columns, some rows at a time: a payload of V1 or a packed file. What its footer
/// says is checked before it is believed. Errors name the file and the offset of the Parquet file in it.
/// Not thread-safe; the source must outlive it.
class PayloadReader {
 public:
  struct FileColumn {
    std::string name;
    std::optional<std::int64_t> field_id;  ///< Parquet's
    std::shared_ptr<arrow::DataType> type;
  };

  static Result<std::unique_ptr<PayloadReader>> Open(ByteSource& source, Payload slice,
                                                     std::shared_ptr<LimitPool> pool);

  std::int64_t rows() const { return rows_; }
  /// Those of the first level.
  const std::vector<FileColumn>& columns() const { return columns_; }
  /// Prepares column `index` for Read.
  Status Select(int index);
  /// Bytes that a row of a selected column has on average when it is not compressed.
  double BytesPerRow(int index) const;
  /// The next `count` rows of a selected column, all of them; kDataLoss when there are fewer.
  Result<std::shared_ptr<arrow::Array>> Read(int index, std::int64_t count);

  /// "s3://bucket/key: offset 128"
  const std::string& where() const { return where_; }

 private:
  PayloadReader(std::string where, std::shared_ptr<LimitPool> pool)
      : where_(std::move(where)), pool_(std::move(pool)) {}
  Status OpenFile(ByteSource& source, Payload slice);
  Status CheckRows(std::int64_t length);
  Status CheckColumn(int index);
  /// Runs `call`; what the source itself failed with comes first.
  template <class Call>
  Status Run(Call&& call);

  const std::string where_;
  const std::shared_ptr<LimitPool> pool_;
  std::shared_ptr<SliceFile> file_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::vector<FileColumn> columns_;
  std::vector<std::unique_ptr<parquet::arrow::ColumnReader>> selected_;
  std::int64_t rows_ = 0;
};

}  // namespace mbk::codec
