#include <fmt/core.h>

#include <algorithm>
#include <string>

#include "base/log.h"
#include "base/parallel.h"
#include "ops/capture/capture.h"

namespace mbk::capture {
namespace {

constexpr int kDescribeConcurrency = 8;

Result<std::vector<std::string>> DatabasesOf(MilvusClient& client, const CallContext& context) {
  if (!client.has(Capability::kMultiDatabase)) return std::vector<std::string>{std::string(kDefaultDatabase)};
  return client.ListDatabases(context);
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

// The names of one database that the filter wants; each named one must exist.
Result<std::vector<std::string>> CollectionsOf(MilvusClient& client, const std::string& db,
                                               const Filter& filter, const CallContext& context) {
  MBK_TRY_ASSIGN(std::vector<std::string> there, client.ListCollections(db, context));
  std::sort(there.begin(), there.end());
  if (filter.empty()) return there;
  const Filter::Database& wanted = filter.databases().at(db);
  if (wanted.all_collections) return there;
  for (const std::string& name : wanted.collections) {
    if (!std::binary_search(there.begin(), there.end(), name)) {
      return NotFound(fmt::format("filter collection {}.{} not found in milvus; database {} has: {}", db,
                                  name, db, Enumerate(there)));
    }
  }
  return std::vector<std::string>(wanted.collections.begin(), wanted.collections.end());
}

}  // namespace

Result<Selection> Select(MilvusClient& client, const Filter& filter, const CallContext& context) {
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
    MBK_TRY_ASSIGN(std::vector<std::string> names, CollectionsOf(client, db, filter, context));
    for (std::string& name : names) selection.collections.push_back({db, std::move(name)});
  }
  return selection;
}

}  // namespace mbk::capture
