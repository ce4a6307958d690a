#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/progress.h"
#include "base/status.h"
#include "cli/exit_code.h"
#include "config/config.h"

namespace CLI {
class App;
}

namespace mbk::cli {

/// Flags that every command takes.
struct Globals {
  std::string config = "backup.yaml";
  std::vector<std::string> set;
  std::vector<std::string> set_to;
  bool json = false;
  bool quiet = false;
  std::string progress = "auto";  ///< auto, bar, lines, json, none
};

/// What a command has to say. Text goes to stdout as scripts know it, or `json` does when asked for;
/// notes go to stderr.
struct Output {
  std::string text;
  nlohmann::ordered_json json;
  std::vector<std::string> notes;
  ExitCode exit_code = kDone;
};

/// What a command gets when it runs.
struct Invocation {
  const config::Loaded& loaded;
  Progress& progress;
  CallContext context;
  /// Read another configuration file (--to).
  std::function<Result<config::Loaded>(const std::string& file)> load_other;
};

/// What failed with one of two configurations, and with which.
inline Status InFileOf(const config::Loaded& loaded, const Status& failure) {
  return loaded.file.empty() ? failure : failure.WithContext(loaded.file);
}

/// The work of a command, its flags already checked.
using Run = std::function<Result<Output>(Invocation&)>;

/// A command of the program: its flags live in `app`; `prepare` turns them into work, or says what is
/// wrong with them before the configuration is read.
struct Command {
  CLI::App* app = nullptr;
  std::function<Result<Run>()> prepare;
  /// What the command needs of the configuration beyond what every command does; no server is asked. May be
  /// empty.
  std::function<Status(const config::Config&)> check_configuration;
  /// Instead of `prepare`: what a command says of the program itself, for which no configuration is read.
  std::function<Output()> about_itself;
  /// What is true of it whenever it was stopped, and its errors do not say: what stays, and what goes on with
  /// it. Asked when the flags are known; may be empty.
  std::function<std::string()> after_stop;
  /// Whether it works without the file of --config, which is not read then; asked when the flags are known.
  /// May be empty.
  std::function<bool()> needs_no_file;
};

/// Each adds its commands to `root`.
void AddCreate(CLI::App& root, std::vector<Command>& commands);
void AddRestore(CLI::App& root, std::vector<Command>& commands);
void AddClone(CLI::App& root, std::vector<Command>& commands);
void AddMigrate(CLI::App& root, std::vector<Command>& commands);
void AddL0Compact(CLI::App& root, std::vector<Command>& commands);
void AddVerify(CLI::App& root, std::vector<Command>& commands);
void AddCompare(CLI::App& root, std::vector<Command>& commands);
void AddExport(CLI::App& root, std::vector<Command>& commands);
void AddCopy(CLI::App& root, std::vector<Command>& commands);
void AddListing(CLI::App& root, std::vector<Command>& commands);  ///< list, get, delete
/// check, config show. `globals` is read when the command runs.
void AddCheck(CLI::App& root, std::vector<Command>& commands, const Globals& globals);
void AddCompletion(CLI::App& root,
                   std::vector<Command>& commands);  ///< completion bash|zsh|fish; `root` outlives them

}  // namespace mbk::cli
