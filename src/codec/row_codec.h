#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "codec/byte_source.h"
#include "model/rows.h"
#include "model/schema.h"

/// Milvus's data files to rows, and back (spec/binlog.md). The implementation stands on Apache Arrow and is
/// a library of its own that LoadRowCodec opens, so that commands which need no rows do not load Arrow.
///
/// Whatever is wrong with a file is kDataLoss, and the message names the file and where in it: truncated,
/// lengths that lead outside, a type that contradicts the schema, more values than the file can hold.
/// Memory is bounded by batch and page, whatever a file claims.
namespace mbk {

/// Where a binlog belongs; stands in its descriptor event.
struct BinlogOrigin {
  std::int64_t collection_id = 0;
  std::int64_t partition_id = 0;
  std::int64_t segment_id = 0;
  friend bool operator==(const BinlogOrigin&, const BinlogOrigin&) = default;
};

/// The files of one field (storage V1) or column group (V2) of a segment, in the order of their log ids.
struct FieldFiles {
  std::int64_t field_id = 0;  ///< or that of the group
  std::vector<std::unique_ptr<ByteSource>> files;
};

struct ReadOptions {
  /// Where the files of a segment belong, as the header of each V1 file must say; unset: all must say the
  /// same. A file that changed places with one of another segment is found by it.
  std::optional<BinlogOrigin> origin;
  /// Fields to decode; empty: all of the schema, and row id and timestamp. Files that hold none of them are
  /// not read.
  std::vector<std::int64_t> field_ids;
  std::int64_t batch_rows = 8192;       ///< at most, in one batch
  std::int64_t batch_bytes = 16 << 20;  ///< about, in one batch
  /// For pages and columns while they are decoded; a file that needs more is kDataLoss. Batches that the
  /// caller holds do not count.
  std::int64_t memory_bytes = 256 << 20;
};

/// Reads the rows of one segment in their order. Not thread-safe.
class RowReader {
 public:
  virtual ~RowReader() = default;
  /// The next rows, all columns aligned; none when the segment ends. A batch lives on its own.
  virtual Result<std::optional<RowBatch>> Next() = 0;
};

/// A deleted key.
struct DeletedKey {
  std::int64_t number = 0;      ///< of an Int64 key
  std::string_view text;        ///< of a VarChar key, valid during the call
  std::uint64_t timestamp = 0;  ///< hybrid
};

using DeleteSink = std::function<Status(const DeletedKey&)>;

/// One file to be written: takes its bytes in order.
using FileSink = std::function<Status(std::string_view)>;

struct EncodeOptions {
  /// As the writers of these versions name and mark the column of a V1 payload.
  enum class Dialect { kMilvus23, kMilvus24 };
  Dialect dialect = Dialect::kMilvus23;
  std::uint64_t written_at = 0;  ///< hybrid; of the event headers
};

/// Writes rows as Parquet that any tool reads. Not thread-safe.
class TableWriter {
 public:
  virtual ~TableWriter() = default;
  virtual Status Write(const RowBatch& batch) = 0;
  /// Must be called last; a file without it is not readable.
  virtual Status Finish() = 0;
};

/// Thread-safe; the readers and writers it makes are not.
class RowCodec {
 public:
  virtual ~RowCodec() = default;

  /// Rows of a data segment of storage V1 (one file a field and log) or V2 (packed; the first bytes of a file
  /// tell). Nothing of the files is kept but what a batch needs. Misaligned files (another number of rows
  /// than their neighbours at the same place) are kDataLoss once they are met. A field that the schema has
  /// and the files have not (added later) is filled with nulls if it may be null, else kDataLoss. The dynamic
  /// field, which DescribeCollection hides, is read when the caller has put it into `schema`.
  virtual Result<std::unique_ptr<RowReader>> OpenSegment(const CollectionSchema& schema,
                                                         std::vector<FieldFiles> files,
                                                         const ReadOptions& options) = 0;

  /// Every delete of a delta log: V1 with JSON, old text or multi-column Parquet, or bare Parquet.
  /// `key_type` is kInt64 or kVarChar; a key of the other kind is kDataLoss. (What the header says of the
  /// file's place is not looked at: see CheckDeltaLogOrigin.)
  virtual Status ReadDeltaLog(ByteSource& file, DataType key_type, const DeleteSink& sink) = 0;

  /// A V1 insert log of one field. `column` is not empty; `timestamps` (hybrid, one a row) give its range.
  virtual Result<std::string> EncodeInsertLog(const BinlogOrigin& origin, const FieldSchema& field,
                                              const Column& column, const Column& timestamps,
                                              const EncodeOptions& options) = 0;

  enum class DeltaFormat { kJson, kMultiField, kBareParquet };
  /// A delta log, from rows of two columns: the key (type Int64 or VarChar) and its timestamp (Int64).
  virtual Result<std::string> EncodeDeltaLog(const BinlogOrigin& origin, const Column& keys,
                                             const Column& timestamps, DeltaFormat format,
                                             const EncodeOptions& options) = 0;

  /// A storage V2 file: the columns of `batch` as one column group. `groups` are the fields of all column
  /// groups of the segment, which every file of it lists.
  virtual Result<std::string> EncodePacked(const CollectionSchema& schema, const RowBatch& batch,
                                           std::span<const std::vector<std::int64_t>> groups) = 0;

  /// A Parquet file with standard types, into `sink`: vectors as fixed-size lists of their element type
  /// (binary vectors as fixed-size binary), JSON as strings, arrays as lists, and so on. Columns bear the
  /// names of `schema`, whose fields alone are written; row id and timestamp are not.
  virtual Result<std::unique_ptr<TableWriter>> OpenTable(const CollectionSchema& schema, FileSink sink) = 0;
};

/// The codec, opened on first use and kept to the end of the process. kFailedPrecondition when its library
/// is not where it belongs, or another version than this program. Thread-safe.
Result<RowCodec*> LoadRowCodec();

}  // namespace mbk
