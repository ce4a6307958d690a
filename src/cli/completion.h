#pragma once

#include <string>
#include <vector>

#include "cli/command_tree.h"

namespace mbk::cli {

/// Scripts with which a shell completes commands, flags, files and the words that a flag takes. They ask
/// nothing of the program or a server; what only the user knows (a backup's name) is not proposed.
std::string BashCompletion(const std::vector<CommandFacts>& tree);
std::string ZshCompletion(const std::vector<CommandFacts>& tree);
std::string FishCompletion(const std::vector<CommandFacts>& tree);

}  // namespace mbk::cli
