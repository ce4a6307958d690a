#include "codec/parquet_footer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "codec/envelope.h"

/// A Parquet file, as far as it is looked at here:
///
///   file   = "PAR1" … metadata, u32 length of metadata, "PAR1"
///
/// The metadata are a Thrift struct in the compact protocol:
///
///   struct = (byte (delta << 4 | type) [zigzag varint id, if delta = 0] value)* 0
///   value  = by type: 1, 2 nothing (a boolean) · 3 byte · 4, 5, 6 varint · 7 eight bytes · 8 varint n, n
///   bytes ·
///            9, 10 list · 11 map · 12 struct
///   list   = byte (n << 4 | type) [varint n, if the nibble is 15] value*       ; a boolean is a byte here
///   map    = varint n [byte (key type << 4 | value type) (value value)*, if n > 0]
///
/// Arrow's reader makes an object of a kilobyte of each struct in a list before it looks at any of them, so a
/// footer of some megabytes could ask for gigabytes.
namespace mbk::codec {
namespace {

/// "PAR1" before and behind, the length, and a struct of one byte.
constexpr std::int64_t kMinBytes = 4 + 1 + 8;
/// Nearly all footers are within: one request reads them.
constexpr std::int64_t kTailBytes = 64 << 10;
constexpr std::int64_t kMaxFooterBytes = 16 << 20;
constexpr int kMaxDepth = 16;  // real ones have 6
/// What the elements of all lists may cost; about what each costs in Arrow (ColumnChunk is the largest).
constexpr std::int64_t kMaxListCost = 256 << 20;
constexpr std::int64_t kStructCost = 1200;
constexpr std::int64_t kOtherCost = 32;

class ThriftWalker {
 public:
  explicit ThriftWalker(std::string_view bytes) : rest_(bytes) {}

  bool Struct(int depth) {
    while (depth < kMaxDepth) {
      std::uint8_t head = 0;
      if (!Byte(head)) return false;
      if (head == 0) return true;
      std::uint64_t id = 0;
      if (head >> 4 == 0 && !Varint(id)) return false;
      if (!Value(head & 0x0F, depth, /*in_list=*/false)) return false;
    }
    return false;
  }
  std::size_t left() const { return rest_.size(); }
  bool is_too_large() const { return cost_ > kMaxListCost; }

 private:
  bool Value(int type, int depth, bool in_list) {
    std::uint64_t number = 0;
    switch (type) {
      case 1:
      case 2:
        return !in_list || Skip(1);
      case 3:
        return Skip(1);
      case 4:
      case 5:
      case 6:
        return Varint(number);
      case 7:
        return Skip(8);
      case 8:
        return Varint(number) && Skip(number);
      case 9:
      case 10:
        return List(depth);
      case 11:
        return Map(depth);
      case 12:
        return Struct(depth + 1);
      default:
        return false;
    }
  }
  bool List(int depth) {
    std::uint8_t head = 0;
    if (!Byte(head)) return false;
    std::uint64_t count = head >> 4;
    if (count == 15 && !Varint(count)) return false;
    return Elements(count, head & 0x0F, 0, depth);
  }
  bool Map(int depth) {
    std::uint64_t count = 0;
    std::uint8_t types = 0;
    if (!Varint(count)) return false;
    return count == 0 || (Byte(types) && Elements(count, types >> 4, types & 0x0F, depth));
  }
  /// `count` elements of one type, or pairs of two.
  bool Elements(std::uint64_t count, int type, int second, int depth) {
    if (count > rest_.size() || depth + 1 >= kMaxDepth) return false;  // each has at least a byte
    cost_ += static_cast<std::int64_t>(count) * (type == 12 ? kStructCost : kOtherCost);
    if (is_too_large()) return false;
    for (; count > 0; --count) {
      if (!Value(type, depth + 1, true) || (second != 0 && !Value(second, depth + 1, true))) return false;
    }
    return true;
  }
  bool Byte(std::uint8_t& value) {
    if (rest_.empty()) return false;
    value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return true;
  }
  bool Varint(std::uint64_t& value) {
    value = 0;
    std::uint8_t byte = 0x80;
    for (int shift = 0; shift < 64 && (byte & 0x80) != 0; shift += 7) {
      if (!Byte(byte)) return false;
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    }
    return (byte & 0x80) == 0;
  }
  bool Skip(std::uint64_t count) {
    if (count > rest_.size()) return false;
    rest_.remove_prefix(static_cast<std::size_t>(count));
    return true;
  }

  std::string_view rest_;
  std::int64_t cost_ = 0;
};

std::uint32_t LengthOf(std::string_view tail) {
  std::uint32_t length;
  std::memcpy(&length, tail.data() + tail.size() - 8, sizeof(length));
  return length;
}

}  // namespace

Result<ParquetTail> ReadParquetTail(ByteSource& file, std::int64_t offset, std::int64_t length) {
  const auto damaged = [&](std::int64_t at, std::string_view what) {
    return DataLoss(fmt::format("{}: offset {}: {}", file.name(), offset + at, what));
  };
  if (length < kMinBytes) return damaged(0, fmt::format("{} bytes are no Parquet file", length));

  ParquetTail tail;
  const auto read = [&](std::int64_t bytes) -> Status {
    tail.offset = length - bytes;
    tail.bytes.resize(static_cast<std::size_t>(bytes));
    return file.ReadAt(offset + tail.offset, bytes, tail.bytes.data());
  };
  MBK_TRY(read(std::min(length, kTailBytes)));
  if (!std::string_view(tail.bytes).ends_with(kParquetMagic))
    return damaged(length - 4, "no Parquet magic where the file ends: truncated or damaged");
  const std::int64_t footer = LengthOf(tail.bytes);
  if (footer > length - 12 || footer > kMaxFooterBytes)
    return damaged(length - 8, fmt::format("a Parquet footer of {} bytes in {}", footer, length));
  if (footer + 8 > static_cast<std::int64_t>(tail.bytes.size())) MBK_TRY(read(footer + 8));

  ThriftWalker walker(std::string_view(tail.bytes)
                          .substr(tail.bytes.size() - 8 - static_cast<std::size_t>(footer),
                                  static_cast<std::size_t>(footer)));
  if (!walker.Struct(0)) {
    return damaged(length - 8 - static_cast<std::int64_t>(walker.left()),
                   walker.is_too_large() ? "a Parquet footer that claims more than it can hold"
                                         : "a damaged Parquet footer");
  }
  return tail;
}

}  // namespace mbk::codec
