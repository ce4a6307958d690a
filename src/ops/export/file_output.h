#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "codec/row_codec.h"
#include "ops/export/export.h"
#include "repository/object_stream.h"

namespace mbk {

/// The files of one partition: "<directory>part-00000.parquet" and so on, a new one whenever the last is
/// full. Not thread-safe.
class PartitionFiles {
 public:
  /// `codec`, `schema` and `store` outlive this. `directory` ends in a slash.
  PartitionFiles(RowCodec& codec, const CollectionSchema& schema, ObjectStore& store, std::string directory,
                 const ExportOptions& options, CallContext context);

  /// kAlreadyExists when a file that is not ours lies where one is to be written.
  Status Write(const RowBatch& batch);
  /// Close the last file. Without it, that file is not written.
  Status Finish();

  std::int64_t rows() const { return rows_; }
  std::int64_t bytes() const { return bytes_; }
  std::int64_t files() const { return opened_; }
  /// Of the files that this has written, the open one if something of it lies there already: they are ours to
  /// remove.
  std::vector<ObjectKey> WrittenKeys() const;

 private:
  Status Open();
  Status Close();

  RowCodec& codec_;
  const CollectionSchema& schema_;
  ObjectStore& store_;
  const std::string directory_;
  const ExportOptions& options_;
  const CallContext context_;
  std::vector<ObjectKey> written_;  ///< files that are closed
  std::int64_t opened_ = 0;
  ObjectKey key_;  ///< of the open file
  std::unique_ptr<ObjectOutput> output_;
  std::unique_ptr<TableWriter> table_;  ///< of kParquet
  std::string lines_;                   ///< of kJsonLines
  std::int64_t file_bytes_ = 0;
  std::int64_t rows_ = 0;
  std::int64_t bytes_ = 0;
};

}  // namespace mbk
