#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/progress.h"
#include "base/status.h"
#include "codec/fingerprint.h"
#include "ops/rows/row_source.h"

/// Whether two collections hold the same rows, and if not, which keys differ in which fields.
namespace mbk {

struct CompareOptions {
  std::int64_t max_differences = 20;  ///< keys that are named
  /// Keys held at a time while differences are looked for, 40 bytes each side.
  std::int64_t max_keys = 4 << 20;
};

struct RowDifference {
  enum class Kind { kMissing, kExtra, kChanged };  ///< at the right-hand side
  Kind kind = Kind::kChanged;
  std::string key;                  ///< as a query would name it: 17, "abc"
  std::vector<std::string> fields;  ///< of kChanged
};
std::string_view DifferenceName(RowDifference::Kind kind);

/// The fingerprints of one side.
struct SideFingerprints {
  std::string name;
  Fingerprint total;
  std::map<std::string, Fingerprint> partitions;  ///< by name; "" where they cannot be told
};

/// A partition whose rows differ between the sides.
struct PartitionDifference {
  std::string partition;
  std::int64_t rows_left = 0;
  std::int64_t rows_right = 0;
};

struct Comparison {
  SideFingerprints left, right;
  std::vector<std::string> schema_differences;
  bool rows_compared = false;  ///< not where fields are missing or of other types
  /// Names of the sides of which two passes gave two results: nothing is proved then.
  std::vector<std::string> being_written;
  std::int64_t missing = 0;  ///< rows that only the left side has
  std::int64_t extra = 0;    ///< rows that only the right side has
  std::int64_t changed = 0;  ///< keys that both have, with other values
  /// How many of the changed keys stand more than once at a side that then gives any of their rows. Looked
  /// for among the first kMostRepeatedLookedFor.
  std::int64_t repeated = 0;
  /// Why the sides may differ though no row was lost: keys that stand more than once, rows that ran out. With
  /// any, the differences prove nothing.
  std::vector<std::string> explanations;
  std::vector<RowDifference> differences;  ///< the first of them, by key
  /// Of collections without a partition key, whose rows lie where they were put.
  std::vector<PartitionDifference> partition_differences;
  bool equal() const {
    return schema_differences.empty() && left.total == right.total && partition_differences.empty();
  }
  /// Whether the sides were seen to differ, and nothing but a loss or a change of rows can be the reason.
  bool different() const { return being_written.empty() && explanations.empty() && !equal(); }
};
inline constexpr std::size_t kMostRepeatedLookedFor = 256;

/// The fields that one schema has and the other has not, or that have another type, element type or dimension
/// there: their rows cannot be compared.
std::vector<std::string> CompareSchemas(const CollectionSchema& left, const CollectionSchema& right);
/// The fields of both whose limits differ: max_length, max_capacity. Their rows can be compared.
std::vector<std::string> CompareLimits(const CollectionSchema& left, const CollectionSchema& right);

/// One pass over the rows.
Result<SideFingerprints> FingerprintsOf(rows::RowSource& source, Progress& progress,
                                        const CallContext& context);

/// The partitions in which the rows differ, by name; one that is missing at a side has no rows there.
std::vector<PartitionDifference> ComparePartitions(const SideFingerprints& left,
                                                   const SideFingerprints& right);

/// One pass over both sides, another over those that may change; two more when they differ, over parts of the
/// keys where there are many.
Result<Comparison> CompareRows(rows::RowSource& left, rows::RowSource& right, const CompareOptions& options,
                               Progress& progress, const CallContext& context);

}  // namespace mbk
