#include "ops/load/schema_plan.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace mbk::load {
namespace {

constexpr std::int64_t kFirstFieldId = 100;

// The id of `$meta`: recorded, or else the gap that it left among the others' ids, or one past them.
std::int64_t DynamicFieldId(const std::vector<FieldSchema>& fields) {
  std::int64_t expected = kFirstFieldId;
  for (const FieldSchema& field : fields) {
    if (field.is_dynamic) return field.field_id;
  }
  for (const FieldSchema& field : fields) {
    if (field.field_id != expected) return expected;
    ++expected;
  }
  return expected;
}

}  // namespace

SchemaPlan PlanSchema(const CollectionSchema& source, const std::string& target_name) {
  SchemaPlan plan{.schema = source};
  plan.schema.name = target_name;
  std::vector<FieldSchema>& fields = plan.schema.fields;
  std::sort(fields.begin(), fields.end(),
            [](const FieldSchema& a, const FieldSchema& b) { return a.field_id < b.field_id; });
  const std::int64_t dynamic_id = DynamicFieldId(fields);
  std::erase_if(fields, [](const FieldSchema& field) { return field.is_dynamic; });
  // Struct arrays take ids too, so a gap among the plain fields says nothing about `$meta`.
  if (!source.enable_dynamic_field || !source.struct_array_fields.empty()) return plan;
  auto late = std::find_if(fields.begin(), fields.end(),
                           [&](const FieldSchema& f) { return f.field_id > dynamic_id; });
  plan.late_fields.assign(std::make_move_iterator(late), std::make_move_iterator(fields.end()));
  fields.erase(late, fields.end());
  return plan;
}

KeyValues MergeProperties(const KeyValues& collection, const KeyValues& schema) {
  KeyValues merged = collection;
  for (const KeyValue& pair : schema) {
    if (FindValue(merged, pair.key) == nullptr) merged.push_back(pair);
  }
  return merged;
}

}  // namespace mbk::load
