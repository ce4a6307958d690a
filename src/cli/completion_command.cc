#include "cli/command.h"
#include "cli/command_tree.h"
#include "cli/completion.h"
#include "cli/flags.h"

namespace mbk::cli {
namespace {

using Script = std::string (*)(const std::vector<CommandFacts>& tree);

void AddShell(const CLI::App& root, CLI::App& completion, const char* shell, const char* install,
              Script script, std::vector<Command>& commands) {
  CLI::App& app = AddCommand(completion, shell, std::string("for ") + shell + ": " + install);
  commands.push_back({.app = &app, .about_itself = [&root, script] {
                        std::string text = script(DescribeTree(root));
                        return Output{.text = text, .json = {{"script", text}}};
                      }});
}

}  // namespace

void AddCompletion(CLI::App& root, std::vector<Command>& commands) {
  CLI::App& completion = AddCommand(
      root, "completion", "print a script with which a shell completes commands and flags",
      "Examples:\n"
      "  source <(milvus-backup completion bash)                                     this shell\n"
      "  milvus-backup completion bash > /etc/bash_completion.d/milvus-backup        every new one");
  RequireSubcommand(completion);
  AddShell(root, completion, "bash", "source it, or put it into /etc/bash_completion.d/", BashCompletion,
           commands);
  AddShell(root, completion, "zsh", "put it as _milvus-backup into a directory of $fpath", ZshCompletion,
           commands);
  AddShell(root, completion, "fish", "put it into ~/.config/fish/completions/milvus-backup.fish",
           FishCompletion, commands);
}

}  // namespace mbk::cli
