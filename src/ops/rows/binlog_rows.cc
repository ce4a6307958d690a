#include "ops/rows/binlog_rows.h"

#include <algorithm>

#include "model/column_builder.h"

namespace mbk::rows {

RowBatch Living(const RowBatch& batch, const std::vector<bool>& lives, std::int64_t first_row) {
  const auto begin = lives.begin() + first_row;
  const std::vector<bool> keep(begin, begin + batch.rows);
  if (std::find(keep.begin(), keep.end(), false) == keep.end()) return batch;
  return SelectRows(batch, keep);
}

Status BinlogRows::FindLiving(const CallContext& context) {
  if (living_) return {};
  MBK_TRY_ASSIGN(living_, rows_.FindLiving(context));
  return {};
}

Result<RowCounts> BinlogRows::Count(const CallContext& context) {
  MBK_TRY(FindLiving(context));
  RowCounts counts;
  for (std::size_t i = 0; i < rows_.collection().partitions.size(); ++i) counts.Add(living_->OfPartition(i));
  return counts;
}

Status BinlogRows::ForEachBatch(const Visit& visit, const CallContext& context) {
  MBK_TRY(FindLiving(context));
  const Collection& collection = rows_.collection();
  return rows_.ForEachBatch(
      FieldsOf(rows_.schema()),
      [&](std::size_t segment, std::int64_t first_row, const RowBatch& batch) -> Status {
        const RowBatch living = Living(batch, living_->OfSegment(segment), first_row);
        if (living.rows == 0) return {};
        return visit(collection.partitions[rows_.segments()[segment].partition].name, living);
      },
      [](std::size_t, Status end) { return end; }, context);
}

}  // namespace mbk::rows
