#include "model/schema.h"

#include <algorithm>
#include <charconv>

namespace mbk {

const std::string* FindValue(const KeyValues& pairs, const std::string& key) {
  for (const KeyValue& pair : pairs) {
    if (pair.key == key) return &pair.value;
  }
  return nullptr;
}

std::int64_t TtlSeconds(const KeyValues& properties) {
  std::int64_t seconds = 0;
  if (const std::string* text = FindValue(properties, "collection.ttl.seconds"))
    std::from_chars(text->data(), text->data() + text->size(), seconds);
  return std::max<std::int64_t>(seconds, 0);
}

void SetValue(KeyValues& pairs, std::string_view key, std::string value) {
  auto found =
      std::find_if(pairs.begin(), pairs.end(), [&](const KeyValue& pair) { return pair.key == key; });
  if (found == pairs.end()) found = pairs.insert(found, {.key = std::string(key)});
  found->value = std::move(value);
}

bool IsVector(DataType type) { return type >= DataType::kBinaryVector && type <= DataType::kInt8Vector; }

std::int64_t DynamicFieldId(const CollectionSchema& schema) {
  std::vector<std::int64_t> ids;
  for (const FieldSchema& field : schema.fields) {
    if (field.is_dynamic) return field.field_id;
    ids.push_back(field.field_id);
  }
  std::sort(ids.begin(), ids.end());
  std::int64_t expected = kFirstFieldId;
  for (std::int64_t id : ids) {
    if (id != expected) break;
    ++expected;
  }
  return expected;
}

bool HasPartitionKey(const CollectionSchema& schema) {
  return std::any_of(schema.fields.begin(), schema.fields.end(),
                     [](const FieldSchema& field) { return field.is_partition_key; });
}

const FieldSchema* PrimaryKeyOf(const CollectionSchema& schema) {
  for (const FieldSchema& field : schema.fields) {
    if (field.is_primary_key) return &field;
  }
  return nullptr;
}

}  // namespace mbk
