#include "repository/meta_records.h"

#include <fmt/core.h>

#include <algorithm>
#include <istream>
#include <map>
#include <utility>

#include "base/hash.h"
#include "manifest/object_index.h"
#include "manifest/own_objects.h"
#include "manifest/rename_text.h"
#include "repository/object_records.h"
#include "repository/object_stream.h"
#include "store/content_hash.h"

namespace mbk {
namespace {

class Recorder {
 public:
  Status Take(std::string_view piece) {
    size_ += static_cast<std::int64_t>(piece.size());
    md5_.Update(piece);
    return {};
  }
  manifest::ObjectRecord Finish(std::string key) {
    return {.key = std::move(key), .size = size_, .digest_kind = "md5", .digest = md5_.Hex()};
  }

 private:
  std::int64_t size_ = 0;
  Md5 md5_;
};

// As a record names it.
std::string RecordKeyOf(const BackupLayout& layout, const ObjectKey& key) {
  return key.str().substr(layout.prefix().size());
}

Result<manifest::ObjectRecord> RecordOf(const MetaFile& file, const Backup& backup) {
  const BackupLayout layout("", backup.name);
  Recorder recorder;
  MBK_TRY(file.write(backup, [&](std::string_view piece) { return recorder.Take(piece); }));
  return recorder.Finish(RecordKeyOf(layout, layout.Meta(file.name)));
}

// Of an object as it is, or as it will be once the backup is called `name`.
Result<manifest::ObjectRecord> RecordOfStored(ObjectReader& store, const BackupLayout& layout,
                                              const ObjectKey& key, const std::string& name,
                                              const CallContext& context) {
  Recorder recorder;
  const auto take = [&](std::string_view piece) { return recorder.Take(piece); };
  if (HoldsName(layout, key) && name != layout.name()) {
    ObjectInputBuf input(store, key, context);
    std::istream stream(&input);
    const Status renamed = manifest::RenameText(stream, name, take);
    MBK_TRY(input.status());
    MBK_TRY(renamed.WithContext(store.identity().Url(key)));
  } else {
    MBK_TRY(store.Get({.key = key}, take, context).status());
  }
  return recorder.Finish(RecordKeyOf(layout, key));
}

constexpr std::string_view kMetaDirectory = "meta/";

/// The records of meta/, from the end of objects.json backwards.
class MetaRecordReader {
 public:
  MetaRecordReader(ObjectReader& store, ObjectKey key, const CallContext& context)
      : store_(store), key_(std::move(key)), context_(context) {}

  /// By key. kNotFound without an objects.json, kDataLoss where it is none.
  Result<std::map<std::string, manifest::ObjectRecord>> Read() {
    MBK_TRY_ASSIGN(const ObjectInfo object, store_.Head(key_, context_));
    std::string begun;  // the end of a line whose beginning was not read yet
    for (std::int64_t offset = object.size; offset > 0 && !is_passed_;) {
      const std::int64_t length = std::min(offset, kChunkBytes);
      offset -= length;
      MBK_TRY_ASSIGN(std::string text, ReadRange({offset, length}, object.etag));
      text += begun;
      const std::size_t first =
          offset == 0 ? 0 : text.find('\n') + 1;  // 0 too where all of it is of one line
      const bool is_one_line = offset > 0 && first == 0;
      if (is_one_line && text.size() > kMaxLineBytes)
        return DataLoss(fmt::format("{}: a line is longer than any record", store_.identity().Url(key_)));
      begun = is_one_line ? text : text.substr(0, first);
      if (!is_one_line)
        MBK_TRY(TakeLines(std::string_view(text).substr(first)).WithContext(store_.identity().Url(key_)));
    }
    return std::move(records_);
  }

  /// Behind Read: whether there was a line at all.
  bool read_any() const { return !last_.empty(); }

 private:
  static constexpr std::int64_t kChunkBytes = 64 << 10;
  static constexpr std::size_t kMaxLineBytes = 64 << 10;
  static constexpr std::size_t kMostRecords = 1'000;  // there are six or seven

  Result<std::string> ReadRange(ByteRange range, const std::string& etag) {
    std::string text;
    auto append = [&](std::string_view piece) {
      text += piece;
      return Status();
    };
    MBK_TRY(store_.Get({.key = key_, .range = range, .if_match = etag}, append, context_).status());
    return text;
  }

  // Whole lines, of which the last comes first.
  Status TakeLines(std::string_view lines) {
    while (!lines.empty() && !is_passed_) {
      if (lines.ends_with('\n')) lines.remove_suffix(1);
      const std::size_t begin = lines.rfind('\n') + 1;
      MBK_TRY(TakeLine(lines.substr(begin)));
      lines = lines.substr(0, begin);
    }
    return {};
  }

  Status TakeLine(std::string_view line) {
    MBK_TRY_ASSIGN(manifest::ObjectRecord record, manifest::ParseObjectRecord(line));
    if (!last_.empty() && record.key >= last_)
      return DataLoss(fmt::format("the line of {} does not come after that of {}", last_, record.key));
    last_ = record.key;
    is_passed_ = record.key < kMetaDirectory;
    if (record.key.starts_with(kMetaDirectory)) records_.emplace(last_, std::move(record));
    if (records_.size() > kMostRecords)
      return DataLoss(fmt::format("more than {} lines of meta/", kMostRecords));
    return {};
  }

