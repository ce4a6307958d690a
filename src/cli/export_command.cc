#include <fmt/core.h>

#include <chrono>

#include "base/reach.h"
#include "cli/command.h"
#include "cli/flags.h"
#include "cli/text.h"
#include "ops/backup_name.h"
#include "ops/export/export.h"
#include "service/session.h"
#include "service/wire.h"

namespace mbk::cli {
namespace {

struct ExportFlags {
  std::string name;
  std::string filter;
  std::string collections;
  std::string format = "parquet";
  std::string output;
  std::string to;
  bool dry_run = false;
};

Result<ExportOptions> OptionsOf(const ExportFlags& flags) {
  ExportOptions options{.name = flags.name, .dry_run = flags.dry_run};
  MBK_TRY(CheckNameOfBackup(options.name));
  options.format = flags.format == "parquet" ? ExportFormat::kParquet : ExportFormat::kJsonLines;
  if (!flags.filter.empty() && !flags.collections.empty()) {
    return InvalidArgument(
        fmt::format("--filter and -c cannot be combined; for all that they name write --filter {}",
                    ShellQuoted(flags.filter + "," + flags.collections)));
  }
  if (flags.filter.empty()) {
    MBK_TRY_ASSIGN(options.filter, Filter::FromCollections(flags.collections));
  } else {
    MBK_TRY_ASSIGN(options.filter, Filter::Parse(flags.filter));
  }
  return options;
}

std::string TextOf(const ExportReport& report, bool dry_run) {
  std::vector<std::vector<std::string>> table{
      {"COLLECTION", dry_run ? "ROWS BEFORE DELETES" : "ROWS", "FILES", "SIZE"}};
  for (const ExportedCollection& one : report.collections)
    table.push_back({one.name.Full(), HumanCount(one.rows), HumanCount(one.files), HumanBytes(one.bytes)});
  std::string text = Table(table, {false, true, true, true});
  text += dry_run ? "\ndry run: nothing was written\n" : fmt::format("\nexported to {}\n", report.target_url);
  return text;
}

// Of a dry run "rows" are those that are stored: how many of them live is not known before they are read.
nlohmann::ordered_json ToJson(const ExportReport& report, bool dry_run) {
  nlohmann::ordered_json json{{"name", report.name}, {"target", report.target_url}, {"dry_run", dry_run}};
  json["collections"] = nlohmann::ordered_json::array();
  for (const ExportedCollection& one : report.collections)
    json["collections"].push_back(
        {{"collection", one.name.Full()}, {"rows", one.rows}, {"files", one.files}, {"bytes", one.bytes}});
  return json;
}

Result<Output> RunIt(const ExportFlags& flags, const ExportOptions& options, Invocation& invocation) {
  invocation.progress.Enter(Step::kConnect);
  MBK_TRY_ASSIGN(auto session,
                 service::Session::Open(invocation.loaded, {.backups = service::BackupAccess::kRead},
                                        invocation.context));
  Result<ExportReport> report = Internal("");
  if (flags.to.empty()) {
    const std::shared_ptr<ObjectStore> directory = service::MakeDirectoryStore(flags.output);
    ExportTarget target{.store = *directory,
                        .make = [&](const CallContext& context) { return directory->EnsureBucket(context); }};
    report =
        RunExport(options, session->backup(), target, session->run(invocation.progress), invocation.context);
  } else {
    MBK_TRY_ASSIGN(const config::Loaded other, invocation.load_other(flags.to));
    Result<std::unique_ptr<service::Session>> there =
        service::Session::Open(other, {.backups = service::BackupAccess::kWrite}, invocation.context);
    if (!there.ok()) return there.status().WithContext(flags.to);
    const BackupSide& side = (*there)->backup();
    ExportTarget target{.store = side.store, .directory = flags.output, .make = side.make};
    report =
        RunExport(options, session->backup(), target, session->run(invocation.progress), invocation.context);
  }
  MBK_TRY(report.status());
  return Output{.text = TextOf(*report, flags.dry_run), .json = ToJson(*report, flags.dry_run)};
}

}  // namespace

void AddExport(CLI::App& root, std::vector<Command>& commands) {
  auto flags = std::make_shared<ExportFlags>();
  CLI::App& app = AddCommand(
      root, "export", "write the rows of a backup as Parquet or JSON lines",
      "The rows that live: deletes applied, of repeated keys the newest. Files lie below the output in\n"
      "DB/COLLECTION/partition=PARTITION/, as DuckDB, pandas and Spark read them.\n\n"
      "Examples:\n"
      "  milvus-backup export -n my_backup -c coll -o ./rows\n"
      "  milvus-backup export -n my_backup -o exports/today --to other.yaml --format jsonl");
  AddFlag(app, "-n,--name", flags->name, "backup name").Required();
  AddFlag(app, "-c,--collections", flags->collections,
          "comma list of collections, coll or db.coll; all when not given");
  AddFlag(app, "--filter", flags->filter, "comma list of db.coll, db.*");
  AddFlag(app, "-o,--output", flags->output, "local directory; with --to, a prefix in that store's bucket")
      .TypeName("DIR")
      .Required();
  AddFlag(app, "--to", flags->to, "configuration file whose backup store receives the files")
      .TypeName("FILE");
  AddFlag(app, "--format", flags->format, "of the files")
      .TypeName("parquet|jsonl")
      .OneOf({"parquet", "jsonl"})
      .ShowDefault();
  AddSwitch(app, "--dry_run", flags->dry_run, "print the plan, change nothing");
  commands.push_back({&app, [flags]() -> Result<Run> {
                        MBK_TRY_ASSIGN(ExportOptions options, OptionsOf(*flags));
                        return Run([flags, options](Invocation& i) { return RunIt(*flags, options, i); });
                      }});
  commands.back().after_stop = [] {
    return std::string("collections that were finished stay where they were exported to");
  };
}

}  // namespace mbk::cli
