#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

/// How commands declare themselves and their flags. CLI11 parses the arguments; its header was half of what
/// a command takes to compile, and stays behind this one.
namespace mbk::cli {

/// A flag that takes a value, to be described further. Refers to what AddFlag has made.
class Flag {
 public:
  explicit Flag(CLI::Option& option) : option_(option) {}
  /// What stands for the value in help and completions; "a|b" are the choices.
  Flag& TypeName(const std::string& name);
  /// Anything else is wrong usage.
  Flag& OneOf(const std::vector<std::string>& values);
  Flag& NotNegative();
  Flag& Required();
  Flag& ShowDefault();

 private:
  CLI::Option& option_;
};

/// A command below `parent`, which owns it. `footer` is the end of its help.
CLI::App& AddCommand(CLI::App& parent, const std::string& name, const std::string& description,
                     const std::string& footer = "");
/// `command` does nothing by itself: one of those below it must follow.
void RequireSubcommand(CLI::App& command);
/// One of those below `command` may follow.
void AllowSubcommand(CLI::App& command);

/// A flag with a value; `names` as "-n,--name". `value` outlives `command`, and is the default. A value that
/// is given and has nothing in it, but spaces and commas, is wrong usage.
Flag AddFlag(CLI::App& command, const std::string& names, std::string& value, const std::string& help);
/// The same of several, separated by commas.
Flag AddFlag(CLI::App& command, const std::string& names, std::vector<std::string>& value,
             const std::string& help);
Flag AddFlag(CLI::App& command, const std::string& names, std::int64_t& value, const std::string& help);
/// A flag without a value, or with "=true" or "=false".
void AddSwitch(CLI::App& command, const std::string& names, bool& value, const std::string& help);

}  // namespace mbk::cli
