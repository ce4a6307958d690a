#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/status.h"
#include "codec/arrow/limit_pool.h"
#include "codec/field_type.h"
#include "model/rows.h"

/// Arrays as Parquet files hold them to columns as model/rows.h has them, without a copy where the layouts
/// agree, which they do for all but lists and for nullable vectors of fixed width.
namespace mbk::codec {

struct ImportContext {
  std::string_view where;      ///< file and offset, for messages
  std::int64_t first_row = 0;  ///< of the array in that file
  std::shared_ptr<LimitPool> pool;
};

/// kDataLoss when values of `type` are none of `field`.
Status CheckType(const FieldSchema& field, const ColumnShape& shape, const arrow::DataType& type,
                 std::string_view where);

/// `array` is of a type that CheckType has let pass. kDataLoss names the row: a null where none may be, text
/// that is not UTF-8, a vector of another length.
Result<Column> ImportColumn(const FieldSchema& field, const ColumnShape& shape,
                            std::shared_ptr<arrow::Array> array, const ImportContext& context);

/// A column of nulls, for a field that was added after the rows were written.
Result<Column> NullColumn(const FieldSchema& field, const ColumnShape& shape, std::int64_t rows,
                          const std::shared_ptr<LimitPool>& pool);

}  // namespace mbk::codec
