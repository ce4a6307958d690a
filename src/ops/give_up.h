#pragma once

#include "base/call_context.h"
#include "base/status.h"
#include "ops/environment.h"
#include "repository/repository.h"

namespace mbk {

/// Remove what a failed or stopped run wrote, and return its failure; when the removal does not succeed
/// in time, the message says what stays behind and which command removes it from `side`. kLocked when the
/// run's lock is lost: then nothing is removed.
Status GiveUp(const BackupSide& side, BackupWriter& writer, const BackupLayout& layout, Status failure,
              const CallContext& context);

}  // namespace mbk
