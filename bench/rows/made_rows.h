#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "model/rows.h"
#include "model/schema.h"

/// Rows for benchmarks: the same at every run, and neither all alike nor all different where real ones are
/// not.
namespace mbk::bench {

/// Hybrid: 2024-06-01.
inline constexpr std::uint64_t kWrittenAt = 1'717'200'000'000ull << 18;

/// Rows that have one timestamp, as those of a message do.
inline constexpr std::int64_t kRowsOfAMessage = 10'000;

/// The kinds of columns whose decoding is measured, by name: "int64", "float_vector_128", …
std::vector<std::string> ColumnKinds();

/// The field `id` of a kind of ColumnKinds().
FieldSchema FieldOfKind(const std::string& kind, std::int64_t id);

/// Rows `first` … `first + rows - 1` of such a field. An Int64 primary key counts up.
Column MakeColumn(const FieldSchema& field, std::int64_t first, std::int64_t rows);

/// Row ids (field 0) and timestamps (field 1), as Milvus gives them to rows that come in one behind another.
Column MakeRowIds(std::int64_t first, std::int64_t rows);
Column MakeTimestamps(std::int64_t first, std::int64_t rows);

}  // namespace mbk::bench
