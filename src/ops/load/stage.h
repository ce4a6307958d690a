#pragma once

#include <string>
#include <vector>

#include "ops/load/load.h"

namespace mbk::load {

/// Bring the objects of one collection into `staging` in the Milvus store: rewrite what the plan says, copy
/// the rest, unless Milvus can import it from where it lies; then check by a listing that all arrived. Adds
/// objects and bytes to the run's progress. The waves of imports as they can now be done.
Result<std::vector<std::vector<ImportDir>>> Stage(MilvusSide& server, const ObjectSource& source,
                                                  const CollectionPlan& plan, const BinlogTree& staging,
                                                  const RunServices& run, const CallContext& context);

/// Whether anything of a collection has to be brought to where Milvus can read it.
bool NeedsStaging(const ObjectSource& source, const CollectionPlan& plan);

/// Remove a staging tree, whatever of it there is.
Status RemoveStaging(ObjectStore& store, const BinlogTree& staging, const CallContext& context);

}  // namespace mbk::load
