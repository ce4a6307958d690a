#include <fmt/core.h>

#include <chrono>

#include "base/log.h"
#include "cli/capture_report.h"
#include "cli/command.h"
#include "cli/flags.h"
#include "cli/selection_flags.h"
#include "cli/text.h"
#include "ops/backup_name.h"
#include "ops/create/create.h"
#include "service/roots.h"
#include "service/session.h"

namespace mbk::cli {
namespace {

struct CreateFlags {
  std::string name;
  SelectionFlags selection;
  std::string strategy;
  std::string format;
  bool force = false;
  bool meta_only = false;
  bool rbac = false;
  bool index_extra = false;
  bool fingerprint = false;
  bool allow_empty = false;
  bool skip_vanished = false;
  bool dry_run = false;
};

// The new flag wins over the old ones, as the REST API has it.
Result<FlushStrategy> StrategyOf(const CreateFlags& flags) {
  if (!flags.strategy.empty()) return ParseFlushStrategy(flags.strategy);
  if (flags.force) return FlushStrategy::kSkipFlush;
  return flags.meta_only ? FlushStrategy::kMetaOnly : FlushStrategy::kAuto;
}

Result<CreateOptions> OptionsOf(const CreateFlags& flags) {
  if (flags.format == "snapshot")
    return InvalidArgument(
        "format snapshot needs Milvus 3.0 or newer, which this version does not speak; use --format binlog");
  if (!flags.format.empty() && flags.format != "auto" && flags.format != "binlog") {
    return InvalidArgument(fmt::format("invalid format {}, only support auto, binlog", flags.format));
  }
  if (flags.index_extra)
    return InvalidArgument("--backup_index_extra reads etcd, which this version does not do");
  CreateOptions options{.name = flags.name.empty() ? DefaultBackupName() : flags.name,
                        .rbac = flags.rbac,
                        .fingerprint = flags.fingerprint,
                        .allow_empty = flags.allow_empty,
                        .dry_run = flags.dry_run};
  if (flags.skip_vanished) options.when_vanished = capture::WhenVanished::kLeaveOut;
  MBK_TRY(CheckBackupName(options.name));
  MBK_TRY_ASSIGN(options.filter, CreateFilter(flags.selection));
  MBK_TRY_ASSIGN(options.strategy, StrategyOf(flags));
  if (options.fingerprint && options.strategy == FlushStrategy::kMetaOnly)
    return InvalidArgument("--fingerprint is about rows, of which strategy meta_only saves none");
  return options;
}

nlohmann::ordered_json ToJson(const CreateReport& report, double seconds) {
  nlohmann::ordered_json json{{"name", report.name},  {"id", report.id},           {"url", report.url},
                              {"rows", report.rows},  {"objects", report.objects}, {"bytes", report.bytes},
                              {"duration_s", seconds}};
  json["collections"] = nlohmann::ordered_json::array();
  for (const CollectionSummary& c : report.collections) {
    json["collections"].push_back({{"db_name", c.name.db},
                                   {"collection_name", c.name.name},
                                   {"rows", c.rows},
                                   {"segments", c.segments},
                                   {"objects", c.objects},
                                   {"bytes", c.bytes}});
    if (c.rows_in_memory) json["collections"].back()["rows_in_memory"] = *c.rows_in_memory;
    if (!c.rows_record) continue;
    json["collections"].back().update({{"written", c.rows_record->written},
                                       {"deleted", c.rows_record->deleted},
                                       {"duplicate", c.rows_record->duplicate},
                                       {"living", c.rows_record->living()},
                                       {"fingerprint", c.rows_record->fingerprint}});
  }
  json["left_out"] = cli::ToJson(report.left_out);
  json["notes"] = report.notes;
  if (!report.streamed_because.empty()) json["streamed_because"] = report.streamed_because;
  return json;
}

// "1 collection", "10,000 rows".
std::string Counted(std::int64_t count, std::string_view of) {
  return fmt::format("{} {}{}", HumanCount(count), of, count == 1 ? "" : "s");
}

std::string Totals(const CreateReport& report) {
  return fmt::format("{}, {}, {}",
                     Counted(static_cast<std::int64_t>(report.collections.size()), "collection"),
                     Counted(report.rows, "row"), Counted(report.objects, "object"));
}

// Only a backup of all that was asked for ends in the line that scripts look for.
std::string DoneText(const CreateReport& report, double seconds) {
  const std::string outcome =
      report.left_out.empty()
          ? "create backup success"
          : fmt::format("create backup done in part, {} left out",
                        Counted(static_cast<std::int64_t>(report.left_out.size()), "collection"));
  return fmt::format("{}\nduration:{:.2f} s\n{} in {}\n", outcome, seconds, Totals(report), report.url);
}

// A flush brings in what is in memory; without one the notes say how much is not in it.
std::string CreatePlanText(const CreateReport& report, FlushStrategy strategy) {
  std::vector<std::vector<std::string>> rows{{"COLLECTION", "ROWS", "SEGMENTS", "OBJECTS", "SIZE"}};
  for (const CollectionSummary& c : report.collections) {
    rows.push_back({c.name.Full(), HumanCount(c.rows), HumanCount(c.segments), HumanCount(c.objects),
                    HumanBytes(c.bytes)});
  }
  const bool flushes = strategy == FlushStrategy::kAuto || strategy == FlushStrategy::kSerialFlush;
  return Table(rows, {false, true, true, true, true}) +
         fmt::format("\nbackup {} would hold {}, {}{}\nit would lie in {}\ndry run: nothing was written\n",
                     report.name, Totals(report), HumanBytes(report.bytes),
                     flushes ? "; rows that are not flushed yet come on top" : "", report.url);
}

Result<Output> RunIt(const CreateOptions& options, Invocation& invocation) {
  const auto started = std::chrono::steady_clock::now();
  invocation.progress.Enter(Step::kConnect);
  const service::Needs needs{
      .milvus = true,
      .backups = options.dry_run ? service::BackupAccess::kRead : service::BackupAccess::kWrite};
  MBK_TRY_ASSIGN(auto session, service::Session::Open(invocation.loaded, needs, invocation.context));
  if (const std::string warning = service::WarningOfRoots(invocation.loaded); !warning.empty())
    log::Warn("{}", warning);
  MBK_TRY_ASSIGN(CreateReport report, RunCreate(options, session->milvus(), session->backup(),
                                                session->run(invocation.progress), invocation.context));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  Output output{.json = ToJson(report, seconds)};
  output.json["dry_run"] = options.dry_run;
  output.text = options.dry_run ? CreatePlanText(report, options.strategy) : DoneText(report, seconds);
  output.notes = Notes(report.left_out);
  output.notes.insert(output.notes.end(), report.notes.begin(), report.notes.end());
  if (!report.left_out.empty()) output.exit_code = kPartly;
  if (!report.streamed_because.empty())
    output.notes.push_back("copied through this process: " + report.streamed_because);
  return output;
}

}  // namespace

void AddCreate(CLI::App& root, std::vector<Command>& commands) {
  auto flags = std::make_shared<CreateFlags>();
  CLI::App& app = AddCommand(root, "create", "create a backup",
                             "Examples:\n"
                             "  milvus-backup create -n my_backup                       everything\n"
                             "  milvus-backup create -n my_backup -c coll,db1.coll2     two collections\n"
                             "  milvus-backup create -n my_backup --filter 'db1.*'      a database\n"
                             "  milvus-backup create -n my_backup --dry-run             what would be done");
  AddFlag(app, "-n,--name", flags->name, "backup name; without one it is made from the time");
  AddSelectionFlags(app, flags->selection);
  AddFlag(app, "--strategy", flags->strategy,
          "auto and serial_flush flush every collection first, skip_flush none; meta_only saves no rows")
      .TypeName("auto|meta_only|skip_flush|serial_flush");
  AddFlag(app, "--format", flags->format, "how data lie in the backup; in this version both mean binlog")
      .TypeName("auto|binlog");
  AddSwitch(app, "-f,--force", flags->force, "the same as --strategy skip_flush");
  AddSwitch(app, "--meta_only", flags->meta_only, "the same as --strategy meta_only");
  AddSwitch(app, "--rbac", flags->rbac, "users, roles and grants too");
  AddSwitch(app, "--backup_index_extra", flags->index_extra, "index details from etcd (not in this version)");
  AddSwitch(app, "--fingerprint", flags->fingerprint,
            "read the copied rows, and record their fingerprints for verify --level rows");
  AddSwitch(app, "--allow_empty", flags->allow_empty, "a backup without collections is meant");
  AddSwitch(app, "--skip_vanished", flags->skip_vanished,
            "leave out, and name, collections that are dropped or made again meanwhile (exit code 3)");
  AddSwitch(app, "--dry_run", flags->dry_run, "print the plan, change nothing");
  commands.push_back({&app, [flags]() -> Result<Run> {
                        MBK_TRY_ASSIGN(CreateOptions options, OptionsOf(*flags));
                        return Run([options](Invocation& invocation) { return RunIt(options, invocation); });
                      }});
}

}  // namespace mbk::cli
