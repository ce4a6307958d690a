#include <fmt/core.h>

#include <chrono>

#include "cli/command.h"
#include "cli/flags.h"
#include "cli/text.h"
#include "ops/backup_name.h"
#include "ops/copy/copy.h"
#include "service/session.h"

namespace mbk::cli {
namespace {

struct CopyFlags {
  CopyBackupOptions options;
  std::string to;
};

std::string TextOf(const CopyReport& report, bool dry_run, double seconds) {
  if (dry_run) {
    return fmt::format("backup {} would be copied to {}: {} objects, {}\ndry run: nothing was written\n",
                       report.name, report.target_url, HumanCount(report.objects), HumanBytes(report.bytes));
  }
  return fmt::format("copy backup success: {} is at {}: {} objects, {}\nduration:{:.2f} s\n", report.as,
                     report.target_url, HumanCount(report.objects), HumanBytes(report.bytes), seconds);
}

Result<Output> RunIt(const CopyFlags& flags, Invocation& invocation) {
  const auto started = std::chrono::steady_clock::now();
  const bool dry_run = flags.options.dry_run;
  invocation.progress.Enter(Step::kConnect);
  MBK_TRY_ASSIGN(const config::Loaded other, invocation.load_other(flags.to));
  Result<std::unique_ptr<service::Session>> source = service::Session::Open(
      invocation.loaded, {.backups = service::BackupAccess::kRead}, invocation.context);
  if (!source.ok()) return InFileOf(invocation.loaded, source.status());
  const service::Needs needs{.backups =
                                 dry_run ? service::BackupAccess::kRead : service::BackupAccess::kWrite};
  Result<std::unique_ptr<service::Session>> target = service::Session::Open(other, needs, invocation.context);
  if (!target.ok()) return target.status().WithContext(flags.to);

  MBK_TRY_ASSIGN(CopyReport report, RunCopy(flags.options, (*source)->backup(), (*target)->backup(),
                                            (*source)->run(invocation.progress), invocation.context));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  Output output{.text = TextOf(report, dry_run, seconds),
                .json = {{"name", report.name},
                         {"as", report.as},
                         {"target", report.target_url},
                         {"objects", report.objects},
                         {"bytes", report.bytes},
                         {"duration_s", seconds},
                         {"dry_run", dry_run}}};
  if (!report.other_format.empty()) {
    output.notes.push_back(
        fmt::format("the backup has the format \"{}\": all that lay there was copied, but whether it was "
                    "whole only Milvus can tell",
                    report.other_format));
    output.json["format"] = report.other_format;
  }
  if (!report.streamed_because.empty()) {
    output.notes.push_back("copied through this process: " + report.streamed_because);
    output.json["streamed_because"] = report.streamed_because;
  }
  return output;
}

}  // namespace

void AddCopy(CLI::App& root, std::vector<Command>& commands) {
  auto flags = std::make_shared<CopyFlags>();
  CLI::App& app = AddCommand(
      root, "copy", "carry a backup to the backup store of another configuration",
      "Inside one object store the store copies by itself; between two, objects are streamed through this "
      "process\n"
      "without touching a local disk.\n\n"
      "Examples:\n"
      "  milvus-backup copy -n my_backup --to other.yaml\n"
      "  milvus-backup copy -n my_backup --to other.yaml --as from_a");
  AddFlag(app, "-n,--name", flags->options.name, "backup name").Required();
  AddFlag(app, "--to", flags->to, "configuration file whose backup store receives it")
      .TypeName("FILE")
      .Required();
  AddFlag(app, "--as", flags->options.as, "name at the other side; the same when not given");
  AddSwitch(app, "--dry_run", flags->options.dry_run, "print the plan, change nothing");
  commands.push_back({&app, [flags]() -> Result<Run> {
                        MBK_TRY(CheckNameOfBackup(flags->options.name));
                        if (!flags->options.as.empty()) MBK_TRY(CheckBackupName(flags->options.as));
                        return Run([flags](Invocation& invocation) { return RunIt(*flags, invocation); });
                      }});
}

}  // namespace mbk::cli
