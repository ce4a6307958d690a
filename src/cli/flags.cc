#include "cli/flags.h"

#include <CLI/CLI.hpp>

namespace mbk::cli {
namespace {

// "" of a script whose variable is not set would mean everything, or the same: never what was to be said.
std::string WhyEmpty(const std::string& value) {
  if (value.find_first_not_of(" \t\r\n,") != std::string::npos) return "";
  return "the value is empty; leave the flag out where nothing is meant";
}

// What stands between commas, without what is empty.
std::vector<std::string> Items(const std::vector<std::string>& values) {
  std::vector<std::string> items;
  for (const std::string& value : values)
    for (const std::string& item : CLI::detail::split(value, ','))
      if (WhyEmpty(item).empty()) items.push_back(CLI::detail::trim_copy(item));
  return items;
}

}  // namespace

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
  CLI::Option& option = *command.add_option(names, value, help);
  option.check(WhyEmpty);
  return Flag(option);
}

Flag AddFlag(CLI::App& command, const std::string& names, std::vector<std::string>& value,
             const std::string& help) {
  // CLI11 splits before it checks, and has nothing left to check of ",".
  CLI::Option& option = *command.add_option_function<std::vector<std::string>>(
      names, [&value](const std::vector<std::string>& given) { value = Items(given); }, help);
  option.check(WhyEmpty);
  return Flag(option);
}

Flag AddFlag(CLI::App& command, const std::string& names, std::int64_t& value, const std::string& help) {
  return Flag(*command.add_option(names, value, help));
}

void AddSwitch(CLI::App& command, const std::string& names, bool& value, const std::string& help) {
  command.add_flag(names, value, help);
}

}  // namespace mbk::cli
