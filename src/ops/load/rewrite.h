#pragma once

#include "base/call_context.h"
#include "base/progress.h"
#include "base/status.h"
#include "codec/row_codec.h"
#include "ops/load/load.h"

namespace mbk::load {

/// Where the files of a rewritten segment go.
struct RewriteTarget {
  ObjectStore& store;
  const BinlogTree& tree;
};

/// Write the rows of all segments of `dir`, of `collection`, as one segment of storage V1, which has the id
/// of the first. Row ids and timestamps stay as they are, and so do deletes, but for one thing: a delta log
/// is for the rows of its own segment, and would now reach those of the others. Of a key that lives in one of
/// them neither the deletes nor the rows that they bury are written. What lives is the same, also for
/// servers that take a delete for one of every row of its key, whatever the timestamps, as an older reader of
/// Milvus does.
///
/// The rows come in any order. Holds about 16 MiB of them, the files of eight segments, and the deletes.
/// kDataLoss names the file that is damaged. What was written before a failure stays.
Result<Segment> RewriteSegments(RowCodec& codec, const ObjectSource& source, const Collection& collection,
                                const ImportDir& dir, const RewriteTarget& target, Progress& progress,
                                const CallContext& context);

}  // namespace mbk::load
