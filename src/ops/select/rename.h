#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/status.h"
#include "milvus/client.h"

namespace mbk {

/// From a collection's name in the backup to its name in the target (spec/cli.md, "Rename / suffix
/// semantics"). Does nothing unless told to.
class Renamer {
 public:
  static Result<Renamer> FromSuffix(std::string_view suffix);
  /// Comma list of "c1:c2", "db1.c1:db2.c2", "db1.*:db2.*"; "db1.:db2." is accepted and without effect.
  static Result<Renamer> FromRules(std::string_view rules);

  /// An exact rule wins over a rule for the whole database.
  CollectionName Apply(const CollectionName& source) const;

 private:
  std::string suffix_;
  std::map<CollectionName, CollectionName> collections_;
  std::map<std::string, std::string> databases_;
};

}  // namespace mbk
