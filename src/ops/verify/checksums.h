#pragma once

#include "manifest/keys.h"
#include "ops/verify/verify.h"

namespace mbk {

/// Read every object of a backup and hold its bytes against the digest in meta/objects.json. Adds what it
/// finds to `report`.
Status VerifyChecksums(ObjectReader& store, const BackupLayout& layout, VerifyReport& report,
                       const RunServices& run, const CallContext& context);

}  // namespace mbk
