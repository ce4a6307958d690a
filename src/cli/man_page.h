#pragma once

#include <string>
#include <vector>

#include "cli/command_tree.h"

namespace mbk::cli {

/// The manual page milvus-backup(1) as roff, with man(7) macros. The same for every build of a version.
std::string ManPage(const std::vector<CommandFacts>& tree);

}  // namespace mbk::cli
