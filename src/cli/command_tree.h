#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace mbk::cli {

/// What a flag is called and takes.
struct FlagFacts {
  std::vector<std::string> names;  ///< short before long, with their dashes: "-n", "--name"
  std::string description;
  /// "" for a switch; "FILE" for a file; "a|b" for one of these words; anything else is free text.
  std::string value;

  bool takes_value() const { return !value.empty(); }
  bool takes_file() const { return value == "FILE"; }
  /// The words it takes; empty when it is not a choice.
  std::vector<std::string> choices() const;
};

/// A command as its user sees it.
struct CommandFacts {
  std::string path;  ///< "config show"; "" for the program itself
  std::string description;
  std::string footer;
  std::vector<FlagFacts> flags;          ///< its own; every command also takes those of the program
  std::vector<std::string> subcommands;  ///< words that may follow
};

/// The program first, then its commands in the order of --help, each before those below it. Hidden flags
/// are left out.
std::vector<CommandFacts> DescribeTree(const CLI::App& root);

/// The one with this path; nullptr when there is none.
const CommandFacts* FindCommand(const std::vector<CommandFacts>& tree, const std::string& path);

}  // namespace mbk::cli
