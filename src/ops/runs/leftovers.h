#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "ops/runs/record.h"
#include "ops/runs/record_place.h"
#include "ops/runs/target.h"

/// What other runs left in a target when they were killed. A record says what its run made; what is true now
/// is asked of the server, by names and ids. See docs/adr/0023-what-a-killed-run-leaves.md.
namespace mbk::runs {

enum class RunState {
  kAlive,    ///< its process lives
  kMayLive,  ///< it is not seen from here, and was heard of within a lease, or its store tells no times
  kDead,
};
std::string_view RunStateName(RunState state);

struct Judgement {
  RunState state = RunState::kMayLive;
  std::string why;
  std::optional<std::chrono::milliseconds> age;  ///< since the last renewal, by the clock of the place
};
/// Whether the holder of a record is over: its process is gone from this very machine, boot and pid
/// namespace, or it has not renewed for a lease by the clock of the place. Clocks of two hosts are never
/// compared.
Result<Judgement> Judge(const Record& record, RecordPlace& place, const CallContext& context);

/// A run with a record on this target.
struct FoundRun {
  Record record;
  std::shared_ptr<RecordPlace> place;
  Judgement judgement;
};

/// A record that cannot be read: nothing of its run is touched.
struct UnreadableRecord {
  std::string run_id;
  std::string where;
  std::string problem;
};

struct FoundRuns {
  std::vector<FoundRun> runs;
  std::vector<UnreadableRecord> unreadable;
  std::vector<std::string> unseen;  ///< places where more may lie, and why they cannot be looked at
  std::vector<OtherServer> others;  ///< see RecordPlaces
};
/// The records of this target, without those of other servers that share its bucket. One listing for each
/// place, and about three requests for each record. Changes nothing but what Judge does.
Result<FoundRuns> FindRuns(const RecordedTarget& target, const CallContext& context);

/// What is to be done about one collection of a dead run.
enum class Remedy {
  kNothing,   ///< nothing of it is left
  kDropNew,   ///< the new one under its temporary name goes; what has the name stays. Where that is the old
              ///< one it gets back the aliases that had moved to the new one, first
  kGiveBack,  ///< the old one gets its name back, then the new one goes
  kTakeName,  ///< the new one is proved, and the old one was dropped first: it takes the name and the aliases
  kDropOld,   ///< the new one is proved and has the name: it gets the aliases, the old one goes
  kByHand,    ///< what the names mean now is not what the run made of them, or it stands under a final name,
              ///< where others use it: nothing is touched
};
struct Decision {
  Remedy remedy = Remedy::kNothing;
  std::string finding;     ///< what stands where, for a person; empty for kNothing
  std::string by_hand;     ///< what that person can do; empty when we can
  std::string also;        ///< what that person must know when it is done; may be empty
  bool is_absent = false;  ///< kByHand: nothing of it is on this server, which may be another one than it was
  bool is_forged = false;  ///< no run of ours wrote the record: nothing is ever done about it
};
/// At most six RPCs; changes nothing. `run_id` is that of the record: names of other runs are kByHand.
Result<Decision> Decide(MilvusClient& client, const std::string& run_id, const RecordedCollection& collection,
                        const CallContext& context);

/// What became of the leftovers of one run.
struct Mended {
  std::vector<std::string> done;  ///< what was put right or removed
  std::vector<std::string> left;  ///< what was not, why, and what to do
};

/// A restore or clone that begins.
struct NextRun {
  std::string verb;
  std::vector<CollectionName> fills;     ///< its target collections
  std::vector<CollectionName> replaces;  ///< of them those whose old collection it may drop
  bool dry_run = false;
  /// Whether it would be refused as things stand; changes nothing. Empty: it would not.
  std::function<Status(const CallContext&)> refused;
};

/// Put right what a dead run left, collection by collection, then remove its staged files, then its record.
/// `next` is for whom: the user's old collection is dropped only where that run may drop it, and what the
/// user decides under the final name of one that it fills is said once; nullptr is `check --leftovers
/// --clean`. Nothing that has a final name is ever dropped. Import jobs that are at work are waited for
/// before what they fill is dropped, all together for `kJobWait`. What fails, or may still be read by one
/// after that, stays recorded. kLocked when the run lives after all, or another one was quicker.
Result<Mended> PutRight(const FoundRun& run, const RecordedTarget& target, const NextRun* next,
                        Sleeper& sleeper, const CallContext& context);
inline constexpr std::chrono::seconds kJobWait{60};

/// A collection with a temporary name of a run that has no record.
struct Stray {
  CollectionName name;
  bool aside = false;  ///< by its name a collection of the user's
};
struct Strays {
  std::vector<Stray> collections;
  std::vector<std::string> staging;  ///< URLs of trees; also those of versions before, and of the Go tool
  std::vector<std::string> unseen;   ///< what could not be looked at, and why
};
/// What bears the marks of runs and belongs to none of `known`. Two RPCs, one more for each database, and a
/// listing.
Result<Strays> FindStrays(const RecordedTarget& target, const FoundRuns& known, const CallContext& context);

/// The command that puts leftovers of this target right.
AdvisedCommand CleaningCommand(const RecordedTarget& target);

/// What a cleaning does about a dead run, the least first.
enum class CleaningDoes {
  kNothing,    ///< its record is not ours
  kForgets,    ///< it removes the record, once a person has done what is said
  kPutsRight,  ///< or removes a record of which nothing is left
};
CleaningDoes WhatCleaningDoes(const Record& record, const std::vector<Decision>& decisions);
/// What to say of it to whoever may want one; "" for kNothing.
std::string AdviseToClean(CleaningDoes does, const AdvisedCommand& cleaning);

/// Before a run begins to fill its targets: what dead runs of the same verb left of the same collections is
/// put right; of the leftovers of others it is said how to. Warnings go to the log. A dry run changes
/// nothing, nor does one that would be refused. Fails only when `context` ends.
Status LookBeforeRun(const NextRun& next, const RecordedTarget& target, Sleeper& sleeper,
                     const CallContext& context);

}  // namespace mbk::runs
