#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/named.h"
#include "model/backup.h"

/// Every object key of the program is built here, and nowhere else (spec/storage-layout.md §1).
namespace mbk {

/// Join two key parts with exactly one slash between them, collapsing double slashes; an empty part adds
/// nothing. A leading slash of `root` is kept: callers of object stores strip it once, in RootForBucket.
/// A trailing slash of `rest` is kept too, so that prefixes can be joined.
std::string JoinKey(std::string_view root, std::string_view rest);

/// A configured rootPath as object stores use it: cleaned, without leading or trailing slash ("" for "/").
std::string RootForBucket(std::string_view root_path);

/// Where Milvus keeps its files: <root>/insert_log/<coll>/<part>/<seg>/<field>/<log> and
/// <root>/delta_log/<coll>/<part>/<seg>/<log>.
class MilvusLayout {
 public:
  explicit MilvusLayout(std::string root) : root_(std::move(root)) {}
  const std::string& root() const { return root_; }

  ObjectKey InsertLog(std::int64_t collection_id, const Segment& segment, const Binlog& log) const;
  ObjectKey DeltaLog(std::int64_t collection_id, const Segment& segment, const Binlog& log) const;
  /// Prefixes for listing, of a whole collection or of one segment; each ends in a slash.
  std::string InsertLogPrefix(std::int64_t collection_id) const;
  std::string DeltaLogPrefix(std::int64_t collection_id) const;
  std::string InsertLogPrefix(std::int64_t collection_id, std::int64_t partition_id,
                              std::int64_t segment_id) const;
  std::string DeltaLogPrefix(std::int64_t collection_id, std::int64_t partition_id,
                             std::int64_t segment_id) const;

 private:
  std::string root_;
};

/// One file of a segment, parsed from its key below the root.
struct ParsedLogKey {
  bool is_delta = false;
  std::int64_t collection_id = 0;
  std::int64_t partition_id = 0;
  std::int64_t segment_id = 0;
  std::int64_t field_id = 0;
  std::int64_t log_id = 0;
  friend bool operator==(const ParsedLogKey&, const ParsedLogKey&) = default;
};
/// The numbers of a Milvus log key ("insert_log/1/2/3/100/7" or "delta_log/1/-1/3/7" behind `root`);
/// nullopt for anything else, digits only, no overflow.
std::optional<ParsedLogKey> ParseMilvusLogKey(std::string_view root, std::string_view key);

/// A `log_path` of a manifest, taken apart without knowing the root it was written under.
struct SourceLogPath {
  std::string_view root;  ///< a part of the path given; "" or as JoinKey leaves it
  ParsedLogKey log;
};
/// nullopt when no root exists for which MilvusLayout builds exactly this path.
std::optional<SourceLogPath> SplitSourceLogPath(std::string_view log_path);

/// Names of the files below meta/.
inline constexpr std::string_view kBackupMeta = "backup_meta.json";
inline constexpr std::string_view kCollectionMeta = "collection_meta.json";
inline constexpr std::string_view kPartitionMeta = "partition_meta.json";
inline constexpr std::string_view kSegmentMeta = "segment_meta.json";
inline constexpr std::string_view kFullMeta = "full_meta.json";
inline constexpr std::string_view kObjects = "objects.json";
inline constexpr std::string_view kLock = "lock.json";

/// A tree of binlogs in the layout of a backup: a backup itself, or a staging directory that Milvus
/// imports from. Its prefix ends in a slash (or is empty).
class BinlogTree {
 public:
  explicit BinlogTree(std::string prefix) : prefix_(std::move(prefix)) {}
  const std::string& prefix() const { return prefix_; }

  /// binlogs/insert_log/<coll>/<part>/[<group>/]<seg>/<field>/<log>
  ObjectKey InsertLog(std::int64_t collection_id, const Segment& segment, const Binlog& log) const;
  /// binlogs/delta_log/<coll>/<part>/[<group>/]<seg>/<log>
  ObjectKey DeltaLog(std::int64_t collection_id, const Segment& segment, const Binlog& log) const;
  /// The directories Milvus imports, ending in a slash: of the segment's group, or of the whole
  /// partition when it has none (spec/restore.md, "How the directories are built").
  std::string InsertDir(std::int64_t collection_id, const Segment& segment) const;
  std::string DeltaDir(std::int64_t collection_id, const Segment& segment) const;
  /// delta_log/<coll>/<part>/[<group>/]<seg>/ of an L0 segment; where the group is its own, that one.
  std::string L0Dir(std::int64_t collection_id, const Segment& segment) const;
  /// Everything of the tree that is data: <prefix>binlogs/
  std::string DataPrefix() const;
  /// The files of one collection; each ends in a slash.
  std::string InsertLogPrefix(std::int64_t collection_id) const;
  std::string DeltaLogPrefix(std::int64_t collection_id) const;

 private:
  std::string prefix_;
};

/// A backup below a backup root.
class BackupLayout {
 public:
  BackupLayout(std::string_view backup_root, std::string_view name);
  const std::string& name() const { return name_; }
  /// <root>/<name>/
  const std::string& prefix() const { return tree_.prefix(); }
  const BinlogTree& tree() const { return tree_; }
  ObjectKey Meta(std::string_view file) const;
  /// meta/lock-<run id>.json: the lock of one run, where a store cannot put conditionally.
  ObjectKey LockOf(std::string_view run_id) const;
  /// meta/lock-<run id>.tmp: what that run writes to see what the store does with it.
  ObjectKey ScratchOf(std::string_view run_id) const;
  /// What all keys of locks and scratch files begin with.
  std::string LockPrefix() const;
  /// Whether a key is one of these, meta/lock.json or one of its relatives: no part of the backup.
  bool IsLock(const ObjectKey& key) const;

 private:
  std::string name_;
  BinlogTree tree_;
};

/// Where a restore puts what Milvus is to import when the backup lies elsewhere: in the root of the Milvus
/// bucket, restore-temp-<task>-<db>-<collection>/ (spec/restore.md §3). A slash in one of the three becomes
/// "%2F": a name never makes directories.
BinlogTree StagingTree(std::string_view parent, std::string_view task_id, std::string_view db,
                       std::string_view collection);

/// Every staging tree begins so, whichever run it is of.
std::string StagingPrefix(std::string_view parent);

/// Where runs that fill a Milvus say what they are doing, beside its staging trees: mbk-runs/<run id>.json.
/// The prefix ends in a slash.
std::string RunRecordPrefix(std::string_view parent);
ObjectKey RunRecordKey(std::string_view parent, std::string_view run_id);
/// The last part of that key: <run id>.json.
std::string RecordFileName(std::string_view run_id);
/// Beside the records, an object that tells the store's time; `id` is its writer's alone.
ObjectKey RunClockKey(std::string_view parent, std::string_view id);
/// The run whose record has this file name; "" when it is none: twelve lower-case hex digits and ".json".
std::string RunIdOfRecord(std::string_view file_name);
/// Whether `id` is one of a run.
bool IsRunId(std::string_view id);

/// Whether `name` may name a new backup: at most 128 bytes, first a letter or '_', then letters, digits, '_',
/// and inside also '-' and '.'. What lies there under another name is read all the same.
bool IsValidBackupName(std::string_view name);

}  // namespace mbk
