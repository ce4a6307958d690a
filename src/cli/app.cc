#include "cli/app.h"

#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <sstream>
#include <string_view>

#include "base/caught.h"
#include "base/log.h"
#include "cli/command_line.h"
#include "cli/command_tree.h"
#include "cli/man_page.h"
#include "cli/not_understood.h"
#include "cli/progress_view.h"
#include "cli/standard_streams.h"
#include "cli/stop_signals.h"

namespace mbk::cli {
namespace {

void Say(const std::string& line) { std::fputs((line + "\n").c_str(), stderr); }

// `done`, unless the result cannot be written.
int WriteOr(std::string_view text, int done) {
  const Status written = WriteResult(text);
  if (written.ok()) return done;
  Say("Error: " + written.message());
  return kFailed;
}

// With --json also a failure is one document.
void SayError(const Globals& globals, const Status& status) {
  if (globals.json) {
    const nlohmann::ordered_json json{
        {"error", {{"code", CodeName(status.code())}, {"message", status.message()}}}};
    WriteOr(json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n", kDone);
  }
  Say("Error: " + status.message());
}

int Print(const Globals& globals, const Output& output) {
  const std::string text =
      globals.json ? output.json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"
                   : output.text;
  const int code = WriteOr(text, output.exit_code);
  for (const std::string& note : output.notes) Say(note);
  return code;
}

Result<config::Loaded> Load(const std::string& file, config::Role role, const Globals& globals) {
  config::LoadOptions options{.file = file, .role = role};
  for (const std::string& flag : role == config::Role::kTo ? globals.set_to : globals.set) {
    MBK_TRY_ASSIGN(std::vector<std::string> items, config::SplitSetFlag(flag, role));
    options.overrides.insert(options.overrides.end(), items.begin(), items.end());
  }
  MBK_TRY_ASSIGN(config::Loaded loaded, config::Load(options));
  const std::string whose = role == config::Role::kTo ? file + ": " : "";
  for (const std::string& warning : loaded.warnings) Say("warning: " + whose + warning);
  return loaded;
}

// --set-to without a file that it could be about is a mistake, and perhaps meant for --set.
Status CheckSetTo(const Globals& globals, const CLI::App& command) {
  if (globals.set_to.empty()) return {};
  const CLI::Option* to = command.get_option_no_throw("--to");
  if (to == nullptr) {
    return InvalidArgument(
        fmt::format("--set-to is about the file of --to, which {} does not take; for --config it is --set",
                    command.get_name()));
  }
  if (to->count() > 0) return {};
  return InvalidArgument("--set-to is about the file of --to, which is not given; for --config it is --set");
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

Status InitLog(const config::Log& log, ProgressMode mode) {
  MBK_TRY_ASSIGN(const log::Level level, log::ParseLevel(log.level));
  return log::Init({.level = level,
                    .console_prefix = mode == ProgressMode::kBar ? "\r\x1b[K" : "",
                    .file_path = log.file_path,
                    .max_size_mib = log.file_max_size_mib,
                    .max_files = log.file_max_backups,
                    .max_days = log.file_max_days});
}

// A log that cannot be written, in a container whose root is read-only for one, is no reason not to work.
Status InitLogAsFarAsItGoes(const config::Loaded& loaded, ProgressMode mode) {
  const Status logging = InitLog(loaded.config.log, mode);
  if (logging.ok()) return {};
  config::Log without_file = loaded.config.log;
  without_file.file_path.clear();
  MBK_TRY(InitLog(without_file, mode));
  Say(fmt::format("warning: no log file is written ({}): {}",
                  loaded.schema_version == 1 ? "log.file.filename" : "log.file.path", logging.message()));
  return {};
}

int UsageError(const Globals& globals, const Status& status) {
  SayError(globals, status);
  return kUsage;
}

Status Interrupted(const Command& command, const Status& how) {
  std::string message = "interrupted: " + how.message();
  if (command.after_stop) message += "; " + command.after_stop();
  return Cancelled(std::move(message));
}

int Execute(const Globals& globals, const Command& command, const Run& run, const std::stop_token& stop) {
  Result<ProgressMode> mode = ModeOf(globals);
  if (!mode.ok()) return UsageError(globals, mode.status());
  const bool needs_no_file = command.needs_no_file && command.needs_no_file();
  // Without the file nothing says of which schema the keys of --set are.
  Result<config::Loaded> loaded = needs_no_file ? Load("", config::Role::kConfig, {})
                                                : Load(globals.config, config::Role::kConfig, globals);
  if (!loaded.ok()) return UsageError(globals, loaded.status());
  Status logging = InitLogAsFarAsItGoes(*loaded, *mode);
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
                          Result<config::Loaded> other = Load(file, config::Role::kTo, globals);
                          usage = !other.ok();
                          return other;
                        }};
  Result<Output> output = Output{};
  bool progress_lost = false;
  {
    ProgressView view(progress, *mode);
    const Status caught = Caught([&]() -> Status {
      output = run(invocation);
      return {};
    });
    if (!caught.ok()) output = caught;
    progress_lost = view.End();
  }
  if (!output.ok()) {
    // A run that was asked to stop was interrupted, whatever failed first on the way out.
    const Status failure = stop.stop_requested() ? Interrupted(command, output.status()) : output.status();
    SayError(globals, failure);
    return usage ? kUsage : ExitCodeOf(failure);
  }
  const int code = Print(globals, *output);
  if (!progress_lost) return code;
  Say("Error: the progress could not be written to standard error");
  return code == kDone ? kFailed : code;
}

// The innermost command that was given.
const Command* Chosen(const std::vector<Command>& commands) {
  const Command* chosen = nullptr;
  for (const Command& command : commands) {
    if (command.app->parsed()) chosen = &command;
  }
  return chosen;
}

std::string WhyNotParsed(const CommandLine& line, const std::string& path,
                         const std::vector<std::string>& typed, const CLI::ParseError& error) {
  // A flag that is spelled otherwise is why another one is missing.
  const bool may_be_spelled_otherwise = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr ||
                                        dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  if (!may_be_spelled_otherwise) return error.what();
  const std::vector<std::string> left = line.app.remaining(/*recurse=*/true);
  return left.empty() ? error.what() : NotUnderstood(left, typed, path, DescribeTree(line.app));
}

int ParseFailed(const CommandLine& line, const std::vector<std::string>& typed,
                const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) {  // help, version
    std::ostringstream text;
    line.app.exit(error, text, text);
    return WriteOr(text.str(), kDone);
  }
  std::string path;
  const CLI::App* command = &line.app;
  for (auto below = command->get_subcommands(); !below.empty(); below = command->get_subcommands()) {
    command = below.front();
    path += (path.empty() ? "" : " ") + command->get_name();
  }
  SayError(line.globals, InvalidArgument(WhyNotParsed(line, path, typed, error)));
  Say(fmt::format("Run 'milvus-backup {}--help' for usage.", path.empty() ? "" : path + " "));
  return kUsage;
}

int PrintManPage(const CommandLine& line) { return WriteOr(ManPage(DescribeTree(line.app)), kDone); }

int RunCommand(const Command& command, const Globals& globals, const std::stop_token& stop) {
  if (Status usable = CheckSetTo(globals, *command.app); !usable.ok()) return UsageError(globals, usable);
  if (command.about_itself) return Print(globals, command.about_itself());
  Result<Run> run = command.prepare();
  if (!run.ok()) return UsageError(globals, run.status());
  return Execute(globals, command, *run, stop);
}

// Where the command stands, behind the flags that every command has; the end where there is none.
std::size_t FirstWord(const std::vector<std::string>& arguments) {
  constexpr std::array<std::string_view, 4> kWithValue = {"config", "set", "set_to", "progress"};
  std::size_t at = 0;
  for (; at < arguments.size() && arguments[at].starts_with('-'); ++at) {
    const std::string flag = NormalizeFlags({arguments[at]}).front();
    if (flag.starts_with("--") && std::ranges::find(kWithValue, flag.substr(2)) != kWithValue.end()) ++at;
  }
  return std::min(at, arguments.size());
}

}  // namespace

