#pragma once

#include <string>

#include "base/status.h"

namespace mbk::credentials {

/// A regular file of at most 1 MiB. kNotFound when there is none, else kInvalidArgument; both name the path
/// and the reason.
Result<std::string> ReadSmallFile(const std::string& path);

/// The same of a file that a setting names: that there is none is a wrong setting, kInvalidArgument.
Result<std::string> ReadNamedFile(const std::string& path);

}  // namespace mbk::credentials
