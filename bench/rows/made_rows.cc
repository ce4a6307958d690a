#include "made_rows.h"

#include <fmt/core.h>

#include <array>
#include <cstdlib>

#include "codec/field_type.h"
#include "codec/scalar_field.h"
#include "model/column_builder.h"

namespace mbk::bench {
namespace {

// splitmix64: two multiplications a number, so that making gigabytes of vectors takes seconds.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t Next() {
    std::uint64_t x = state_ += 0x9E3779B97F4A7C15u;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
  }
  std::uint64_t Below(std::uint64_t end) { return Next() % end; }
  /// In [0, 1), with the 24 bits that numpy's float32 has.
  float Float() { return static_cast<float>(Next() >> 40) * 0x1p-24f; }

 private:
  std::uint64_t state_;
};

constexpr int kLogicalBits = 18;  // of a hybrid timestamp

constexpr std::array kWords = {"vector", "index",   "recall",  "segment", "flush",   "shard", "kühl",
                               "binlog", "restore", "staging", "naïve",   "cluster", "query", "数据库"};

std::string Words(Random& random, std::uint64_t count) {
  std::string text;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (i > 0) text += ' ';
    text += kWords[random.Below(kWords.size())];
  }
  return text;
}

std::string Json(Random& random, std::int64_t row) {
  return fmt::format(R"({{"row":{},"price":{:.2f},"tags":["{}","{}"],"title":"{}","sold":{}}})", row,
                     static_cast<double>(random.Below(100'000)) / 100, kWords[random.Below(kWords.size())],
                     kWords[random.Below(kWords.size())], Words(random, 6), random.Below(2) == 1);
}

std::string Array(Random& random) {
  codec::ScalarField field{.kind = codec::ScalarField::Kind::kLong};
  for (std::uint64_t left = 4 + random.Below(8); left > 0; --left)
    field.integers.push_back(static_cast<std::int64_t>(random.Below(1'000'000)));
  return codec::FormatScalarField(field);
}

std::string Sparse(Random& random) {
  std::string bytes;
  std::uint32_t index = 0;
  for (std::uint64_t left = 20 + random.Below(20); left > 0; --left) {
    index += 1 + static_cast<std::uint32_t>(random.Below(1000));
    const float value = random.Float();
    bytes.append(reinterpret_cast<const char*>(&index), 4).append(reinterpret_cast<const char*>(&value), 4);
  }
  return bytes;
}

void AppendVector(ColumnBuilder& builder, Random& random, std::string& scratch) {
  auto* const values = reinterpret_cast<float*>(scratch.data());
  for (std::size_t i = 0; i < scratch.size() / sizeof(float); ++i) values[i] = random.Float();
  builder.AppendBytes(scratch);
}

void AppendValue(const FieldSchema& field, std::int64_t row, Random& random, std::string& scratch,
                 ColumnBuilder& builder) {
  switch (field.data_type) {
    case DataType::kBool:
      return builder.AppendBool(random.Below(2) == 1);
    case DataType::kInt32:
      return builder.AppendNumber(static_cast<std::int32_t>(random.Below(200)));
    case DataType::kInt64:
      return builder.AppendNumber(field.is_primary_key ? row : static_cast<std::int64_t>(random.Next() >> 1));
    case DataType::kDouble:
      return builder.AppendNumber(static_cast<double>(random.Float()));
    case DataType::kVarChar:
      return builder.AppendBytes(Words(random, 3 + random.Below(6)));
    case DataType::kJson:
      return builder.AppendBytes(Json(random, row));
    case DataType::kArray:
      return builder.AppendBytes(Array(random));
    case DataType::kSparseFloatVector:
      return builder.AppendBytes(Sparse(random));
    case DataType::kFloatVector:
      return AppendVector(builder, random, scratch);
    default:
      std::abort();  // no kind of column has another type
  }
}

struct Kind {
  const char* name;
  DataType type;
  const char* dimension;
};
constexpr Kind kKinds[] = {{"primary_key", DataType::kInt64, ""},
                           {"int64", DataType::kInt64, ""},
                           {"int32_few_values", DataType::kInt32, ""},
                           {"bool", DataType::kBool, ""},
                           {"double", DataType::kDouble, ""},
                           {"varchar", DataType::kVarChar, ""},
                           {"json", DataType::kJson, ""},
                           {"array_of_int64", DataType::kArray, ""},
                           {"float_vector_128", DataType::kFloatVector, "128"},
                           {"float_vector_256", DataType::kFloatVector, "256"},
                           {"sparse_vector", DataType::kSparseFloatVector, ""}};

Column CountUp(std::int64_t field_id, std::int64_t first, std::int64_t rows, std::int64_t step) {
  ColumnBuilder builder(field_id, DataType::kInt64, ColumnLayout::kFixed, 8);
  for (std::int64_t row = 0; row < rows; ++row) builder.AppendNumber(first + row * step);
  return builder.Finish();
}

}  // namespace

std::vector<std::string> ColumnKinds() {
  std::vector<std::string> names;
  for (const Kind& kind : kKinds) names.emplace_back(kind.name);
  return names;
}

FieldSchema FieldOfKind(const std::string& name, std::int64_t id) {
  FieldSchema field{.field_id = id, .name = name};
  for (const Kind& kind : kKinds) {
    if (name != kind.name) continue;
    field.is_primary_key = name == "primary_key";
    field.data_type = kind.type;
    if (kind.type == DataType::kArray) field.element_type = DataType::kInt64;
    if (kind.type == DataType::kVarChar) field.type_params.push_back({.key = "max_length", .value = "1000"});
    if (*kind.dimension != '\0') field.type_params.push_back({.key = "dim", .value = kind.dimension});
  }
  return field;
}

Column MakeColumn(const FieldSchema& field, std::int64_t first, std::int64_t rows) {
  const codec::ColumnShape shape = codec::ShapeOf(field).value();
  ColumnBuilder builder(field.field_id, field.data_type, shape.layout, shape.width);
  Random random(static_cast<std::uint64_t>(first) * 1000 + static_cast<std::uint64_t>(field.field_id));
  std::string scratch(static_cast<std::size_t>(shape.width), '\0');
  for (std::int64_t row = first; row < first + rows; ++row) AppendValue(field, row, random, scratch, builder);
  return builder.Finish();
}

Column MakeRowIds(std::int64_t first, std::int64_t rows) {
  return CountUp(kRowIdField, 450'000'000'000'000'000 + first, rows, 1);
}

Column MakeTimestamps(std::int64_t first, std::int64_t rows) {
  ColumnBuilder builder(kTimestampField, DataType::kInt64, ColumnLayout::kFixed, 8);
  for (std::int64_t row = first; row < first + rows; ++row)
    builder.AppendNumber(kWrittenAt + static_cast<std::uint64_t>(row / kRowsOfAMessage << kLogicalBits));
  return builder.Finish();
}

}  // namespace mbk::bench
