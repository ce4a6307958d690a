#pragma once

#include "base/status.h"

namespace mbk::cli {

/// The exit codes of the contract; scripts rely on them.
enum ExitCode {
  kDone = 0,
  kFailed = 1,
  kUsage = 2,         ///< wrong usage or configuration, found before any server was asked
  kPartly = 3,        ///< done in part, or not fully provable
  kDamaged = 4,       ///< damage or differences were found
  kNoSuchThing = 10,  ///< no such backup or collection
  kIsLocked = 11,     ///< locked by another run
  kNotAllowed = 12,   ///< credentials
  kInterrupted = 130,
};

/// The exit code of an error that came up while servers were asked.
ExitCode ExitCodeOf(const Status& status);

}  // namespace mbk::cli
