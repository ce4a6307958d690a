#include "repository/object_records.h"

#include <cstddef>
#include <utility>

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

}  // namespace mbk
