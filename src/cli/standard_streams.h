#pragma once

#include <string_view>

#include "base/status.h"

namespace mbk::cli {

/// To be called before any file is opened. Whoever starts a program with stdin, stdout or stderr closed would
/// otherwise have the next files that it opens take their places, and results and warnings written into
/// them. A closed stdout stays one that cannot be written to.
void OccupyStandardStreams();

/// All of `text` to stdout, through to the system; kInternal when it does not take it (a full disk, a pipe
/// that nobody reads): a result that was lost is no success.
Status WriteResult(std::string_view text);

}  // namespace mbk::cli
