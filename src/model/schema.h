#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mbk {

/// One entry of Milvus's common.KeyValuePair lists, order kept as the server gave it.
struct KeyValue {
  std::string key;
  std::string value;
  friend bool operator==(const KeyValue&, const KeyValue&) = default;
};
using KeyValues = std::vector<KeyValue>;

/// The value of `key`, or nullptr when it is absent.
const std::string* FindValue(const KeyValues& pairs, const std::string& key);
/// After how many seconds the rows of a collection of these properties run out (collection.ttl.seconds); 0:
/// never.
std::int64_t TtlSeconds(const KeyValues& properties);
/// Give `key` this value, in its place or as the last pair.
void SetValue(KeyValues& pairs, std::string_view key, std::string value);

/// schema.DataType. Numbers that a newer server may add pass through unchanged.
enum class DataType : std::int32_t {
  kNone = 0,
  kBool = 1,
  kInt8 = 2,
  kInt16 = 3,
  kInt32 = 4,
  kInt64 = 5,
  kFloat = 10,
  kDouble = 11,
  kString = 20,
  kVarChar = 21,
  kArray = 22,
  kJson = 23,
  kGeometry = 24,
  kText = 25,
  kTimestamptz = 26,
  kBinaryVector = 100,
  kFloatVector = 101,
  kFloat16Vector = 102,
  kBFloat16Vector = 103,
  kSparseFloatVector = 104,
  kInt8Vector = 105,
  kArrayOfVector = 106,
  kArrayOfStruct = 200,
  kStruct = 201,
};

/// Whether values of this type are vectors, which take vector indexes.
bool IsVector(DataType type);

/// schema.FieldSchema (field numbers: spec/milvus-protocol.md §3).
struct FieldSchema {
  std::int64_t field_id = 0;
  std::string name;
  bool is_primary_key = false;
  std::string description;
  DataType data_type = DataType::kNone;
  KeyValues type_params;
  KeyValues index_params;
  bool auto_id = false;
  std::int32_t state = 0;
  DataType element_type = DataType::kNone;
  std::string default_value;  ///< serialized schema.ValueField; empty: no default
  bool is_dynamic = false;
  bool is_partition_key = false;
  bool is_clustering_key = false;
  bool nullable = false;
  bool is_function_output = false;
  std::string external_field;
  std::string type_schema;  ///< field 18, passed through as raw bytes
  bool element_nullable = false;
  friend bool operator==(const FieldSchema&, const FieldSchema&) = default;
};

/// schema.StructArrayFieldSchema (Milvus 2.6).
struct StructArrayField {
  std::int64_t field_id = 0;
  std::string name;
  std::string description;
  std::vector<FieldSchema> fields;
  KeyValues type_params;
  bool nullable = false;
  friend bool operator==(const StructArrayField&, const StructArrayField&) = default;
};

/// schema.FunctionSchema: BM25, embeddings, MinHash (Milvus 2.5).
struct FunctionSchema {
  std::string name;
  std::int64_t id = 0;
  std::string description;
  std::int32_t type = 0;  ///< schema.FunctionType, unknown numbers pass through
  std::vector<std::string> input_field_names;
  std::vector<std::int64_t> input_field_ids;
  std::vector<std::string> output_field_names;
  std::vector<std::int64_t> output_field_ids;
  KeyValues params;
  friend bool operator==(const FunctionSchema&, const FunctionSchema&) = default;
};

/// schema.CollectionSchema.
struct CollectionSchema {
  std::string name;
  std::string description;
  bool auto_id = false;
  std::vector<FieldSchema> fields;
  bool enable_dynamic_field = false;
  KeyValues properties;
  std::vector<FunctionSchema> functions;
  std::vector<StructArrayField> struct_array_fields;
  std::int32_t version = 0;
  std::string external_source;
  std::string external_spec;
  bool do_physical_backfill = false;
  std::vector<std::int64_t> file_resource_ids;
  bool enable_namespace = false;
  friend bool operator==(const CollectionSchema&, const CollectionSchema&) = default;
};

/// The ids of a collection's own fields begin here; those below are Milvus's.
inline constexpr std::int64_t kFirstFieldId = 100;

/// What the dynamic field is called. Milvus leaves it out of the schema that it describes.
inline constexpr const char* kDynamicFieldName = "$meta";

/// The id of the dynamic field: that of a field which says so, or else the gap that it left among the
/// others' ids, or one past them. Meaningless when the dynamic field is not enabled.
std::int64_t DynamicFieldId(const CollectionSchema& schema);

/// Whether rows are spread over partitions by the value of a field.
bool HasPartitionKey(const CollectionSchema& schema);

/// nullptr when the schema has no primary key.
const FieldSchema* PrimaryKeyOf(const CollectionSchema& schema);

}  // namespace mbk
