#include "codec/json_lines.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/hash.h"
#include "codec/scalar_field.h"

namespace mbk {
namespace {

void AppendText(std::string& out, std::string_view text) {
  out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

template <class T>
void AppendFloat(std::string& out, T value) {
  if (std::isnan(value))
    out += "\"NaN\"";
  else if (std::isinf(value))
    out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  else
    fmt::format_to(std::back_inserter(out), "{}", value);
}

template <class T>
T ReadNumber(std::string_view bytes, std::size_t index) {
  T value;
  __builtin_memcpy(&value, bytes.data() + index * sizeof(T), sizeof(T));
  return value;
}

// IEEE 754 binary16.
float FromHalf(std::uint16_t half) {
  const int exponent = half >> 10 & 0x1f;
  const int fraction = half & 0x3ff;
  float magnitude = 0;
  if (exponent == 0)
    magnitude = std::ldexp(static_cast<float>(fraction), -24);
  else if (exponent == 0x1f)
    magnitude = fraction == 0 ? INFINITY : NAN;
  else
    magnitude = std::ldexp(static_cast<float>(fraction + 0x400), exponent - 25);
  return (half & 0x8000) != 0 ? -magnitude : magnitude;
}

// The upper half of a float.
float FromBFloat16(std::uint16_t half) { return std::bit_cast<float>(std::uint32_t{half} << 16); }

template <class T, class Append>
void AppendList(std::string& out, std::string_view bytes, Append append) {
  out += '[';
  for (std::size_t i = 0; i < bytes.size() / sizeof(T); ++i) {
    if (i > 0) out += ',';
    append(ReadNumber<T>(bytes, i));
  }
  out += ']';
}

Status AppendSparse(std::string& out, std::string_view bytes) {
  constexpr std::size_t kPair = 8;  // u32 index, f32 value
  if (bytes.size() % kPair != 0) return DataLoss("a sparse vector that is no list of pairs");
  out += '{';
  for (std::size_t i = 0; i < bytes.size() / kPair; ++i) {
    if (i > 0) out += ',';
    fmt::format_to(std::back_inserter(out), "\"{}\":", ReadNumber<std::uint32_t>(bytes, 2 * i));
    AppendFloat(out, ReadNumber<float>(bytes, 2 * i + 1));
  }
  out += '}';
  return {};
}

// One list of one kind: the others are empty.
Status AppendArray(std::string& out, std::string_view bytes) {
  codec::ScalarField array;
  MBK_TRY(codec::ParseScalarField(bytes, array));
  out += '[';
  const char* separator = "";
  auto next = [&] { out += std::exchange(separator, ","); };
  for (const std::int64_t value : array.integers) {
    next();
    if (array.kind == codec::ScalarField::Kind::kBool)
      out += value != 0 ? "true" : "false";
    else
      fmt::format_to(std::back_inserter(out), "{}", value);
  }
  for (const float value : array.floats) next(), AppendFloat(out, value);
  for (const double value : array.doubles) next(), AppendFloat(out, value);
  for (const std::string_view value : array.strings) next(), AppendText(out, value);
  out += ']';
  return {};
}

Status AppendDocument(std::string& out, std::string_view bytes) {
  if (!nlohmann::json::accept(bytes)) return DataLoss("a JSON field that holds no JSON");
  // Line breaks between tokens would end the line; inside strings JSON has none.
  for (const char c : bytes) out += c == '\n' || c == '\r' ? ' ' : c;
  return {};
}

Status AppendValue(std::string& out, const Column& column, std::int64_t row) {
  if (column.IsNull(row)) {
    out += "null";
    return {};
  }
  auto integer = [&out](auto value) { fmt::format_to(std::back_inserter(out), "{}", value); };
  auto number = [&out](auto value) { AppendFloat(out, value); };
  switch (column.type) {
    case DataType::kBool:
      out += column.BoolAt(row) ? "true" : "false";
      return {};
    case DataType::kInt8:
      integer(static_cast<int>(column.NumberAt<std::int8_t>(row)));
      return {};
    case DataType::kInt16:
      integer(column.NumberAt<std::int16_t>(row));
      return {};
    case DataType::kInt32:
      integer(column.NumberAt<std::int32_t>(row));
      return {};
    case DataType::kInt64:
    case DataType::kTimestamptz:
      integer(column.NumberAt<std::int64_t>(row));
      return {};
    case DataType::kFloat:
      number(column.NumberAt<float>(row));
      return {};
    case DataType::kDouble:
      number(column.NumberAt<double>(row));
      return {};
    case DataType::kString:
    case DataType::kVarChar:
    case DataType::kText:
      AppendText(out, column.BytesAt(row));
      return {};
    case DataType::kJson:
      return AppendDocument(out, column.BytesAt(row));
    case DataType::kArray:
      return AppendArray(out, column.BytesAt(row));
    case DataType::kFloatVector:
      AppendList<float>(out, column.BytesAt(row), number);
      return {};
    case DataType::kFloat16Vector:
      AppendList<std::uint16_t>(out, column.BytesAt(row),
                                [&](std::uint16_t half) { number(FromHalf(half)); });
      return {};
    case DataType::kBFloat16Vector:
      AppendList<std::uint16_t>(out, column.BytesAt(row),
                                [&](std::uint16_t half) { number(FromBFloat16(half)); });
      return {};
    case DataType::kInt8Vector:
      AppendList<std::int8_t>(out, column.BytesAt(row),
                              [&](std::int8_t value) { integer(static_cast<int>(value)); });
      return {};
    case DataType::kBinaryVector:
      AppendList<std::uint8_t>(out, column.BytesAt(row),
                               [&](std::uint8_t value) { integer(static_cast<int>(value)); });
      return {};
    case DataType::kSparseFloatVector:
      return AppendSparse(out, column.BytesAt(row));
    default:
      out += '"' + Base64Encode(column.BytesAt(row)) + '"';
      return {};
  }
}

}  // namespace

Status AppendJsonLines(const CollectionSchema& schema, const RowBatch& batch, std::int64_t first_row,
                       std::string& out) {
  for (std::int64_t row = 0; row < batch.rows; ++row) {
    char separator = '{';
    for (const FieldSchema& field : schema.fields) {
      const Column* column = batch.Find(field.field_id);
      if (column == nullptr) continue;
      out += std::exchange(separator, ',');
      AppendText(out, field.name);
      out += ':';
      MBK_TRY(AppendValue(out, *column, row)
                  .WithContext(fmt::format("row {}, field {}", first_row + row, field.name)));
    }
    out += separator == '{' ? "{}\n" : "}\n";
  }
  return {};
}

}  // namespace mbk
