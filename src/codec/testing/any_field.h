#pragma once

#include <rapidcheck.h>

#include <string>
#include <vector>

#include "codec/field_type.h"
#include "codec/testing/columns.h"
#include "model/testing/every_type.h"

/// Fields of every type and values of them at random, for property tests: NaN with payloads, −0.0, empty
/// strings, nulls.
namespace mbk::codec::testing {

using modeltest::kEveryType;

inline FieldSchema AnyField(std::int64_t id, DataType type) {
  FieldSchema field = Field(id, type, *rc::gen::inRange(1, 5) * 8);
  if (type == DataType::kArrayOfVector) {
    field.element_type = *rc::gen::element(DataType::kFloatVector, DataType::kBinaryVector,
                                           DataType::kInt8Vector, DataType::kFloat16Vector);
  }
  if (type == DataType::kArray) field.element_type = DataType::kInt64;
  return field;
}

inline std::string AnyBytes(std::size_t length) {
  return *rc::gen::container<std::string>(length, rc::gen::arbitrary<char>());
}

inline std::string AnyValue(const FieldSchema& field) {
  const ColumnShape shape = ShapeOf(field).value();
  if (field.data_type == DataType::kBool) return std::string(1, static_cast<char>(*rc::gen::inRange(0, 2)));
  if (IsText(field.data_type))
    return *rc::gen::element<std::string>("", "a", "b", "中文", std::string("\0x", 2), "\xf0\x9f\x92\x9a",
                                          "<&>");
  if (field.data_type == DataType::kDouble && *rc::gen::arbitrary<bool>())
    return *rc::gen::element(Bytes(std::uint64_t{0x7FF4000000000001}), Bytes(-0.0), Bytes(std::uint64_t{1}));
  if (field.data_type == DataType::kFloat && *rc::gen::arbitrary<bool>())
    return *rc::gen::element(Bytes(std::uint32_t{0x7FA00001}), Bytes(-0.0f), Bytes(std::uint32_t{1}));
  if (shape.layout == ColumnLayout::kFixed || IsDenseVector(field.data_type))
    return AnyBytes(static_cast<std::size_t>(shape.width));
  if (field.data_type == DataType::kSparseFloatVector)
    return AnyBytes(*rc::gen::inRange<std::size_t>(0, 4) * 8);
  if (field.data_type == DataType::kArrayOfVector) {
    FieldSchema element = ElementOf(field);
    element.nullable = false;
    const auto width = static_cast<std::size_t>(ShapeOf(element).value().width);
    return AnyBytes(*rc::gen::inRange<std::size_t>(0, 4) * width);
  }
  return AnyBytes(*rc::gen::inRange<std::size_t>(0, 20));
}

inline Values AnyValues(const FieldSchema& field, std::size_t count) {
  Values values;
  for (std::size_t i = 0; i < count; ++i) {
    if (field.nullable && *rc::gen::inRange(0, 4) == 0) {
      values.emplace_back();
    } else {
      values.emplace_back(AnyValue(field));
    }
  }
  return values;
}

}  // namespace mbk::codec::testing
