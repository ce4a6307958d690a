// Fuzz target: any bytes as an insert log of one field, whose type is what its descriptor says.
#include <cstddef>
#include <cstdint>

#include "codec/envelope.h"
#include "codec/field_type.h"
#include "codec_rows.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  mbk::MemorySource file("fuzz", bytes);
  auto envelope = mbk::codec::EnvelopeReader::Open(file);
  if (!envelope.ok()) return 0;
  mbk::FieldSchema field;
  field.field_id = envelope->descriptor().field_id;
  field.name = "fuzz";
  field.data_type = envelope->descriptor().payload_type;
  field.element_type =
      field.data_type == mbk::DataType::kArray ? mbk::DataType::kInt64 : mbk::DataType::kFloatVector;
  field.type_params = {{.key = "dim", .value = field.data_type == mbk::DataType::kBinaryVector ? "64" : "8"}};
  field.nullable = envelope->descriptor().nullable;
  mbk::CollectionSchema schema;
  schema.fields = {field};
  // Types that the schema cannot have are an argument, not a file.
  if (field.field_id < 2 || !mbk::codec::ShapeOf(field).ok()) return 0;
  mbk::codec::ReadRows(schema, field.field_id, std::move(bytes));
  return 0;
}
