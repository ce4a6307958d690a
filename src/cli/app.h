#pragma once

#include <string>
#include <vector>

namespace mbk::cli {

/// The whole program: parse `arguments` (without the program's name), run the command, return the exit
/// code. Result on stdout, everything else on stderr.
int Main(std::vector<std::string> arguments);

/// In flag names `-` and `_` are equal: "--dry-run" becomes "--dry_run"; values stay as they are.
/// "--name=" becomes "--name" and "": CLI11 would take the next argument for the value.
std::vector<std::string> NormalizeFlags(std::vector<std::string> arguments);

/// `version` and `help [COMMAND]`, which many programs have as commands, as the flags that we have.
std::vector<std::string> WordsAsFlags(std::vector<std::string> arguments);

}  // namespace mbk::cli
