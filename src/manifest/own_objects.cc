#include "manifest/own_objects.h"

#include <algorithm>
#include <array>

namespace mbk {
namespace {

// What channel checkpoints were written to from 0.4.13 to 0.5.9 (spec/storage-layout.md §1).
constexpr std::string_view kChannelCheckpoints = "channel_cp_meta.json";

constexpr std::array kMetaFiles = {kBackupMeta, kCollectionMeta, kPartitionMeta,     kSegmentMeta,
                                   kFullMeta,   kObjects,        kChannelCheckpoints};

// insert_log/<coll>/<part>/[<group>/]<seg>/<field>/<log>, and one level less in delta_log.
constexpr std::size_t kFewestIds = 4;
constexpr std::size_t kMostIds = 6;

template <class Names>
bool Holds(const Names& names, std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

// Cut `prefix` off `text`.
bool Skip(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool IsId(std::string_view element) {
  if (element == "-1") return true;  // the partition of deletes that are for all
  return !element.empty() &&
         std::all_of(element.begin(), element.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// How many ids there are between the slashes; 0 when anything else is.
std::size_t CountIds(std::string_view path) {
  for (std::size_t count = 1;; ++count) {
    const std::size_t slash = path.find('/');
    if (!IsId(path.substr(0, slash))) return 0;
    if (slash == std::string_view::npos) return count;
    path.remove_prefix(slash + 1);
  }
}

bool IsLogKey(std::string_view below_binlogs) {
  if (!Skip(below_binlogs, "insert_log/") && !Skip(below_binlogs, "delta_log/")) return false;
  const std::size_t ids = CountIds(below_binlogs);
  return kFewestIds <= ids && ids <= kMostIds;
}

// Written where a store has no conditional put: a name for each run.
bool IsLockFile(std::string_view name) {
  return name == kLock || (name.starts_with("lock-") && name.ends_with(".json"));
}

bool IsScratchFile(std::string_view name) { return name.starts_with("lock-") && name.ends_with(".tmp"); }

BackupPart PartOfMeta(std::string_view name) {
  if (name == kDeleting) return BackupPart::kDeleting;
  if (IsLockFile(name)) return BackupPart::kLock;
  if (IsScratchFile(name)) return BackupPart::kScratch;
  return Holds(kMetaFiles, name) ? BackupPart::kMeta : BackupPart::kForeign;
}

bool IsDirectoryOfLayout(std::string_view key) {
  constexpr std::array kDirectories = {std::string_view(""), std::string_view("meta/"),
                                       std::string_view("binlogs/"), std::string_view("binlogs/insert_log/"),
                                       std::string_view("binlogs/delta_log/")};
  if (Holds(kDirectories, key)) return true;
  if (!Skip(key, "binlogs/insert_log/") && !Skip(key, "binlogs/delta_log/")) return false;
  key.remove_suffix(1);
  return CountIds(key) > 0;
}

}  // namespace

BackupPart PartOf(std::string_view relative_key, std::int64_t size) {
  std::string_view key = relative_key;
  if (Skip(key, "bundle/")) return BackupPart::kBundle;
  if (key.empty() || key.ends_with('/'))
    return size == 0 && IsDirectoryOfLayout(key) ? BackupPart::kDirectory : BackupPart::kForeign;
  if (Skip(key, "meta/")) return PartOfMeta(key);
  if (Skip(key, "binlogs/") && IsLogKey(key)) return BackupPart::kData;
  return BackupPart::kForeign;
}

bool IsOfOthers(std::string_view relative_key) { return PartOf(relative_key, 1) == BackupPart::kForeign; }

bool IsDirectoryOfMilvus(std::string_view name) {
  constexpr std::array kNames = {
      std::string_view("insert_log"),         std::string_view("delta_log"),  std::string_view("stats_log"),
      std::string_view("index_files"),        std::string_view("index_v1"),   std::string_view("bm25_stats"),
      std::string_view("json_key_index_log"), std::string_view("json_stats"), std::string_view("text_log"),
      std::string_view("analyze_stats"),      std::string_view("part_stats")};
  return Holds(kNames, name);
}

bool IsFileOfMinio(std::string_view key) { return key.ends_with("/xl.meta") || key.ends_with("/xl.json"); }

bool IsStagingDirectory(std::string_view name) { return name.starts_with("restore-temp-"); }

}  // namespace mbk
