#pragma once

#include <string>

#include "base/status.h"

namespace mbk::credentials {

/// A file of at most 1 MiB; kInvalidArgument names the path and the reason.
Result<std::string> ReadSmallFile(const std::string& path);

}  // namespace mbk::credentials
