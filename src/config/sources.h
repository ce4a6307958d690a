#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "config/config.h"
#include "config/yaml.h"

/// Where values come from: the file, the environment, and --set or --set-to.
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
  Role role = Role::kConfig;
};

/// The flag whose items a role has as overrides, as messages spell it.
std::string_view SetFlag(Role role);

/// A variable of the environment as it is set.
struct Variable {
  std::string name;  ///< e.g. "TO_MILVUS_PORT"
  std::string value;
};

/// The variable from which a configuration of this role takes what a row calls `name`: the one of that name,
/// or of --to `TO_<name>`; nullopt when it is not set.
std::optional<Variable> FindVariable(const std::string& name, Role role, const EnvLookup& env);

/// Kubernetes gives every pod of a namespace with a service "milvus" the variable
/// MILVUS_PORT=tcp://10.0.0.1:19530, which is no setting of anybody.
bool IsKubernetesServiceLink(const Variable& variable);

/// The items of --set as keys and values, split at the first '='. The error names the item by its number:
/// what it holds may be the rest of a password that was split at a comma.
Result<std::vector<Override>> ParseOverrides(const std::vector<std::string>& items, Role role);

/// The file that `--config name`, or `--to name`, means: `name`, else its last component in $MILVUSCONF, else
/// in ./configs. The error lists what was tried.
Result<std::string> LocateFile(const std::string& name, const EnvLookup& env, Role role = Role::kConfig);

/// The text of a file of at most 1 MiB; pipes are fine.
Result<std::string> ReadConfigFile(const std::string& path);

}  // namespace mbk::config
