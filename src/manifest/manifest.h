#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/backup.h"

/// The JSON files of a backup, to the letter of the Go tool's format (spec/storage-layout.md §2-6), read
/// and written as streams: memory does not grow with the number of binlogs beyond the model itself.
namespace mbk::manifest {

/// Takes text as it is produced.
using TextSink = std::function<Status(std::string_view)>;

Status WriteBackupMeta(const Backup& backup, const TextSink& sink);
Status WriteCollectionMeta(const Backup& backup, const TextSink& sink);
Status WritePartitionMeta(const Backup& backup, const TextSink& sink);
Status WriteSegmentMeta(const Backup& backup, const TextSink& sink);
Status WriteFullMeta(const Backup& backup, const TextSink& sink);

/// Read full_meta.json. kDataLoss with the byte offset for text that is not what it should be: broken
/// JSON, a wrong type, a number out of range, nesting or lengths beyond the limits.
Result<Backup> ReadFullMeta(std::istream& json);

/// The level files, for backups that have no full_meta.json; all four are needed.
struct LevelFiles {
  std::istream& backup;
  std::istream& collection;
  std::istream& partition;
  std::istream& segment;
};
Result<Backup> ReadLevelFiles(const LevelFiles& files);

/// Only the scalars of backup_meta.json (or of the top of full_meta.json): what `list` needs.
Result<Backup> ReadBackupMeta(std::istream& json);

/// The names ("db.name") of the collections of a collection_meta.json or full_meta.json, the rest skipped.
Result<std::vector<std::string>> ReadCollectionNames(std::istream& json);

/// One line of objects.json: an object of the backup, its key relative to the backup directory.
struct ObjectRecord {
  std::string key;
  std::string source_key;   ///< where it came from; empty for meta files
  std::int64_t size = 0;    ///< bytes
  std::string etag;         ///< as the store gave it
  std::string digest_kind;  ///< "md5", "crc32c", "crc64nvme", "sha256", "xxh128", or empty: none known
  std::string digest;       ///< lower-case hex
  friend bool operator==(const ObjectRecord&, const ObjectRecord&) = default;
};
/// One line of JSON, newline included.
std::string ObjectRecordLine(const ObjectRecord& record);
Result<ObjectRecord> ParseObjectRecord(std::string_view line);

/// The indented "brief" JSON that `get` prints (spec/rest.md, BackupInfoBrief; 4 spaces, as the Go tool
/// writes it): no partitions, no segments. `meta_size` is the sum of the sizes of the meta files, bytes.
std::string BriefJson(const Backup& backup, std::int64_t meta_size);

}  // namespace mbk::manifest
