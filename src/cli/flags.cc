#include "cli/flags.h"

#include <CLI/CLI.hpp>

namespace mbk::cli {

Flag& Flag::TypeName(const std::string& name) {
  option_.type_name(name);
  return *this;
}

Flag& Flag::OneOf(const std::vector<std::string>& values) {
  option_.check(CLI::IsMember(values));
  return *this;
}

Flag& Flag::NotNegative() {
  option_.check(CLI::NonNegativeNumber);
  return *this;
}

Flag& Flag::List() {
  option_.delimiter(',');
  return *this;
}

Flag& Flag::Required() {
  option_.required();
  return *this;
}

Flag& Flag::ShowDefault() {
  option_.capture_default_str();
  return *this;
}

CLI::App& AddCommand(CLI::App& parent, const std::string& name, const std::string& description,
                     const std::string& footer) {
  CLI::App& command = *parent.add_subcommand(name, description);
  if (!footer.empty()) command.footer(footer);
  return command;
}

void RequireSubcommand(CLI::App& command) { command.require_subcommand(1); }
void AllowSubcommand(CLI::App& command) { command.require_subcommand(0, 1); }

Flag AddFlag(CLI::App& command, const std::string& names, std::string& value, const std::string& help) {
  return Flag(*command.add_option(names, value, help));
}

Flag AddFlag(CLI::App& command, const std::string& names, std::vector<std::string>& value,
             const std::string& help) {
  return Flag(*command.add_option(names, value, help));
}

Flag AddFlag(CLI::App& command, const std::string& names, std::int64_t& value, const std::string& help) {
  return Flag(*command.add_option(names, value, help));
}

void AddSwitch(CLI::App& command, const std::string& names, bool& value, const std::string& help) {
  command.add_flag(names, value, help);
}

}  // namespace mbk::cli
