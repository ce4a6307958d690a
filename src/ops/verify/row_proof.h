#pragma once

#include "ops/rows/collection_rows.h"
#include "ops/verify/verify.h"

namespace mbk {

/// Decode every row of a collection: hold counts, types and timestamps against the metadata, and add up the
/// fingerprints of the rows that live. Damage goes to `report.damage`, and the rest is still looked at.
Result<CollectionProof> ProveRows(const rows::CollectionRows& rows, VerifyReport& report, Progress& progress,
                                  const CallContext& context);

}  // namespace mbk
