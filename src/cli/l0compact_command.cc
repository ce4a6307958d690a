#include <fmt/core.h>
#include <fmt/ranges.h>

#include <chrono>

#include "cli/command.h"
#include "cli/flags.h"
#include "cli/text.h"
#include "ops/backup_name.h"
#include "ops/l0compact/l0compact.h"
#include "service/roots.h"
#include "service/session.h"

namespace mbk::cli {
namespace {

std::string TextOf(const L0CompactReport& report, bool dry_run) {
  if (dry_run) {
    return fmt::format(
        "{} L0 segments would be folded in; {} objects, {} would be copied to {}\n"
        "dry run: nothing was written\n",
        HumanCount(report.l0_segments), HumanCount(report.objects), HumanBytes(report.bytes), report.output);
  }
  return fmt::format("l0compact done: {} -> {}\n", report.name, report.output);
}

Result<Output> RunIt(const L0CompactOptions& options, Invocation& invocation) {
  const auto started = std::chrono::steady_clock::now();
  invocation.progress.Enter(Step::kConnect);
  const auto access = options.dry_run ? service::BackupAccess::kRead : service::BackupAccess::kWrite;
  MBK_TRY_ASSIGN(auto session,
                 service::Session::Open(invocation.loaded, {.backups = access}, invocation.context));
  L0CompactOptions compaction = options;
  compaction.milvus_root = service::MilvusRootAmongBackups(invocation.loaded);
  MBK_TRY_ASSIGN(
      const L0CompactReport report,
      RunL0Compact(compaction, session->backup(), session->run(invocation.progress), invocation.context));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  Output output{.text = TextOf(report, options.dry_run),
                .json = {{"name", report.name},
                         {"output", report.output},
                         {"l0_segments", report.l0_segments},
                         {"deletes", report.deletes},
                         {"delta_logs", report.delta_logs},
                         {"objects", report.objects},
                         {"bytes", report.bytes},
                         {"duration_s", seconds},
                         {"lost_keys", report.lost_keys},
                         {"dry_run", options.dry_run}}};
  if (report.lost_keys.empty()) return output;
  output.notes.push_back(
      fmt::format("the metadata have keys that this version does not know, and {} lacks them: {}",
                  report.output, fmt::join(report.lost_keys, ", ")));
  output.exit_code = kPartly;
  return output;
}

}  // namespace

void AddL0Compact(CLI::App& root, std::vector<Command>& commands) {
  auto options = std::make_shared<L0CompactOptions>();
  CLI::App& app = AddCommand(
      root, "l0compact", "write a copy of a backup without L0 segments",
      "The deletes of L0 segments are written beside the data segments that they hit, so that servers which\n"
      "cannot import L0 can restore the backup. The backup itself is not changed.\n\n"
      "Example:\n"
      "  milvus-backup l0compact -n my_backup -o my_backup_flat");
  AddFlag(app, "-n,--name", options->name, "backup name").Required();
  AddFlag(app, "-o,--output", options->output, "name of the copy; <name>_l0compacted when not given");
  AddSwitch(app, "--force", options->force,
            "replace a backup that has the name of the copy, once the new one is whole");
  AddSwitch(app, "--dry_run", options->dry_run, "print the plan, change nothing");
  commands.push_back({&app, [options]() -> Result<Run> {
                        MBK_TRY(CheckNameOfBackup(options->name));
                        if (!options->output.empty()) MBK_TRY(CheckBackupName(options->output));
                        return Run([options](Invocation& invocation) { return RunIt(*options, invocation); });
                      }});
}

}  // namespace mbk::cli
