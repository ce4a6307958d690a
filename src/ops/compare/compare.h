#pragma once

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

struct Comparison {
  SideFingerprints left, right;
  std::vector<std::string> schema_differences;  ///< with any, rows are not compared
  /// Names of the sides of which two passes gave two results: nothing is proved then.
  std::vector<std::string> being_written;
  std::int64_t missing = 0;                ///< rows that only the left side has
  std::int64_t extra = 0;                  ///< rows that only the right side has
  std::int64_t changed = 0;                ///< keys that both have, with other values
  std::vector<RowDifference> differences;  ///< the first of them, by key
  bool equal() const { return schema_differences.empty() && left.total == right.total; }
};

/// The fields that one schema has and the other has not, or that have another type there.
std::vector<std::string> CompareSchemas(const CollectionSchema& left, const CollectionSchema& right);

/// One pass over the rows.
Result<SideFingerprints> FingerprintsOf(rows::RowSource& source, Progress& progress,
                                        const CallContext& context);

/// One pass over both sides, another over those that may change; two more when they differ, over parts of the
/// keys where there are many.
Result<Comparison> CompareRows(rows::RowSource& left, rows::RowSource& right, const CompareOptions& options,
                               Progress& progress, const CallContext& context);

}  // namespace mbk
