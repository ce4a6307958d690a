#include "ops/select/collections.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <string>

namespace mbk {

Result<std::vector<const Collection*>> SelectCollections(const Backup& backup, const Filter& filter) {
  std::vector<const Collection*> selected;
  std::vector<std::string> there;
  std::set<CollectionName> names;
  for (const Collection& collection : backup.collections) {
    there.push_back(fmt::format("{}.{}", collection.db_name, collection.name));
    names.insert({collection.db_name, collection.name});
    if (filter.Matches(collection.db_name, collection.name)) selected.push_back(&collection);
  }
  for (const auto& [db, wanted] : filter.databases()) {
    for (const std::string& name : wanted.collections) {
      const std::string full = fmt::format("{}.{}", db, name);
      if (std::find(there.begin(), there.end(), full) == there.end())
        return NotFound(
            fmt::format("{} is not among the collections of the backup: {}", full, Enumerate(there)));
    }
  }
  MBK_TRY(RefuseDatabasesAlone(filter, names));
  if (selected.empty())
    return NotFound(fmt::format("nothing of the backup is selected; it holds: {}", Enumerate(there)));
  return selected;
}

}  // namespace mbk
