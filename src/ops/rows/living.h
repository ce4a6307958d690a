#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "codec/fingerprint.h"

/// Which rows of a collection live: deletes applied, and of several rows with one key the newest. Milvus
/// does not enforce unique keys, so repeats are counted and no error.
namespace mbk::rows {

/// One thing that happened to a key: it was written at a place, or deleted within a scope.
struct KeyEvent {
  Hash128 key;                  ///< the number itself, or the hash of a text
  std::uint64_t timestamp = 0;  ///< hybrid
  std::uint64_t place = 0;      ///< built by RowAt or DeletedIn

  static KeyEvent RowAt(Hash128 key, std::uint64_t timestamp, std::size_t segment, std::int64_t row) {
    return {key, timestamp,
            static_cast<std::uint64_t>(segment) << kRowBits | static_cast<std::uint64_t>(row)};
  }
  static KeyEvent DeletedIn(Hash128 key, std::uint64_t timestamp, std::size_t scope) {
    return {key, timestamp, kDelete | static_cast<std::uint64_t>(scope)};
  }
  bool is_delete() const { return (place & kDelete) != 0; }
  std::size_t scope() const { return place & ~kDelete; }
  std::size_t segment() const { return place >> kRowBits; }
  std::int64_t row() const { return static_cast<std::int64_t>(place & ((std::uint64_t{1} << kRowBits) - 1)); }

 private:
  static constexpr int kRowBits = 38;  // 2^38 rows a segment, 2^25 segments
  static constexpr std::uint64_t kDelete = std::uint64_t{1} << 63;
};
static_assert(sizeof(KeyEvent) == 32);

/// Where deletes hold. A delta log beside a segment is for that segment alone, as the server applies it: a
/// key that was deleted in one partition lives on in another.
class Scopes {
 public:
  /// `partition_of[i]` is the index of segment i's partition.
  Scopes(std::vector<std::size_t> partition_of, std::size_t partitions)
      : partition_of_(std::move(partition_of)), partitions_(partitions) {}
  std::size_t OfSegment(std::size_t segment) const { return segment; }
  std::size_t OfPartition(std::size_t partition) const { return partition_of_.size() + partition; }
  std::size_t OfAll() const { return partition_of_.size() + partitions_; }

  bool Holds(std::size_t scope, std::size_t segment) const {
    return scope == OfSegment(segment) || scope == OfPartition(partition_of_[segment]) || scope == OfAll();
  }
  std::size_t partition_of(std::size_t segment) const { return partition_of_[segment]; }
  std::size_t segments() const { return partition_of_.size(); }
  std::size_t partitions() const { return partitions_; }

 private:
  std::vector<std::size_t> partition_of_;
  std::size_t partitions_;
};

struct RowCounts {
  std::int64_t written = 0;
  std::int64_t deleted = 0;    ///< rows older than a delete of their key
  std::int64_t duplicate = 0;  ///< rows not deleted, of whose key there is a newer one
  std::int64_t living() const { return written - deleted - duplicate; }
  void Add(const RowCounts& other);
  friend bool operator==(const RowCounts&, const RowCounts&) = default;
};

/// One bit a row. Not thread-safe while it is being filled.
class LivingRows {
 public:
  /// `one_key_space`: a key is unique in the collection, not in each partition: that of a partition key.
  LivingRows(Scopes scopes, bool one_key_space);

  /// Say that a segment has so many rows; all live until Resolve says otherwise.
  void SetRows(std::size_t segment, std::int64_t rows);
  /// Decide over the keys of `events`, which are all that happened to these keys, in any order. `events` is
  /// sorted. Of rows with one key and one timestamp the one that stands last is taken for the newest.
  void Resolve(std::vector<KeyEvent>& events);

  const std::vector<bool>& OfSegment(std::size_t segment) const { return lives_[segment]; }
  const RowCounts& OfPartition(std::size_t partition) const { return counts_[partition]; }

 private:
  void ResolveKey(const KeyEvent* begin, const KeyEvent* end);
  void Bury(const KeyEvent& row, std::int64_t RowCounts::* why);

  Scopes scopes_;
  bool one_key_space_;
  std::vector<std::vector<bool>> lives_;  ///< of each segment
  std::vector<RowCounts> counts_;         ///< of each partition
};

}  // namespace mbk::rows
