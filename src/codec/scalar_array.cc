#include "codec/scalar_array.h"

#include <fmt/core.h>

#include <cstring>
#include <optional>

namespace mbk {
namespace {

// Wire types and the varint of protobuf's encoding.
enum Wire : std::uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}
  bool done() const { return rest_.empty(); }

  std::optional<std::uint64_t> Varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<std::uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    return std::nullopt;
  }
  std::optional<std::string_view> Take(std::uint64_t size) {
    if (size > rest_.size()) return std::nullopt;
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::optional<std::string_view> LengthDelimited() {
    const auto size = Varint();
    return size ? Take(*size) : std::nullopt;
  }

 private:
  std::string_view rest_;
};

template <class T>
T FromBytes(std::string_view bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

// The members of schema.ScalarField that arrays are made of, by field number.
enum Kind : std::uint32_t { kBool = 1, kInt = 2, kLong = 3, kFloat = 4, kDouble = 5, kString = 6 };

// The wire type of one element of `kind` when it is not packed.
Wire WireOf(std::uint32_t kind) {
  switch (kind) {
    case kFloat:
      return kFixed32;
    case kDouble:
      return kFixed64;
    case kString:
      return kBytes;
    default:
      return kVarint;
  }
}

std::optional<ArrayElement> ReadElement(std::uint32_t kind, WireReader& reader) {
  switch (kind) {
    case kBool:
      if (const auto value = reader.Varint()) return *value != 0;
      break;
    case kInt:  // int32, sent sign-extended; what does not fit is cut as every protobuf reader cuts it
      if (const auto value = reader.Varint()) return std::int64_t{static_cast<std::int32_t>(*value)};
      break;
    case kLong:
      if (const auto value = reader.Varint()) return static_cast<std::int64_t>(*value);
      break;
    case kFloat:
      if (const auto bytes = reader.Take(4)) return FromBytes<float>(*bytes);
      break;
    case kDouble:
      if (const auto bytes = reader.Take(8)) return FromBytes<double>(*bytes);
      break;
    case kString:
      if (const auto bytes = reader.LengthDelimited()) return *bytes;
      break;
    default:
      break;
  }
  return std::nullopt;
}

Status Broken() { return DataLoss("an array value is no schema.ScalarField"); }

// A BoolArray, LongArray …: `repeated T data = 1`, packed or not.
Status ReadData(std::uint32_t kind, std::string_view message, std::vector<ArrayElement>& elements) {
  WireReader reader(message);
  while (!reader.done()) {
    const auto tag = reader.Varint();
    if (!tag || *tag >> 3 != 1) return Broken();
    const bool packed = (*tag & 7) == kBytes && kind != kString;
    if (!packed && (*tag & 7) != WireOf(kind)) return Broken();
    WireReader values = reader;
    if (packed) {
      const auto bytes = reader.LengthDelimited();
      if (!bytes) return Broken();
      values = WireReader(*bytes);
    }
    do {
      if (values.done()) break;  // an empty packed run
      const auto element = ReadElement(kind, values);
      if (!element) return Broken();
      elements.push_back(*element);
    } while (packed);
    if (!packed) reader = values;
  }
  return {};
}

}  // namespace

Result<std::vector<ArrayElement>> ParseScalarArray(std::string_view message) {
  std::vector<ArrayElement> elements;
  WireReader reader(message);
  while (!reader.done()) {
    const auto tag = reader.Varint();
    if (!tag || (*tag & 7) != kBytes) return Broken();
    const std::uint64_t kind = *tag >> 3;
    const auto data = reader.LengthDelimited();
    if (!data) return Broken();
    if (kind < kBool || kind > kString)
      return DataLoss(
          fmt::format("an array value holds schema.ScalarField's member {}, which no array has", kind));
    MBK_TRY(ReadData(static_cast<std::uint32_t>(kind), *data, elements));
  }
  return elements;
}

}  // namespace mbk
