#pragma once

#include "manifest/keys.h"
#include "model/backup.h"
#include "ops/capture/capture.h"
#include "ops/environment.h"
#include "transfer/digest_log.h"

namespace mbk {

/// Copy every data object of `captured` from the server's store to where `tree` puts it. Segments that
/// vanish meanwhile (compacted, collected) are re-planned: `gc_pause`, where there is one, pauses again,
/// their collections' segments are listed again, `captured` changes accordingly, and what was copied in vain
/// is removed, also of a collection that is left out because it vanished. Returns why copies fell back to
/// streaming, empty when none did.
Result<std::string> CopyBackupData(MilvusSide& server, ObjectStore& target, const BinlogTree& tree,
                                   capture::Captured& captured, capture::GcPause* gc_pause,
                                   DigestLog& digests, const RunServices& run, const CallContext& context);

/// Hold one listing of the tree against the plan, and write what lies there to `objects_key` as JSON
/// Lines (spec/storage-layout.md §6).
Status RecordBackupData(ObjectStore& target, const BinlogTree& tree, Backup& backup, const DigestLog& digests,
                        const ObjectKey& objects_key, const CallContext& context);

}  // namespace mbk
