#pragma once

#include <cstdint>
#include <string>

#include "manifest/json_shapes.h"
#include "model/schema.h"

namespace mbk::manifest {

/// How the JSON of a manifest fills schemas and key-value lists. One instance reads one document at a time.
class SchemaShapes {
 public:
  SchemaShapes();
  SchemaShapes(const SchemaShapes&) = delete;
  SchemaShapes& operator=(const SchemaShapes&) = delete;

  const json::Shape& schema() const { return schema_; }          ///< of a CollectionSchema
  const json::Shape& key_values() const { return key_values_; }  ///< of KeyValues: [{"key","value"}]
  const json::Shape& texts() const { return texts_; }            ///< of a std::vector<std::string>

 private:
  void DescribeField();
  void DescribeFunction();
  void DescribeSchema();
  Status FinishField(FieldSchema& field);

  json::Record<KeyValue> key_value_;
  json::List<KeyValue> key_values_{key_value_};
  json::List<std::string> texts_{json::ScalarShape<std::string>()};
  json::List<std::int64_t> ids_{json::ScalarShape<std::int64_t>()};
  json::Record<FieldSchema> field_;
  json::List<FieldSchema> fields_{field_};
  json::Record<FunctionSchema> function_;
  json::List<FunctionSchema> functions_{function_};
  json::Record<StructArrayField> struct_array_;
  json::List<StructArrayField> struct_arrays_{struct_array_};
  json::Record<CollectionSchema> schema_;

  /// Keys of the field being read that become bytes when all of it is there.
  struct EncodedParts {
    std::string default_base64;
    std::string default_proto;
    std::string type_schema_base64;
  } encoded_;
};

}  // namespace mbk::manifest
