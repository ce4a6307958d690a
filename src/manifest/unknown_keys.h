#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "base/status.h"

namespace mbk::manifest {

/// The keys of a full_meta.json that this version does not know, those left out that old versions wrote and
/// nobody reads: what is lost when the metadata are written anew. In byte order, the first hundred.
Result<std::vector<std::string>> UnknownKeys(std::istream& json);

}  // namespace mbk::manifest
