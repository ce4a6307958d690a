// Fuzz target: any bytes as a delete in text form and as the elements of an array, the values that stand
// inside of payloads. What is taken can be written and read again without a change.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "codec/delta_text.h"
#include "codec/scalar_field.h"
#include "codec/utf8.h"

namespace {

void CheckDelete(std::string_view bytes, mbk::DataType type) {
  mbk::codec::DeltaText read;
  const mbk::Status status = mbk::codec::ParseDeltaText(bytes, type, read);
  if (!status.ok()) {
    if (status.code() != mbk::Code::kDataLoss) std::abort();
    return;
  }
  if (type == mbk::DataType::kVarChar && !mbk::codec::IsUtf8(read.text)) std::abort();
  mbk::codec::DeltaText again;
  if (!mbk::codec::ParseDeltaText(mbk::codec::FormatDeltaText(read, type), type, again).ok()) std::abort();
  const bool is_text = type == mbk::DataType::kVarChar;
  if (again.timestamp != read.timestamp || (is_text ? again.text != read.text : again.number != read.number))
    std::abort();
}

void CheckArray(std::string_view bytes) {
  mbk::codec::ScalarField read;
  const mbk::Status status = mbk::codec::ParseScalarField(bytes, read);
  if (!status.ok()) {
    if (status.code() != mbk::Code::kDataLoss) std::abort();
    return;
  }
  const std::string written = mbk::codec::FormatScalarField(read);
  mbk::codec::ScalarField again;
  if (!mbk::codec::ParseScalarField(written, again).ok()) std::abort();
  // Compared as bytes: a NaN is not equal to itself.
  if (mbk::codec::FormatScalarField(again) != written || again.size() != read.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  CheckDelete(bytes, mbk::DataType::kInt64);
  CheckDelete(bytes, mbk::DataType::kVarChar);
  CheckArray(bytes);
  return 0;
}
