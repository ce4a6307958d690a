#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "milvus/client.h"

namespace mbk {

/// From a collection's name in the backup to its name in the target (spec/cli.md, "Rename / suffix
/// semantics"). Does nothing unless told to.
class Renamer {
 public:
  static Result<Renamer> FromSuffix(std::string_view suffix);
  /// Comma list of "c1:c2", "db1.c1:db2.c2", "db1.*:db2.*". "db1.:db2.", which the Go tool takes and which
  /// renames nothing, is an error that says what to write.
  static Result<Renamer> FromRules(std::string_view rules);

  /// An exact rule wins over a rule for the whole database.
  CollectionName Apply(const CollectionName& source) const;

  /// kNotFound when none of the collections that are selected, or databases beside theirs, is subject to a
  /// rule: a mistyped one would leave a collection its old name, in the place of the one that it was to stand
  /// beside.
  Status CheckUsed(const std::set<CollectionName>& collections, std::set<std::string> databases = {}) const;

 private:
  /// The rules that none of these collections and databases is subject to, as they are written ("db.coll",
  /// "db.*"): typos, by which a collection would keep its name.
  std::vector<std::string> RulesForNothing(const std::set<CollectionName>& collections,
                                           const std::set<std::string>& databases) const;

  std::string suffix_;
  std::map<CollectionName, CollectionName> collections_;
  std::map<std::string, std::string> databases_;
};

}  // namespace mbk
