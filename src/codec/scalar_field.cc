#include "codec/scalar_field.h"

#include <cstring>

/// The part of Protobuf's wire format that schema.ScalarField needs:
///
///   ScalarField = oneof { 1 BoolArray, 2 IntArray, 3 LongArray, 4 FloatArray, 5 DoubleArray, 6 StringArray }
///   each        = repeated 1: bool, int32, int64 (varint), float (4 bytes), double (8 bytes), string
///   field       = varint (number << 3 | wire type) value
///   value       = varint (0) | 8 bytes (1) | varint length, bytes (2) | 4 bytes (5)
///
/// Numbers come packed (one field of wire type 2 with all of them) or one field each. Unknown fields are
/// skipped; of several kinds the last one counts, and parts of one kind add up, as Protobuf has it.
namespace mbk::codec {
namespace {

using Kind = ScalarField::Kind;

constexpr int kVarint = 0;
constexpr int kEightBytes = 1;
constexpr int kBytes = 2;
constexpr int kFourBytes = 5;

bool TakeVarint(std::string_view& bytes, std::uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    if (bytes.empty()) return false;
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    if (shift < 64) value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if ((byte & 0x80) == 0) return true;
  }
  return false;
}

bool TakeBytes(std::string_view& bytes, std::uint64_t length, std::string_view& taken) {
  if (length > bytes.size()) return false;
  taken = bytes.substr(0, static_cast<std::size_t>(length));
  bytes.remove_prefix(taken.size());
  return true;
}

struct Field {
  std::uint64_t number = 0;
  int wire_type = 0;
  std::uint64_t varint = 0;  // of kVarint
  std::string_view bytes;    // of the others
};

bool TakeField(std::string_view& bytes, Field& field) {
  std::uint64_t tag = 0;
  if (!TakeVarint(bytes, tag)) return false;
  field.number = tag >> 3;
  field.wire_type = static_cast<int>(tag & 7);
  std::uint64_t length = 0;
  switch (field.wire_type) {
    case kVarint:
      return TakeVarint(bytes, field.varint);
    case kEightBytes:
      return TakeBytes(bytes, 8, field.bytes);
    case kFourBytes:
      return TakeBytes(bytes, 4, field.bytes);
    case kBytes:
      return TakeVarint(bytes, length) && TakeBytes(bytes, length, field.bytes);
    default:
      return false;
  }
}

std::int64_t Integer(std::uint64_t varint, Kind kind) {
  if (kind == Kind::kBool) return varint != 0 ? 1 : 0;
  if (kind == Kind::kInt) return static_cast<std::int32_t>(varint);
  return static_cast<std::int64_t>(varint);
}

template <class T>
bool AppendFixed(std::string_view bytes, std::vector<T>& out) {
  if (bytes.size() % sizeof(T) != 0) return false;
  const std::size_t before = out.size();
  out.resize(before + bytes.size() / sizeof(T));
  if (!bytes.empty()) std::memcpy(out.data() + before, bytes.data(), bytes.size());
  return true;
}

bool AppendElements(const Field& field, ScalarField& out) {
  switch (out.kind) {
    case Kind::kString:
      out.strings.push_back(field.bytes);
      return field.wire_type == kBytes;
    case Kind::kFloat:
      return (field.wire_type == kBytes || field.wire_type == kFourBytes) &&
             AppendFixed(field.bytes, out.floats);
    case Kind::kDouble:
      return (field.wire_type == kBytes || field.wire_type == kEightBytes) &&
             AppendFixed(field.bytes, out.doubles);
    default:
      break;
  }
  if (field.wire_type == kVarint) {
    out.integers.push_back(Integer(field.varint, out.kind));
    return true;
  }
  if (field.wire_type != kBytes) return false;
  for (std::string_view packed = field.bytes; !packed.empty();) {
    std::uint64_t value = 0;
    if (!TakeVarint(packed, value)) return false;
    out.integers.push_back(Integer(value, out.kind));
  }
  return true;
}

bool AppendList(std::string_view list, ScalarField& out) {
  while (!list.empty()) {
    Field field;
    if (!TakeField(list, field)) return false;
    if (field.number == 1 && !AppendElements(field, out)) return false;
  }
  return true;
}

void PutVarint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void PutBytes(std::string& out, int number, std::string_view bytes) {
  PutVarint(out, static_cast<std::uint64_t>(number) << 3 | kBytes);
  PutVarint(out, bytes.size());
  out += bytes;
}

template <class T>
std::string_view RawBytes(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

}  // namespace

std::size_t ScalarField::size() const {
  return integers.size() + floats.size() + doubles.size() + strings.size();
}

void ScalarField::Clear() {
  kind = Kind::kNone;
  integers.clear();
  floats.clear();
  doubles.clear();
  strings.clear();
}

ScalarField::Kind KindOf(DataType element) {
  switch (element) {
    case DataType::kBool:
      return Kind::kBool;
    case DataType::kInt8:
    case DataType::kInt16:
    case DataType::kInt32:
      return Kind::kInt;
    case DataType::kInt64:
      return Kind::kLong;
    case DataType::kFloat:
      return Kind::kFloat;
    case DataType::kDouble:
      return Kind::kDouble;
    case DataType::kString:
    case DataType::kVarChar:
    case DataType::kText:
      return Kind::kString;
    default:
      return Kind::kNone;
  }
}

Status ParseScalarField(std::string_view bytes, ScalarField& out) {
  out.Clear();
  while (!bytes.empty()) {
    Field field;
    if (!TakeField(bytes, field)) return DataLoss("an array that is no Protobuf message");
    // What else the message may hold (bytes, arrays, JSON, geometries) are no elements of Milvus's arrays.
    if (field.number < 1 || field.number > 6) return DataLoss("an array of unknown elements");
    if (field.wire_type != kBytes) return DataLoss("an array that is no schema.ScalarField");
    const Kind kind = static_cast<Kind>(field.number);
    if (kind != out.kind) out.Clear();
    out.kind = kind;
    if (!AppendList(field.bytes, out)) return DataLoss("an array with broken elements");
  }
  return {};
}

std::string FormatScalarField(const ScalarField& field) {
  if (field.kind == Kind::kNone) return {};
  std::string list;
  std::string packed;
  for (const std::string_view text : field.strings) PutBytes(list, 1, text);
  // A negative int32 is written as the 64-bit number that it is.
  for (const std::int64_t value : field.integers) PutVarint(packed, static_cast<std::uint64_t>(value));
  packed += RawBytes(field.floats);
  packed += RawBytes(field.doubles);
  if (!packed.empty()) PutBytes(list, 1, packed);
  std::string out;
  PutBytes(out, static_cast<int>(field.kind), list);
  return out;
}

Result<DefaultValue> ParseDefaultValue(std::string_view bytes) {
  using Of = DefaultValue::Kind;
  DefaultValue value;
  while (!bytes.empty()) {
    Field field;
    if (!TakeField(bytes, field)) return DataLoss("a default that is no Protobuf message");
    if (field.number < 1 || field.number > static_cast<std::uint64_t>(Of::kTimestamptz))
      return DataLoss("a default of a kind that this version does not know");
    value = {.kind = static_cast<Of>(field.number)};
    const bool is_text = value.kind == Of::kString || value.kind == Of::kBytes;
    const int wire_type = value.kind == Of::kFloat    ? kFourBytes
                          : value.kind == Of::kDouble ? kEightBytes
                          : is_text                   ? kBytes
                                                      : kVarint;
    if (field.wire_type != wire_type) return DataLoss("a default that is no schema.ValueField");
    if (value.kind == Of::kFloat) std::memcpy(&value.number, field.bytes.data(), sizeof(value.number));
    if (value.kind == Of::kDouble) std::memcpy(&value.precise, field.bytes.data(), sizeof(value.precise));
    if (is_text) value.text = field.bytes;
    if (wire_type == kVarint)
      value.integer = Integer(field.varint, value.kind == Of::kBool ? Kind::kBool : Kind::kLong);
  }
  return value;
}

}  // namespace mbk::codec
