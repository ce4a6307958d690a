#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "codec/testing/columns.h"
#include "ops/rows/row_source.h"
#include "ops/testing/memory_backup.h"

/// Collections made of random rows of every type, and backups of them in every format of data files. The
/// same seed gives the same rows, on any machine.
namespace mbk::opstest {

using codec::testing::Values;
using Random = std::mt19937_64;

/// 0 … below - 1. Not quite even, but the same with every standard library.
inline std::size_t Pick(Random& random, std::size_t below) { return random() % below; }

struct GeneratedDelete {
  std::string key;  ///< as Values hold it
  std::uint64_t timestamp = 0;
};

struct GeneratedSegment {
  std::size_t partition = 0;
  std::vector<Values> columns;  ///< of each of GeneratedRows::fields
  std::vector<GeneratedDelete> deletes;
  std::size_t rows() const { return columns.front().size(); }
};

/// Deletes of a partition, or of the whole collection when there is none.
struct GeneratedL0 {
  std::optional<std::size_t> partition;
  std::vector<GeneratedDelete> deletes;
};

struct RowPlace {
  std::size_t segment = 0;
  std::size_t row = 0;
};

/// What a collection holds, whatever its files look like.
struct GeneratedRows {
  CollectionSchema schema;
  std::vector<FieldSchema> fields;  ///< row id, timestamp, then those of `schema`
  std::vector<GeneratedSegment> segments;
  std::vector<GeneratedL0> l0;
  std::vector<RowPlace> living;  ///< the rows that neither a delete nor a newer row of their key buries

  std::size_t key_field() const;                          ///< in `fields`
  std::size_t FieldNamed(const std::string& name) const;  ///< in `fields`
};

struct GenerateOptions {
  bool nullable = false;  ///< some fields may be null, which Milvus 2.3 cannot store
  std::size_t segments = 2;
  std::size_t most_rows = 16;  ///< of a segment; at least half as many
};
/// Rows of every data type in two partitions; deletes beside segments, in L0 of a partition and in L0 of
/// the collection, that bury rows, and such that do not; keys that were written twice.
GeneratedRows Generate(std::uint64_t seed, const GenerateOptions& options);

/// A value of `field` at random. NaN, −0.0, empty strings and empty arrays come up.
std::string RandomValue(Random& random, const FieldSchema& field);

/// How data files look.
struct FileFormat {
  enum class Rows { kMilvus23, kMilvus24, kPacked };
  Rows rows = Rows::kMilvus23;
  RowCodec::DeltaFormat deletes = RowCodec::DeltaFormat::kJson;
  std::size_t logs = 1;  ///< files of a field or column group, at most
};
FileFormat AnyFormat(Random& random, bool nullable);

/// A backup of generated rows: files and model are there, Commit makes a backup of them. Columns behind the
/// timestamps of a segment may be shorter than these: a damaged backup then.
class GeneratedBackup : public MemoryBackup {
 public:
  GeneratedBackup(const GeneratedRows& rows, const FileFormat& format);

  Collection& collection() { return backup().collections[0]; }
  /// Data segment `index` of the rows.
  Segment& SegmentAt(std::size_t index);
  /// The object of a log of a segment of this backup.
  std::string KeyOf(const Segment& segment, const Binlog& log, bool is_delta) const;
  /// The living rows, as a side of a comparison: always in the same order. `collection()` must not change as
  /// long as it is used.
  std::unique_ptr<rows::RowSource> Source();

 private:
  void AddRows(const GeneratedRows& rows, const GeneratedSegment& segment, const FileFormat& format);
  void AddDeletes(Segment& segment, const GeneratedRows& rows, const std::vector<GeneratedDelete>& deletes,
                  const FileFormat& format);
  std::vector<std::size_t> partition_of_;  ///< of each data segment
};

/// What `source`, one of GeneratedBackup's, gives, put into other segments: rows of the same collection with
/// other row ids and timestamps, and no deletes.
GeneratedRows Regroup(const GeneratedRows& original, rows::RowSource& source, Random& random);

}  // namespace mbk::opstest
