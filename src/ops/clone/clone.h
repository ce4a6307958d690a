#pragma once

#include <string>

#include "base/call_context.h"
#include "base/status.h"
#include "ops/capture/capture.h"
#include "ops/environment.h"
#include "ops/load/load.h"
#include "ops/restore/restore.h"
#include "ops/select/filter.h"

namespace mbk {

struct CloneOptions {
  Filter filter;  ///< what of the source
  load::Options load;
  std::string backup_name;   ///< for RunCloneThroughBackup
  bool fingerprint = false;  ///< of the backup that is kept, as CreateOptions has it
  capture::WhenVanished when_vanished = capture::WhenVanished::kFail;
  bool dry_run = false;
};

/// Carry collections from one live Milvus into another: capture, stream the binlogs straight into the
/// target's bucket, import. No backup is written. The source is flushed, and never changed otherwise.
Result<RestoreReport> RunClone(const CloneOptions& options, MilvusSide& source, MilvusTarget& target,
                               const RunServices& run, const CallContext& context);

/// The same through a backup that stays in `kept` under `options.backup_name`.
Result<RestoreReport> RunCloneThroughBackup(const CloneOptions& options, MilvusSide& source, BackupSide& kept,
                                            MilvusTarget& target, const RunServices& run,
                                            const CallContext& context);

}  // namespace mbk
