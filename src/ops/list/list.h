#pragma once

#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "ops/environment.h"
#include "repository/repository.h"

namespace mbk {

struct ListOptions {
  /// Only complete backups that hold it, "coll" or "db.coll", and those of which that cannot be told; empty:
  /// all.
  std::string collection;
};

/// Every directory of the root, in the store's order, and what it is.
Result<std::vector<BackupEntry>> RunList(const ListOptions& options, BackupSide& side,
                                         const CallContext& context);

struct GetOptions {
  std::string name;
  bool detail = false;  ///< partitions and segments too
};

struct GetReport {
  /// The JSON text that `get` prints (without a newline at its end): the brief form of the Go tool, or
  /// everything that is recorded.
  std::string json;
  /// Where the files of meta/ contradict each other, or are not what was recorded of them.
  std::vector<std::string> contradictions;
};

Result<GetReport> RunGet(const GetOptions& options, BackupSide& side, const CallContext& context);

}  // namespace mbk
