#include "cli/completion.h"

#include <fmt/format.h>

#include <algorithm>

namespace mbk::cli {
namespace {

void ReplaceAll(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

// In single quotes, as bash and zsh read them.
std::string Quoted(std::string text) {
  ReplaceAll(text, "'", R"('\'')");
  return "'" + text + "'";
}

// Every command's flags: its own, then those of the program, which any command takes. --help is in both.
std::vector<FlagFacts> FlagsOf(const CommandFacts& command, const std::vector<CommandFacts>& tree) {
  std::vector<FlagFacts> flags = command.flags;
  if (command.path.empty()) return flags;
  for (const FlagFacts& global : tree.front().flags) {
    const bool shadowed = std::any_of(command.flags.begin(), command.flags.end(), [&](const FlagFacts& own) {
      return own.names.back() == global.names.back();
    });
    if (!shadowed && global.names.back() != "--version") flags.push_back(global);
  }
  return flags;
}

std::vector<std::string> NamesOf(const std::vector<FlagFacts>& flags) {
  std::vector<std::string> names;
  for (const FlagFacts& flag : flags) names.insert(names.end(), flag.names.begin(), flag.names.end());
  return names;
}

// The commands one below another, as words: 'create'|'config'|'config show'.
std::string PathPattern(const std::vector<CommandFacts>& tree) {
  std::vector<std::string> paths;
  for (const CommandFacts& command : tree) {
    if (!command.path.empty()) paths.push_back(Quoted(command.path));
  }
  return fmt::format("{}", fmt::join(paths, "|"));
}

// ----------------------------------------------------------------------------------------------- bash

std::string BashCommandArms(const std::vector<CommandFacts>& tree) {
  std::string arms;
  for (const CommandFacts& command : tree) {
    arms += fmt::format("    {}) commands='{}' flags='{}' ;;\n", Quoted(command.path),
                        fmt::join(command.subcommands, " "), fmt::join(NamesOf(FlagsOf(command, tree)), " "));
  }
  return arms;
}

std::string BashValueArm(const CommandFacts& command, const FlagFacts& flag) {
  std::vector<std::string> patterns;
  for (const std::string& name : flag.names)
    patterns.push_back(command.path.empty() ? "*:" + name : Quoted(command.path + ":" + name));
  std::string action;
  if (flag.takes_file())
    action = "compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); ";
  if (!flag.choices().empty())
    action = fmt::format("mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$cur\"); ",
                         fmt::join(flag.choices(), " "));
  return fmt::format("    {}) {}return ;;\n", fmt::join(patterns, "|"), action);
}

// The program's own flags come last: a command's meaning of a flag goes first.
std::string BashValueArms(const std::vector<CommandFacts>& tree) {
  std::string arms, globals;
  for (const CommandFacts& command : tree) {
    for (const FlagFacts& flag : command.flags) {
      if (flag.takes_value()) (command.path.empty() ? globals : arms) += BashValueArm(command, flag);
    }
  }
  return arms + globals;
}

constexpr const char* kBash =
    R"bash(# bash completion of milvus-backup; printed by `milvus-backup completion bash`.
_milvus_backup() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}} path= word commands= flags=
  # bash takes --flag=value apart at the sign.
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=${{COMP_WORDS[COMP_CWORD - 2]}}
  fi
  # Of the words so far, those that lead to a command.
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "${{path:+$path }}$word" in
      {}) path+="${{path:+ }}$word" ;;
    esac
  done
  # A dash in a flag's name is as good as an underscore.
  [[ $prev == --* ]] && prev=--$(tr - _ <<< "${{prev#--}}")
  case $path:$prev in
{}  esac
  case $path in
{}  esac
  [[ $cur == --*-* ]] && flags=$(sed 's/_/-/g' <<< "$flags")
  if [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$cur")
  else
    mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$cur")
  fi
}}
complete -F _milvus_backup milvus-backup
)bash";

// ------------------------------------------------------------------------------------------------ zsh

// A description within the brackets of an _arguments spec.
std::string ZshEscaped(std::string text) {
  ReplaceAll(text, "\\", "\\\\");
  for (const std::string_view special : {"[", "]", ":"})
    ReplaceAll(text, special, "\\" + std::string(special));
  return text;
}

std::string ZshValue(const FlagFacts& flag) {
  if (!flag.takes_value()) return "";
  if (flag.takes_file()) return ":file:_files";
  if (flag.choices().empty()) return ":value: ";
  return fmt::format(":value:({})", fmt::join(flag.choices(), " "));
}

