#include <fmt/core.h>

#include <chrono>

#include "cli/command.h"
#include "cli/flags.h"
#include "cli/load_report.h"
#include "cli/selection_flags.h"
#include "ops/backup_name.h"
#include "ops/clone/clone.h"
#include "service/session.h"

namespace mbk::cli {
namespace {

struct CloneFlags {
  std::string to;
  std::string as;
  SelectionFlags selection;
  // A clone is to serve in place of the original: indexed, under its aliases, loaded.
  LoadFlags load{.via = "auto", .rebuild_index = true, .restore_alias = true, .restore_load_state = true};
  bool fingerprint = false;
  bool skip_vanished = false;
  bool dry_run = false;
};

constexpr const char* kCountsProve =
    "\nImport jobs counted the rows that live in the target, inserts those that it took; without deletes "
    "they equal the\n"
    "rows of the source's segments. This does not compare values: it does not prove that every field of "
    "every row is the same.\n";
constexpr const char* kVerifyProves =
    "\nEach collection took its name when every field of every row had been compared with the source.\n";

Result<CloneOptions> OptionsOf(const CloneFlags& flags) {
  CloneOptions options{.backup_name = flags.as, .fingerprint = flags.fingerprint, .dry_run = flags.dry_run};
  if (flags.skip_vanished) options.when_vanished = capture::WhenVanished::kLeaveOut;
  if (flags.fingerprint && flags.as.empty())
    return InvalidArgument("--fingerprint is recorded in the backup that is kept: add --as NAME");
  if (!flags.as.empty()) MBK_TRY(CheckBackupName(flags.as));
  MBK_TRY_ASSIGN(options.filter, CreateFilter(flags.selection));
  MBK_TRY_ASSIGN(options.load, LoadOptionsOf(flags.load));
  return options;
}

Result<Output> RunIt(const CloneOptions& options, const std::string& to, Invocation& invocation) {
  const auto started = std::chrono::steady_clock::now();
  invocation.progress.Enter(Step::kConnect);
  MBK_TRY_ASSIGN(const config::Loaded other, invocation.load_other(to));
  const bool keeps_backup = !options.backup_name.empty() && !options.dry_run;
  const service::Needs needs{
      .milvus = true, .backups = keeps_backup ? service::BackupAccess::kWrite : service::BackupAccess::kNone};
  Result<std::unique_ptr<service::Session>> source =
      service::Session::Open(invocation.loaded, needs, invocation.context);
  if (!source.ok()) return InFileOf(invocation.loaded, source.status());
  Result<std::unique_ptr<service::Session>> target =
      service::Session::Open(other, {.server = true}, invocation.context);
  if (!target.ok()) return target.status().WithContext(to);

  MilvusTarget filled = (*target)->target();
  const RunServices run = (*source)->run(invocation.progress);
  Result<RestoreReport> report =
      keeps_backup ? RunCloneThroughBackup(options, (*source)->milvus(), (*source)->backup(), filled, run,
                                           invocation.context)
                   : RunClone(options, (*source)->milvus(), filled, run, invocation.context);
  if (!report.ok()) return report.status();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  Output output{
      .json = cli::ToJson(*report, seconds), .notes = Notes(*report), .exit_code = ExitCodeOf(*report)};
  output.json["dry_run"] = options.dry_run;
  output.text = options.dry_run
                    ? PlanText(*report)
                    : ComparisonTable(*report) + (options.load.verify ? kVerifyProves : kCountsProve) +
                          SummaryText(*report, seconds) + fmt::format("duration:{:.2f} s\n", seconds);
  return output;
}

}  // namespace

void AddClone(CLI::App& root, std::vector<Command>& commands) {
  auto flags = std::make_shared<CloneFlags>();
  CLI::App& app = AddCommand(
      root, "clone", "carry collections from this Milvus into another, live, in one command",
      "Indexes, aliases and load state are restored too; switch them off with --rebuild_index=false and the "
      "like.\n"
      "The source is flushed, never changed otherwise.\n\n"
      "Examples:\n"
      "  milvus-backup clone --to other.yaml -c coll -s _copy\n"
      "  milvus-backup clone --to other.yaml --filter 'db1.*' -r 'db1.*:db2.*'");
  AddFlag(app, "--to", flags->to, "configuration file of the other Milvus").TypeName("FILE").Required();
  AddFlag(app, "--as", flags->as, "keep a backup of this name in the backup store of this side");
  AddSwitch(app, "--fingerprint", flags->fingerprint,
            "with --as: read the backup's rows, and record their fingerprints in it");
  AddSelectionFlags(app, flags->selection);
  AddLoadFlags(app, flags->load);
  AddSwitch(app, "--skip_vanished", flags->skip_vanished,
            "leave out, and name, collections that are dropped or made again meanwhile (exit code 3)");
  AddSwitch(app, "--dry_run", flags->dry_run, "print the plan, change nothing");
  commands.push_back({&app, [flags]() -> Result<Run> {
                        MBK_TRY_ASSIGN(CloneOptions options, OptionsOf(*flags));
                        return Run([options, to = flags->to](Invocation& invocation) {
                          return RunIt(options, to, invocation);
                        });
                      }});
}

}  // namespace mbk::cli
