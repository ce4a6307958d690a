#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "milvus/client.h"

namespace mbk {

/// Which databases and collections a run is about (spec/cli.md, "Filter syntax").
/// Empty: everything there is.
class Filter {
 public:
  /// What is selected of one database. Neither flag nor names: the database itself, no collections.
  struct Database {
    bool all_collections = false;
    std::set<std::string> collections;
  };

  /// "coll", "db.coll", "db.*", "db."; comma-separated. Several items for one database add up and "*"
  /// wins, where the Go tool crashes or forgets.
  static Result<Filter> Parse(std::string_view text);
  /// The old -c/--colls: comma list of "coll" or "db.coll".
  static Result<Filter> FromCollections(std::string_view text);
  /// The old -d/--databases: comma list of whole databases.
  static Result<Filter> FromDatabases(std::string_view text);
  /// The old -a/--database_collections: JSON {"db":["coll"]}; an empty list is the whole database,
  /// an empty object an error.
  static Result<Filter> FromJson(std::string_view json);

  bool empty() const { return databases_.empty(); }
  /// Whether it is about collections, and not only about databases as such ("db.").
  bool WantsCollections() const;
  const std::map<std::string, Database>& databases() const { return databases_; }

  /// Whether a collection, or a database as such, is selected. An empty filter selects all.
  bool Matches(const std::string& db, const std::string& collection) const;
  bool MatchesDatabase(const std::string& db) const;

 private:
  Status Add(std::string_view item);
  std::map<std::string, Database> databases_;
};

/// The database that "" stands for.
inline constexpr std::string_view kDefaultDatabase = "default";

/// "db." is the database alone, as for the Go tool, and easily written for "db.*". kNotFound when `filter`
/// selects a database so that has any of `there`; the message says what to write.
Status RefuseDatabasesAlone(const Filter& filter, const std::set<CollectionName>& there);

/// "a, b, c and 7 more": what there is, for an error that says nothing was selected.
std::string Enumerate(const std::vector<std::string>& names);

}  // namespace mbk
