#pragma once

#include <cstdint>
#include <string>

#include "base/call_context.h"
#include "base/status.h"
#include "ops/environment.h"

namespace mbk {

struct CopyBackupOptions {
  std::string name;
  std::string as;  ///< the name at the other side; empty: the same
  bool dry_run = false;
};

struct CopyReport {
  std::string name;
  std::string as;
  std::string target_url;  ///< where it lies, or would lie
  std::int64_t objects = 0;
  std::int64_t bytes = 0;
  /// Of a backup that is not of binlogs, whose metadata do not name what belongs to it: all that lay there
  /// was carried. Empty: binlogs, each of which was there.
  std::string other_format;
  std::string streamed_because;  ///< why bytes went through this process; empty: the store copied by itself
};

/// Carry a backup from one store to another, without a local disk. All or nothing: the copy exists when
/// its last object is written; a failed one is removed again as far as the store allows.
Result<CopyReport> RunCopy(const CopyBackupOptions& options, BackupSide& source, BackupSide& target,
                           const RunServices& run, const CallContext& context);

}  // namespace mbk
