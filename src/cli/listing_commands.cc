#include <fmt/core.h>

#include "cli/command.h"
#include "cli/flags.h"
#include "cli/text.h"
#include "ops/backup_name.h"
#include "ops/list/list.h"
#include "ops/remove/remove.h"
#include "service/session.h"

namespace mbk::cli {
namespace {

Result<Output> List(const ListOptions& options, Invocation& invocation) {
  MBK_TRY_ASSIGN(auto session,
                 service::Session::Open(invocation.loaded, {.backups = service::BackupAccess::kRead},
                                        invocation.context));
  MBK_TRY_ASSIGN(std::vector<ListedBackup> backups, RunList(options, session->backup(), invocation.context));
  Output output{.text = ">> Backups:\n"};
  output.json = {{"backups", nlohmann::ordered_json::array()},
                 {"unfinished", nlohmann::ordered_json::array()}};
  for (const ListedBackup& backup : backups) {
    if (backup.complete) {
      output.text += backup.name + "\n";
      output.json["backups"].push_back(
          {{"name", backup.name}, {"size", backup.size}, {"milvus_version", backup.milvus_version}});
    } else {
      output.json["unfinished"].push_back({{"name", backup.name}, {"problem", backup.problem}});
    }
  }
  return output;
}

Result<Output> Get(const GetOptions& options, Invocation& invocation) {
  MBK_TRY_ASSIGN(auto session,
                 service::Session::Open(invocation.loaded, {.backups = service::BackupAccess::kRead},
                                        invocation.context));
  MBK_TRY_ASSIGN(std::string text, RunGet(options, session->backup(), invocation.context));
  Output output{.json = nlohmann::ordered_json::parse(text)};
  output.text = std::move(text) + "\n";
  return output;
}

Result<Output> Delete(const RemoveOptions& options, Invocation& invocation) {
  MBK_TRY_ASSIGN(auto session,
                 service::Session::Open(invocation.loaded, {.backups = service::BackupAccess::kRead},
                                        invocation.context));
  MBK_TRY_ASSIGN(BackupFiles files, RunRemove(options, session->backup(), session->run(invocation.progress),
                                              invocation.context));
  Output output{.json = {{"name", options.name},
                         {"objects", files.objects},
                         {"bytes", files.bytes},
                         {"was_complete", files.committed},
                         {"dry_run", options.dry_run}}};
  output.text =
      options.dry_run
          ? fmt::format("backup {} ({}): {} objects, {} would be deleted\ndry run: nothing was deleted\n",
                        options.name, files.committed ? "complete" : "unfinished", HumanCount(files.objects),
                        HumanBytes(files.bytes))
          : "delete backup done\n";
  return output;
}

}  // namespace

void AddListing(CLI::App& root, std::vector<Command>& commands) {
  auto list_flags = std::make_shared<ListOptions>();
  CLI::App& list = AddCommand(
      root, "list", "list the backups in the backup store",
      "Examples:\n  milvus-backup list\n  milvus-backup list -c coll      those that hold a collection");
  AddFlag(list, "-c,--collection", list_flags->collection,
          "only backups that hold this collection: coll or db.coll");
  commands.push_back({&list, [list_flags]() -> Result<Run> {
                        return Run([list_flags](Invocation& i) { return List(*list_flags, i); });
                      }});

  auto get_flags = std::make_shared<GetOptions>();
  CLI::App& get = AddCommand(
      root, "get", "show what a backup holds, as JSON",
      "Examples:\n  milvus-backup get -n my_backup\n  milvus-backup get -n my_backup --detail      with "
      "partitions and segments");
  AddFlag(get, "-n,--name", get_flags->name, "backup name").Required();
  AddSwitch(get, "-d,--detail", get_flags->detail,
            "everything that is recorded, partitions and segments too");
  commands.push_back({&get, [get_flags]() -> Result<Run> {
                        MBK_TRY(CheckBackupName(get_flags->name));
                        return Run([get_flags](Invocation& i) { return Get(*get_flags, i); });
                      }});

  auto remove = std::make_shared<RemoveOptions>();
  CLI::App& del = AddCommand(
      root, "delete", "delete a backup, or what an interrupted run left of one",
      "Examples:\n  milvus-backup delete -n my_backup\n  milvus-backup delete -n my_backup --dry-run");
  AddFlag(del, "-n,--name", remove->name, "backup name").Required();
  AddSwitch(del, "--dry_run", remove->dry_run, "say what would be deleted, delete nothing");
  commands.push_back({&del, [remove]() -> Result<Run> {
                        MBK_TRY(CheckBackupName(remove->name));
                        return Run([remove](Invocation& i) { return Delete(*remove, i); });
                      }});
}

}  // namespace mbk::cli
