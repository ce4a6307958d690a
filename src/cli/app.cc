#include "cli/app.h"

#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "base/log.h"
#include "cli/command_line.h"
#include "cli/command_tree.h"
#include "cli/man_page.h"
#include "cli/progress_view.h"
#include "cli/stop_signals.h"

namespace mbk::cli {
namespace {

void Say(const std::string& line) { std::fputs((line + "\n").c_str(), stderr); }

// With --json also a failure is one document.
void SayError(const Globals& globals, const Status& status) {
  if (globals.json) {
    const nlohmann::ordered_json json{
        {"error", {{"code", CodeName(status.code())}, {"message", status.message()}}}};
    std::fputs((json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n").c_str(), stdout);
  }
  Say("Error: " + status.message());
}

void Print(const Globals& globals, const Output& output) {
  const std::string text =
      globals.json ? output.json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"
                   : output.text;
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
  for (const std::string& note : output.notes) Say(note);
}

Result<config::Loaded> Load(const Globals& globals, const std::string& file) {
  config::LoadOptions options{.file = file};
  for (const std::string& flag : globals.set) {
    MBK_TRY_ASSIGN(std::vector<std::string> items, config::SplitSetFlag(flag));
    options.overrides.insert(options.overrides.end(), items.begin(), items.end());
  }
  return config::Load(options);
}

Result<ProgressMode> ModeOf(const Globals& globals) {
  if (globals.progress == "json") return ProgressMode::kJson;
  if (globals.progress == "none" || globals.quiet) return ProgressMode::kNone;
  if (globals.progress == "bar") return ProgressMode::kBar;
  if (globals.progress == "lines") return ProgressMode::kLines;
  if (globals.progress != "auto")
    return InvalidArgument(
        fmt::format("--progress {}: want auto, bar, lines, json or none", globals.progress));
  return ::isatty(STDERR_FILENO) ? ProgressMode::kBar : ProgressMode::kLines;
}

// Beside a progress display only what needs attention goes to the console; the file gets everything.
Status InitLog(const config::Log& log, ProgressMode mode) {
  MBK_TRY_ASSIGN(const log::Level level, log::ParseLevel(log.level));
  return log::Init({.level = level,
                    .console = log.console,
                    .console_level = std::max(level, log::Level::kWarn),
                    .console_prefix = mode == ProgressMode::kBar ? "\r\x1b[K" : "",
                    .file_path = log.file_path,
                    .max_size_mib = log.file_max_size_mib,
                    .max_files = log.file_max_backups});
}

int UsageError(const Globals& globals, const Status& status) {
  SayError(globals, status);
  return kUsage;
}

int Execute(const Globals& globals, const Command& command, const Run& run, const std::stop_token& stop) {
  Result<ProgressMode> mode = ModeOf(globals);
  if (!mode.ok()) return UsageError(globals, mode.status());
  Result<config::Loaded> loaded = Load(globals, globals.config);
  if (!loaded.ok()) return UsageError(globals, loaded.status());
  for (const std::string& warning : loaded->warnings) Say("warning: " + warning);
  Status logging = InitLog(loaded->config.log, *mode);
  if (!logging.ok()) return UsageError(globals, logging);
  if (command.check_configuration) {
    Status usable = command.check_configuration(loaded->config);
    if (!usable.ok()) return UsageError(globals, usable);
  }

  Progress progress;
  bool usage = false;
  Invocation invocation{.loaded = *loaded,
                        .progress = progress,
                        .context = {.stop = stop},
                        .load_other = [&](const std::string& file) {
                          Result<config::Loaded> other = Load(globals, file);
                          usage = !other.ok();
                          return other;
                        }};
  Result<Output> output = [&] {
    const ProgressView view(progress, *mode);
    return run(invocation);
  }();
  if (!output.ok()) {
    // A run that was asked to stop was interrupted, whatever failed first on the way out.
    const Status failure =
        stop.stop_requested() ? Cancelled("interrupted: " + output.status().message()) : output.status();
    SayError(globals, failure);
    return usage ? kUsage : ExitCodeOf(failure);
  }
  Print(globals, *output);
  return output->exit_code;
}

// The innermost command that was given.
const Command* Chosen(const std::vector<Command>& commands) {
  const Command* chosen = nullptr;
  for (const Command& command : commands) {
    if (command.app->parsed()) chosen = &command;
  }
  return chosen;
}

int ParseFailed(const CLI::App& app, const CLI::ParseError& error, const Globals& globals) {
  if (error.get_exit_code() == 0) return app.exit(error);  // help, version
  const CLI::App* command = &app;
  for (auto below = command->get_subcommands(); !below.empty(); below = command->get_subcommands())
    command = below.front();
  std::string name = "milvus-backup";
  if (command != &app) name += " " + command->get_name();
  SayError(globals, InvalidArgument(error.what()));
  Say(fmt::format("Run '{} --help' for usage.", name));
  return kUsage;
}

int PrintManPage(const CommandLine& line) {
  std::fputs(ManPage(DescribeTree(line.app)).c_str(), stdout);
  return kDone;
}

int RunCommand(const Command& command, const Globals& globals, const std::stop_token& stop) {
  if (command.about_itself) {
    Print(globals, command.about_itself());
    return kDone;
  }
  Result<Run> run = command.prepare();
  if (!run.ok()) return UsageError(globals, run.status());
  return Execute(globals, command, *run, stop);
}

}  // namespace

std::vector<std::string> NormalizeFlags(std::vector<std::string> arguments) {
  for (std::string& argument : arguments) {
    if (argument == "--") break;
    if (!argument.starts_with("--")) continue;
    const auto name_end =
        argument.begin() + static_cast<std::ptrdiff_t>(std::min(argument.find('='), argument.size()));
    std::replace(argument.begin() + 2, name_end, '-', '_');
  }
  return arguments;
}

int Main(std::vector<std::string> arguments) {
  const StopSignals signals;
  CommandLine line;
  // For whoever builds a package; CLI11 would leave a gap in --help for a hidden flag.
  if (arguments == std::vector<std::string>{"--man"}) return PrintManPage(line);
  arguments = NormalizeFlags(std::move(arguments));
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
  try {
    line.app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return ParseFailed(line.app, error, line.globals);
  }
  const Command* command = Chosen(line.commands);
  if (command == nullptr) {
    std::fputs(line.app.help().c_str(), stderr);
    return UsageError(line.globals, InvalidArgument("no command given"));
  }
  return RunCommand(*command, line.globals, signals.token());
}

}  // namespace mbk::cli
