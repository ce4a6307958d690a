#pragma once

#include <string_view>

#include "manifest/keys.h"

/// Which of the objects below a backup's directory are the backup's own: what the Go tool and this program
/// write there, by their names alone. Nothing else is ever removed.
namespace mbk {

/// Says that what lies here is being removed; written before the first object goes, removed last.
inline constexpr std::string_view kDeleting = "deleting.json";

/// What an object below a backup's directory is.
enum class BackupPart {
  kForeign,  ///< of something else
  kData,     ///< a file of a segment below binlogs/
  kBundle,  ///< a file below bundle/: of a backup in whose format that is where a snapshot lies, else foreign
  kMeta,    ///< a file that the tools write below meta/
  kLock,    ///< who writes or removes the backup
  kScratch,   ///< what a run wrote to see what the store does with it, and was killed before it removed it
  kDeleting,  ///< kDeleting
  kDirectory  ///< an empty object that stands for a directory of the layout
};

/// `relative_key` is without the backup's own prefix. `size` in bytes: an object that stands for a directory
/// holds none.
BackupPart PartOf(std::string_view relative_key, std::int64_t size);

/// Whether a file of this key is of something else: carried by a copy, and never on record, for it would be
/// damage as soon as a desktop writes it anew.
bool IsOfOthers(std::string_view relative_key);

/// Whether `name` is one of the directories that Milvus makes below its rootPath: insert_log, stats_log, …
bool IsDirectoryOfMilvus(std::string_view name);

/// Whether `key` is a file by which MinIO stores an object on its disks, `…/<object>/xl.meta`.
bool IsFileOfMinio(std::string_view key);

/// Whether `name` is a directory of StagingTree.
bool IsStagingDirectory(std::string_view name);

}  // namespace mbk
