#pragma once

#include <string>
#include <thread>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "milvus/client.h"
#include "model/backup.h"
#include "ops/environment.h"
#include "ops/select/filter.h"

/// From a live server to the model of what it holds: the first half of create and of clone. Each
/// function is one step; the drivers call them in the order of this header.
namespace mbk::capture {

/// What a run is about, resolved against the server.
struct Selection {
  std::vector<Database> databases;
  std::vector<CollectionName> collections;
};

/// Resolve `filter`. A named collection that does not exist is kNotFound, and so is a filter that selects
/// nothing; both say what there is. Collections of external sources, which have no binlogs, are left out.
Result<Selection> Select(MilvusClient& client, const Filter& filter, const CallContext& context);

/// Everything of the selected collections but their segments: schema, indexes, partitions, load state,
/// aliases, properties. In the order of the selection. About five requests a collection.
Result<Backup> Describe(MilvusClient& client, const Selection& selection, const RunServices& run,
                        const CallContext& context);

/// Make the server write out what it holds of every collection, and record the moment of each.
/// All are flushed before any is listed, so that the collections fit together in time.
Status Flush(MilvusClient& client, Backup& backup, const RunServices& run, const CallContext& context);

/// Make the server write out what it holds of one collection, and wait until it has.
Result<FlushResult> FlushAndWait(MilvusClient& client, const CollectionName& name, Sleeper& sleeper,
                                 const CallContext& context);

/// Fill in the segments of every collection of `backup` with the files that lie in the store. Reads the
/// segment list again when files of a listed segment are gone (a compaction was quicker).
/// kFailedPrecondition names the setting to look at when the store holds none of the server's files.
Status ListSegments(MilvusSide& server, Backup& backup, const RunServices& run, const CallContext& context);
/// The same for one collection, replacing the segments it had.
Status ListSegments(MilvusSide& server, Collection& collection, const RunServices& run,
                    const CallContext& context);

/// Sum sizes from segments up.
void AddUpSizes(Backup& backup);

/// Keeps the server from deleting compacted segments while it exists, where the server can: the lease is
/// renewed from a thread of its own. Failure is logged, never fatal: a vanished object is noticed.
class GcPause {
 public:
  GcPause(MilvusClient& client, Sleeper& sleeper);
  GcPause(const GcPause&) = delete;
  GcPause& operator=(const GcPause&) = delete;
  ~GcPause();

 private:
  bool Pause(const CallContext& context);
  MilvusClient& client_;
  Sleeper& sleeper_;
  std::jthread renewer_;
};

}  // namespace mbk::capture
