#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "ops/load/load.h"
#include "ops/runs/record.h"

namespace mbk::load {

/// The collections of a plan, from nothing to their names. Failures are those of single collections and stand
/// in the outcomes; what this run made of a collection that fails is dropped again, by name and id, but for
/// what may be the only copy of its rows, because the old one was dropped first, or may hold rows of others.
/// The error of a step is a stop, or that the run may change nothing more; Abandon is to be called after it.
///
/// Nothing of a collection stands under its final name before its rows are proved, where the server can
/// rename. Not thread-safe.
class Builder {
 public:
  /// All are borrowed. `outcomes` has one entry for each collection of the plan, which is placed and named;
  /// `first` is the index of the first in the journal.
  Builder(MilvusClient& client, const Plan& plan, std::vector<Outcome>& outcomes, const Journal& journal,
          const ObjectSource& source, const RunServices& run, std::size_t first = 0);
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;

  /// Create collections, with their partitions; several at a time.
  Status Create(const CallContext& context);
  /// Its rows are in, or it has failed: prove it, build its indexes, let it take its name. An OnFilled.
  Status Complete(std::size_t index, const CallContext& context);
  /// Complete those that no rows come to.
  Status CompleteEmpty(const CallContext& context);
  /// Load what is to be loaded and is not, and look at the indexes; several at a time.
  Status LoadNamed(const CallContext& context);
  /// Remove what is not complete, and note in the outcomes what stays. Ignores the stop, and takes three
  /// seconds at most after one.
  void Abandon(const CallContext& context);

 private:
  /// How far one collection has come.
  struct Site {
    runs::RecordedCollection record;
    bool begun = false;        ///< something of it may be there
    bool old_dropped = false;  ///< with drop_first
    bool complete = false;
  };

  Status CreateOne(std::size_t index, const CallContext& context);
  Status MakeRoom(std::size_t index, const CallContext& context);
  Status CheckNameIsFree(std::size_t index, const CallContext& context);
  Status CheckRowsAreOurs(std::size_t index, const CallContext& context);
  Status TryOut(std::size_t index, const CallContext& context);
  Status DropBefore(std::size_t index, const CallContext& context);
  Status LookBehindDrop(std::size_t index, const Status& failed, const CallContext& context);
  Status NoteFilled(std::size_t index, const CallContext& context);
  Status Record(std::size_t index, const CallContext& context);
  Status LearnId(std::size_t index, const CallContext& context);
  Status Prove(std::size_t index, const CallContext& context);
  Status MakeIndexes(std::size_t index, const CallContext& context);
  Status LoadBefore(std::size_t index, const CallContext& context);
  Status TakeItsName(std::size_t index, const CallContext& context);
  Status Exchange(std::size_t index, const CallContext& context);
  void LoadOldAgain(std::size_t index, const CallContext& context);
  void RemoveOld(std::size_t index, const CallContext& context);
  void GiveAliases(std::size_t index, const CallContext& context);
  void Close(std::size_t index, const CallContext& context);
  void CloseAppended(std::size_t index, const CallContext& context);
  void Remove(std::size_t index, const CallContext& context);
  bool ImportsMayBeAtWork(std::size_t index) const;
  void KeepForImports(std::size_t index);
  void KeepOnlyCopy(std::size_t index, const CallContext& context);

  MilvusClient& client_;
  const Plan& plan_;
  std::vector<Outcome>& outcomes_;
  const Journal& journal_;
  const ObjectSource& source_;
  const RunServices& run_;
  const std::size_t first_;
  std::vector<Site> sites_;
};

}  // namespace mbk::load
