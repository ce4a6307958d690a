#pragma once

#include <string>
#include <vector>

#include "cli/command_tree.h"

namespace mbk::cli {

/// What is said of words that the parser could make nothing of. `typed` are all arguments as they were typed,
/// `left` those left over, with the names of flags normalised; `path` is the command they were given to, ""
/// for none. The words are quoted in the order and spelling in which they were typed; a flag or command that
/// is called otherwise here, or was in an older program, is named.
std::string NotUnderstood(const std::vector<std::string>& left, const std::vector<std::string>& typed,
                          const std::string& path, const std::vector<CommandFacts>& tree);

}  // namespace mbk::cli
