#include "ops/select/rename.h"

#include <fmt/core.h>

#include <algorithm>

#include "ops/select/filter.h"
#include "ops/select/identifier.h"

namespace mbk {
namespace {

// One side of a rule. `collection` is "*" for a whole database, "" for the form "db.".
struct Side {
  std::string db;
  std::string collection;
  enum class Form { kCollection, kQualified, kDatabase, kDatabaseOnly } form = Form::kCollection;
};

Result<Side> ParseSide(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) {
    if (!IsIdentifier(text)) return InvalidArgument("");
    return Side{std::string(kDefaultDatabase), std::string(text), Side::Form::kCollection};
  }
  Side side{std::string(text.substr(0, dot)), std::string(text.substr(dot + 1)), Side::Form::kQualified};
  if (side.collection == "*")
    side.form = Side::Form::kDatabase;
  else if (side.collection.empty())
    side.form = Side::Form::kDatabaseOnly;
  else if (!IsIdentifier(side.collection))
    return InvalidArgument("");
  if (!IsIdentifier(side.db)) return InvalidArgument("");
  return side;
}

}  // namespace

Result<Renamer> Renamer::FromSuffix(std::string_view suffix) {
  if (!suffix.empty() && !IsIdentifier(suffix)) {
    return InvalidArgument(
        fmt::format("suffix \"{}\": only letters, digits and _ can stand in a collection name", suffix));
  }
  Renamer renamer;
  renamer.suffix_ = suffix;
  return renamer;
}

Result<Renamer> Renamer::FromRules(std::string_view rules) {
  Renamer renamer;
  while (!rules.empty()) {
    const std::size_t comma = std::min(rules.find(','), rules.size());
    const std::string_view rule = rules.substr(0, comma);
    rules.remove_prefix(std::min(comma + 1, rules.size()));
    const std::size_t colon = rule.find(':');
    const std::string_view from_text = rule.substr(0, colon);
    const std::string_view to_text = colon == std::string_view::npos ? "" : rule.substr(colon + 1);
    Result<Side> from = ParseSide(from_text), to = ParseSide(to_text);
    if (!from.ok() || !to.ok() || from->form != to->form) {
      return InvalidArgument(
          fmt::format("filter: invalid mapper rule: {} -> {} (want c1:c2, db1.c1:db2.c2 or db1.*:db2.*)",
                      from_text, to_text));
    }
    if (from->form == Side::Form::kDatabaseOnly) {
      return InvalidArgument(fmt::format(
          "rename: {} would rename no collection; for those of the whole database write {}.*:{}.*", rule,
          from->db, to->db));
    }
    bool agrees = true;
    if (from->form == Side::Form::kDatabase)
      agrees = renamer.databases_.try_emplace(from->db, to->db).first->second == to->db;
    else {
      const CollectionName target{to->db, to->collection};
      agrees = renamer.collections_.try_emplace({from->db, from->collection}, target).first->second == target;
    }
    if (!agrees) {
      return InvalidArgument(
          fmt::format("rename: {} has two new names, one of them {}; want one", from_text, to_text));
    }
  }
  return renamer;
}

CollectionName Renamer::Apply(const CollectionName& source) const {
  if (auto exact = collections_.find(source); exact != collections_.end()) return exact->second;
  if (auto whole = databases_.find(source.db); whole != databases_.end()) return {whole->second, source.name};
  return {source.db, source.name + suffix_};
}

Status Renamer::CheckUsed(const std::set<CollectionName>& collections,
                          std::set<std::string> databases) const {
  std::vector<std::string> names;
  for (const CollectionName& name : collections) {
    databases.insert(name.db);
    names.push_back(name.Full());
  }
  const std::vector<std::string> unused = RulesForNothing(collections, databases);
  if (unused.empty()) return {};
  return NotFound(fmt::format("there is nothing to rename for {}; selected are: {}", Enumerate(unused),
                              Enumerate(names)));
}

std::vector<std::string> Renamer::RulesForNothing(const std::set<CollectionName>& collections,
                                                  const std::set<std::string>& databases) const {
  std::vector<std::string> unused;
  for (const auto& [from, to] : collections_) {
    if (!collections.contains(from)) unused.push_back(from.Full());
  }
  for (const auto& [from, to] : databases_) {
    if (!databases.contains(from)) unused.push_back(from + ".*");
  }
  return unused;
}

}  // namespace mbk
