#pragma once

#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "ops/environment.h"

namespace mbk {

/// What `list` shows of a backup.
struct ListedBackup {
  std::string name;
  bool complete = false;  ///< false: there are files, but no readable backup_meta.json
  std::int64_t size = 0;  ///< bytes
  std::string milvus_version;
  std::string problem;  ///< why it is not complete
};

struct ListOptions {
  std::string collection;  ///< only complete backups that hold it, "coll" or "db.coll"; empty: all
};

/// Every backup of the root, unfinished ones included, in the store's order.
Result<std::vector<ListedBackup>> RunList(const ListOptions& options, BackupSide& side,
                                          const CallContext& context);

struct GetOptions {
  std::string name;
  bool detail = false;  ///< partitions and segments too
};

/// The JSON text that `get` prints (without a newline at its end): the brief form of the Go tool, or
/// everything that is recorded.
Result<std::string> RunGet(const GetOptions& options, BackupSide& side, const CallContext& context);

}  // namespace mbk
