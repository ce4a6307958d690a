#pragma once

#include "manifest/keys.h"
#include "manifest/object_index.h"
#include "ops/verify/verify.h"

namespace mbk {

/// Read every object of a backup but its files of meta/ (repository/meta_records.h), and hold its bytes
/// against the digest in meta/objects.json, which must have one of each object of `index`. Adds what it finds
/// to `report` and `damage`.
Status VerifyChecksums(ObjectReader& store, const BackupLayout& layout, const ObjectIndex& index,
                       VerifyReport& report, Findings& damage, const RunServices& run,
                       const CallContext& context);

}  // namespace mbk
