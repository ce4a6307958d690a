#include "repository/object_records.h"

#include <fmt/core.h>

#include <cstddef>
#include <utility>

#include "store/content_hash.h"

namespace mbk {
namespace {

// Four times what a record can take; a line that goes on beyond it is not read to its end.
constexpr std::size_t kMaxLineBytes = 64u << 10;

}  // namespace

ObjectRecordReader::ObjectRecordReader(ObjectReader& store, const BackupLayout& layout,
                                       const CallContext& context)
    : url_(store.identity().Url(layout.Meta(kObjects))), buffer_(store, layout.Meta(kObjects), context) {}

Result<std::optional<manifest::ObjectRecord>> ObjectRecordReader::Next() {
  MBK_TRY_ASSIGN(const bool more, ReadLine());
  if (!more) return std::optional<manifest::ObjectRecord>();
  Result<manifest::ObjectRecord> record = manifest::ParseObjectRecord(line_);
  if (!record.ok()) return record.status().WithContext(url_);
  if (!last_key_.empty() && record->key <= last_key_)
    return DataLoss(
        fmt::format("{}: the line of {} follows that of {}: lines are doubled, or have changed places", url_,
                    record->key, last_key_));
  last_key_ = record->key;
  return std::optional(*std::move(record));
}

// False at the end of the file. A read that failed is no end.
Result<bool> ObjectRecordReader::ReadLine() {
  constexpr auto kEnd = std::streambuf::traits_type::eof();
  line_.clear();
  auto c = buffer_.sbumpc();
  const bool any = c != kEnd;
  for (; c != kEnd && c != '\n'; c = buffer_.sbumpc()) {
    if (line_.size() == kMaxLineBytes) return DataLoss(url_ + ": a line is longer than any record");
    line_.push_back(static_cast<char>(c));
  }
  MBK_TRY(buffer_.status());
  return any;
}

Digest DigestOnRecord(const manifest::ObjectRecord& record) {
  const Digest::Kind kind = DigestKindNamed(record.digest_kind);
  return IsComputed(kind) ? Digest{.kind = kind, .hex = record.digest} : Digest();
}

ObjectRecordLookup::ObjectRecordLookup(ObjectReader& store, const BackupLayout& layout,
                                       const CallContext& context)
    : reader_(store, layout, context), now_(manifest::ObjectRecord()) {}

Result<manifest::ObjectRecord> ObjectRecordLookup::Find(const std::string& key) {
  while (now_ && now_->key < key) MBK_TRY(Advance());
  return now_ && now_->key == key ? *now_ : manifest::ObjectRecord{.key = key};
}

Status ObjectRecordLookup::Advance() {
  Result<std::optional<manifest::ObjectRecord>> next = reader_.Next();
  if (!next.ok() && next.status().code() != Code::kNotFound) return next.status();
  now_ = next.ok() ? *std::move(next) : std::nullopt;  // the Go tool writes none
  return {};
}

}  // namespace mbk
