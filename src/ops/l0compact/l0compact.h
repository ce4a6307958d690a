#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "ops/environment.h"

namespace mbk {

struct L0CompactOptions {
  std::string name;
  std::string output;  ///< empty: <name>_l0compacted
  bool force = false;  ///< replace a backup under the name of the output, once the new one is whole
  bool dry_run = false;
  std::optional<std::string> milvus_root;  ///< see RemoveOptions
};

struct L0CompactReport {
  std::string name;
  std::string output;
  std::int64_t l0_segments = 0;  ///< that were folded in
  std::int64_t deletes = 0;      ///< entries written beside data segments
  std::int64_t delta_logs = 0;   ///< written
  std::int64_t objects = 0;      ///< copied
  std::int64_t bytes = 0;
  std::vector<std::string>
      lost_keys;  ///< of the metadata, which only newer tools know: the output lacks them
};

/// Write a copy of a backup in which the deletes of L0 segments stand beside the data segments that they
/// hit, and no L0 segment is left (spec/cli.md, l0compact): for servers that cannot import L0. The source is
/// not changed; a failure leaves nothing of the output. kDataLoss, before anything is written, when a file of
/// deletes has other bytes than were recorded. With `force`, an old output is removed only when the
/// new one is whole: then an error says under which name it stands. kFailedPrecondition when what lies under
/// the output's name is no backup, or not that alone.
Result<L0CompactReport> RunL0Compact(const L0CompactOptions& options, BackupSide& side,
                                     const RunServices& run, const CallContext& context);

}  // namespace mbk
