#include "ops/select/filter.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ops/select/identifier.h"

namespace mbk {
namespace {

constexpr std::size_t kMostShown = 20;

std::vector<std::string_view> SplitList(std::string_view text) {
  std::vector<std::string_view> items;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string_view item = text.substr(0, comma);
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
    if (!item.empty()) items.push_back(item);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return items;
}

Status InvalidItem(std::string_view item) {
  return InvalidArgument(
      fmt::format("filter: invalid filter rule: {} (want coll, db.coll, db.* or db.)", item));
}

}  // namespace

Status Filter::Add(std::string_view item) {
  const std::size_t dot = item.find('.');
  const std::string_view db = dot == std::string_view::npos ? kDefaultDatabase : item.substr(0, dot);
  const std::string_view collection = dot == std::string_view::npos ? item : item.substr(dot + 1);
  const bool whole_database = dot != std::string_view::npos && (collection == "*" || collection.empty());
  if (!IsIdentifier(db) || (!whole_database && !IsIdentifier(collection))) return InvalidItem(item);
  Database& selected = databases_[std::string(db)];
  if (collection == "*")
    selected.all_collections = true;
  else if (!collection.empty())
    selected.collections.emplace(collection);
  return {};
}

Result<Filter> Filter::Parse(std::string_view text) {
  Filter filter;
  for (std::string_view item : SplitList(text)) MBK_TRY(filter.Add(item));
  return filter;
}

Result<Filter> Filter::FromCollections(std::string_view text) {
  Filter filter;
  for (std::string_view item : SplitList(text)) {
    if (item.ends_with('*') || item.ends_with('.')) return InvalidItem(item);
    MBK_TRY(filter.Add(item));
  }
  return filter;
}

Result<Filter> Filter::FromDatabases(std::string_view text) {
  Filter filter;
  for (std::string_view item : SplitList(text)) {
    if (!IsIdentifier(item))
      return InvalidArgument(fmt::format("databases: \"{}\" is not a database name", item));
    filter.databases_[std::string(item)].all_collections = true;
  }
  return filter;
}

Result<Filter> Filter::FromJson(std::string_view json) {
  const Status wrong =
      InvalidArgument(R"(database_collections: want JSON such as {"db1":["coll1","coll2"],"db2":[]})");
  const nlohmann::json parsed = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object() || parsed.empty()) return wrong;  // {} would select everything
  Filter filter;
  for (const auto& [db, collections] : parsed.items()) {
    if (!collections.is_array()) return wrong;
    Database& selected = filter.databases_[db.empty() ? std::string(kDefaultDatabase) : db];
    selected.all_collections |= collections.empty();
    for (const nlohmann::json& name : collections) {
      if (!name.is_string()) return wrong;
      selected.collections.insert(name.get<std::string>());
    }
  }
  return filter;
}

bool Filter::WantsCollections() const {
  return empty() || std::any_of(databases_.begin(), databases_.end(), [](const auto& entry) {
           return entry.second.all_collections || !entry.second.collections.empty();
         });
}

bool Filter::Matches(const std::string& db, const std::string& collection) const {
  if (empty()) return true;
  auto found = databases_.find(db);
  return found != databases_.end() &&
         (found->second.all_collections || found->second.collections.contains(collection));
}

bool Filter::MatchesDatabase(const std::string& db) const { return empty() || databases_.contains(db); }

Status RefuseDatabasesAlone(const Filter& filter, const std::set<CollectionName>& there) {
  for (const auto& [db, wanted] : filter.databases()) {
    if (wanted.all_collections || !wanted.collections.empty()) continue;
    const auto of_database = std::count_if(there.begin(), there.end(),
                                           [&db = db](const CollectionName& name) { return name.db == db; });
    if (of_database == 0) continue;
    return NotFound(
        fmt::format("--filter {0}. is the database {0} alone, without its {1} collection{2}; for them write "
                    "{0}.*. That a database without them is meant create, restore and clone are told by "
                    "--allow-empty",
                    db, of_database, of_database == 1 ? "" : "s"));
  }
  return {};
}

std::string Enumerate(const std::vector<std::string>& names) {
  if (names.empty()) return "nothing";
  const std::size_t shown = std::min(names.size(), kMostShown);
  std::string text =
      fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  if (shown < names.size()) text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

}  // namespace mbk
