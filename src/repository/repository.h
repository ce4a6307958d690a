#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/progress.h"
#include "base/status.h"
#include "manifest/keys.h"
#include "manifest/manifest.h"
#include "model/backup.h"
#include "repository/lock.h"
#include "store/object_store.h"

/// A backup root in a store, and the backups that lie in it. A backup exists when its last object,
/// meta/backup_meta.json, is written; removing it begins with that object.
namespace mbk {

/// What `list` shows of a backup, from backup_meta.json alone.
struct BackupEntry {
  std::string name;
  bool complete = false;  ///< false: there are files but no readable backup_meta.json
  std::int64_t size = 0;  ///< bytes
  std::string milvus_version;
  std::string problem;  ///< why it is not complete
};

/// Every directory of the root, in the store's order. One listing of one level, and one small read per
/// backup, in parallel.
Result<std::vector<BackupEntry>> ListBackups(ObjectReader& store, const std::string& backup_root,
                                             const CallContext& context);

/// A backup that was opened for reading.
struct OpenedBackup {
  BackupLayout layout;
  Backup backup;
  std::int64_t meta_size = 0;  ///< bytes of the meta files of the Go format
};

/// Read a backup's metadata: full_meta.json, else the level files. kNotFound when it has no
/// backup_meta.json; the message says whether an unfinished one lies there.
Result<OpenedBackup> OpenBackup(ObjectReader& store, const BackupLayout& layout, const CallContext& context);

/// The names of the collections in a backup ("db.name"), read from collection_meta.json alone.
Result<std::vector<std::string>> ReadCollectionNames(ObjectReader& store, const BackupLayout& layout,
                                                     const CallContext& context);

/// A backup being written. Holds its lock until it is committed or given up.
class BackupWriter {
 public:
  /// Claim the name. kAlreadyExists when a backup or an unfinished one lies there, kLocked when another
  /// run is writing it.
  static Result<std::unique_ptr<BackupWriter>> Begin(ObjectStore& store, const BackupLayout& layout,
                                                     std::string_view verb, const CallContext& context);

  /// Write full_meta.json, the level files and at last backup_meta.json; objects.json is there already.
  /// From then on the backup exists. The lock is released; one that cannot be is only worth a warning.
  Status Commit(const Backup& backup, const CallContext& context);
  /// Release the lock of a backup whose metadata were written by other means.
  void Release(const CallContext& context);
  /// Remove everything that was written, and the lock. For a run that failed or was stopped.
  Status Abandon(const CallContext& context);

 private:
  BackupWriter(ObjectStore& store, BackupLayout layout, std::unique_ptr<BackupLock> lock)
      : store_(store), layout_(std::move(layout)), lock_(std::move(lock)) {}

  ObjectStore& store_;
  const BackupLayout layout_;
  std::unique_ptr<BackupLock> lock_;
};

/// What lies below a backup's directory, the lock left out.
struct BackupFiles {
  bool committed = false;  ///< backup_meta.json is there
  std::int64_t objects = 0;
  std::int64_t bytes = 0;
};
Result<BackupFiles> CountBackupFiles(ObjectReader& store, const BackupLayout& layout,
                                     const CallContext& context);

/// Delete a backup or what is left of one; backup_meta.json goes first, so that nothing half-removed is
/// ever listed. `progress` is told of each batch. The caller holds the lock, which stays.
Status RemoveBackupFiles(ObjectStore& store, const BackupLayout& layout, Progress& progress,
                         const CallContext& context);

}  // namespace mbk
