#pragma once

#include <CLI/CLI.hpp>
#include <vector>

#include "cli/command.h"

namespace mbk::cli {

/// The program's commands and flags. What parses the arguments is also what help, the completion scripts
/// and the man page are made of, so they cannot tell different stories.
class CommandLine {
 public:
  CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  CLI::App app;
  Globals globals;
  std::vector<Command> commands;
};

}  // namespace mbk::cli
