#pragma once

#include <chrono>
#include <string_view>

#include "base/status.h"

namespace mbk::credentials {

/// "2026-11-27T06:28:26Z", with a fraction of a second or without: how services say when keys expire.
/// kDataLoss for anything else.
Result<std::chrono::system_clock::time_point> ParseUtcTimestamp(std::string_view text);

}  // namespace mbk::credentials
