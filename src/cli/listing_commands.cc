#include <fmt/core.h>

#include "cli/command.h"
#include "cli/flags.h"
#include "cli/text.h"
#include "ops/backup_name.h"
#include "ops/list/list.h"
#include "ops/remove/remove.h"
#include "service/roots.h"
#include "service/session.h"

namespace mbk::cli {
namespace {

// The list of the JSON document that an entry stands in. Only what is surely no whole backup is "unfinished".
const char* ListOf(EntryState state) {
  switch (state) {
    case EntryState::kComplete:
      return "backups";
    case EntryState::kUnfinished:
      return "unfinished";
    case EntryState::kBeingDeleted:
      return "being_deleted";
    case EntryState::kUnreadable:
      return "unreadable";
    case EntryState::kForeign:
      break;
  }
  return "foreign";
}

nlohmann::ordered_json JsonOf(const BackupEntry& entry) {
  nlohmann::ordered_json json = {{"name", entry.name}};
  if (entry.state == EntryState::kComplete) {
    json["size"] = entry.size;
    json["milvus_version"] = entry.milvus_version;
  }
  if (!entry.problem.empty()) json["problem"] = entry.problem;
  return json;
}

Result<Output> List(const ListOptions& options, Invocation& invocation) {
  MBK_TRY_ASSIGN(auto session,
                 service::Session::Open(invocation.loaded, {.backups = service::BackupAccess::kRead},
                                        invocation.context));
  MBK_TRY_ASSIGN(const std::vector<BackupEntry> entries,
                 RunList(options, session->backup(), invocation.context));
  Output output{.text = ">> Backups:\n"};
  const auto none = nlohmann::ordered_json::array();
  output.json = {{"backups", none},
                 {"unfinished", none},
                 {"being_deleted", none},
                 {"unreadable", none},
                 {"foreign", none}};
  if (const std::string& missing = session->missing_root(); !missing.empty())
    output.json["problem"] = missing;
  std::size_t unreadable = 0, refused = 0;
  for (const BackupEntry& entry : entries) {
    output.json[ListOf(entry.state)].push_back(JsonOf(entry));
    if (entry.state == EntryState::kComplete) output.text += entry.name + "\n";
    if (entry.state == EntryState::kBeingDeleted)
      output.notes.push_back(fmt::format("{}: {}", entry.name, entry.problem));
    if (entry.state != EntryState::kUnreadable) continue;
    output.notes.push_back(
        fmt::format("{} cannot be read, and may be a whole backup: {}", entry.name, entry.problem));
    ++unreadable;
    refused += entry.refused ? 1 : 0;
  }
  // An empty list would hide what a wrong root looks like, such as MinIO's own directory.
  if (output.json["backups"].empty())
    for (const BackupEntry& entry : entries)
      if (entry.state == EntryState::kForeign)
        output.notes.push_back(fmt::format("{} is no backup: {}", entry.name, entry.problem));
  const bool is_all_refused = refused == unreadable && output.json["backups"].empty();
  if (unreadable > 0) output.exit_code = is_all_refused ? kNotAllowed : kPartly;
  return output;
}

Result<Output> Get(const GetOptions& options, Invocation& invocation) {
  MBK_TRY_ASSIGN(auto session,
                 service::Session::Open(invocation.loaded, {.backups = service::BackupAccess::kRead},
                                        invocation.context));
  MBK_TRY_ASSIGN(GetReport report, RunGet(options, session->backup(), invocation.context));
  Output output{.json = nlohmann::ordered_json::parse(report.json)};
  output.text = std::move(report.json) + "\n";
  for (const std::string& what : report.contradictions)
    output.notes.push_back(fmt::format("backup {}: {}", options.name, what));
  if (!report.contradictions.empty()) output.exit_code = kPartly;
  return output;
}

Result<Output> Delete(const RemoveOptions& options, Invocation& invocation) {
  MBK_TRY_ASSIGN(auto session,
                 service::Session::Open(invocation.loaded, {.backups = service::BackupAccess::kRead},
                                        invocation.context));
  RemoveOptions removal = options;
  removal.milvus_root = service::MilvusRootAmongBackups(invocation.loaded);
  MBK_TRY_ASSIGN(const RemoveReport report, RunRemove(removal, session->backup(),
                                                      session->run(invocation.progress), invocation.context));
  const BackupFiles& files = report.files;
  Output output{.json = {{"name", options.name},
                         {"objects", files.objects},
                         {"bytes", files.bytes},
                         {"was_complete", files.committed},
                         {"stays", report.stays},
                         {"notes", report.notes},
                         {"dry_run", options.dry_run}},
                .notes = report.notes};
  for (const std::string& what : report.stays) output.notes.push_back("stays: " + what);
  if (!report.stays.empty()) output.exit_code = kPartly;
  output.text =
      options.dry_run
          ? fmt::format("backup {} ({}): {} objects, {} would be deleted\ndry run: nothing was deleted\n",
                        options.name, files.committed ? "committed" : "unfinished", HumanCount(files.objects),
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
                        MBK_TRY(CheckNameOfBackup(get_flags->name));
                        return Run([get_flags](Invocation& i) { return Get(*get_flags, i); });
                      }});

  auto remove = std::make_shared<RemoveOptions>();
  auto yes = std::make_shared<bool>(false);
  CLI::App& del = AddCommand(
      root, "delete", "delete a backup, or what an interrupted run left of one",
      "What is not proved to be a backup is refused. Files of something else that lie among those of the\n"
      "backup stay and are named.\n\n"
      "Examples:\n  milvus-backup delete -n my_backup\n  milvus-backup delete -n my_backup --dry-run");
  AddFlag(del, "-n,--name", remove->name, "backup name").Required();
  AddSwitch(del, "--dry_run", remove->dry_run, "say what would be deleted, delete nothing");
  AddSwitch(
      del, "--unfinished", remove->unfinished,
      "also what an unfinished run of the Go tool left, which may still be at work, or a backup that has "
      "lost the file that makes it one");
  AddSwitch(del, "-y,--yes", *yes, "no effect, for scripts: delete never asks");
  commands.push_back({&del, [remove, yes]() -> Result<Run> {
                        MBK_TRY(CheckNameOfBackup(remove->name));
                        return Run([remove](Invocation& i) { return Delete(*remove, i); });
                      }});
  commands.back().after_stop = [] {
    return std::string("if removal had begun, the same command finishes it");
  };
}

}  // namespace mbk::cli
