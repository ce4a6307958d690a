#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "milvus/client.h"
#include "model/backup.h"
#include "ops/environment.h"
#include "ops/select/filter.h"

namespace mbk {

/// How create makes sure that the newest rows are in the store (spec/create.md §2).
enum class FlushStrategy { kAuto, kMetaOnly, kSkipFlush, kSerialFlush };
/// "" is kAuto. "bulk_flush" is refused: it needs FlushAll of Milvus 2.6.11.
Result<FlushStrategy> ParseFlushStrategy(std::string_view name);

struct CreateOptions {
  std::string name;  ///< see IsValidBackupName
  Filter filter;     ///< empty: everything
  FlushStrategy strategy = FlushStrategy::kAuto;
  bool rbac = false;
  bool fingerprint = false;  ///< decode all rows of the backup, and record what they add up to
  bool dry_run = false;      ///< plan only; nothing is flushed, paused or written
};

/// A name for a backup that was given none: "backup_" + UTC time + nanoseconds, as the Go tool makes it.
std::string DefaultBackupName();

struct CollectionSummary {
  CollectionName name;
  std::int64_t rows = 0;  ///< as the segments say, deletes not applied
  std::int64_t segments = 0;
  std::int64_t objects = 0;
  std::int64_t bytes = 0;
  std::optional<RowsRecord> rows_record;  ///< with CreateOptions::fingerprint
};

struct CreateReport {
  std::string name;
  std::string id;
  std::int64_t objects = 0;
  std::int64_t bytes = 0;
  std::vector<CollectionSummary> collections;
  std::string streamed_because;  ///< why bytes went through this process; empty: the store copied by itself
};

/// Back up what `options.filter` selects of `server` into `target`. All or nothing: when it fails, what
/// was written is removed again as far as the store allows, and no backup of that name is listed.
Result<CreateReport> RunCreate(const CreateOptions& options, MilvusSide& server, BackupSide& target,
                               const RunServices& run, const CallContext& context);

/// Counts per collection of a captured backup.
std::vector<CollectionSummary> Summarize(const Backup& backup);

}  // namespace mbk
