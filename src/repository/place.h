#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/call_context.h"
#include "base/status.h"
#include "manifest/keys.h"
#include "model/backup.h"
#include "repository/lock.h"
#include "store/object_store.h"

/// What lies at the name of a backup: asked before it is read, written or removed.
namespace mbk {

/// The files below a backup's meta/, from one listing.
struct MetaListing {
  std::map<std::string, std::int64_t, std::less<>> sizes;  ///< of the tools' own files, bytes
  std::string commit_etag;                                 ///< of backup_meta.json; empty when there is none
  bool locked = false;                                     ///< there is a lock object
  std::int64_t lock_ms = 0;                ///< when the last of them was written, by the store
  std::optional<std::string> marker_etag;  ///< of the marker of a delete, when there is one
  std::optional<ObjectKey>
      file_of_minio;  ///< one by which MinIO stores objects on its disks, when there is any

  bool Has(std::string_view file) const { return sizes.contains(file); }
  /// Whether what is there can be read as the Go tool reads it: full_meta.json, or all four level files.
  bool IsReadable() const;
  std::int64_t Bytes() const;  ///< of the files of the Go format
};
Result<MetaListing> ListMeta(ObjectReader& store, const BackupLayout& layout, const CallContext& context);

enum class PlaceKind {
  kEmpty,          ///< nothing
  kBackup,         ///< a backup: backup_meta.json says so, and what it needs beside it is there
  kCommitMissing,  ///< a backup whose backup_meta.json alone is missing; the Go tool reads it
  kDamaged,        ///< backup_meta.json is there and is not one, or what it needs beside it is not there
  kBeingDeleted,   ///< a delete of ours goes on, or was interrupted: its marker is there, backup_meta.json is
                   ///< gone
  kOurUnfinished,  ///< what a run of ours left, or still writes: its lock or its objects.json says so
  kUnfinished,     ///< known by its layout alone: of the Go tool, which leaves no sign
  kForeign         ///< of something else
};

struct BackupPlace {
  PlaceKind kind = PlaceKind::kEmpty;
  std::string seen;  ///< what was found, for messages; empty for kEmpty, of kBackup what is odd about it
  MetaListing meta;
  std::optional<LockOwner> lock;  ///< who holds the name, or held it until it was killed
  Backup head;  ///< of kBackup and kCommitMissing, and of kBeingDeleted as long as it is there: the scalars
                ///< alone

  /// Whether what lies below bundle/ is the backup's own, by its format.
  bool HasBundle() const;
};

/// Look at the name. Two requests for a backup, some more for anything else, however much lies there. An
/// error is the store's own: it says nothing of what lies there.
Result<BackupPlace> LookAt(ObjectReader& store, const BackupLayout& layout, const CallContext& context);

}  // namespace mbk
