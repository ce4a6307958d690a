#pragma once

#include <string>

namespace mbk {

/// A random UUID (version 4), lower case with hyphens: the id of a run.
std::string NewUuid();

}  // namespace mbk
