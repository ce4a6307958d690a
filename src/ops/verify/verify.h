#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "ops/environment.h"
#include "ops/rows/row_proof.h"

namespace mbk {

/// What is proved.
enum class VerifyLevel {
  kQuick,     ///< every object of the metadata is there, with its size, and no other: one listing
  kChecksum,  ///< quick, and the bytes are those that were written: every object is read
  kRows,      ///< quick, and every row can be read and is what the metadata say
};

struct VerifyOptions {
  std::string name;
  VerifyLevel level = VerifyLevel::kQuick;
};

struct VerifyReport {
  std::string name;
  VerifyLevel level = VerifyLevel::kQuick;
  std::int64_t objects = 0;  ///< seen by the listing
  std::int64_t bytes = 0;
  std::int64_t objects_compared = 0;               ///< whose bytes agree with a recorded digest
  std::vector<rows::CollectionProof> collections;  ///< of kRows
  std::int64_t collections_as_recorded = 0;  ///< whose rows are those that create --fingerprint recorded
  std::vector<std::string> damage;           ///< what is wrong; empty: nothing was found
  std::vector<std::string> unproven;         ///< what could not be told, and why
};

/// Prove a backup. The report says what was found; the error of the call means that it could not be looked
/// at.
Result<VerifyReport> RunVerify(const VerifyOptions& options, BackupSide& side, const RunServices& run,
                               const CallContext& context);

}  // namespace mbk
