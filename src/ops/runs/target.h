#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/reach.h"
#include "base/status.h"
#include "milvus/client.h"
#include "ops/environment.h"
#include "ops/runs/record_place.h"
#include "ops/runs/run_record.h"

namespace mbk::runs {

/// A Milvus as far as records of runs on it are concerned.
struct RecordedTarget {
  MilvusClient& client;
  MilvusSide* side = nullptr;   ///< nullptr: its store is not opened
  std::string state_directory;  ///< see MilvusTarget::state_directory
  Reach reach;
};
/// `side` is what `target` opened, or nullptr.
RecordedTarget RecordsOf(const MilvusTarget& target, MilvusSide* side);

/// Where records of runs on this target may lie: its store, when it is opened, and the state directory, under
/// each name that the server has there.
struct RecordPlaces {
  std::vector<std::shared_ptr<RecordPlace>> places;
  std::vector<std::string> unseen;  ///< where they may lie as well, and why that cannot be looked at
  std::vector<OtherServer> others;  ///< whose records lie in the state directory too
};
RecordPlaces PlacesOf(const RecordedTarget& target, const CallContext& context);

/// Begin the record of a run on `target`: in its store when it is opened and takes it, else in the state
/// directory. Fails where neither takes it, and then nothing may be made in the target that a later run would
/// have to know of.
Result<std::unique_ptr<RunRecord>> BeginRecord(const std::string& verb, const RecordedTarget& target,
                                               const CallContext& context);

}  // namespace mbk::runs
