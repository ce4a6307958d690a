#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "base/status.h"
#include "codec/field_type.h"
#include "model/rows.h"

/// Columns to arrays as binlogs hold them: the way back of column_import.h, without a copy but for arrays of
/// vectors.
namespace mbk::codec {

/// A view as a buffer: `data` is kept alive by `owner`.
std::shared_ptr<arrow::Buffer> ViewOf(const void* data, std::int64_t size, std::shared_ptr<const void> owner);

/// kInvalidArgument when `column` does not look as the schema says.
Status CheckColumn(const FieldSchema& field, const ColumnShape& shape, const Column& column);

/// The type that a binlog has for a field.
std::shared_ptr<arrow::DataType> PayloadType(const FieldSchema& field, const ColumnShape& shape);

/// `column`, which CheckColumn has let pass, in an array of that type.
Result<std::shared_ptr<arrow::Array>> PayloadArray(const FieldSchema& field, const ColumnShape& shape,
                                                   const Column& column);

/// The validity of a column, from its first row; nullptr when all rows have a value.
std::shared_ptr<arrow::Buffer> ValidityOf(const Column& column);

/// A column as a string or binary array; it is kVariable.
std::shared_ptr<arrow::Array> BytesArray(const std::shared_ptr<arrow::DataType>& type, const Column& column);

}  // namespace mbk::codec
