#pragma once

#include <optional>
#include <string>

#include "ops/rows/collection_rows.h"
#include "ops/rows/row_source.h"

namespace mbk::rows {

/// The living rows of a collection whose binlogs lie in a store.
class BinlogRows : public RowSource {
 public:
  BinlogRows(std::string name, CollectionRows rows) : name_(std::move(name)), rows_(std::move(rows)) {}

  const std::string& name() const override { return name_; }
  const CollectionSchema& schema() const override { return rows_.schema(); }
  bool may_change() const override { return false; }
  /// Finds out which rows live when first called.
  Status ForEachBatch(const Visit& visit, const CallContext& context) override;
  /// How many rows its files hold, and how many of them live. Reads keys, timestamps and deletes when first
  /// called.
  Result<RowCounts> Count(const CallContext& context);

 private:
  Status FindLiving(const CallContext& context);

  const std::string name_;
  const CollectionRows rows_;
  std::optional<LivingRows> living_;
};

/// The rows of `batch`, which begins with row `first_row` of its segment, that live.
RowBatch Living(const RowBatch& batch, const std::vector<bool>& lives, std::int64_t first_row);

}  // namespace mbk::rows