std::vector<std::string> NormalizeFlags(std::vector<std::string> arguments) {
  std::vector<std::string> normal;
  bool flags = true;
  for (std::string& argument : arguments) {
    flags &= argument != "--";
    if (!flags || !argument.starts_with("--")) {
      normal.push_back(std::move(argument));
      continue;
    }
    const std::size_t name_end = std::min(argument.find('='), argument.size());
    std::replace(argument.begin() + 2, argument.begin() + static_cast<std::ptrdiff_t>(name_end), '-', '_');
    const bool empty_value = name_end + 1 == argument.size();
    if (empty_value) argument.pop_back();
    normal.push_back(std::move(argument));
    if (empty_value) normal.emplace_back();
  }
  return normal;
}

std::vector<std::string> WordsAsFlags(std::vector<std::string> arguments) {
  const auto word = arguments.begin() + static_cast<std::ptrdiff_t>(FirstWord(arguments));
  if (word == arguments.end()) return arguments;
  if (*word == "version") *word = "--version";
  if (*word != "help") return arguments;
  std::rotate(word, word + 1, arguments.end());
  arguments.back() = "--help";
  return arguments;
}

int Main(std::vector<std::string> arguments) {
  OccupyStandardStreams();
  const StopSignals signals;
  CommandLine line;
  // For whoever builds a package; CLI11 would leave a gap in --help for a hidden flag.
  if (arguments == std::vector<std::string>{"--man"}) return PrintManPage(line);
  const std::vector<std::string> typed = arguments;
  arguments = NormalizeFlags(WordsAsFlags(std::move(arguments)));
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
  try {
    line.app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return ParseFailed(line, typed, error);
  }
  const Command* command = Chosen(line.commands);
  if (command == nullptr) {
    std::fputs(line.app.help().c_str(), stderr);
    return UsageError(line.globals, InvalidArgument("no command given"));
  }
  return RunCommand(*command, line.globals, signals.token());
}

}  // namespace mbk::cli
