#pragma once

#include "base/call_context.h"
#include "base/status.h"
#include "manifest/keys.h"
#include "repository/lock_clock.h"
#include "store/object_store.h"

/// What readers of a backup see of those who write or remove it.
namespace mbk {

/// Before a backup is read: kLocked, with who it is, when a run is removing it, or is still writing it. The
/// lock of a dead run is no hindrance; one that looks old is watched for forty seconds first, and one that
/// cannot be read says nothing of a backup that is there. One listing; one or two requests more where a lock
/// lies.
Status CheckReadable(ObjectReader& store, const BackupLayout& layout, const CallContext& context,
                     LockClock& clock = RealLockClock());

}  // namespace mbk