  ObjectReader& store_;
  const ObjectKey key_;
  const CallContext& context_;
  std::map<std::string, manifest::ObjectRecord> records_;
  std::string last_;
  bool is_passed_ = false;
};

// A bundle of another format is data that no metadata name.
bool HasData(const Backup& backup) {
  bool found = !backup.format.empty();
  for (const Collection& collection : backup.collections)
    ForEachSegment(collection, [&](const Segment& segment) {
      found |= !segment.insert_logs.empty() || !segment.delta_logs.empty();
    });
  return found;
}

// Whether a file has the bytes of its record.
Status Compare(ObjectReader& store, const BackupLayout& layout, const manifest::ObjectRecord& record,
               MetaRecordFindings& findings, const CallContext& context) {
  const Digest recorded = DigestOnRecord(record);
  if (recorded.kind == Digest::Kind::kNone) {
    findings.unrecorded.push_back(record.key);
    return {};
  }
  const ObjectKey key(layout.prefix() + record.key);
  const Result<Digest> digest = DigestOfObject(store, key, recorded.kind, context);
  if (digest.status().code() == Code::kNotFound) {
    findings.missing.push_back(record.key);
    return {};
  }
  MBK_TRY(digest.status());
  if (*digest == recorded)
    ++findings.compared;
  else
    findings.changed.Add(OtherBytes(key, *digest, recorded));
  return {};
}

}  // namespace

bool HoldsName(const BackupLayout& layout, const ObjectKey& key) {
  return key == layout.Meta(kFullMeta) || key == layout.Meta(kBackupMeta);
}

Result<std::vector<manifest::ObjectRecord>> RecordsOfMeta(const Backup& backup) {
  std::vector<manifest::ObjectRecord> records;
  for (const MetaFile& file : kMetaFiles) {
    MBK_TRY_ASSIGN(manifest::ObjectRecord record, RecordOf(file, backup));
    records.push_back(std::move(record));
  }
  std::sort(records.begin(), records.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  return records;
}

Result<manifest::ObjectRecord> RecordOfCommit(const Backup& backup) {
  return RecordOf({kBackupMeta, manifest::WriteBackupMeta}, backup);
}

Result<std::vector<manifest::ObjectRecord>> RecordsOfStoredMeta(ObjectReader& store,
                                                                const BackupLayout& layout,
                                                                const std::string& name,
                                                                const CallContext& context) {
  std::vector<manifest::ObjectRecord> records;
  auto add = [&](const ObjectInfo& object) -> Status {
    if (!IsCarriedMeta(layout, object)) return {};
    MBK_TRY_ASSIGN(manifest::ObjectRecord record, RecordOfStored(store, layout, object.key, name, context));
    records.push_back(std::move(record));
    return {};
  };
  MBK_TRY(ForEachObject(store, layout.prefix() + "meta/", context, add));
  return records;
}

bool IsCarriedMeta(const BackupLayout& layout, const ObjectInfo& object) {
  const BackupPart part = PartOf(RecordKeyOf(layout, object.key), object.size);
  return part != BackupPart::kLock && part != BackupPart::kScratch && part != BackupPart::kDeleting &&
         part != BackupPart::kDirectory && object.key != layout.Meta(kObjects);
}

// What desktops put there, and files of newer tools, are compared as any object is.
bool IsRecordedMetaKey(std::string_view key) {
  const bool is_own = PartOf(key, 1) == BackupPart::kMeta && key.starts_with(kMetaDirectory);
  return is_own && key != "meta/" + std::string(kObjects);
}

Result<MetaRecordFindings> CheckRecordedMeta(ObjectReader& store, const OpenedBackup& opened,
                                             const CallContext& context) {
  MetaRecordFindings findings;
  const BackupLayout& layout = opened.layout;
  MetaRecordReader reader(store, layout.Meta(kObjects), context);
  const auto records = reader.Read();
  if (records.status().code() == Code::kNotFound) return findings;
  findings.has_records = true;
  if (records.status().code() == Code::kDataLoss) {
    findings.any_recorded = true;
    findings.changed.Add(records.status().message());
    return findings;
  }
  MBK_TRY(records.status());
  if (!reader.read_any() && HasData(opened.backup)) {
    findings.any_recorded = true;
    findings.changed.Add(fmt::format("{} is empty, and had a record of each file of the backup",
                                     store.identity().Url(layout.Meta(kObjects))));
  }
  if (records->empty()) return findings;
  findings.any_recorded = true;
  for (const auto& [key, record] : *records)
    if (IsRecordedMetaKey(key)) MBK_TRY(Compare(store, layout, record, findings, context));
  MBK_TRY(ForEachObject(store, layout.prefix() + std::string(kMetaDirectory), context,
                        [&](const ObjectInfo& object) {
                          const std::string key = RecordKeyOf(layout, object.key);
                          if (IsRecordedMetaKey(key) && !records->contains(key))
                            findings.unrecorded.push_back(key);
                          return Status();
                        }));
  return findings;
}

}  // namespace mbk
