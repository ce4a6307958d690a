#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/schema.h"

namespace mbk::codec {

/// The elements of an Array value: a serialized schema.ScalarField, whose data are one list of one kind.
struct ScalarField {
  /// The field numbers of schema.ScalarField.
  enum class Kind { kNone = 0, kBool = 1, kInt = 2, kLong = 3, kFloat = 4, kDouble = 5, kString = 6 };
  Kind kind = Kind::kNone;                ///< kNone: nothing was written, an empty array of any kind
  std::vector<std::int64_t> integers;     ///< of kBool (0, 1), kInt, kLong
  std::vector<float> floats;              ///< of kFloat
  std::vector<double> doubles;            ///< of kDouble
  std::vector<std::string_view> strings;  ///< of kString; into the bytes that were parsed

  std::size_t size() const;
  void Clear();
};

/// Of which kind the elements of an array are whose schema says `element`; kNone when it says nothing about
/// the kind.
ScalarField::Kind KindOf(DataType element);

/// Reads `bytes` into `out`, whose memory is used again. kDataLoss, which does not say where, for what is no
/// such message, or holds a kind that arrays do not have. Memory is at most eight times `bytes`.
Status ParseScalarField(std::string_view bytes, ScalarField& out);

/// As Milvus writes it: numbers packed, and the empty message of its kind for an empty array.
std::string FormatScalarField(const ScalarField& field);

/// The default of a field: a serialized schema.ValueField.
struct DefaultValue {
  /// The field numbers of schema.ValueField.
  enum class Kind {
    kNone = 0,
    kBool = 1,
    kInt = 2,
    kLong = 3,
    kFloat = 4,
    kDouble = 5,
    kString = 6,
    kBytes = 7,
    kTimestamptz = 8
  };
  Kind kind = Kind::kNone;
  std::int64_t integer = 0;  ///< of kBool (0, 1), kInt, kLong, kTimestamptz
  float number = 0;          ///< of kFloat
  double precise = 0;        ///< of kDouble
  std::string_view text;     ///< of kString, kBytes; into the bytes that were parsed
};

/// kDataLoss, which does not say where, for what is no such message or holds a value of an unknown kind.
Result<DefaultValue> ParseDefaultValue(std::string_view bytes);

}  // namespace mbk::codec
