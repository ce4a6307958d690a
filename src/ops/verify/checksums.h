#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/findings.h"
#include "base/status.h"
#include "manifest/keys.h"
#include "manifest/object_index.h"
#include "ops/environment.h"
#include "store/object_store.h"

namespace mbk {

struct ChecksumProof {
  std::int64_t objects_compared = 0;  ///< whose bytes agree with their digest
  Findings damage;
  std::vector<std::string>
      unproven;  ///< which objects have no digest that could be held against them, and why
};

/// Read every object of a backup but its files of meta/ (repository/meta_records.h), and hold its bytes
/// against the digest in meta/objects.json, which must have one of each object of `index`.
Result<ChecksumProof> VerifyChecksums(ObjectReader& store, const BackupLayout& layout,
                                      const ObjectIndex& index, const RunServices& run,
                                      const CallContext& context);

}  // namespace mbk
