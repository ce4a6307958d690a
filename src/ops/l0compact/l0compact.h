#pragma once

#include <cstdint>
#include <string>

#include "base/call_context.h"
#include "base/status.h"
#include "ops/environment.h"

namespace mbk {

struct L0CompactOptions {
  std::string name;
  std::string output;  ///< empty: <name>_l0compacted
  bool force = false;  ///< remove what lies under the name of the output first
  bool dry_run = false;
};

struct L0CompactReport {
  std::string name;
  std::string output;
  std::int64_t l0_segments = 0;  ///< that were folded in
  std::int64_t deletes = 0;      ///< entries written beside data segments
  std::int64_t delta_logs = 0;   ///< written
  std::int64_t objects = 0;      ///< copied
  std::int64_t bytes = 0;
};

/// Write a copy of a backup in which the deletes of L0 segments stand beside the data segments that they
/// hit, and no L0 segment is left (spec/cli.md, l0compact): for servers that cannot import L0. The source is
/// not changed; a failure leaves nothing of the output.
Result<L0CompactReport> RunL0Compact(const L0CompactOptions& options, BackupSide& side,
                                     const RunServices& run, const CallContext& context);

}  // namespace mbk
