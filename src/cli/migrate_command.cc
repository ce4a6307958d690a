#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "cli/command.h"
#include "cli/flags.h"
#include "cli/text.h"
#include "ops/backup_name.h"
#include "ops/migrate/migrate.h"
#include "service/session.h"

namespace mbk::cli {
namespace {

// The Go tool's three lines, with the blanks that it leaves at their ends: scripts read the job's id from
// them.
std::string TextOf(const MigrateReport& report, const MigrateOptions& options) {
  if (options.dry_run) {
    return fmt::format(
        "backup {} would be uploaded for cluster {}: {} objects, {}\ndry run: Zilliz Cloud was not asked\n",
        report.name, report.cluster_id, HumanCount(report.objects), HumanBytes(report.bytes));
  }
  std::string text = fmt::format(
      "Successfully triggered migration with backup name: {} target cluster: {} \n"
      "migration job id: {}. \n"
      "You can check the progress of the migration job in Zilliz Cloud console.\n",
      report.name, report.cluster_id, report.job_id);
  if (options.wait) text += fmt::format("migration job {}\n", zilliz::JobStateName(report.job_state));
  return text;
}

nlohmann::ordered_json JsonOf(const MigrateReport& report, const MigrateOptions& options, double seconds) {
  nlohmann::ordered_json json{{"name", report.name},
                              {"cluster_id", report.cluster_id},
                              {"objects", report.objects},
                              {"bytes", report.bytes}};
  if (!options.dry_run) json["job_id"] = report.job_id;
  if (!options.dry_run && options.wait) json["job_state"] = zilliz::JobStateName(report.job_state);
  json["duration_s"] = seconds;
  json["dry_run"] = options.dry_run;
  return json;
}

Result<Output> RunIt(const MigrateOptions& options, Invocation& invocation) {
  const auto started = std::chrono::steady_clock::now();
  invocation.progress.Enter(Step::kConnect);
  MBK_TRY_ASSIGN(
      auto session,
      service::Session::Open(invocation.loaded, {.backups = service::BackupAccess::kRead, .cloud = true},
                             invocation.context));
  MBK_TRY_ASSIGN(const MigrateReport report,
                 RunMigrate(options, session->backup(), session->cloud(), session->run(invocation.progress),
                            invocation.context));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  return Output{.text = TextOf(report, options), .json = JsonOf(report, options, seconds)};
}

// Zilliz's are like "in01-0123456789abcde". Only what could not be one in any future is refused here.
Status CheckClusterId(const std::string& id) {
  constexpr std::size_t kLongest = 128;
  const bool plain = std::ranges::all_of(id, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
  if (!id.empty() && id.size() <= kLongest && plain) return {};
  return InvalidArgument(
      "--cluster_id: want the id of a cluster, such as in01-0123456789abcde; the Zilliz Cloud console shows "
      "it");
}

}  // namespace

void AddMigrate(CLI::App& root, std::vector<Command>& commands) {
  auto options = std::make_shared<MigrateOptions>();
  CLI::App& app = AddCommand(
      root, "migrate", "bring a backup into a cluster of Zilliz Cloud",
      "The backup is uploaded to a volume that Zilliz Cloud gives out for it, compared with what was to be\n"
      "uploaded, and migrated by a job of the cloud, which is followed to its end. The API key is\n"
      "zillizCloud.apiKey or ZILLIZ_CLOUD_API_KEY (in a v1 file cloud.apikey).\n\n"
      "Examples:\n"
      "  milvus-backup migrate -n my_backup -c in01-0123456789abcde\n"
      "  milvus-backup migrate -n my_backup -c in01-0123456789abcde --wait=false\n"
      "  milvus-backup migrate -n my_backup -c in01-0123456789abcde --dry-run");
  AddFlag(app, "-n,--name", options->name, "backup name").Required();
  AddFlag(app, "-c,--cluster_id", options->cluster_id, "id of the cluster that receives it")
      .TypeName("ID")
      .Required();
  AddSwitch(app, "--wait", options->wait, "follow the job to its end; on unless --wait=false");
  AddSwitch(app, "--dry_run", options->dry_run, "print the plan, ask nothing of Zilliz Cloud");
  commands.push_back({.app = &app,
                      .prepare = [options]() -> Result<Run> {
                        MBK_TRY(CheckNameOfBackup(options->name));
                        MBK_TRY(CheckClusterId(options->cluster_id));
                        return Run([options](Invocation& invocation) { return RunIt(*options, invocation); });
                      },
                      .check_configuration = service::CheckCloud});
}

}  // namespace mbk::cli
