#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/progress.h"
#include "base/status.h"
#include "manifest/keys.h"
#include "manifest/manifest.h"
#include "model/backup.h"
#include "repository/fenced_store.h"
#include "repository/lock.h"
#include "repository/place.h"
#include "store/object_store.h"

/// A backup root in a store, and the backups that lie in it. A backup exists when its last object,
/// meta/backup_meta.json, is written; removing it begins with that object.
namespace mbk {

/// What a directory of the root is.
enum class EntryState {
  kComplete,
  kUnfinished,    ///< a run did not end, or goes on
  kBeingDeleted,  ///< likewise a delete
  kUnreadable,    ///< it may be a whole backup: the store did not let it be read, or it is damaged
  kForeign        ///< something else
};

/// What `list` shows of a directory of the root.
struct BackupEntry {
  std::string name;
  EntryState state = EntryState::kForeign;
  std::int64_t size = 0;  ///< bytes
  std::string milvus_version;
  std::string problem;   ///< why it is not complete, or what a complete one lacks
  bool refused = false;  ///< kUnreadable for want of rights
};

/// Every directory of the root, in the store's order; of one that cannot be read its entry says so. One
/// listing of one level, and two small requests per backup, in parallel.
Result<std::vector<BackupEntry>> ListBackups(ObjectReader& store, const std::string& backup_root,
                                             const CallContext& context);

/// A backup that was opened for reading.
struct OpenedBackup {
  BackupLayout layout;
  Backup backup;
  std::int64_t meta_size = 0;  ///< bytes of the meta files of the Go format
  std::string commit_etag;     ///< of backup_meta.json; empty when that alone is missing
  std::optional<std::string>
      marker_etag;                   ///< of the marker of a delete that was killed before it removed anything
  std::vector<std::string> remarks;  ///< what is wrong with it although it can be read
};

/// Read a backup's metadata: full_meta.json, else the level files. kNotFound, with what lies there instead,
/// when there is no backup. Three requests.
Result<OpenedBackup> OpenBackup(ObjectReader& store, const BackupLayout& layout, const CallContext& context);
/// The same where LookAt has been asked already.
Result<OpenedBackup> OpenBackup(ObjectReader& store, const BackupLayout& layout, const BackupPlace& place,
                                const CallContext& context);

/// The names of the collections in a backup ("db.name"), read from collection_meta.json alone, or where that
/// is missing from full_meta.json.
Result<std::vector<std::string>> ReadCollectionNames(ObjectReader& store, const BackupLayout& layout,
                                                     const CallContext& context);

/// A backup being written. Holds its lock until it is committed or given up. What a run does in between it
/// does through store() and with While(): both end with the lock.
class BackupWriter {
 public:
  /// What Begin would say now, without taking anything: kAlreadyExists, with what it is, when anything lies
  /// at the name; kLocked when another run is writing it. For a dry run. Two requests where the name is free.
  static Status CheckFree(ObjectReader& store, const BackupLayout& layout, const CallContext& context);

  /// Claim the name. kAlreadyExists, with what it is, when anything lies there, which is left as it is;
  /// kLocked when another run is writing it.
  static Result<std::unique_ptr<BackupWriter>> Begin(ObjectStore& store, const BackupLayout& layout,
                                                     std::string_view verb, const CallContext& context,
                                                     LockClock& clock = RealLockClock());

  /// The store, for everything that is written into the backup: only what was written here is removed by
  /// Abandon. kLocked for writes once the lock is lost.
  ObjectStore& store() { return fenced_; }
  /// `context`, ended too once the lock is lost.
  CallContext While(const CallContext& context) const { return lock_->While(context); }
  /// Whether the lock is still ours, as the store has it; kLocked if not. To be asked before each step that
  /// commits or overwrites. One request.
  Status Check(const CallContext& context) { return lock_->Check(context); }
  /// The same without a request, as far as is known.
  Status CheckTime() { return lock_->CheckTime(); }

  /// Write full_meta.json, the level files and at last backup_meta.json; objects.json is there already.
  /// From then on the backup exists. The lock is released; one that cannot be is only worth a warning.
  /// kLocked, and nothing more is written, when the lock is lost: asked before each file.
  Status Commit(const Backup& backup, const CallContext& context);
  /// Release the lock of a backup whose metadata were written by other means.
  void Release(const CallContext& context);
  /// Remove what this run wrote, and the lock. For a run that failed or was stopped. kLocked, and nothing is
  /// touched, when the lock is lost; what others wrote there stays, and is said.
  Status Abandon(const CallContext& context);

 private:
  BackupWriter(ObjectStore& store, BackupLayout layout, std::unique_ptr<BackupLock> lock)
      : layout_(std::move(layout)), lock_(std::move(lock)), fenced_(store, *lock_) {}

  Result<bool> OthersCommitted(const CallContext& context);
  Status RemoveWhatWasWritten(const CallContext& context);

  const BackupLayout layout_;
  std::unique_ptr<BackupLock> lock_;
  FencedStore fenced_;
  std::string id_;  ///< of the backup that Commit writes
};

/// What lies below a backup's directory, lock and marker left out.
struct BackupFiles {
  bool committed = false;        ///< backup_meta.json is there
  std::int64_t objects = 0;      ///< of the backup's own layout
  std::int64_t bytes = 0;        ///< likewise
  std::int64_t foreign = 0;      ///< objects of something else
  std::int64_t youngest_ms = 0;  ///< when the last of all these was written, by the store; 0: it does not say
  std::vector<std::string> foreign_samples;  ///< URLs of the first of them
};
/// `has_bundle`: see BackupPlace::HasBundle.
Result<BackupFiles> CountBackupFiles(ObjectReader& store, const BackupLayout& layout, bool has_bundle,
                                     const CallContext& context);

/// Asked before each step that removes something; an error ends the removal.
using StillOurs = std::function<Status()>;

/// Delete the objects of a backup's own layout (PartOf), or what is left of them. A marker that says so comes
/// first, backup_meta.json goes next, the marker last: what was interrupted is never taken for a backup, and
/// can be finished. `owner` is who deletes. `progress` is told of each batch. The caller has proved that it
/// is a backup, and holds the lock, which stays. `has_bundle`: see BackupPlace::HasBundle.
Status RemoveBackupFiles(ObjectStore& store, const BackupLayout& layout, bool has_bundle,
                         const LockOwner& owner, Progress& progress, const StillOurs& still_ours,
                         const CallContext& context);

}  // namespace mbk
