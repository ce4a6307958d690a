#pragma once

#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "ops/environment.h"
#include "ops/load/load.h"

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
  /// The first failure, ok when every collection arrived. kept apart from the error of the call: the
  /// other collections are there.
  Status status;
};

/// Restore a backup. The error of the call itself means that nothing was changed, or that the run was
/// stopped; a failure of one collection is in its outcome, and the others are finished.
Result<RestoreReport> RunRestore(const RestoreOptions& options, BackupSide& source, MilvusTarget& target,
                                 const RunServices& run, const CallContext& context);

/// The server with its store where the plan imports anything, else null: an error of the store comes before
/// the target is changed.
Result<MilvusSide*> OpenImporter(const load::Plan& plan, MilvusTarget& target, const CallContext& context);

/// The steps that restore and clone share, from "the plan is made" to "loaded". `importer` as OpenImporter
/// has it.
Result<RestoreReport> LoadPlan(const load::Plan& plan, const load::ObjectSource& objects,
                               MilvusClient& client, MilvusSide* importer, const std::string& task_id,
                               const RunServices& run, const CallContext& context);

/// What a plan would do, as outcomes that have not happened: for --dry-run.
std::vector<load::Outcome> Preview(const load::Plan& plan);

}  // namespace mbk
