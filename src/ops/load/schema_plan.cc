#include "ops/load/schema_plan.h"

#include <algorithm>
#include <iterator>

namespace mbk::load {

SchemaPlan PlanSchema(const CollectionSchema& source, const std::string& target_name) {
  SchemaPlan plan{.schema = source};
  plan.schema.name = target_name;
  std::vector<FieldSchema>& fields = plan.schema.fields;
  std::sort(fields.begin(), fields.end(),
            [](const FieldSchema& a, const FieldSchema& b) { return a.field_id < b.field_id; });
  const std::int64_t dynamic_id = DynamicFieldId(source);
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

const FieldSchema* FindField(const CollectionSchema& schema, const std::string& name) {
  const auto found = std::find_if(schema.fields.begin(), schema.fields.end(),
                                  [&](const FieldSchema& field) { return field.name == name; });
  return found == schema.fields.end() ? nullptr : &*found;
}

}  // namespace mbk::load
