#include <fmt/core.h>

#include <chrono>
#include <map>

#include "cli/command.h"
#include "cli/compare_report.h"
#include "cli/flags.h"
#include "cli/text.h"
#include "ops/backup_name.h"
#include "ops/verify/verify.h"
#include "service/session.h"

namespace mbk::cli {
namespace {

struct VerifyFlags {
  std::string name;
  std::string level = "quick";
  bool live = false;
  std::string to;
  std::string filter;
  std::string suffix;
  std::string rename;
  bool load = false;
  std::int64_t max_differences = 20;
};

Result<LiveCompareOptions> LiveOptionsOf(const VerifyFlags& flags) {
  LiveCompareOptions options{.load = flags.load, .compare = {.max_differences = flags.max_differences}};
  MBK_TRY_ASSIGN(options.filter, Filter::Parse(flags.filter));
  if (!flags.suffix.empty() && !flags.rename.empty())
    return InvalidArgument("give either --suffix or --rename");
  if (!flags.suffix.empty()) {
    MBK_TRY_ASSIGN(options.renamer, Renamer::FromSuffix(flags.suffix));
  }
  if (!flags.rename.empty()) {
    MBK_TRY_ASSIGN(options.renamer, Renamer::FromRules(flags.rename));
  }
  return options;
}

Status CheckFlags(const VerifyFlags& flags) {
  MBK_TRY(CheckNameOfBackup(flags.name));
  const bool says_live = !flags.to.empty() || !flags.suffix.empty() || !flags.rename.empty() ||
                         !flags.filter.empty() || flags.load;
  if (says_live && !flags.live)
    return InvalidArgument(
        "--to, --filter, --suffix, --rename and --load are about live collections: add --live");
  if (flags.live && flags.level != "quick")
    return InvalidArgument(
        fmt::format("--live compares rows, and proves no level of the backup: run verify once with --level "
                    "{} and once with --live",
                    flags.level));
  return LiveOptionsOf(flags).status();
}

const std::map<std::string, VerifyLevel> kLevels{
    {"quick", VerifyLevel::kQuick}, {"checksum", VerifyLevel::kChecksum}, {"rows", VerifyLevel::kRows}};

std::string RowTable(const VerifyReport& report) {
  std::vector<std::vector<std::string>> table{
      {"COLLECTION", "PARTITION", "WRITTEN", "DELETED", "DUPLICATE", "LIVING", "FINGERPRINT"}};
  auto add = [&](const std::string& collection, const std::string& partition, const rows::RowsProof& proof) {
    table.push_back({collection, partition, HumanCount(proof.counts.written),
                     HumanCount(proof.counts.deleted), HumanCount(proof.counts.duplicate),
                     HumanCount(proof.counts.living()), proof.fingerprint.ToString()});
  };
  for (const rows::CollectionProof& collection : report.collections) {
    if (!collection.total) continue;
    add(collection.name.Full(), "(all)", *collection.total);
    if (collection.partitions.size() > 1)
      for (const rows::RowsProof& partition : collection.partitions) add("", partition.partition, partition);
  }
  return Table(table, {false, false, true, true, true, true, false});
}

// Of what is counted, and named up to a limit.
std::string AndMore(std::int64_t found, const std::vector<std::string>& named) {
  const std::int64_t more = found - static_cast<std::int64_t>(named.size());
  return more > 0 ? fmt::format("  and {} more\n", HumanCount(more)) : "";
}

std::string TextOf(const VerifyReport& report, const std::string& level) {
  std::string text = fmt::format("backup {}: {} objects, {}\n", report.name, HumanCount(report.objects),
                                 HumanBytes(report.bytes));
  if (report.level == VerifyLevel::kChecksum || report.objects_compared > 0)
    text += fmt::format("{} objects and {} files of meta/ hold the bytes that were written\n",
                        HumanCount(report.objects_compared), report.meta_files_compared);
  if (report.level == VerifyLevel::kRows) text += "\n" + RowTable(report) + "\n";
  if (report.collections_as_recorded > 0)
    text += fmt::format("{} collections hold the rows whose fingerprints were recorded with the backup\n",
                        HumanCount(report.collections_as_recorded));
  for (const std::string& key : report.foreign)
    text += "FOREIGN: " + key + " is not of this backup; it does no harm\n";
  text += AndMore(report.foreign_found, report.foreign);
  for (const std::string& what : report.damage) text += "DAMAGED: " + what + "\n";
  text += AndMore(report.damage_found, report.damage);
  for (const std::string& what : report.unproven) text += "NOT PROVED: " + what + "\n";
  if (!report.damage.empty())
    text += fmt::format("verify {}: DAMAGED, {} findings\n", level, HumanCount(report.damage_found));
  else if (!report.unproven.empty())
    text += fmt::format("verify {}: nothing wrong was found, but not all could be proved\n", level);
  else
    text += fmt::format("verify {}: ok\n", level);
  return text;
}

nlohmann::ordered_json ToJson(const rows::RowsProof& proof) {
  return {{"written", proof.counts.written},
          {"deleted", proof.counts.deleted},
          {"duplicate", proof.counts.duplicate},
          {"living", proof.counts.living()},
          {"fingerprint", proof.fingerprint.ToString()}};
}

nlohmann::ordered_json ToJson(const VerifyReport& report, const std::string& level) {
  nlohmann::ordered_json json{{"name", report.name},
                              {"level", level},
                              {"objects", report.objects},
                              {"bytes", report.bytes},
                              {"damage", report.damage},
                              {"damage_found", report.damage_found},
                              {"unproven", report.unproven},
                              {"foreign", report.foreign},
                              {"foreign_found", report.foreign_found}};
  if (report.level != VerifyLevel::kQuick) {
    json["objects_compared"] = report.objects_compared;
    json["meta_files_compared"] = report.meta_files_compared;
  }
  if (report.level != VerifyLevel::kRows) return json;
  json["collections_as_recorded"] = report.collections_as_recorded;
  json["collections"] = nlohmann::ordered_json::array();
  for (const rows::CollectionProof& collection : report.collections) {
    nlohmann::ordered_json one{{"collection", collection.name.Full()}};
    if (collection.total) one.update(ToJson(*collection.total));
    one["partitions"] = nlohmann::ordered_json::object();
    for (const rows::RowsProof& partition : collection.partitions)
      one["partitions"][partition.partition] = ToJson(partition);
    json["collections"].push_back(std::move(one));
  }
  return json;
}

Result<Output> RunIt(const VerifyFlags& flags, Invocation& invocation) {
  const auto started = std::chrono::steady_clock::now();
  invocation.progress.Enter(Step::kConnect);
  MBK_TRY_ASSIGN(auto session,
                 service::Session::Open(invocation.loaded, {.backups = service::BackupAccess::kRead},
                                        invocation.context));
  MBK_TRY_ASSIGN(const VerifyReport report,
                 RunVerify({.name = flags.name, .level = kLevels.at(flags.level)}, session->backup(),
                           session->run(invocation.progress), invocation.context));
  Output output{.text = TextOf(report, flags.level), .json = ToJson(report, flags.level)};
  output.json["duration_s"] =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  if (!report.damage.empty())
    output.exit_code = kDamaged;
  else if (!report.unproven.empty())
    output.exit_code = kPartly;
  return output;
}

// The rows of the backup against those of a live Milvus.
Result<Output> RunLive(const VerifyFlags& flags, Invocation& invocation) {
  MBK_TRY_ASSIGN(const LiveCompareOptions options, LiveOptionsOf(flags));
  invocation.progress.Enter(Step::kConnect);
  MBK_TRY_ASSIGN(const config::Loaded other, flags.to.empty() ? Result<config::Loaded>(invocation.loaded)
                                                              : invocation.load_other(flags.to));
  MBK_TRY_ASSIGN(auto session,
                 service::Session::Open(invocation.loaded, {.backups = service::BackupAccess::kRead},
                                        invocation.context));
  Result<std::unique_ptr<service::Session>> server =
      service::Session::Open(other, {.server = true}, invocation.context);
  if (!server.ok()) return flags.to.empty() ? server.status() : server.status().WithContext(flags.to);
  MBK_TRY_ASSIGN(const std::vector<ComparedCollection> all,
                 RunVerifyLive(flags.name, options, session->backup(), (*server)->client(),
                               session->run(invocation.progress), invocation.context));
  return Output{.text = ComparisonText(all),
                .json = {{"name", flags.name}, {"collections", cli::ToJson(all)}},
                .exit_code = ExitCodeOf(all)};
}

}  // namespace

void AddVerify(CLI::App& root, std::vector<Command>& commands) {
  auto flags = std::make_shared<VerifyFlags>();
  CLI::App& app = AddCommand(
      root, "verify", "prove that a backup is whole",
      "quick     the metadata name all that they promise; every object is there with its size, and no other: "
      "one listing\n"
      "checksum  and holds the bytes that were written, metadata too: every object is read\n"
      "rows      and every row can be read and is what the metadata say; prints a fingerprint of the rows "
      "that\n"
      "          live, which is equal wherever the same rows lie\n\n"
      "Exit codes: 0 proved, 3 nothing wrong was found but not all could be proved, 4 damaged or "
      "different.\n\n"
      "Examples:\n"
      "  milvus-backup verify -n my_backup\n"
      "  milvus-backup verify -n my_backup --level rows\n"
      "  milvus-backup verify -n my_backup --live --to other.yaml -s _bak");
  AddFlag(app, "-n,--name", flags->name, "backup name").Required();
  AddFlag(app, "--level", flags->level, "what to prove")
      .TypeName("quick|checksum|rows")
      .OneOf({"quick", "checksum", "rows"})
      .ShowDefault();
  AddSwitch(app, "--live", flags->live,
            "compare the rows with those of live collections, and name what differs");
  AddFlag(app, "--to", flags->to, "with --live: configuration file of the Milvus; this one's when not given")
      .TypeName("FILE");
  AddFlag(app, "--filter", flags->filter, "with --live: which collections of the backup (db.coll, db.*)");
  AddFlag(app, "-s,--suffix", flags->suffix, "with --live: what the names of the live collections end in");
  AddFlag(app, "-r,--rename", flags->rename, "with --live: comma list of old:new names");
  AddSwitch(app, "--load", flags->load,
            "with --live: load collections that are not loaded, and release them again");
  AddFlag(app, "--max_differences", flags->max_differences,
          "with --live: how many keys that differ are named")
      .TypeName("N")
      .NotNegative()
      .ShowDefault();
  commands.push_back({&app, [flags]() -> Result<Run> {
                        MBK_TRY(CheckFlags(*flags));
                        return Run([flags](Invocation& invocation) {
                          return flags->live ? RunLive(*flags, invocation) : RunIt(*flags, invocation);
                        });
                      }});
  commands.back().after_stop = [flags] { return AfterStopOf(flags->load); };
}

}  // namespace mbk::cli
