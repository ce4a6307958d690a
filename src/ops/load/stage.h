#pragma once

#include <string>

#include "ops/load/load.h"

namespace mbk::load {

/// Copy every object of one collection into `staging` in the Milvus store and check by a listing that
/// all arrived. Adds objects and bytes to the run's progress.
Status Stage(MilvusSide& server, const ObjectSource& source, const Collection& collection,
             const BinlogTree& staging, const RunServices& run, const CallContext& context);

/// Remove a staging tree, whatever of it there is.
Status RemoveStaging(ObjectStore& store, const BinlogTree& staging, const CallContext& context);

}  // namespace mbk::load