// One spec a name; the names of one flag shut each other out.
std::string ZshFlag(const FlagFacts& flag) {
  std::string specs;
  for (const std::string& name : flag.names) {
    const std::string takes_equals = flag.takes_value() && name.starts_with("--") ? "=" : "";
    specs += "    " +
             Quoted(fmt::format("({}){}{}[{}]{}", fmt::join(flag.names, " "), name, takes_equals,
                                ZshEscaped(flag.description), ZshValue(flag))) +
             " \\\n";
  }
  return specs;
}

std::string ZshSubcommands(const CommandFacts& command, const std::vector<CommandFacts>& tree) {
  if (command.subcommands.empty()) return "    && return\n";
  std::string words;
  for (const std::string& word : command.subcommands) {
    const CommandFacts* below = FindCommand(tree, command.path.empty() ? word : command.path + " " + word);
    words += " " + Quoted(word + ":" + ZshEscaped(below->description));
  }
  return "    '1: :->command' '*:: :->rest' && return\n"
         "  case $state in\n"
         "    command) local -a commands=(" +
         words.substr(1) +
         "); _describe command commands ;;\n"
         "    rest) (( $+functions[${0}_$words[1]] )) && ${0}_$words[1] ;;\n"
         "  esac\n";
}

std::string ZshFunction(const CommandFacts& command, const std::vector<CommandFacts>& tree) {
  std::string name = "_milvus-backup" + (command.path.empty() ? "" : "_" + command.path);
  ReplaceAll(name, " ", "_");
  std::string text = name + "() {\n  local context state line\n  local -A opt_args\n  _arguments -C \\\n";
  for (const FlagFacts& flag : FlagsOf(command, tree)) text += ZshFlag(flag);
  return text + ZshSubcommands(command, tree) + "}\n\n";
}

// ----------------------------------------------------------------------------------------------- fish

std::string FishQuoted(std::string text) {
  ReplaceAll(text, "\\", "\\\\");
  ReplaceAll(text, "'", "\\'");
  return "'" + text + "'";
}

std::string FishAt(const std::string& path) {
  return "complete -c milvus-backup -n " + FishQuoted("__milvus_backup_at \"" + path + "\"");
}

std::string FishFlag(const CommandFacts& command, const FlagFacts& flag) {
  std::string line = FishAt(command.path);
  for (const std::string& name : flag.names)
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (flag.takes_file())
    line += " -r -F";
  else if (flag.takes_value())
    line += fmt::format(" -x -a '{}'", fmt::join(flag.choices(), " "));
  return line + " -d " + FishQuoted(flag.description) + "\n";
}

std::string FishCommand(const CommandFacts& command, const std::vector<CommandFacts>& tree) {
  std::string lines;
  for (const std::string& word : command.subcommands) {
    const CommandFacts* below = FindCommand(tree, command.path.empty() ? word : command.path + " " + word);
    lines += FishAt(command.path) + " -a " + word + " -d " + FishQuoted(below->description) + "\n";
  }
  for (const FlagFacts& flag : FlagsOf(command, tree)) lines += FishFlag(command, flag);
  return lines;
}

constexpr const char* kFish =
    R"fish(# fish completion of milvus-backup; printed by `milvus-backup completion fish`.
function __milvus_backup_at --description 'whether the words so far lead to this command'
    set -l path
    for word in (commandline -opc)[2..-1]
        switch (string join ' ' -- $path $word)
            case {}
                set path $path $word
        end
    end
    set -l at (string join ' ' -- $path)
    test "$at" = "$argv[1]"
end

complete -c milvus-backup -f
)fish";

}  // namespace

std::string BashCompletion(const std::vector<CommandFacts>& tree) {
  return fmt::format(kBash, PathPattern(tree), BashValueArms(tree), BashCommandArms(tree));
}

std::string ZshCompletion(const std::vector<CommandFacts>& tree) {
  std::string text =
      "#compdef milvus-backup\n# zsh completion of milvus-backup; printed by `milvus-backup completion "
      "zsh`.\n\n";
  for (const CommandFacts& command : tree) text += ZshFunction(command, tree);
  // Called as the completion function itself, or sourced.
  return text +
         "if [[ $funcstack[1] == _milvus-backup ]]; then\n  _milvus-backup \"$@\"\nelse\n  compdef "
         "_milvus-backup milvus-backup\nfi\n";
}

std::string FishCompletion(const std::vector<CommandFacts>& tree) {
  std::string paths = PathPattern(tree);
  ReplaceAll(paths, "|", " ");
  std::string text = fmt::format(kFish, paths);
  for (const CommandFacts& command : tree) text += FishCommand(command, tree);
  return text;
}

}  // namespace mbk::cli
