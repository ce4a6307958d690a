#pragma once

#include <string>

#include "base/call_context.h"
#include "base/status.h"
#include "ops/environment.h"

namespace mbk {

struct CheckReport {
  std::string milvus_version;
  bool milvus_root_empty =
      false;                ///< nothing lies under the root of Milvus: probably the wrong bucket or rootPath
  std::string copy_method;  ///< how the probe object travelled
};

/// Try everything a backup needs: ask Milvus for its version, list both roots (one key each), write a
/// one-byte object under the Milvus root, copy it to the backup root, compare, and remove both.
Result<CheckReport> RunCheck(MilvusSide& server, BackupSide& target, const RunServices& run,
                             const CallContext& context);

}  // namespace mbk
