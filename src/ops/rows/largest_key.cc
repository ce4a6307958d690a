#include "ops/rows/largest_key.h"

#include <vector>

#include "ops/rows/binlog_rows.h"

namespace mbk::rows {

bool HasLargestKey(const CollectionSchema& schema) {
  const FieldSchema* key = PrimaryKeyOf(schema);
  return key != nullptr && key->data_type == DataType::kInt64;
}

Status WithoutLargestKey::ForEachBatch(const Visit& visit, const CallContext& context) {
  const std::int64_t key_field = PrimaryKeyOf(source_.schema())->field_id;
  return source_.ForEachBatch(
      [&](const std::string& partition, const RowBatch& batch) -> Status {
        const Column* keys = batch.Find(key_field);
        if (keys == nullptr) return Internal(name() + ": rows without their keys");
        std::vector<bool> kept;
        for (std::int64_t row = 0; row < batch.rows; ++row)
          kept.push_back(keys->NumberAt<std::int64_t>(row) != kLargestKey);
        return visit(partition, Living(batch, kept, 0));
      },
      context);
}

}  // namespace mbk::rows
