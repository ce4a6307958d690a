#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/status.h"

/// The commands of bench-rows.
namespace mbk::bench {

/// Write insert logs of one column each, as Milvus 2.3 does, to `directory`: KIND/0, KIND/1, …
Status MakeFiles(const std::filesystem::path& directory);

struct DecodeOptions {
  std::filesystem::path directory;  ///< that MakeFiles wrote
  std::string kind;
  int threads = 1;
  std::int64_t rows = 0;  ///< to decode at least, all threads together: the files are gone through again
  bool fingerprint = false;
};
/// Decode files that are in memory, and print what it took as a line of JSON.
Status Decode(const DecodeOptions& options);

struct BackupShape {
  std::int64_t segments = 1;
  std::int64_t segment_rows = 1;
  std::int64_t log_rows = 1;  ///< in one file
  std::int64_t dimension = 16;
};
/// A backup `name` below `root`, a directory: one collection of Int64 keys and float vectors in one
/// partition.
Status MakeBackup(const std::filesystem::path& root, const std::string& name, const BackupShape& shape);

/// Write a file whole, with the directories that lead to it.
Status WriteFile(const std::filesystem::path& path, const std::string& content);

}  // namespace mbk::bench
