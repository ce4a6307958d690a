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

/// create, clone: one of the four. One database as -d and bare names as -c are the collections of that
/// database; any other two are an error that says how to write it with --filter.
Result<Filter> CreateFilter(const SelectionFlags& flags);
/// restore: the same of the three old flags, which name collections of the backup.
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
  bool allow_empty = false;
  bool drop_exist_collection = false;
  bool drop_exist_index = false;
  bool skip_create_collection = false;
  bool append = false;
  bool drop_first = false;
  bool release = false;
  bool verify = false;
  bool restore_alias = false;
  bool restore_load_state = false;
};
void AddLoadFlags(CLI::App& app, LoadFlags& flags);
/// Without filters.
Result<load::Options> LoadOptionsOf(const LoadFlags& flags);

}  // namespace mbk::cli
