#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "config/config.h"
#include "config/yaml.h"

/// Where values come from: the file, the environment, --set.
namespace mbk::config {

struct Override {
  std::string key;  ///< as typed
  std::string value;
};

/// Everything a parameter may take its value from, strongest first.
struct Sources {
  std::vector<Override> overrides;  ///< of equal keys the last wins
  EnvLookup env;
  FileValues file;
};

/// The items of --set as keys and values, split at the first '='. The error names the item by its number:
/// what it holds may be the rest of a password that was split at a comma.
Result<std::vector<Override>> ParseOverrides(const std::vector<std::string>& items);

/// The file that `--config name` means: `name`, else its last component in $MILVUSCONF, else in ./configs.
/// The error lists what was tried.
Result<std::string> LocateFile(const std::string& name, const EnvLookup& env);

/// The text of a file of at most 1 MiB; pipes are fine.
Result<std::string> ReadConfigFile(const std::string& path);

}  // namespace mbk::config
