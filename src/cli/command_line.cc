#include "cli/command_line.h"

#include <fmt/core.h>

#include "base/version.h"

namespace mbk::cli {
namespace {

void AddGlobals(CLI::App& app, Globals& globals) {
  app.add_option("--config", globals.config,
                 "configuration file; looked for as given, in $MILVUSCONF and in ./configs")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_option("--set", globals.set,
                 "KEY=VALUE over the file's; may be given again, or several separated by commas")
      ->allow_extra_args(false);
  app.add_option("--set_to", globals.set_to,
                 "the same over the file of --to, which neither --set nor a variable without TO_ reaches")
      ->allow_extra_args(false);
  app.add_flag("--json", globals.json, "print one JSON document");
  app.add_option("--progress", globals.progress,
                 "how to show progress; auto is a bar on a terminal, else a line every 10 s")
      ->type_name("auto|bar|lines|json|none")
      ->capture_default_str();
  app.add_flag("-q,--quiet", globals.quiet, "no progress");
}

}  // namespace

CommandLine::CommandLine()
    : app("back up the collections of Milvus, carry backups between object stores, and restore them",
          "milvus-backup") {
  app.set_help_flag("-h,--help", "print this help");
  app.set_version_flag("--version",
                       fmt::format("milvus-backup {} (Built on {} from Git SHA {} by {})", kVersion,
                                   kBuildDate, kGitCommit, kCompiler),
                       "print version and build");
  app.require_subcommand(0, 1);  // an unknown word is then named in the error
  app.fallthrough();
  app.footer(
      "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 done in part, 4 damage or "
      "differences found,\n"
      "10 no such backup or collection, 11 locked by another run, 12 not allowed, 130 interrupted.");
  AddGlobals(app, globals);
  AddCreate(app, commands);
  AddRestore(app, commands);
  AddListing(app, commands);
  AddVerify(app, commands);
  AddCompare(app, commands);
  AddExport(app, commands);
  AddL0Compact(app, commands);
  AddCopy(app, commands);
  AddClone(app, commands);
  AddMigrate(app, commands);
  AddCheck(app, commands, globals);
  AddCompletion(app, commands);
  for (const Command& command : commands) command.app->fallthrough();
}

}  // namespace mbk::cli
