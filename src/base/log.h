#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>

#include "base/status.h"

/// Logging: to a file and to stderr, never to stdout, which belongs to results. Warnings and errors are on
/// stderr whatever the configuration says: they are what a user must know. A thin front, so that no header
/// costs the logging library's compile time. Thread-safe.
namespace mbk::log {

enum class Level { kDebug, kInfo, kWarn, kError, kOff };

struct Options {
  Level level = Level::kInfo;  ///< of the file; kOff, for tests, silences stderr, too
  std::string console_prefix;  ///< before each line on stderr, e.g. to clear a progress bar
  std::string file_path;       ///< empty: no file; parent directories are made, mode 0600
  int max_size_mib = 300;      ///< the file is rotated at this size
  int max_files = 0;           ///< rotated files kept; 0 = 10 (unlimited is not on offer: disks fill)
  int max_days = 0;            ///< rotated files written longer ago are removed by Init; 0 = none are
};

/// Set up logging; until then, and after a failure, warnings and errors go to stderr.
Status Init(const Options& options);
/// Parse "debug", "info", "warn", "error" (any case; "dpanic", "panic" and "fatal" mean error).
Result<Level> ParseLevel(std::string_view name);
bool Enabled(Level level);
void Write(Level level, std::string_view message);

template <class... Args>
void Debug(fmt::format_string<Args...> format, Args&&... args) {
  if (Enabled(Level::kDebug)) Write(Level::kDebug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void Info(fmt::format_string<Args...> format, Args&&... args) {
  if (Enabled(Level::kInfo)) Write(Level::kInfo, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void Warn(fmt::format_string<Args...> format, Args&&... args) {
  Write(Level::kWarn, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void Error(fmt::format_string<Args...> format, Args&&... args) {
  Write(Level::kError, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace mbk::log
