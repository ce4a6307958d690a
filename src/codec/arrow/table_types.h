#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "base/status.h"
#include "codec/field_type.h"
#include "model/rows.h"

/// How a table that leaves Milvus's world shows its values (src/codec/README.md has the table).
namespace mbk::codec {

/// kUnimplemented or kInvalidArgument, with the name of the field, for what cannot be shown.
Result<std::shared_ptr<arrow::DataType>> TableType(const FieldSchema& field);

/// `column` as an array of that type. kDataLoss, with the row counted from the column's first, for values
/// that are not what their type says: JSON that is not UTF-8, an array that is no message.
Result<std::shared_ptr<arrow::Array>> TableArray(const FieldSchema& field, const Column& column);

}  // namespace mbk::codec
