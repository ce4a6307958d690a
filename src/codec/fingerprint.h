#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/rows.h"
#include "model/schema.h"

/// What a set of rows is, in 128 bits: docs/formats/fingerprint.md. Independent of order, segments, ids and
/// row timestamps; equal for two servers that hold the same rows.
namespace mbk {

struct Hash128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  friend auto operator<=>(const Hash128&, const Hash128&) = default;
};

/// XXH3, 128 bits, seed 0.
Hash128 HashBytes(std::string_view bytes);

/// The sum of the hashes of rows, modulo 2^128.
struct Fingerprint {
  Hash128 sum;
  std::int64_t rows = 0;

  void Add(const Hash128& row);
  void Add(const Fingerprint& other);
  /// 32 hex digits, a dash, the number of rows.
  std::string ToString() const;
  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

/// Hashes rows of one schema. Thread-safe once made.
class RowHasher {
 public:
  /// `schema` with its dynamic field among its fields where it has one.
  explicit RowHasher(const CollectionSchema& schema);

  /// The fields that count, in the order in which they are hashed: by name. Outputs of functions are left
  /// out, for no server gives them back; row id and timestamp are no fields of the schema.
  const std::vector<FieldSchema>& fields() const& { return fields_; }
  void fields() const&& = delete;  // a loop over those of a temporary would outlive it

  /// The hashes of every row of `batch`, which has all of `fields()`. kDataLoss when a value is not what its
  /// type says, kInternal when a field is missing.
  Result<std::vector<Hash128>> HashRows(const RowBatch& batch) const;

 private:
  std::vector<FieldSchema> fields_;
  std::vector<std::uint64_t> seeds_;  ///< of each field
};

/// The bytes of one value that is not null, as they are hashed. kDataLoss for an array that is none.
Result<std::string> CanonicalBytes(const Column& column, std::int64_t row);

}  // namespace mbk
