#pragma once

#include <cstdint>

#include "base/status.h"
#include "codec/field_type.h"
#include "model/rows.h"

namespace mbk::codec {

/// `rows` times the default of a field that has one: what Milvus answers for rows that are older than the
/// field. kDataLoss names a field whose default is none of its type.
Result<Column> DefaultColumn(const FieldSchema& field, const ColumnShape& shape, std::int64_t rows);

}  // namespace mbk::codec
