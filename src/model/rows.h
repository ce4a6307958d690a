#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "model/schema.h"

/// Rows in memory, column by column: the memory layout of Apache Arrow without its headers, so that what
/// codec/ decodes is used by the rest of the program without a copy.
namespace mbk {

/// Fields that every segment has besides those of the schema (spec/milvus-protocol.md §6).
inline constexpr std::int64_t kRowIdField = 0;
inline constexpr std::int64_t kTimestampField = 1;

/// How the values of a column lie in memory. Little-endian throughout.
enum class ColumnLayout {
  kBits,      ///< one bit a row, least significant first: Bool
  kFixed,     ///< `width` bytes a row: numbers, dense vectors
  kVariable,  ///< bytes offsets[i] … offsets[i+1]: strings, JSON, arrays, sparse vectors
};

/// One field of some rows. A view: what the pointers lead to is kept alive by `owner`, and must not be
/// changed. Values by type (as binlogs hold them, spec/binlog.md):
///   Bool                            kBits
///   Int8 … Int64, Timestamptz       kFixed 1, 2, 4, 8
///   Float, Double                   kFixed 4, 8
///   String, VarChar, Text           kVariable, UTF-8
///   JSON, Geometry                  kVariable, the bytes as the client sent them
///   Array                           kVariable, a serialized schema.ScalarField
///   BinaryVector                    kFixed dim/8
///   FloatVector                     kFixed dim·4
///   Float16Vector, BFloat16Vector   kFixed dim·2
///   Int8Vector                      kFixed dim
///   SparseFloatVector               kVariable, (u32 index, f32 value) repeated
///   ArrayOfVector                   kVariable, the vectors of the row one behind another
/// A dense vector that may be null is kVariable: empty where it is null.
struct Column {
  std::int64_t field_id = 0;
  DataType type = DataType::kNone;
  ColumnLayout layout = ColumnLayout::kFixed;
  std::int32_t width = 0;   ///< bytes a row, of kFixed
  std::int64_t length = 0;  ///< rows
  /// Row 0 of this view is bit or row `offset` of `validity`, `values` and `offsets`.
  std::int64_t offset = 0;
  const std::uint8_t* validity = nullptr;  ///< a bit a row, 1 where there is a value; nullptr: all have one
  const std::uint8_t* values = nullptr;
  const std::int32_t* offsets = nullptr;  ///< of kVariable
  std::shared_ptr<const void> owner;

  bool IsNull(std::int64_t row) const { return validity != nullptr && !Bit(validity, row); }
  bool BoolAt(std::int64_t row) const { return Bit(values, row); }
  /// The bytes of one value; not for kBits. What a null row has is unspecified.
  std::string_view BytesAt(std::int64_t row) const {
    const char* const bytes = reinterpret_cast<const char*>(values);
    const std::int64_t at = offset + row;
    if (layout == ColumnLayout::kFixed) return {bytes + at * width, static_cast<std::size_t>(width)};
    return {bytes + offsets[at], static_cast<std::size_t>(offsets[at + 1] - offsets[at])};
  }
  /// A number of `sizeof(T)` == width bytes.
  template <class T>
  T NumberAt(std::int64_t row) const {
    T value;
    __builtin_memcpy(&value, values + (offset + row) * static_cast<std::int64_t>(sizeof(T)), sizeof(T));
    return value;
  }

 private:
  bool Bit(const std::uint8_t* bits, std::int64_t row) const {
    const std::int64_t at = offset + row;
    return (bits[at / 8] >> (at % 8) & 1) != 0;
  }
};

/// Some rows. All columns have `rows` of them.
struct RowBatch {
  std::int64_t rows = 0;
  std::vector<Column> columns;

  /// nullptr when there is no such column.
  const Column* Find(std::int64_t field_id) const {
    for (const Column& column : columns)
      if (column.field_id == field_id) return &column;
    return nullptr;
  }
};

}  // namespace mbk
