#pragma once

#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/reach.h"
#include "base/status.h"
#include "ops/capture/capture.h"
#include "ops/environment.h"
#include "ops/load/load.h"
#include "ops/runs/leftovers.h"

namespace mbk {

struct RestoreOptions {
  std::string name;
  load::Options load;
  bool rbac = false;
  bool dry_run = false;  ///< read and plan only
};

struct RestoreReport {
  std::string name;
  std::vector<load::Outcome> collections;
  bool with_rbac = false;
  Status rbac;  ///< of users and roles, which come last
  /// The first failure, ok when every collection arrived. kept apart from the error of the call: the
  /// other collections are there.
  Status status;
  std::vector<capture::LeftOut> left_out;  ///< of clone (create.h)
  std::vector<std::string>
      notes;  ///< of clone what create says; of restore what the backup has that is not known
  /// Brings the indexes and the load state of the source to the collections that stand without; empty when
  /// there is nothing to bring, or when it was asked for already. Of restore alone.
  AdvisedCommand follow_up;
  /// What puts right what stands where it should not (Left::kBehind), with its command; empty when there is
  /// nothing.
  std::string advice;
};

/// Restore a backup. The error of the call itself means that nothing was changed, but for leftovers of killed
/// runs that were put right, or that the run was stopped; a failure of one collection is in its outcome, and
/// the others are finished.
Result<RestoreReport> RunRestore(const RestoreOptions& options, BackupSide& source, MilvusTarget& target,
                                 const RunServices& run, const CallContext& context);

/// The server with its store where the plan imports anything, else null: an error of the store comes before
/// the target is changed.
Result<MilvusSide*> OpenImporter(const load::Plan& plan, MilvusTarget& target, const CallContext& context);

/// What a run of this plan means for the leftovers of killed ones. Plan and client outlive it.
runs::NextRun NextRunOf(const std::string& verb, const load::Plan& plan, MilvusClient& client, bool dry_run);

/// The steps that restore and clone share, from "placed" to "loaded", with the record of the run around them.
/// `importer` as OpenImporter has it. The error of the call is a stop, and says of each collection what
/// became of it, or that nothing was begun.
Result<RestoreReport> LoadPlan(load::Plan plan, const std::string& verb, const load::ObjectSource& objects,
                               MilvusTarget& target, MilvusSide* importer, const RunServices& run,
                               const CallContext& context);

/// A stop before LoadPlan, with what it means for the target; any other failure as it is.
Status SayThatNothingWasBegun(Status failed, const CallContext& context);

/// What a plan would do, as outcomes that have not happened: for --dry-run.
std::vector<load::Outcome> Preview(const load::Plan& plan);

}  // namespace mbk
