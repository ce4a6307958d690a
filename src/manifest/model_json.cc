#include "manifest/model_json.h"

#include "manifest/base64.h"

namespace mbk::manifest {
namespace {

void WriteKeyValue(JsonWriter& json, const KeyValue& pair) {
  json.BeginObject();
  json.NonZero("key", pair.key);
  json.NonZero("value", pair.value);
  json.EndObject();
}

/// What the Go tool has no keys for.
void WriteFieldExtras(JsonWriter& json, const FieldSchema& field) {
  json.NonZero("is_clustering_key", field.is_clustering_key);
  json.NonZero("element_nullable", field.element_nullable);
  json.NonZero("external_field", field.external_field);
  json.NonZero("type_schema", Base64Encode(field.type_schema));
}

void WriteField(JsonWriter& json, const FieldSchema& field) {
  json.BeginObject();
  json.NonZero("fieldID", field.field_id);
  json.NonZero("name", field.name);
  json.NonZero("is_primary_key", field.is_primary_key);
  json.NonZero("description", field.description);
  json.NonZero("data_type", static_cast<std::int32_t>(field.data_type));
  WriteKeyValues(json, "type_params", field.type_params);
  WriteKeyValues(json, "index_params", field.index_params);
  json.NonZero("autoID", field.auto_id);
  json.NonZero("state", field.state);
  json.NonZero("element_type", static_cast<std::int32_t>(field.element_type));
  json.NonZero("is_dynamic", field.is_dynamic);
  json.NonZero("is_partition_key", field.is_partition_key);
  json.NonZero("nullable", field.nullable);
  json.NonZero("is_function_output", field.is_function_output);
  json.NonZero("default_value_base64", Base64Encode(field.default_value));
  WriteFieldExtras(json, field);
  json.EndObject();
}

void WriteFunction(JsonWriter& json, const FunctionSchema& function) {
  json.BeginObject();
  json.NonZero("name", function.name);
  json.NonZero("id", function.id);
  json.NonZero("description", function.description);
  json.NonZero("type", function.type);
  WriteTexts(json, "input_field_names", function.input_field_names);
  WriteIds(json, "input_field_ids", function.input_field_ids);
  WriteTexts(json, "output_field_names", function.output_field_names);
  WriteIds(json, "output_field_ids", function.output_field_ids);
  WriteKeyValues(json, "params", function.params);
  json.EndObject();
}

void WriteStructArray(JsonWriter& json, const StructArrayField& field) {
  json.BeginObject();
  json.NonZero("fieldID", field.field_id);
  json.NonZero("name", field.name);
  json.NonZero("description", field.description);
  WriteList(json, "fields", field.fields, WriteField);
  WriteKeyValues(json, "type_params", field.type_params);  // ours, as is the next
  json.NonZero("nullable", field.nullable);
  json.EndObject();
}

/// What the Go tool has no keys for.
void WriteSchemaExtras(JsonWriter& json, const CollectionSchema& schema) {
  json.NonZero("version", schema.version);
  json.NonZero("do_physical_backfill", schema.do_physical_backfill);
  WriteIds(json, "file_resource_ids", schema.file_resource_ids);
  json.NonZero("enable_namespace", schema.enable_namespace);
  json.NonZero("external_source", schema.external_source);
  json.NonZero("external_spec", schema.external_spec);
}

/// Go writes params as a map: keys sorted, and one of a name.
std::map<std::string, std::string> AsMap(const KeyValues& pairs) {
  std::map<std::string, std::string> map;
  for (const KeyValue& pair : pairs) map.insert_or_assign(pair.key, pair.value);
  return map;
}

void WriteIndex(JsonWriter& json, const IndexInfo& index) {
  json.BeginObject();
  json.NonZero("field_name", index.field_name);
  json.NonZero("index_name", index.index_name);
  json.NonZero("index_type", index.index_type);
  WriteTextMap(json, "params", AsMap(index.params));
  json.NonZero("index_id", index.index_id);
  json.NonZero("field_id", index.field_id);
  json.NonZero("create_time", index.create_time);
  WriteKeyValues(json, "type_params", index.type_params);
  WriteKeyValues(json, "index_params", index.index_params);
  WriteKeyValues(json, "user_index_params", index.user_index_params);
  json.NonZero("is_auto_index", index.is_auto_index);
  json.NonZero("min_index_version", index.min_index_version);
  json.NonZero("max_index_version", index.max_index_version);
  json.EndObject();
}

}  // namespace

void WriteKeyValues(JsonWriter& json, std::string_view key, const KeyValues& pairs) {
  WriteList(json, key, pairs, WriteKeyValue);
}

void WriteTexts(JsonWriter& json, std::string_view key, const std::vector<std::string>& texts) {
  WriteList(json, key, texts, [](JsonWriter& out, const std::string& text) { out.Value(text); });
}

void WriteIds(JsonWriter& json, std::string_view key, const std::vector<std::int64_t>& ids) {
  WriteList(json, key, ids, [](JsonWriter& out, std::int64_t id) { out.Value(id); });
}

void WriteTextMap(JsonWriter& json, std::string_view key, const std::map<std::string, std::string>& map) {
  if (map.empty()) return;
  json.Key(key);
  json.BeginObject();
  for (const auto& [name, value] : map) json.Member(name, value);
  json.EndObject();
}

void WriteSchema(JsonWriter& json, const CollectionSchema& schema) {
  json.BeginObject();
  json.NonZero("name", schema.name);
  json.NonZero("description", schema.description);
  json.NonZero("autoID", schema.auto_id);
  WriteList(json, "fields", schema.fields, WriteField);
  json.NonZero("enable_dynamic_field", schema.enable_dynamic_field);
  WriteKeyValues(json, "properties", schema.properties);
  WriteList(json, "functions", schema.functions, WriteFunction);
  WriteList(json, "struct_array_fields", schema.struct_array_fields, WriteStructArray);
  WriteSchemaExtras(json, schema);
  json.EndObject();
}

void WriteIndexes(JsonWriter& json, const std::vector<IndexInfo>& indexes) {
  WriteList(json, "index_infos", indexes, WriteIndex);
}

void WriteRpcChannel(JsonWriter& json, const std::optional<RpcChannelInfo>& channel) {
  if (!channel) return;
  json.Key("rpc_channel_info");
  json.BeginObject();
  json.NonZero("name", channel->name);
  json.NonZero("position", channel->position);
  json.EndObject();
}

}  // namespace mbk::manifest
