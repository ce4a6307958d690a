#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "manifest/keys.h"
#include "model/backup.h"

namespace mbk {

/// One data object of a backup, by reference into the model.
struct DataObject {
  const Collection* collection = nullptr;
  const Segment* segment = nullptr;
  const Binlog* log = nullptr;
  bool is_delta = false;

  ObjectKey KeyIn(const BinlogTree& tree) const;
  ObjectKey KeyIn(const MilvusLayout& milvus) const;
};

/// Every data object of a set of collections, in the byte order of the keys that any BinlogTree gives
/// them, which is the order in which stores list them. Holds no keys: 24 bytes a segment.
class ObjectIndex {
 public:
  /// Sorts the logs of every segment of `collections`, which must outlive the index unchanged.
  explicit ObjectIndex(std::vector<Collection>& collections);

  std::size_t size() const { return begins_.empty() ? 0 : begins_.back(); }
  std::int64_t bytes() const { return bytes_; }
  /// `index` < size().
  DataObject at(std::size_t index) const;

 private:
  struct Run {
    const Collection* collection = nullptr;
    const Segment* segment = nullptr;
    bool is_delta = false;
  };
  std::vector<Run> runs_;
  std::vector<std::size_t> begins_;  ///< of each run, and the end of the last
  std::int64_t bytes_ = 0;
};

/// All segments of a collection, those of the whole collection (L0) included.
void ForEachSegment(Collection& collection, const std::function<void(Segment&)>& visit);
void ForEachSegment(const Collection& collection, const std::function<void(const Segment&)>& visit);

}  // namespace mbk
