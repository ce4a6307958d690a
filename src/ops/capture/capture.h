#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/call_context.h"
#include "base/reach.h"
#include "base/status.h"
#include "milvus/client.h"
#include "model/backup.h"
#include "ops/environment.h"
#include "ops/select/filter.h"

/// From a live server to the model of what it holds: the first half of create and of clone. Each
/// function is one step; the drivers call them in the order of this header.
namespace mbk::capture {

/// A collection that was selected and is not taken, and why.
struct LeftOut {
  enum class Reason {
    kExternal,   ///< its data lie in an external source: there is nothing of it in Milvus
    kTemporary,  ///< a run of this program works on it, or left it behind (load/temporary_name.h)
    kVanished,   ///< it was dropped, or dropped and made again, while it was captured
  };
  CollectionName name;
  Reason reason = Reason::kVanished;
  std::string why;  ///< a sentence without its subject
};
/// "external", "temporary", "vanished".
std::string_view ReasonName(LeftOut::Reason reason);

/// What a run is about, resolved against the server.
struct Selection {
  std::vector<Database> databases;
  std::vector<CollectionName> collections;
  std::vector<LeftOut> left_out;
  /// Collections of databases that the filter selects alone ("db.").
  std::set<CollectionName> passed_over;
};

/// What becomes of a run when a collection is dropped, or dropped and made again, under it.
enum class WhenVanished {
  kFail,
  kLeaveOut,  ///< the others are taken
};

/// What was taken of a server so far, and what was not.
struct Captured {
  Backup backup;
  WhenVanished when_vanished = WhenVanished::kFail;
  std::vector<LeftOut> left_out;
  std::set<CollectionName> passed_over;  ///< see Selection
  std::vector<std::string> notes;        ///< what of the collections that were taken is not in `backup`
  /// Rows that are in no file, of the collections of which their number is known (CountRowsInMemory).
  std::map<CollectionName, std::int64_t> rows_in_memory;
};

/// Resolve `filter`. A collection or database that is named and does not exist is kNotFound, and the message
/// says what there is. Collections that runs of this program work on are left out unless the filter spells
/// out their names; `reach` is for the command that shows whose they are. kPermissionDenied when the server
/// shows no database at all, which none is without.
Result<Selection> Select(MilvusClient& client, const Filter& filter, const Reach& reach,
                         const CallContext& context);

/// Everything of the selected collections but their segments: schema, indexes, partitions, load state,
/// aliases, properties. In the order of the selection; collections of external sources are left out. A load
/// state that the server does not tell is an error. Five requests a collection, one more where it is loaded,
/// and one for each partition where it is loaded in part.
Result<Captured> Describe(MilvusClient& client, const Selection& selection, WhenVanished when_vanished,
                          const RunServices& run, const CallContext& context);

/// An error when collections were asked for and none was captured, or a database alone that has some:
/// kNotFound, or kPermissionDenied where the server shows `client`'s user only what it has rights on, so that
/// nothing may be more than it seems.
Status RefuseNothing(const MilvusClient& client, const Filter& filter, const Captured& captured);

/// Make the server write out what it holds of every collection, and record the moment of each.
/// All are flushed before any is listed, so that the collections fit together in time.
Status Flush(MilvusClient& client, Captured& captured, const RunServices& run, const CallContext& context);

/// Make the server write out what it holds of one collection, and wait until it has. An answer that does not
/// speak of the collection is an error.
Result<FlushResult> FlushAndWait(MilvusClient& client, const CollectionName& name, Sleeper& sleeper,
                                 const CallContext& context);

/// Fill in the segments of every collection with the files that lie in the store, and make sure that each is
/// still the collection that was described. Reads the segment list again when files of a listed segment are
/// gone (a compaction was quicker), and the partitions when a segment lies in an unknown one.
/// kFailedPrecondition names the setting to look at when the store holds none of the server's files.
Status ListSegments(MilvusSide& server, Captured& captured, const RunServices& run,
                    const CallContext& context);
/// The same for the collections of `indexes` alone, replacing the segments they had. Those that vanished are
/// no longer in `captured` afterwards: indexes behind them have moved.
Status ListSegments(MilvusSide& server, Captured& captured, const std::vector<std::size_t>& indexes,
                    const RunServices& run, const CallContext& context);

/// Make sure that every collection is still the one that was described. One request each.
Status Confirm(MilvusClient& client, Captured& captured, const RunServices& run, const CallContext& context);

/// Of a run that flushes nothing: count the rows that lie in no listed segment, and note how many are not in
/// `captured`, or that it cannot be told: only of a loaded collection does a server count them. One request a
/// loaded collection, with strong consistency. No failure of the count is one of the run.
Status CountRowsInMemory(MilvusClient& client, Captured& captured, const RunServices& run,
                         const CallContext& context);

/// Sum sizes from segments up.
void AddUpSizes(Backup& backup);

/// Keeps the server from deleting compacted segments while it exists, where the server can: the lease is
/// renewed from a thread of its own. Failure is logged, never fatal: a vanished object is noticed. It is a
/// warning where somebody gave the address to ask, which `setting` names; with the default address, where
/// often nobody listens, a note in the log.
/// The switch is one for the whole server: another run that ends lets the collection go on.
class GcPause {
 public:
  GcPause(MilvusClient& client, Sleeper& sleeper, std::string setting);
  GcPause(const GcPause&) = delete;
  GcPause& operator=(const GcPause&) = delete;
  ~GcPause();

  /// Pause again, where it was paused: for when something vanished all the same.
  void Again(const CallContext& context);

 private:
  bool Pause(const CallContext& context);
  MilvusClient& client_;
  Sleeper& sleeper_;
  const std::string setting_;
  std::jthread renewer_;
};

}  // namespace mbk::capture
