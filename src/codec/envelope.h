#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "codec/byte_source.h"
#include "codec/row_codec.h"

/// The envelope of storage V1: what stands around the Parquet payloads of insert and delta logs. The
/// grammar is in envelope.cc. Reading asks for headers only, never for a payload.
namespace mbk::codec {

inline constexpr std::uint32_t kMagic = 0x00FFFABC;
inline constexpr std::string_view kParquetMagic = "PAR1";

enum class EventType : std::int8_t { kDescriptor = 0, kInsert = 1, kDelete = 2 };

/// The first event of every file: what the file holds.
struct Descriptor {
  BinlogOrigin origin;
  std::int64_t field_id = 0;  ///< −1 of a delta log
  std::uint64_t start_timestamp = 0;
  std::uint64_t end_timestamp = 0;
  DataType payload_type = DataType::kNone;
  // From the extra JSON.
  std::optional<std::int64_t> original_size;  ///< bytes in memory; Milvus's readers do not look at it
  bool nullable = false;
  bool multi_field = false;  ///< a delta log whose Parquet has a column for keys and one for timestamps
  bool encrypted = false;
};

/// Where the payload of an event lies in the file: a complete Parquet file.
struct Payload {
  std::int64_t offset = 0;
  std::int64_t length = 0;
};

/// What a file is, by its first bytes.
enum class FileKind {
  kEnvelope,  ///< V1
  kParquet,   ///< V2, and newer delta logs
};

/// kDataLoss when it is neither. Reads four bytes.
Result<FileKind> ProbeFile(ByteSource& file);

/// Walks the events of one file; a file of one event, as nearly all are, costs one read. Not thread-safe; the
/// file must outlive it.
class EnvelopeReader {
 public:
  /// Reads magic and descriptor. kDataLoss when they are not what they should be; kFailedPrecondition when
  /// the payloads are encrypted.
  static Result<EnvelopeReader> Open(ByteSource& file);

  const Descriptor& descriptor() const { return descriptor_; }

  /// The payload of the next event, which must be of `type`; none at the end of the file.
  Result<std::optional<Payload>> Next(EventType type);

 private:
  explicit EnvelopeReader(ByteSource& file) : file_(&file) {}
  Status ReadHead();
  Status ReadDescriptor();
  Result<std::string> ReadPiece(std::int64_t offset, std::int64_t length) const;
  /// Reads and checks the 17 bytes at `position_`; the length of the whole event.
  Result<std::int64_t> ReadEventHeader(EventType type);
  Status ParseExtra(std::string_view json);
  Status Damaged(std::int64_t offset, std::string_view what) const;

  ByteSource* file_;
  std::string head_;           // the first bytes of the file
  std::int64_t position_ = 0;  // of the next event
  bool has_events_ = false;    // behind the descriptor: Milvus writes no file without
  Descriptor descriptor_;
};

/// An origin for messages: "segment 3 of partition 2 of collection 1".
std::string TextOf(const BinlogOrigin& origin);

/// kDataLoss when the header of a delta log in an envelope says that it belongs elsewhere. Bare Parquet files
/// have no header, and that of the Go tool's l0compact may say nothing (0).
Status CheckDeltaLogOrigin(ByteSource& file, const BinlogOrigin& origin);

/// A file of one data event of `type`. Of the descriptor's extra values those are written that
/// `descriptor` has; `nullable` is written when `mark_nullable`.
struct EnvelopeOptions {
  EventType type = EventType::kInsert;
  std::uint64_t written_at = 0;
  bool mark_nullable = false;
  bool next_position = true;  ///< false: −1 in the data event, as the stream writers of 2.4 leave it
};
/// kInvalidArgument when the file would be longer than the format's 2 GiB.
Result<std::string> WriteEnvelope(const Descriptor& descriptor, std::string_view payload,
                                  const EnvelopeOptions& options);

}  // namespace mbk::codec
