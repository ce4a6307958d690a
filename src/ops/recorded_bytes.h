#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "base/call_context.h"
#include "base/findings.h"
#include "base/status.h"
#include "manifest/keys.h"
#include "model/backup.h"
#include "ops/environment.h"
#include "store/object_store.h"
#include "transfer/digest_log.h"

namespace mbk {

/// What objects.json says of the bytes of a backup; nothing where there is none, as the Go tool writes none.
/// One that cannot be read is an error, kDataLoss where it is damaged: without it no byte would be compared.
/// Behind RequireWhole (ops/whole_backup.h), which refuses one that has lost all it said.
Result<DigestLog> RecordedDigests(ObjectReader& store, const BackupLayout& layout,
                                  const CallContext& context);

/// Whether the files of a segment are to be read; `collection` counts those that are asked for.
using ReadsSegment = std::function<bool(std::size_t collection, const Segment& segment)>;

/// Hold the data files of `collections` against `recorded`: damaged files make Milvus 2.3 end under an
/// import, and rows that are decoded here would be other rows. Where a listing tells a digest of the kind on
/// record nothing is read; where it does not, the file is, if `reads` says so. Gives the files that have
/// other bytes; that files are missing is not what is asked here. A listing of each collection, another of
/// those of which files are read, and a GET a file.
Result<Findings> CheckRecordedBytes(ObjectReader& store, const BackupLayout& layout,
                                    const std::vector<const Collection*>& collections,
                                    const DigestLog& recorded, const ReadsSegment& reads,
                                    const RunServices& run, const CallContext& context);

}  // namespace mbk
