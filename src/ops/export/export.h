#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "milvus/client.h"
#include "ops/environment.h"
#include "ops/select/filter.h"

namespace mbk {

enum class ExportFormat { kParquet, kJsonLines };

struct ExportOptions {
  std::string name;
  Filter filter;  ///< of the collections in the backup
  ExportFormat format = ExportFormat::kParquet;
  /// A file is closed at the next batch once it has so many bytes.
  std::int64_t file_bytes = 512LL << 20;
  bool dry_run = false;
};

struct ExportedCollection {
  CollectionName name;
  std::int64_t rows = 0;  ///< that were written; of a dry run those that are stored, deletes not applied
  std::int64_t files = 0;
  std::int64_t bytes = 0;
};

struct ExportReport {
  std::string name;
  std::string target_url;
  std::vector<ExportedCollection> collections;
};

/// Where exported files go.
struct ExportTarget {
  ObjectStore& store;
  std::string directory;  ///< of all keys; may be empty
  /// Makes the bucket or directory that is missing, when nothing stands against the run; empty where nothing
  /// is.
  std::function<Status(const CallContext&)> make;
};

/// Write the living rows of a backup as files that any tool reads, below the target:
/// <db>/<collection>/partition=<partition>/part-<n>.parquet (or .jsonl), Hive style. kAlreadyExists when
/// files of a collection lie there; a failure removes what was written of the collection.
Result<ExportReport> RunExport(const ExportOptions& options, BackupSide& side, ExportTarget& target,
                               const RunServices& run, const CallContext& context);

}  // namespace mbk
