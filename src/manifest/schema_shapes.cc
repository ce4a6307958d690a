#include "manifest/schema_shapes.h"

#include <fmt/format.h>

#include "manifest/base64.h"

namespace mbk::manifest {
namespace {

Status DecodeInto(std::string& bytes, const std::string& base64, std::string_view key) {
  std::optional<std::string> decoded = Base64Decode(base64);
  if (!decoded) return DataLoss(fmt::format("{} is not base64", key));
  bytes = std::move(*decoded);
  return {};
}

}  // namespace

SchemaShapes::SchemaShapes() {
  key_value_.Add("key", &KeyValue::key).Add("value", &KeyValue::value);
  DescribeField();
  DescribeFunction();
  DescribeSchema();
}

void SchemaShapes::DescribeField() {
  const json::Shape& text = json::ScalarShape<std::string>();
  field_.OnBegin([this](FieldSchema&) { encoded_ = {}; })
      .OnEnd([this](FieldSchema& field) { return FinishField(field); })
      .Add("fieldID", &FieldSchema::field_id)
      .Add("name", &FieldSchema::name)
      .Add("is_primary_key", &FieldSchema::is_primary_key)
      .Add("description", &FieldSchema::description)
      .Add("data_type", &FieldSchema::data_type)
      .Add("type_params", &FieldSchema::type_params, key_values_)
      .Add("index_params", &FieldSchema::index_params, key_values_)
      .Add("autoID", &FieldSchema::auto_id)
      .Add("state", &FieldSchema::state)
      .Add("element_type", &FieldSchema::element_type)
      .Add("is_dynamic", &FieldSchema::is_dynamic)
      .Add("is_partition_key", &FieldSchema::is_partition_key)
      .Add("nullable", &FieldSchema::nullable)
      .Add(
          "default_value_proto", [this](FieldSchema&) { return &encoded_.default_proto; }, text)
      .Add("is_function_output", &FieldSchema::is_function_output)
      .Add(
          "default_value_base64", [this](FieldSchema&) { return &encoded_.default_base64; }, text)
      // Ours; the Go tool loses them.
      .Add("is_clustering_key", &FieldSchema::is_clustering_key)
      .Add("element_nullable", &FieldSchema::element_nullable)
      .Add("external_field", &FieldSchema::external_field)
      .Add("type_schema", [this](FieldSchema&) { return &encoded_.type_schema_base64; }, text);
}

/// Go 0.4.25 to 0.5.4 wrote the default value as raw bytes in a JSON string, which survives only where the
/// bytes happen to be UTF-8; later versions write base64.
Status SchemaShapes::FinishField(FieldSchema& field) {
  if (encoded_.default_base64.empty()) {
    field.default_value = std::move(encoded_.default_proto);
  } else {
    MBK_TRY(DecodeInto(field.default_value, encoded_.default_base64, "default_value_base64"));
  }
  return DecodeInto(field.type_schema, encoded_.type_schema_base64, "type_schema");
}

void SchemaShapes::DescribeFunction() {
  function_.Add("name", &FunctionSchema::name)
      .Add("id", &FunctionSchema::id)
      .Add("description", &FunctionSchema::description)
      .Add("type", &FunctionSchema::type)
      .Add("input_field_names", &FunctionSchema::input_field_names, texts_)
      .Add("input_field_ids", &FunctionSchema::input_field_ids, ids_)
      .Add("output_field_names", &FunctionSchema::output_field_names, texts_)
      .Add("output_field_ids", &FunctionSchema::output_field_ids, ids_)
      .Add("params", &FunctionSchema::params, key_values_);
}

void SchemaShapes::DescribeSchema() {
  struct_array_.Add("fieldID", &StructArrayField::field_id)
      .Add("name", &StructArrayField::name)
      .Add("description", &StructArrayField::description)
      .Add("fields", &StructArrayField::fields, fields_)
      .Add("type_params", &StructArrayField::type_params, key_values_)
      .Add("nullable", &StructArrayField::nullable);

  schema_.Add("name", &CollectionSchema::name)
      .Add("description", &CollectionSchema::description)
      .Add("autoID", &CollectionSchema::auto_id)
      .Add("fields", &CollectionSchema::fields, fields_)
      .Add("enable_dynamic_field", &CollectionSchema::enable_dynamic_field)
      .Add("properties", &CollectionSchema::properties, key_values_)
      .Add("functions", &CollectionSchema::functions, functions_)
      .Add("struct_array_fields", &CollectionSchema::struct_array_fields, struct_arrays_)
      // Ours; the Go tool loses them.
      .Add("version", &CollectionSchema::version)
      .Add("do_physical_backfill", &CollectionSchema::do_physical_backfill)
      .Add("file_resource_ids", &CollectionSchema::file_resource_ids, ids_)
      .Add("enable_namespace", &CollectionSchema::enable_namespace)
      .Add("external_source", &CollectionSchema::external_source)
      .Add("external_spec", &CollectionSchema::external_spec);
}

}  // namespace mbk::manifest
