#include <fmt/core.h>

#include <chrono>

#include "cli/command.h"
#include "cli/flags.h"
#include "cli/load_report.h"
#include "cli/selection_flags.h"
#include "ops/backup_name.h"
#include "ops/restore/restore.h"
#include "service/session.h"

namespace mbk::cli {
namespace {

struct RestoreFlags {
  std::string name;
  SelectionFlags selection;
  LoadFlags load;
  bool rbac = false;
  bool use_v2_restore = false;
  bool dry_run = false;
};

Result<RestoreOptions> OptionsOf(const RestoreFlags& flags) {
  RestoreOptions options{.name = flags.name, .rbac = flags.rbac, .dry_run = flags.dry_run};
  MBK_TRY(CheckNameOfBackup(options.name));
  if (flags.use_v2_restore)
    return InvalidArgument(
        "--use_v2_restore needs the REST import of Milvus 2.4 or newer, which this version does not speak");
  MBK_TRY_ASSIGN(options.load, LoadOptionsOf(flags.load));
  MBK_TRY_ASSIGN(options.load.source_filter, RestoreSourceFilter(flags.selection));
  MBK_TRY_ASSIGN(options.load.target_filter, Filter::Parse(flags.selection.filter));
  return options;
}

Result<Output> RunIt(const RestoreOptions& options, Invocation& invocation) {
  const auto started = std::chrono::steady_clock::now();
  invocation.progress.Enter(Step::kConnect);
  const service::Needs needs{.server = true, .backups = service::BackupAccess::kRead};
  MBK_TRY_ASSIGN(auto session, service::Session::Open(invocation.loaded, needs, invocation.context));
  MilvusTarget target = session->target();
  MBK_TRY_ASSIGN(RestoreReport report,
                 RunRestore(options, session->backup(), target, session->restore_run(invocation.progress),
                            invocation.context));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  Output output{
      .json = cli::ToJson(report, seconds), .notes = Notes(report), .exit_code = ExitCodeOf(report)};
  output.json["dry_run"] = options.dry_run;
  output.text = options.dry_run ? PlanText(report)
                                : SummaryText(report, seconds) + fmt::format("duration:{:.2f} s\n", seconds);
  return output;
}

}  // namespace

void AddRestore(CLI::App& root, std::vector<Command>& commands) {
  auto flags = std::make_shared<RestoreFlags>();
  CLI::App& app = AddCommand(
      root, "restore", "restore a backup into Milvus",
      "-c, -d and -a select by the names in the backup; --filter by the names in the target, that is, after\n"
      "--suffix or --rename. Data are imported, indexes are not built again unless asked for.\n\n"
      "Examples:\n"
      "  milvus-backup restore -n my_backup -s _bak                    everything, beside the originals\n"
      "  milvus-backup restore -n my_backup -c coll -r coll:coll2      one collection under a new name\n"
      "  milvus-backup restore -n my_backup --rebuild_index --restore_load_state");
  AddFlag(app, "-n,--name", flags->name, "backup name").Required();
  AddSelectionFlags(app, flags->selection);
  AddLoadFlags(app, flags->load);
  AddSwitch(app, "--rbac", flags->rbac, "users, roles and grants too");
  AddSwitch(app, "--use_v2_restore", flags->use_v2_restore,
            "REST import of Milvus 2.4 and newer (not in this version)");
  AddSwitch(app, "--dry_run", flags->dry_run, "print the plan, change nothing");
  commands.push_back({&app, [flags]() -> Result<Run> {
                        MBK_TRY_ASSIGN(RestoreOptions options, OptionsOf(*flags));
                        return Run([options](Invocation& invocation) { return RunIt(options, invocation); });
                      }});
}

}  // namespace mbk::cli
