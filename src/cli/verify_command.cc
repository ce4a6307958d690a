#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <map>

#include "cli/command.h"
#include "cli/text.h"
#include "ops/backup_name.h"
#include "ops/verify/verify.h"
#include "service/session.h"

namespace mbk::cli {
namespace {

struct VerifyFlags {
  std::string name;
  std::string level = "quick";
};

const std::map<std::string, VerifyLevel> kLevels{
    {"quick", VerifyLevel::kQuick}, {"checksum", VerifyLevel::kChecksum}, {"rows", VerifyLevel::kRows}};

std::string RowTable(const VerifyReport& report) {
  std::vector<std::vector<std::string>> table{
      {"COLLECTION", "PARTITION", "WRITTEN", "DELETED", "DUPLICATE", "LIVING", "FINGERPRINT"}};
  auto add = [&](const std::string& collection, const std::string& partition, const RowsProof& proof) {
    table.push_back({collection, partition, HumanCount(proof.counts.written),
                     HumanCount(proof.counts.deleted), HumanCount(proof.counts.duplicate),
                     HumanCount(proof.counts.living()), proof.fingerprint.ToString()});
  };
  for (const CollectionProof& collection : report.collections) {
    if (!collection.total) continue;
    add(collection.name.Full(), "(all)", *collection.total);
    if (collection.partitions.size() > 1)
      for (const RowsProof& partition : collection.partitions) add("", partition.partition, partition);
  }
  return Table(table, {false, false, true, true, true, true, false});
}

std::string TextOf(const VerifyReport& report, const std::string& level) {
  std::string text = fmt::format("backup {}: {} objects, {}\n", report.name, HumanCount(report.objects),
                                 HumanBytes(report.bytes));
  if (report.level == VerifyLevel::kChecksum)
    text += fmt::format("{} objects hold the bytes that were written\n", HumanCount(report.objects_compared));
  if (report.level == VerifyLevel::kRows) text += "\n" + RowTable(report) + "\n";
  for (const std::string& what : report.damage) text += "DAMAGED: " + what + "\n";
  for (const std::string& what : report.unproven) text += "NOT PROVED: " + what + "\n";
  if (!report.damage.empty())
    text += fmt::format("verify {}: DAMAGED\n", level);
  else if (!report.unproven.empty())
    text += fmt::format("verify {}: nothing wrong was found, but not all could be proved\n", level);
  else
    text += fmt::format("verify {}: ok\n", level);
  return text;
}

nlohmann::ordered_json ToJson(const RowsProof& proof) {
  return {{"written", proof.counts.written},
          {"deleted", proof.counts.deleted},
          {"duplicate", proof.counts.duplicate},
          {"living", proof.counts.living()},
          {"fingerprint", proof.fingerprint.ToString()}};
}

nlohmann::ordered_json ToJson(const VerifyReport& report, const std::string& level) {
  nlohmann::ordered_json json{{"name", report.name},       {"level", level},
                              {"objects", report.objects}, {"bytes", report.bytes},
                              {"damage", report.damage},   {"unproven", report.unproven}};
  if (report.level == VerifyLevel::kChecksum) json["objects_compared"] = report.objects_compared;
  if (report.level != VerifyLevel::kRows) return json;
  json["collections"] = nlohmann::ordered_json::array();
  for (const CollectionProof& collection : report.collections) {
    nlohmann::ordered_json one{{"collection", collection.name.Full()}};
    if (collection.total) one.update(ToJson(*collection.total));
    one["partitions"] = nlohmann::ordered_json::object();
    for (const RowsProof& partition : collection.partitions)
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

}  // namespace

void AddVerify(CLI::App& root, std::vector<Command>& commands) {
  auto flags = std::make_shared<VerifyFlags>();
  CLI::App* app = root.add_subcommand("verify", "prove that a backup is whole");
  app->footer(
      "quick     every object is there with its size, and no other: one listing\n"
      "checksum  and holds the bytes that were written: every object is read\n"
      "rows      and every row can be read and is what the metadata say; prints a fingerprint of the rows "
      "that\n"
      "          live, which is equal wherever the same rows lie\n\n"
      "Exit codes: 0 proved, 3 nothing wrong was found but not all could be proved, 4 damaged.\n\n"
      "Examples:\n"
      "  milvus-backup verify -n my_backup\n"
      "  milvus-backup verify -n my_backup --level rows");
  app->add_option("-n,--name", flags->name, "backup name")->required();
  app->add_option("--level", flags->level, "what to prove")
      ->type_name("quick|checksum|rows")
      ->check(CLI::IsMember({"quick", "checksum", "rows"}))
      ->capture_default_str();
  commands.push_back({app, [flags]() -> Result<Run> {
                        MBK_TRY(CheckBackupName(flags->name));
                        return Run([flags](Invocation& invocation) { return RunIt(*flags, invocation); });
                      }});
}

}  // namespace mbk::cli
