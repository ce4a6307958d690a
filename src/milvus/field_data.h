#pragma once

#include <cstdint>
#include <memory>

#include "base/status.h"
#include "mbk/schema.pb.h"
#include "model/rows.h"
#include "model/schema.h"

/// One column of rows as Milvus's messages carry it, and back. What goes out and comes back has the same
/// bytes, for every type; rows without a value travel as `valid_data` says, their values left out.
namespace mbk {

/// Fills `out` but for its id, which servers do not want. kInvalidArgument when the column does not look as
/// its type demands, or lacks a value where the field must have one.
Status ToFieldData(const FieldSchema& field, const Column& column, ::milvus::proto::schema::FieldData* out);

/// The column of `data`, of `rows` rows; its field id is left 0. `owner` keeps `data` alive, to whose memory
/// the column of plain numbers and vectors leads. kDataLoss when the message contradicts itself.
/// Values of rows without one may be left out or stand as anything.
Result<Column> FromFieldData(const ::milvus::proto::schema::FieldData& data, std::int64_t rows,
                             std::shared_ptr<const void> owner);

/// How many rows `data` has. kDataLoss when it contradicts itself.
Result<std::int64_t> RowsOf(const ::milvus::proto::schema::FieldData& data);

/// Bytes a row of a type that has always the same number of them: `dim` counts for vectors. 0: there is no
/// such number, or `dim` is none that a vector has.
std::int64_t FixedWidth(DataType type, std::int64_t dim);

}  // namespace mbk
