#include "ops/l0compact/fold.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace mbk {

Status L0Fold::Run(const Write& write, const CallContext& context) {
  const Collection& collection = rows_.collection();
  for (std::size_t i = 0; i < collection.partitions.size(); ++i) {
    for (const Segment& segment : collection.partitions[i].segments)
      if (segment.is_l0) MBK_TRY(Gather(segment, i, write, context));
  }
  for (const Segment& segment : collection.l0_segments) MBK_TRY(Gather(segment, kEvery, write, context));
  return WritePortion(write, context);
}

Status L0Fold::Gather(const Segment& l0, std::size_t partition, const Write& write,
                      const CallContext& context) {
  const bool is_number = rows_.primary_key().data_type == DataType::kInt64;
  return rows_.ForEachDelete(
      l0,
      [&](const DeletedKey& deleted) -> Status {
        const Hash128 key =
            is_number ? Hash128{static_cast<std::uint64_t>(deleted.number), 0} : HashBytes(deleted.text);
        portion_.push_back({key, deleted.timestamp, partition});
        if (static_cast<std::int64_t>(portion_.size()) < max_deletes_) return {};
        return WritePortion(write, context);
      },
      context);
}

const L0Fold::Delete* L0Fold::NewestFor(const Hash128& key, std::size_t partition) const {
  const Delete* newest = nullptr;
  auto at = std::lower_bound(portion_.begin(), portion_.end(), key,
                             [](const Delete& entry, const Hash128& wanted) { return entry.key < wanted; });
  for (; at != portion_.end() && at->key == key; ++at) {
    const bool holds = at->partition == kEvery || at->partition == partition;
    if (holds && (newest == nullptr || at->timestamp > newest->timestamp)) newest = &*at;
  }
  return newest;
}

// Only deletes that bury a row are written: one older than the row it names does nothing.
Status L0Fold::WritePortion(const Write& write, const CallContext& context) {
  if (portion_.empty()) return {};
  std::sort(portion_.begin(), portion_.end(), [](const Delete& a, const Delete& b) { return a.key < b.key; });
  std::vector<std::vector<FoldedDelete>> hits(rows_.segments().size());
  const FieldSchema& key_field = rows_.primary_key();
  auto visit = [&](std::size_t segment, std::int64_t, const RowBatch& batch) -> Status {
    const Column* keys = batch.Find(key_field.field_id);
    const Column* times = batch.Find(kTimestampField);
    if (keys == nullptr || times == nullptr) return Internal("a batch without keys or timestamps");
    for (std::int64_t row = 0; row < batch.rows; ++row) {
      const Delete* deleted = NewestFor(rows::KeyHash(*keys, row), rows_.segments()[segment].partition);
      if (deleted == nullptr ||
          deleted->timestamp <= static_cast<std::uint64_t>(times->NumberAt<std::int64_t>(row)))
        continue;
      FoldedDelete hit{.timestamp = deleted->timestamp};
      if (key_field.data_type == DataType::kInt64)
        hit.number = keys->NumberAt<std::int64_t>(row);
      else
        hit.text = keys->BytesAt(row);
      hits[segment].push_back(std::move(hit));
    }
    return {};
  };
  MBK_TRY(rows_.ForEachBatch(
      {key_field.field_id, kTimestampField}, visit, [](std::size_t, Status end) { return end; }, context));
  portion_.clear();
  for (std::size_t segment = 0; segment < hits.size(); ++segment) {
    if (hits[segment].empty()) continue;
    std::sort(hits[segment].begin(), hits[segment].end(), [](const FoldedDelete& a, const FoldedDelete& b) {
      return std::tie(a.timestamp, a.number, a.text) < std::tie(b.timestamp, b.number, b.text);
    });
    MBK_TRY(write(segment, hits[segment]));
  }
  return {};
}

}  // namespace mbk
