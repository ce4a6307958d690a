#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/status.h"
#include "model/rows.h"
#include "model/schema.h"

/// What the schema says about the values of a field.
namespace mbk::codec {

/// How the column of a field looks (the table of model/rows.h).
struct ColumnShape {
  ColumnLayout layout = ColumnLayout::kFixed;
  std::int32_t width = 0;  ///< bytes a value: of kFixed, and of dense vectors that may be null
};

/// kUnimplemented for a type that this version does not know, kInvalidArgument for a vector without a
/// sensible `dim`. The messages name the field.
Result<ColumnShape> ShapeOf(const FieldSchema& field);

/// Vectors of a fixed number of bytes: all but sparse ones and arrays.
bool IsDenseVector(DataType type);
/// Values that must be UTF-8.
bool IsText(DataType type);
/// Whether a binlog holds values of both types in the same form.
bool SameStorage(DataType a, DataType b);

/// The dimension of a vector field.
Result<std::int32_t> DimensionOf(const FieldSchema& field);
/// A field of the type of one element of `field`, an Array or ArrayOfVector, with its dimension.
FieldSchema ElementOf(const FieldSchema& field);

/// All fields that have files: row id, timestamp, those of the schema, and those inside of struct arrays.
std::vector<FieldSchema> StoredFields(const CollectionSchema& schema);
/// One of them.
std::optional<FieldSchema> FindField(const CollectionSchema& schema, std::int64_t field_id);

}  // namespace mbk::codec
