#pragma once

#include <vector>

#include "base/status.h"
#include "model/backup.h"
#include "ops/select/filter.h"

namespace mbk {

/// The collections of a backup that `filter` selects, in the backup's order. kNotFound when it selects none
/// or spells out one that is not there; the message says what there is.
Result<std::vector<const Collection*>> SelectCollections(const Backup& backup, const Filter& filter);

}  // namespace mbk
