#pragma once

#include <chrono>
#include <string_view>

#include "base/status.h"

namespace mbk {

/// "2026-11-27T06:28:26Z" or "2026-11-27T07:28:26.5+01:00" (RFC 3339): how services say when keys expire. A
/// fraction of a second is left out, a year before 1970 is the epoch, one after 2261 the clock's end.
/// kDataLoss for anything else.
Result<std::chrono::system_clock::time_point> ParseTimestamp(std::string_view text);

}  // namespace mbk
