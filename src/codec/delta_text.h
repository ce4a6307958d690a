#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "model/schema.h"

/// The text form of deletes in delta logs: one value of a string column a delete.
///   {"pk":<number or string>,"ts":<number>,"pkType":<5 or 21>}    since Milvus 2.1
///   <pk>,<ts>                                                      before; Int64 keys only
namespace mbk::codec {

struct DeltaText {
  std::int64_t number = 0;
  std::string text;
  std::uint64_t timestamp = 0;
};

/// `key_type` is kInt64 or kVarChar. kDataLoss, which does not say where, for anything but a delete of such
/// a key. All 64 bits of numbers survive. `out` may be used again and again.
Status ParseDeltaText(std::string_view line, DataType key_type, DeltaText& out);

/// As JSON; of a kVarChar the text, which must be UTF-8, else the number.
std::string FormatDeltaText(const DeltaText& value, DataType key_type);

}  // namespace mbk::codec
