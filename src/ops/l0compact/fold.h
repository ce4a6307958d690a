#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "codec/row_codec.h"
#include "ops/rows/collection_rows.h"

namespace mbk {

/// A delete and the rows of one segment that it hits.
struct FoldedDelete {
  std::int64_t number = 0;  ///< of an Int64 key
  std::string text;         ///< of a VarChar key
  std::uint64_t timestamp = 0;
};

/// Which deletes of the L0 segments of a collection hit which data segment.
class L0Fold {
 public:
  /// `rows` outlives this. At most `max_deletes` are in memory at a time.
  L0Fold(const rows::CollectionRows& rows, std::int64_t max_deletes)
      : rows_(rows), max_deletes_(max_deletes) {}

  /// Told of the deletes that hit a segment, sorted by time; once a segment and portion of the deletes.
  using Write = std::function<Status(std::size_t segment, const std::vector<FoldedDelete>& deletes)>;
  /// Reads every L0 segment once, and the keys of all data segments once for each portion.
  Status Run(const Write& write, const CallContext& context);

 private:
  struct Delete {
    Hash128 key;
    std::uint64_t timestamp = 0;
    std::size_t partition = 0;  ///< index, or kEvery
  };
  static constexpr std::size_t kEvery = static_cast<std::size_t>(-1);

  Status Gather(const Segment& l0, std::size_t partition, const Write& write, const CallContext& context);
  Status WritePortion(const Write& write, const CallContext& context);
  const Delete* NewestFor(const Hash128& key, std::size_t partition) const;

  const rows::CollectionRows& rows_;
  const std::int64_t max_deletes_;
  std::vector<Delete> portion_;
};

}  // namespace mbk
