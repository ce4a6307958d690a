#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/findings.h"
#include "base/status.h"
#include "ops/environment.h"
#include "ops/rows/row_proof.h"

namespace mbk {

/// What is proved.
enum class VerifyLevel {
  kQuick,  ///< the metadata promise nothing that they do not name, do not contradict each other and have the
           ///< bytes that were recorded of them; every object they name is there, with its size, and no other
           ///< binlog: one listing
  kChecksum,  ///< quick, and the bytes are those that were written: every object is read
  kRows,      ///< checksum where digests are on record, and every row can be read and is what the metadata say
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
  std::int64_t objects_compared = 0;               ///< of these, whose bytes agree with a recorded digest
  std::int64_t meta_files_compared = 0;            ///< the same of the files of meta/
  std::vector<rows::CollectionProof> collections;  ///< of kRows
  std::int64_t collections_as_recorded = 0;  ///< whose rows are those that create --fingerprint recorded
  std::int64_t damage_found = 0;             ///< how much is wrong
  std::vector<std::string> damage;           ///< the first hundred of it; empty: nothing was found
  std::vector<std::string> unproven;         ///< what could not be told, and why
  std::int64_t foreign_found = 0;            ///< objects that are of no backup: no damage
  std::vector<std::string> foreign;          ///< the first hundred of them
};

/// Prove a backup. The report says what was found; the error of the call means that it could not be looked
/// at.
Result<VerifyReport> RunVerify(const VerifyOptions& options, BackupSide& side, const RunServices& run,
                               const CallContext& context);

}  // namespace mbk
