#include "codec/envelope.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

/// A file of storage V1. All integers little-endian, nothing aligned:
///
///   file       = magic descriptor event+
///   magic      = i32 0x00FFFABC
///   header     = u64 timestamp (hybrid, of writing), i8 type, i32 length, i32 next      ; 17 bytes
///   descriptor = header (type 0)
///                i64 collection, i64 partition, i64 segment, i64 field,
///                u64 start, u64 end, i32 payload type                                   ; 52 bytes
///                u8 post-header lengths [8] = 52 16 16 16 16 16 16 16
///                i32 n, byte extra[n]                                                   ; a JSON object
///   event      = header (type 1 insert, 2 delete), u64 start, u64 end, payload          ; 33 bytes + payload
///   payload    = a Parquet file, to the end of the event
///
/// `length` counts the event with its header; `next` is the offset behind it, which the stream writers of
/// Milvus 2.4 do not fill in and which is therefore not read. `start` and `end` are the range of row
/// timestamps.
namespace mbk::codec {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is read and written as it lies");

constexpr std::int64_t kMagicBytes = 4;
constexpr std::int64_t kHeaderBytes = 17;
constexpr std::int64_t kDescriptorFixedBytes = 52;
constexpr std::array<std::uint8_t, 8> kPostHeaderLengths = {52, 16, 16, 16, 16, 16, 16, 16};
constexpr std::int64_t kBeforeExtraBytes =
    kHeaderBytes + kDescriptorFixedBytes + static_cast<std::int64_t>(kPostHeaderLengths.size()) + 4;
constexpr std::int64_t kEventRangeBytes = 16;
/// Real ones have at most some hundred bytes (an encryption key).
constexpr std::int64_t kMaxExtraBytes = 64 << 10;
/// Read at once: magic, descriptor, and the header of the first data event.
constexpr std::int64_t kHeadBytes = 1 << 10;

template <class T>
T Take(std::string_view& bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  bytes.remove_prefix(sizeof(T));
  return value;
}

template <class T>
void Put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

std::optional<std::int64_t> ParseSize(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::string ExtraJson(const Descriptor& descriptor, bool mark_nullable) {
  // Keys sorted, as Go's encoder writes them.
  std::string extra = "{";
  if (mark_nullable) extra += descriptor.nullable ? "\"nullable\":true," : "\"nullable\":false,";
  extra += fmt::format("\"original_size\":\"{}\"", descriptor.original_size.value_or(0));
  if (descriptor.multi_field) extra += ",\"version\":\"MULTI_FIELD\"";
  return extra + "}";
}

}  // namespace

std::string TextOf(const BinlogOrigin& origin) {
  return fmt::format("segment {} of partition {} of collection {}", origin.segment_id, origin.partition_id,
                     origin.collection_id);
}

Status CheckDeltaLogOrigin(ByteSource& file, const BinlogOrigin& origin) {
  MBK_TRY_ASSIGN(const FileKind kind, ProbeFile(file));
  if (kind == FileKind::kParquet) return {};
  MBK_TRY_ASSIGN(const EnvelopeReader reader, EnvelopeReader::Open(file));
  const BinlogOrigin& found = reader.descriptor().origin;
  if (found == origin || found == BinlogOrigin{}) return {};
  return DataLoss(
      fmt::format("{}: offset 21: is of {}, and belongs to {}", file.name(), TextOf(found), TextOf(origin)));
}

Result<FileKind> ProbeFile(ByteSource& file) {
  if (file.size() < kMagicBytes) {
    return DataLoss(
        fmt::format("{}: {} bytes: neither a binlog nor a Parquet file", file.name(), file.size()));
  }
  char start[kMagicBytes];
  MBK_TRY(file.ReadAt(0, kMagicBytes, start));
  std::string_view rest(start, kMagicBytes);
  if (rest == kParquetMagic) return FileKind::kParquet;
  if (Take<std::uint32_t>(rest) == kMagic) return FileKind::kEnvelope;
  return DataLoss(fmt::format("{}: offset 0: neither a binlog nor a Parquet file", file.name()));
}

Result<EnvelopeReader> EnvelopeReader::Open(ByteSource& file) {
  EnvelopeReader reader(file);
  MBK_TRY(reader.ReadHead());
  MBK_TRY(reader.ReadDescriptor());
  return reader;
}

Status EnvelopeReader::ReadHead() {
  head_.resize(static_cast<std::size_t>(std::min(kHeadBytes, file_->size())));
  MBK_TRY(file_->ReadAt(0, static_cast<std::int64_t>(head_.size()), head_.data()));
  std::string_view rest = head_;
  if (rest.starts_with(kParquetMagic))
    return Damaged(0, "a bare Parquet file, as of storage V2, where a binlog of V1 belongs");
  if (rest.size() < kMagicBytes || Take<std::uint32_t>(rest) != kMagic) return Damaged(0, "not a binlog");
  position_ = kMagicBytes;
  return {};
}

Result<std::string> EnvelopeReader::ReadPiece(std::int64_t offset, std::int64_t length) const {
  if (offset + length <= static_cast<std::int64_t>(head_.size()))
    return head_.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(length));
  std::string bytes(static_cast<std::size_t>(length), '\0');
  MBK_TRY(file_->ReadAt(offset, length, bytes.data()));
  return bytes;
}

