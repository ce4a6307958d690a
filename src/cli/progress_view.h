#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "base/progress.h"

namespace mbk::cli {

enum class ProgressMode {
  kBar,    ///< one line on the terminal, drawn over and over
  kLines,  ///< a line every ten seconds, for logs
  kJson,   ///< a JSON document a line, for programs
  kNone,
};

/// Shows a run's progress on stderr from a thread of its own, until it is destroyed.
class ProgressView {
 public:
  ProgressView(const Progress& progress, ProgressMode mode);
  ProgressView(const ProgressView&) = delete;
  ProgressView& operator=(const ProgressView&) = delete;
  /// Stops, and clears the bar.
  ~ProgressView() { End(); }

  /// The same, the first time. Whether lines for a program were lost: stderr did not take them.
  bool End();

 private:
  std::atomic<bool> lost_ = false;
  std::jthread thread_;
};

/// "copy  [#####.....]  50%  12/24 objects  1.2 MiB/2.4 MiB  10.0 MiB/s  3s left  9s", at most `columns`
/// wide. The last is how long the run has taken.
std::string BarText(const Progress::Snapshot& snapshot, std::chrono::steady_clock::time_point now,
                    int columns);
/// {"step":"copy","objects_done":…} on one line.
std::string JsonLine(const Progress::Snapshot& snapshot, std::chrono::steady_clock::time_point now);

}  // namespace mbk::cli
