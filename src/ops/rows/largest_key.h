#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "ops/rows/row_source.h"

namespace mbk::rows {

/// Milvus 2.3 counts the row of this key and returns it to no query.
inline constexpr std::int64_t kLargestKey = std::numeric_limits<std::int64_t>::max();

/// Whether the keys of a collection are numbers.
bool HasLargestKey(const CollectionSchema& schema);

/// The rows of another source but for that of the largest key.
class WithoutLargestKey : public RowSource {
 public:
  /// `source` outlives this, and HasLargestKey is true of its schema.
  explicit WithoutLargestKey(RowSource& source) : source_(source) {}

  const std::string& name() const override { return source_.name(); }
  const CollectionSchema& schema() const override { return source_.schema(); }
  bool may_change() const override { return source_.may_change(); }
  Status ForEachBatch(const Visit& visit, const CallContext& context) override;
  Result<std::vector<bool>> FindRepeated(const std::vector<PlacedKey>& keys,
                                         const CallContext& context) override {
    return source_.FindRepeated(keys, context);
  }

 private:
  RowSource& source_;
};

}  // namespace mbk::rows
