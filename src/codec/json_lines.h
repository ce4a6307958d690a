#pragma once

#include <string>

#include "base/status.h"
#include "model/rows.h"
#include "model/schema.h"

namespace mbk {

/// Append the rows of `batch` to `out`, one JSON object a line, keys in the order of the schema's fields:
///   numbers, strings, booleans, null  as themselves; 64-bit integers as numbers
///   NaN and infinities                the strings "NaN", "Infinity", "-Infinity"
///   JSON, $meta                       as the document that was stored
///   Array, dense vectors              arrays; Float16 and BFloat16 as numbers, binary vectors as their bytes
///   sparse vectors                    an object of index and value
///   Geometry, ArrayOfVector           base64 of their bytes
/// kDataLoss names the row and field whose value is none of its type; `first_row` is its number in messages.
Status AppendJsonLines(const CollectionSchema& schema, const RowBatch& batch, std::int64_t first_row,
                       std::string& out);

}  // namespace mbk
