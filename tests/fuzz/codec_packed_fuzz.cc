// Fuzz target: any bytes as a packed file, with fields of several kinds.
#include <cstddef>
#include <cstdint>

#include "codec_rows.h"

namespace {

mbk::FieldSchema Field(std::int64_t id, mbk::DataType type) {
  mbk::FieldSchema field;
  field.field_id = id;
  field.name = "fuzz";
  field.data_type = type;
  field.nullable = true;
  field.type_params = {{.key = "dim", .value = "4"}};
  return field;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mbk::CollectionSchema schema;
  schema.fields = {Field(100, mbk::DataType::kInt64), Field(101, mbk::DataType::kVarChar),
                   Field(102, mbk::DataType::kDouble), Field(103, mbk::DataType::kFloatVector)};
  std::string bytes(reinterpret_cast<const char*>(data), size);
  if (!bytes.starts_with("PAR1")) return 0;
  mbk::codec::ReadRows(schema, 0, std::move(bytes));
  return 0;
}
