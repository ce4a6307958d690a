#pragma once

#include <string_view>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "ops/environment.h"
#include "repository/repository.h"

/// What restore, copy, migrate, export and l0compact ask of a backup before they change anything.
namespace mbk {

/// kDataLoss when the metadata promise of `used` what they do not name, name something twice, or when the
/// files of meta/ contradict each other or have other bytes than were recorded (manifest/whole.h,
/// repository/level_check.h, repository/meta_records.h). The message has the first findings, the files that
/// are lost besides, and the command that shows all. Reads the files of meta/ once more, whole, and all but
/// full_meta.json twice, for what they say and for their bytes: about fifteen requests, and where something
/// is wrong a listing of each collection.
Status RequireWhole(const BackupSide& side, const OpenedBackup& opened,
                    const std::vector<const Collection*>& used, const CallContext& context);
/// The same for all of its collections.
Status RequireWhole(const BackupSide& side, const OpenedBackup& opened, const CallContext& context);

/// kFailedPrecondition for a backup that is not of binlogs; the message names the format, and `verb`, which
/// cannot do its work on it.
Status RequireBinlogs(const OpenedBackup& opened, std::string_view verb);

}  // namespace mbk
