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
#include "ops/capture/capture.h"
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
  bool allow_empty = false;  ///< a backup without collections is meant
  capture::WhenVanished when_vanished = capture::WhenVanished::kFail;
  bool dry_run = false;  ///< plan only; nothing is flushed, paused or written
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
  /// Rows that the server counts and that are in no file yet: those are not in a backup made without a flush.
  /// Unset where a flush brings them in, and where it cannot be told exactly how many.
  std::optional<std::int64_t> rows_in_memory;
};

struct CreateReport {
  std::string name;
  std::string id;
  std::string url;  ///< where it lies, or would
  std::int64_t objects = 0;
  std::int64_t bytes = 0;
  std::int64_t rows = 0;  ///< as the segments say, deletes not applied
  std::vector<CollectionSummary> collections;
  std::vector<capture::LeftOut> left_out;  ///< collections that are not in it
  std::vector<std::string> notes;          ///< what else is not in it
  std::string streamed_because;  ///< why bytes went through this process; empty: the store copied by itself
};

/// Back up what `options.filter` selects of `server` into `target`. All or nothing, but for what the report
/// names as left out: when it fails, what was written is removed again as far as the store allows, and no
/// backup of that name is listed. kNotFound when there is nothing to back up, unless that is allowed.
Result<CreateReport> RunCreate(const CreateOptions& options, MilvusSide& server, BackupSide& target,
                               const RunServices& run, const CallContext& context);

/// Counts per collection of a captured backup.
std::vector<CollectionSummary> Summarize(const Backup& backup);

}  // namespace mbk
