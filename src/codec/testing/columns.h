#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "codec/row_codec.h"
#include "model/rows.h"
#include "model/schema.h"

/// Rows for tests, as what every type has in common: the bytes of each value (of a Bool one byte, 0 or 1),
/// or none.
namespace mbk::codec::testing {

using Values = std::vector<std::optional<std::string>>;

/// The bytes of a number.
template <class T>
std::string Bytes(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof(T)};
}

FieldSchema Field(std::int64_t id, DataType type, std::int32_t dimension = 0);
/// A column as the schema of `field` asks for, which must be a sensible one.
Column ColumnOf(const FieldSchema& field, const Values& values);
Column TimestampsOf(const std::vector<std::uint64_t>& timestamps);
Values ValuesOf(const Column& column);

/// Files of a segment for OpenSegment; `name` is that of the first, the others count on.
FieldFiles FilesOf(std::int64_t field_id, const std::vector<std::string>& contents);
CollectionSchema SchemaOf(std::vector<FieldSchema> fields);

/// All rows of some fields, and the sizes of the batches they came in.
struct ReadResult {
  std::vector<Values> columns;
  std::vector<std::int64_t> batches;
};
Result<ReadResult> ReadAll(RowCodec& codec, const CollectionSchema& schema, std::vector<FieldFiles> files,
                           const ReadOptions& options);

}  // namespace mbk::codec::testing
