#pragma once

#include <string_view>

#include "base/status.h"

namespace mbk {

/// kInvalidArgument, with the rule, when `name` may not name a new backup. Asked before any server is.
Status CheckBackupName(std::string_view name);

/// kInvalidArgument when `name` cannot be that of a backup that lies there, whoever named it: it is one
/// directory of the root, no other and not the root itself. Asked before any server is.
Status CheckNameOfBackup(std::string_view name);

}  // namespace mbk
