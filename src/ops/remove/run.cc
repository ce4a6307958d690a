#include <fmt/core.h>

#include <memory>

#include "ops/backup_name.h"
#include "ops/remove/remove.h"

namespace mbk {

Result<BackupFiles> RunRemove(const RemoveOptions& options, BackupSide& target, const RunServices& run,
                              const CallContext& context) {
  MBK_TRY(CheckBackupName(options.name));
  run.progress.Enter(Step::kPlan);
  const BackupLayout layout(target.root, options.name);
  MBK_TRY_ASSIGN(BackupFiles files, CountBackupFiles(target.store, layout, context));
  const bool locked = ReadLock(target.store, layout, context).status().code() != Code::kNotFound;
  if (files.objects == 0 && !locked) {
    return NotFound(fmt::format("backup {} not found at {}", options.name,
                                target.store.identity().Url(ObjectKey(layout.prefix()))));
  }
  if (options.dry_run) return files;

  // The lock keeps a run that writes this backup, or another delete, from meeting this one.
  MBK_TRY_ASSIGN(std::unique_ptr<BackupLock> lock,
                 BackupLock::Acquire(target.store, layout, "delete", context));
  run.progress.Enter(Step::kRemove, files.objects, files.bytes);
  MBK_TRY(RemoveBackupFiles(target.store, layout, run.progress, context));
  MBK_TRY(lock->Release(context));
  run.progress.Enter(Step::kDone);
  return files;
}

}  // namespace mbk
