#pragma once

#include <string_view>

#include "base/status.h"

namespace mbk {

/// kInvalidArgument, with the rule, when `name` may not name a backup. Asked before any server is.
Status CheckBackupName(std::string_view name);

}  // namespace mbk
