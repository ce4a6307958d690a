#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/schema.h"
#include "config/sources.h"

/// From rows and sources to values.
namespace mbk::config {

/// Where the value of a parameter came from.
struct Origin {
  Source source = Source::kDefault;
  std::string key;            ///< of the source, as the user spelled it; empty for a default
  int line = 0;               ///< of the file, 0 for other sources
  Role role = Role::kConfig;  ///< which file's; tells the flag of an override
  std::string documented;     ///< the key to set it by, in the user's schema
  bool inherited = false;     ///< a default taken over from another parameter
  bool rejected = false;      ///< the given value could not be read; the problem is reported already

  bool is_explicit() const { return source != Source::kDefault; }
  /// How a message names the parameter: the key, variable or override to change.
  std::string Name() const;
};

/// Values with their origins, and what is to be said about them.
struct Resolution {
  Draft draft;
  std::map<std::string, Origin, std::less<>> origins;  ///< by path
  std::vector<std::string> problems;                   ///< each ends the load
  std::vector<std::string> warnings;

  const Origin& OriginOf(std::string_view path) const;
  /// Report that the value of the parameter will not do.
  void Reject(std::string_view path, std::string_view why);
};

/// Whether an override of that key is about the row: a file key or the variable, in any case.
bool NamesRow(const Row& row, std::string_view name);

/// Give each row its value: override, else variable, else file, else what it inherits, else its default. A
/// value that cannot be read is a problem and leaves the default. Rows already resolved (of another schema)
/// are overwritten.
void ResolveRows(const std::vector<Row>& rows, const Sources& sources, Resolution& resolution);

}  // namespace mbk::config
