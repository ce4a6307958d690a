#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "ops/load/load.h"

namespace mbk::load {

/// What came of staging a collection.
struct Staged {
  std::vector<std::vector<ImportDir>> imports;  ///< the waves, as they can now be done
  std::string streamed_because;  ///< as ObjectCopier::streaming_reason; empty when nothing was copied
};

/// Bring the objects of one collection into `staging` in the Milvus store: rewrite what the plan says, copy
/// the rest, unless Milvus can import it from where it lies; then check by a listing that all arrived. Adds
/// objects and bytes to the run's progress.
Result<Staged> Stage(MilvusSide& server, const ObjectSource& source, const CollectionPlan& plan,
                     const BinlogTree& staging, const RunServices& run, const CallContext& context);

/// What Stage adds to the progress, as the plan knows it.
struct StagingWork {
  std::int64_t objects = 0;
  std::int64_t bytes = 0;
};
StagingWork StagingWorkOf(const ObjectSource& source, const CollectionPlan& plan);

/// Whether anything of a collection has to be brought to where Milvus can read it.
bool NeedsStaging(const ObjectSource& source, const CollectionPlan& plan);

/// The ids of the segments that are written anew while they are staged.
std::set<std::int64_t> RewrittenSegments(const CollectionPlan& plan);

/// Remove a staging tree, whatever of it there is.
Status RemoveStaging(ObjectStore& store, const BinlogTree& staging, const CallContext& context);

}  // namespace mbk::load
