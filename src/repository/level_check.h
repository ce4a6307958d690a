#pragma once

#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/findings.h"
#include "base/status.h"
#include "repository/repository.h"
#include "store/object_store.h"

namespace mbk {

/// What the files of meta/ say beside full_meta.json.
struct LevelFindings {
  Findings contradictions;           ///< files that cannot be read, or that say something else
  std::vector<std::string> missing;  ///< files that are not there though others of the levels are: "meta/…"
};

/// Hold backup_meta.json and the level files against full_meta.json, from which `opened` was read. A backup
/// with no level files at all has nothing to be held against (some writers leave them out), and one without
/// full_meta.json was put together from them. Of a backup of another format than binlogs backup_meta.json
/// alone is looked at. The error of the call is the store's. Two requests a file.
Result<LevelFindings> ExamineLevels(ObjectReader& store, const OpenedBackup& opened,
                                    const CallContext& context);

}  // namespace mbk
