#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/rows.h"

/// Memory that a Column can own, for columns that are not a view of somebody else's.
namespace mbk {

class ColumnBuffers {
 public:
  void AddBit(bool bit) { PushBit(values_, value_bits_++, bit); }
  void AddValid(bool valid) { PushBit(validity_, valid_bits_++, valid); }
  void AddBytes(std::string_view bytes) { values_.insert(values_.end(), bytes.begin(), bytes.end()); }
  /// Ends the value of a row of variable size. False when the offsets cannot count that many bytes.
  bool EndValue() {
    if (values_.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) return false;
    offsets_.push_back(static_cast<std::int32_t>(values_.size()));
    return true;
  }
  template <class T>
  void AddNumber(T value) {
    AddBytes({reinterpret_cast<const char*>(&value), sizeof(value)});
  }

  /// A column over these buffers, which it owns from now on. `width` is that of kFixed.
  static Column Finish(std::shared_ptr<ColumnBuffers> buffers, DataType type, ColumnLayout layout,
                       std::int32_t width, std::int64_t rows) {
    return {.type = type,
            .layout = layout,
            .width = width,
            .length = rows,
            .validity = buffers->valid_bits_ > 0 ? buffers->validity_.data() : nullptr,
            .values = buffers->values_.data(),
            .offsets = layout == ColumnLayout::kVariable ? buffers->offsets_.data() : nullptr,
            .owner = std::move(buffers)};
  }

 private:
  static void PushBit(std::vector<std::uint8_t>& bits, std::int64_t at, bool bit) {
    if (at % 8 == 0) bits.push_back(0);
    bits.back() = static_cast<std::uint8_t>(bits.back() | (bit ? 1u << (at % 8) : 0u));
  }

  std::vector<std::uint8_t> values_;
  std::vector<std::uint8_t> validity_;
  std::vector<std::int32_t> offsets_ = {0};
  std::int64_t value_bits_ = 0;
  std::int64_t valid_bits_ = 0;
};

}  // namespace mbk
