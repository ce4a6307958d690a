#include "cli/command_tree.h"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace mbk::cli {
namespace {

FlagFacts FactsOf(const CLI::Option& option) {
  FlagFacts facts{.description = option.get_description()};
  for (const std::string& name : option.get_snames()) facts.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) facts.names.push_back("--" + name);
  if (option.get_type_size_max() > 0) facts.value = option.get_type_name();
  return facts;
}

void Describe(const CLI::App& app, const std::string& path, std::vector<CommandFacts>& tree) {
  const CLI::App* parent = app.get_parent();
  CommandFacts facts{.path = path, .description = app.get_description(), .footer = app.get_footer()};
  // CLI11 hands a footer down to commands that set none; it is the parent's.
  if (parent != nullptr && facts.footer == parent->get_footer()) facts.footer.clear();
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_group().empty()) facts.flags.push_back(FactsOf(*option));
  }
  const std::vector<const CLI::App*> below = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* command : below) facts.subcommands.push_back(command->get_name());
  tree.push_back(std::move(facts));
  for (const CLI::App* command : below)
    Describe(*command, path.empty() ? command->get_name() : path + " " + command->get_name(), tree);
}

}  // namespace

std::vector<std::string> FlagFacts::choices() const {
  if (value.find('|') == std::string::npos) return {};
  return CLI::detail::split(value, '|');
}

std::vector<CommandFacts> DescribeTree(const CLI::App& root) {
  std::vector<CommandFacts> tree;
  Describe(root, "", tree);
  return tree;
}

const CommandFacts* FindCommand(const std::vector<CommandFacts>& tree, const std::string& path) {
  const auto found = std::find_if(tree.begin(), tree.end(),
                                  [&](const CommandFacts& command) { return command.path == path; });
  return found == tree.end() ? nullptr : &*found;
}

}  // namespace mbk::cli
