#include <fmt/core.h>

#include <algorithm>
#include <string>

#include "ops/capture/capture.h"
#include "ops/load/temporary_name.h"

namespace mbk::capture {
namespace {

std::string NameOfUser(const MilvusClient& client) {
  return client.user().empty() ? "whoever has no user name" : "user " + client.user();
}

Result<std::vector<std::string>> DatabasesOf(MilvusClient& client, const CallContext& context) {
  if (!client.has(Capability::kMultiDatabase)) return std::vector<std::string>{std::string(kDefaultDatabase)};
  MBK_TRY_ASSIGN(std::vector<std::string> databases, client.ListDatabases(context));
  if (!databases.empty()) return databases;
  // Every server has the database `default`.
  return Status(
      Code::kPermissionDenied,
      fmt::format("Milvus {} shows no database, not even default, to {}: it needs rights on what it "
                  "is to back up",
                  client.address(), NameOfUser(client)));
}

Result<Database> DescribeDatabase(MilvusClient& client, const std::string& name, const CallContext& context) {
  if (!client.has(Capability::kDescribeDatabase)) return Database{.name = name};
  MBK_TRY_ASSIGN(DatabaseDescription described, client.DescribeDatabase(name, context));
  return Database{.name = name, .id = described.id, .properties = std::move(described.properties)};
}

Status NoSuchDatabase(const std::string& name, const std::vector<std::string>& there) {
  return NotFound(
      fmt::format("filter database {} not found in milvus; there are: {}", name, Enumerate(there)));
}

Result<std::vector<std::string>> ListSorted(MilvusClient& client, const std::string& db,
                                            const CallContext& context) {
  MBK_TRY_ASSIGN(std::vector<std::string> names, client.ListCollections(db, context));
  std::sort(names.begin(), names.end());
  return names;
}

std::string WhoseIsShownBy(const Reach& reach) {
  return Advise("which of the two shows", CommandFor(reach, "check --leftovers"));
}

// What is looked for may stand under the name that a run gave it while it puts another in its place.
Status NoSuchCollection(const std::string& db, const std::string& name, const std::vector<std::string>& there,
                        const Reach& reach) {
  const std::string message = fmt::format("filter collection {}.{} not found in milvus; database {} has: {}",
                                          db, name, db, Enumerate(there));
  if (std::none_of(there.begin(), there.end(), load::IsTemporaryName)) return NotFound(message);
  return NotFound(message +
                  "; what begins with _mbk_ a restore or clone is working on, or has left behind; " +
                  WhoseIsShownBy(reach));
}

// The names of one database that the filter wants; each named one must exist.
Result<std::vector<std::string>> WantedOf(const std::string& db, const std::vector<std::string>& there,
                                          const Filter& filter, const Reach& reach) {
  if (filter.empty()) return there;
  const Filter::Database& wanted = filter.databases().at(db);
  if (wanted.all_collections) return there;
  for (const std::string& name : wanted.collections) {
    if (!std::binary_search(there.begin(), there.end(), name))
      return NoSuchCollection(db, name, there, reach);
  }
  return std::vector<std::string>(wanted.collections.begin(), wanted.collections.end());
}

// Whether the filter has "db.", and nothing else of it.
bool IsAlone(const Filter& filter, const std::string& db) {
  const auto wanted = filter.databases().find(db);
  return wanted != filter.databases().end() && !wanted->second.all_collections &&
         wanted->second.collections.empty();
}

// Whether what the server lists may be less than what it has.
bool ShowsOnlyWhatMayBeSeen(const MilvusClient& client) {
  constexpr std::string_view kSeesAll = "root";
  return client.has(Capability::kShowsOnlyGranted) && !client.user().empty() && client.user() != kSeesAll;
}

void AddSelected(CollectionName name, const Filter& filter, const Reach& reach, Selection& selection) {
  const auto of_database = filter.databases().find(name.db);
  const bool spelled_out =
      of_database != filter.databases().end() && of_database->second.collections.contains(name.name);
  if (load::IsTemporaryName(name.name) && !spelled_out) {
    selection.left_out.push_back(
        {.name = std::move(name),
         .reason = LeftOut::Reason::kTemporary,
         .why =
             "is one that a restore or clone is working on, or has left behind; " + WhoseIsShownBy(reach)});
    return;
  }
  selection.collections.push_back(std::move(name));
}

}  // namespace

Result<Selection> Select(MilvusClient& client, const Filter& filter, const Reach& reach,
                         const CallContext& context) {
  MBK_TRY_ASSIGN(std::vector<std::string> databases, DatabasesOf(client, context));
  for (const auto& [wanted, unused] : filter.databases()) {
    if (std::find(databases.begin(), databases.end(), wanted) == databases.end())
      return NoSuchDatabase(wanted, databases);
  }
  Selection selection;
  for (const std::string& db : databases) {
    if (!filter.MatchesDatabase(db)) continue;
    MBK_TRY_ASSIGN(Database database, DescribeDatabase(client, db, context));
    selection.databases.push_back(std::move(database));
    MBK_TRY_ASSIGN(const std::vector<std::string> there, ListSorted(client, db, context));
    MBK_TRY_ASSIGN(std::vector<std::string> names, WantedOf(db, there, filter, reach));
    for (std::string& name : names) AddSelected({db, std::move(name)}, filter, reach, selection);
    if (IsAlone(filter, db))
      for (const std::string& name : there)
        if (!load::IsTemporaryName(name)) selection.passed_over.insert({db, name});
  }
  return selection;
}

Status RefuseNothing(const MilvusClient& client, const Filter& filter, const Captured& captured) {
  MBK_TRY(RefuseDatabasesAlone(filter, captured.passed_over));
  if (!captured.backup.collections.empty() || !filter.WantsCollections()) return {};
  std::string text = fmt::format("there is nothing to back up: Milvus {} has no collection{}",
                                 client.address(), filter.empty() ? "" : " that the filter selects");
  for (const LeftOut& one : captured.left_out) text += fmt::format("; {} {}", one.name.Full(), one.why);
  if (ShowsOnlyWhatMayBeSeen(client))
    return {Code::kPermissionDenied,
            fmt::format("{}; it shows a user only what it has rights on: {} may need more of them", text,
                        NameOfUser(client))};
  return NotFound(text + "; if a backup of nothing is meant, say --allow-empty");
}

}  // namespace mbk::capture
