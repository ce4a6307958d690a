#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "model/rows.h"

namespace mbk {

/// Gathers values into a Column of its own memory. One thread at a time.
class ColumnBuilder {
 public:
  /// `width` in bytes, of kFixed.
  ColumnBuilder(std::int64_t field_id, DataType type, ColumnLayout layout, std::int32_t width = 0);
  /// Of the same field and layout as `column`.
  explicit ColumnBuilder(const Column& column);

  void AppendNull();
  void AppendBool(bool value);               ///< kBits only
  void AppendBytes(std::string_view value);  ///< kFixed: exactly the width; kVariable: at most 2 GiB in all
  template <class T>
  void AppendNumber(T value) {
    AppendBytes({reinterpret_cast<const char*>(&value), sizeof(value)});
  }
  /// Row `row` of a column of the same layout.
  void AppendFrom(const Column& column, std::int64_t row);

  std::int64_t length() const { return length_; }
  std::int64_t bytes() const;  ///< of the values gathered so far
  /// The column; the builder is empty afterwards.
  Column Finish();

 private:
  struct Buffers {
    std::vector<std::uint8_t> validity, values;
    std::vector<std::int32_t> offsets{0};
  };
  void AppendValidity(bool valid);

  Column shape_;
  std::unique_ptr<Buffers> buffers_;
  std::int64_t length_ = 0;
  bool has_nulls_ = false;
};

/// The rows of `batch` for which `keep` is set; as long as the batch.
RowBatch SelectRows(const RowBatch& batch, const std::vector<bool>& keep);

/// Rows `first` … `first + count - 1` of `batch`, as a view of the same memory.
RowBatch SliceRows(const RowBatch& batch, std::int64_t first, std::int64_t count);

}  // namespace mbk