Result<std::optional<Payload>> EnvelopeReader::Next(EventType type) {
  if (position_ == file_->size() && has_events_) return std::optional<Payload>();
  MBK_TRY_ASSIGN(const std::int64_t length, ReadEventHeader(type));
  const std::int64_t before_payload = kHeaderBytes + kEventRangeBytes;
  if (length < before_payload) return Damaged(position_ + 9, "an event shorter than its header");
  const Payload payload = {.offset = position_ + before_payload, .length = length - before_payload};
  position_ += length;
  has_events_ = true;
  return std::optional<Payload>(payload);
}

Status EnvelopeReader::ReadDescriptor() {
  const std::int64_t begin = position_;
  MBK_TRY_ASSIGN(const std::int64_t length, ReadEventHeader(EventType::kDescriptor));
  if (length < kBeforeExtraBytes || length > kBeforeExtraBytes + kMaxExtraBytes)
    return Damaged(begin + 9, fmt::format("a descriptor event of {} bytes", length));
  MBK_TRY_ASSIGN(const std::string event, ReadPiece(begin, length));

  std::string_view rest = std::string_view(event).substr(kHeaderBytes);
  descriptor_.origin.collection_id = Take<std::int64_t>(rest);
  descriptor_.origin.partition_id = Take<std::int64_t>(rest);
  descriptor_.origin.segment_id = Take<std::int64_t>(rest);
  descriptor_.field_id = Take<std::int64_t>(rest);
  descriptor_.start_timestamp = Take<std::uint64_t>(rest);
  descriptor_.end_timestamp = Take<std::uint64_t>(rest);
  descriptor_.payload_type = static_cast<DataType>(Take<std::int32_t>(rest));
  if (Take<std::array<std::uint8_t, 8>>(rest) != kPostHeaderLengths)
    return Damaged(begin + kHeaderBytes + kDescriptorFixedBytes, "unknown lengths of event headers");
  const std::int32_t extra_length = Take<std::int32_t>(rest);
  if (extra_length != static_cast<std::int64_t>(rest.size())) {
    return Damaged(begin + kBeforeExtraBytes - 4,
                   fmt::format("{} bytes of extra JSON where {} have room", extra_length, rest.size()));
  }
  position_ = begin + length;
  return ParseExtra(rest);
}

