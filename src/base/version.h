#pragma once

namespace mbk {

/// Facts about this build, fixed at configure time.
extern const char* const kVersion;    ///< for example "0.1.0"
extern const char* const kGitCommit;  ///< abbreviated, or "unknown" outside a git checkout
extern const char* const kBuildDate;  ///< UTC, YYYY-MM-DD
extern const char* const kCompiler;   ///< for example "GNU 12.2.0"

}  // namespace mbk
