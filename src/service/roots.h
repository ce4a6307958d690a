#pragma once

#include <optional>
#include <string>

#include "config/config.h"

namespace mbk::service {

/// A warning where backups and Milvus's own data lie in one directory, or one root below the other, of the
/// same store; empty where they are apart. Known from the configuration alone.
std::string WarningOfRoots(const config::Loaded& loaded);

/// Where Milvus keeps its own data, by its root path ("": at the top), when that may be in the store of the
/// backups. Addresses are not compared: one store has many.
std::optional<std::string> MilvusRootAmongBackups(const config::Loaded& loaded);

}  // namespace mbk::service