Result<std::int64_t> EnvelopeReader::ReadEventHeader(EventType type) {
  if (file_->size() - position_ < kHeaderBytes) {
    return Damaged(position_,
                   fmt::format("truncated: {} bytes where an event begins", file_->size() - position_));
  }
  MBK_TRY_ASSIGN(const std::string header, ReadPiece(position_, kHeaderBytes));
  std::string_view rest = std::string_view(header).substr(8);
  const int found = Take<std::int8_t>(rest);
  const std::int32_t length = Take<std::int32_t>(rest);
  if (found != static_cast<int>(type)) {
    return Damaged(position_ + 8,
                   fmt::format("an event of type {} where {} belongs", found, static_cast<int>(type)));
  }
  if (length < kHeaderBytes || length > file_->size() - position_) {
    return Damaged(position_ + 9, fmt::format("an event of {} bytes in a file that has {} more", length,
                                              file_->size() - position_));
  }
  return std::int64_t{length};
}

Status EnvelopeReader::ParseExtra(std::string_view text) {
  const std::int64_t offset = position_ - static_cast<std::int64_t>(text.size());
  const nlohmann::json extra = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!extra.is_object()) return Damaged(offset, "the extra of the descriptor is not a JSON object");

  if (const auto found = extra.find("original_size"); found != extra.end()) {
    if (found->is_string()) descriptor_.original_size = ParseSize(found->get_ref<const std::string&>());
    if (!descriptor_.original_size) return Damaged(offset, "original_size is not a number in a string");
  }
  if (const auto found = extra.find("nullable"); found != extra.end()) {
    if (!found->is_boolean()) return Damaged(offset, "nullable is not true or false");
    descriptor_.nullable = found->get<bool>();
  }
  if (const auto found = extra.find("version"); found != extra.end()) {
    if (!found->is_string() || found->get_ref<const std::string&>() != "MULTI_FIELD")
      return Damaged(offset, "an unknown version of the payload");
    descriptor_.multi_field = true;
  }
  descriptor_.encrypted = extra.contains("edek");
  if (descriptor_.encrypted) {
    return FailedPrecondition(file_->name() +
                              ": encrypted by Milvus: its rows can be read by that Milvus only");
  }
  return {};
}

Status EnvelopeReader::Damaged(std::int64_t offset, std::string_view what) const {
  return DataLoss(fmt::format("{}: offset {}: {}", file_->name(), offset, what));
}

Result<std::string> WriteEnvelope(const Descriptor& descriptor, std::string_view payload,
                                  const EnvelopeOptions& options) {
  const std::string extra = ExtraJson(descriptor, options.mark_nullable);
  const std::int64_t descriptor_bytes = kBeforeExtraBytes + static_cast<std::int64_t>(extra.size());
  const std::int64_t event_bytes =
      kHeaderBytes + kEventRangeBytes + static_cast<std::int64_t>(payload.size());
  const std::int64_t end = kMagicBytes + descriptor_bytes + event_bytes;
  if (end > std::numeric_limits<std::int32_t>::max())
    return InvalidArgument(fmt::format("a binlog of {} bytes: the format ends at 2 GiB", end));

  std::string out;
  out.reserve(static_cast<std::size_t>(end));
  const auto header = [&](EventType type, std::int64_t length, std::int64_t next) {
    Put(out, options.written_at);
    Put(out, static_cast<std::int8_t>(type));
    Put(out, static_cast<std::int32_t>(length));
    Put(out, static_cast<std::int32_t>(next));
  };
  Put(out, kMagic);
  header(EventType::kDescriptor, descriptor_bytes, kMagicBytes + descriptor_bytes);
  Put(out, descriptor.origin.collection_id);
  Put(out, descriptor.origin.partition_id);
  Put(out, descriptor.origin.segment_id);
  Put(out, descriptor.field_id);
  Put(out, descriptor.start_timestamp);
  Put(out, descriptor.end_timestamp);
  Put(out, static_cast<std::int32_t>(descriptor.payload_type));
  Put(out, kPostHeaderLengths);
  Put(out, static_cast<std::int32_t>(extra.size()));
  out += extra;
  header(options.type, event_bytes, options.next_position ? end : -1);
  Put(out, descriptor.start_timestamp);
  Put(out, descriptor.end_timestamp);
  out += payload;
  return out;
}

}  // namespace mbk::codec
