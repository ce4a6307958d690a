#include "cli/not_understood.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "cli/app.h"
#include "config/text.h"

namespace mbk::cli {
namespace {

// Of a short word most others are two edits away.
std::size_t EditsOfATypo(std::size_t letters) { return std::clamp<std::size_t>(letters / 3, 1, 2); }

// What scripts, manuals and other programs call what a flag of ours does; of several the first that the
// command has.
constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kOtherNames = {{
    {"--backup_name", "--name"},
    {"--backup", "--name"},
    {"--collection", "--collections"},
    {"--collection_names", "--collections"},
    {"--collection_name", "--collections"},
    {"--colls", "--collections"},
    {"--db", "--databases"},
    {"--database", "--databases"},
    {"--database_name", "--databases"},
    {"--db_collections", "--database_collections"},
    {"--config_file", "--config"},
    {"--conf", "--config"},
    {"--target", "--to"},
    {"--output", "--json"},
}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kOtherCommands = {{
    {"server", "this version serves no REST API"},
    {"backup", "it is create"},
    {"remove", "it is delete"},
}};

bool IsFlag(std::string_view word) { return word.starts_with('-') && word != "-"; }

std::string NameOf(std::string_view flag) { return std::string(flag.substr(0, flag.find('='))); }

// As typed: what normalises to the word that the parser saw.
std::string AsTyped(const std::string& word, const std::vector<std::string>& typed) {
  const auto found = std::ranges::find_if(
      typed, [&](const std::string& argument) { return NormalizeFlags({argument}).front() == word; });
  return found == typed.end() ? word : *found;
}

std::vector<std::string> FlagsOf(const std::string& path, const std::vector<CommandFacts>& tree) {
  std::vector<std::string> names;
  for (const std::string& taken : {path, std::string()}) {
    const CommandFacts* command = FindCommand(tree, taken);
    if (command == nullptr) continue;
    for (const FlagFacts& flag : command->flags)
      names.insert(names.end(), flag.names.begin(), flag.names.end());
  }
  return names;
}

// Empty when nothing is near.
std::string MeantFlag(const std::string& flag, const std::vector<std::string>& flags) {
  for (const auto& [other, ours] : kOtherNames) {
    if (other == flag && std::ranges::find(flags, ours) != flags.end()) return std::string(ours);
  }
  for (const std::string& candidate : flags) {
    if (candidate.starts_with("--") && config::WithinEdits(candidate, flag, EditsOfATypo(flag.size() - 2)))
      return candidate;
  }
  return "";
}

std::string MeantCommand(const std::string& word, const std::vector<CommandFacts>& tree) {
  for (const auto& [other, why] : kOtherCommands) {
    if (other == word) return fmt::format(": {}", why);
  }
  for (const std::string& command : tree.front().subcommands) {
    if (config::WithinEdits(command, word, EditsOfATypo(word.size())))
      return fmt::format("; did you mean {}?", command);
  }
  return "";
}

}  // namespace

std::string NotUnderstood(const std::vector<std::string>& left, const std::vector<std::string>& typed,
                          const std::string& path, const std::vector<CommandFacts>& tree) {
  std::vector<std::string> words;
  for (const std::string& word : left) words.push_back(AsTyped(word, typed));
  std::string message = fmt::format("not understood: {}", fmt::join(words, " "));
  if (path.empty() && !IsFlag(words.front()))
    return message +
           fmt::format("; there is no command {}{}", words.front(), MeantCommand(words.front(), tree));
  const std::vector<std::string> flags = FlagsOf(path, tree);
  const std::string where = path.empty() ? "milvus-backup" : path;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (!IsFlag(left[i])) continue;
    const std::string meant = MeantFlag(NameOf(left[i]), flags);
    message += fmt::format("; {} has no flag {}{}", where, NameOf(words[i]),
                           meant.empty() ? "" : ", here it is " + meant);
  }
  return message;
}

}  // namespace mbk::cli
