#pragma once

#include <string>

#include "base/status.h"
#include "ops/load/load.h"
#include "ops/select/filter.h"
#include "ops/select/rename.h"

namespace CLI {
class App;
}

namespace mbk::cli {

/// Which collections: the flag of today and the three old ones.
struct SelectionFlags {
  std::string filter;
  std::string collections;
  std::string databases;
  std::string database_collections;
};
void AddSelectionFlags(CLI::App& app, SelectionFlags& flags);

/// create, clone: --filter, then -a, then -c, then -d; the first that is given counts.
Result<Filter> CreateFilter(const SelectionFlags& flags);
/// restore: the old flags name collections of the backup: -c, then -d, then -a.
Result<Filter> RestoreSourceFilter(const SelectionFlags& flags);

/// How collections come to stand in the target.
struct LoadFlags {
  std::string via = "import";
  std::string suffix;
  std::string rename;
  bool rebuild_index = false;
  bool restore_index = false;  ///< the old name
  bool use_auto_index = false;
  bool meta_only = false;
  bool drop_exist_collection = false;
  bool drop_exist_index = false;
  bool skip_create_collection = false;
  bool restore_alias = false;
  bool restore_load_state = false;
};
void AddLoadFlags(CLI::App& app, LoadFlags& flags);
/// Without filters.
Result<load::Options> LoadOptionsOf(const LoadFlags& flags);

}  // namespace mbk::cli
