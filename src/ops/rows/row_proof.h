#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/findings.h"
#include "base/progress.h"
#include "base/status.h"
#include "codec/fingerprint.h"
#include "manifest/keys.h"
#include "milvus/client.h"
#include "model/backup.h"
#include "ops/rows/living.h"
#include "store/object_store.h"

/// Every row of a backup, decoded: whether it is what the metadata say, and what all of them add up to.
namespace mbk::rows {

/// The rows of one partition, or of all.
struct RowsProof {
  std::string partition;  ///< "" of the collection as a whole
  RowCounts counts;
  Fingerprint fingerprint;  ///< of the living rows
};

struct CollectionProof {
  CollectionName name;
  std::vector<RowsProof> partitions;  ///< in the order of the metadata
  /// Unset where some rows could not be read; there are no partitions then.
  std::optional<RowsProof> total;
};

struct BackupProof {
  std::vector<CollectionProof> collections;
  Findings damage;                    ///< what is wrong; empty: nothing was found
  std::vector<std::string> unproven;  ///< collections in a form that is not read here, and which
};

/// Decode every row of `backup`, whose files lie at `tree`: hold counts, types and timestamps against the
/// metadata, and add up the fingerprints of the rows that live. Damage is noted, and the rest still looked
/// at, each damaged file by itself. The header of every file must name the segment that its key does; in
/// backups of Milvus 3 and later, which copies files to other segments as they are, those of one segment the
/// same. Adds to `progress` one item a segment, and its bytes. Memory as RowSettings bound it.
Result<BackupProof> ProveRows(ObjectReader& store, const BinlogTree& tree, const Backup& backup,
                              Progress& progress, const CallContext& context);

/// Data segments, and L0 segments of partitions.
std::int64_t CountSegments(const Backup& backup);

/// What a backup records of its rows.
RowsRecord RecordOf(const RowsProof& proof);
/// Fill in `backup`, of which `proof` is; no collection of it is damaged.
void RecordRows(const BackupProof& proof, Backup& backup);
/// Hold `proof` against what `backup` records, and add what differs to its damage. How many collections agree
/// with their record; those that have none are not counted.
std::int64_t CompareWithRecord(const Backup& backup, BackupProof& proof);

}  // namespace mbk::rows
