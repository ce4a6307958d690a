#include <optional>
#include <utility>
#include <vector>

#include "manifest/keys.h"
#include "manifest/whole.h"
#include "ops/capture/capture.h"
#include "ops/clone/clone.h"
#include "ops/create/create.h"
#include "ops/identity.h"
#include "ops/runs/leftovers.h"
#include "ops/runs/target.h"

namespace mbk {
namespace {

Status RefuseNothing(const CloneOptions& options, const MilvusSide& source,
                     const capture::Captured& captured) {
  if (options.load.allow_empty) return {};
  return capture::RefuseNothing(source.client, options.filter, captured);
}

// Whether nothing may be meant was decided at the source, where the filter is.
load::Options LoadOptions(const CloneOptions& options) {
  load::Options load = options.load;
  load.allow_empty = true;
  return load;
}

// What drops or fills a collection that is there must not do so to one that is read.
Status RefuseItself(const CloneOptions& options, MilvusClient& source, const capture::Selection& selection,
                    MilvusClient& target, const CallContext& context) {
  const load::Options& load = options.load;
  if (!load.drop_exist_collection && !load.skip_create_collection && !load.drop_exist_index) return {};
  std::vector<CollectionName> changed;
  for (const CollectionName& name : selection.collections) changed.push_back(load.renamer.Apply(name));
  return RefuseToChangeSources(source, selection.collections, target, changed, context);
}

// What is known when the target is about to be changed.
struct Prepared {
  capture::Captured captured;
  load::Plan plan;
  MilvusSide* importer = nullptr;
};

// Changes nothing in the target, but that it puts right what a dead run left. From `gc_pause` on the source
// keeps its files.
Result<Prepared> Prepare(const CloneOptions& options, MilvusSide& source, MilvusTarget& target,
                         std::optional<capture::GcPause>& gc_pause, const RunServices& run,
                         const CallContext& context) {
  run.progress.Enter(Step::kPlan);
  Prepared prepared;
  capture::Captured& captured = prepared.captured;
  load::Plan& plan = prepared.plan;
  MBK_TRY_ASSIGN(capture::Selection selection,
                 capture::Select(source.client, options.filter, source.reach, context));
  MBK_TRY(RefuseItself(options, source.client, selection, target.client, context));
  MBK_TRY_ASSIGN(captured, capture::Describe(source.client, selection, options.when_vanished, run, context));
  MBK_TRY(RefuseNothing(options, source, captured));
  const load::Options load = LoadOptions(options);

  // Names are checked before the first flush: a target that exists is found out without touching either side.
  run.progress.Enter(Step::kPreflight);
  {
    MBK_TRY_ASSIGN(load::Plan names, load::MakePlan(captured.backup, load));
    MBK_TRY(load::Place(target.client, names, context));
  }

  if (run.settings.pause_gc && !options.dry_run)
    gc_pause.emplace(source.client, run.sleeper, run.settings.gc_address_setting);
  if (!options.load.meta_only) {
    if (!options.dry_run) MBK_TRY(capture::Flush(source.client, captured, run, context));
    MBK_TRY(capture::ListSegments(source, captured, run, context));
    capture::AddUpSizes(captured.backup);
  } else {
    MBK_TRY(capture::Confirm(source.client, captured, run, context));
  }

  MBK_TRY(RefuseNothing(options, source, captured));  // all of them may have vanished
  MBK_TRY(CheckWhole(captured.backup).WithContext("what was captured is not whole"));

  MBK_TRY_ASSIGN(plan, load::MakePlan(captured.backup, load));
  // A job costs the server seconds, however few rows it brings.
  load::MergeSmallSegments(plan);
  MBK_TRY(load::ChooseWays(plan, options.load, load::WaysOf(target.client)));
  MBK_TRY(load::CheckPromises(plan));
  MBK_TRY_ASSIGN(prepared.importer, OpenImporter(plan, target, context));
  // What a dead run left of these targets is put right first; what stands there then is what counts.
  MBK_TRY(runs::LookBeforeRun(NextRunOf("clone", plan, target.client, options.dry_run),
                              runs::RecordsOf(target, prepared.importer), run.sleeper, context));
  MBK_TRY(load::Place(target.client, plan, context));
  MBK_TRY(load::CheckReplacedByNothing(target.client, plan, load, context));
  return prepared;
}

}  // namespace

Result<RestoreReport> RunClone(const CloneOptions& options, MilvusSide& source, MilvusTarget& target,
                               const RunServices& run, const CallContext& context) {
  std::optional<capture::GcPause> gc_pause;
  Result<Prepared> prepared = Prepare(options, source, target, gc_pause, run, context);
  if (!prepared.ok()) return SayThatNothingWasBegun(std::move(prepared).status(), context);
  const capture::Captured& captured = prepared->captured;
  if (options.dry_run)
    return RestoreReport{
        .collections = Preview(prepared->plan), .left_out = captured.left_out, .notes = captured.notes};

  const MilvusLayout layout(source.root);
  const load::ObjectSource objects{.store = source.store,
                                   .key_of = [&](const DataObject& object) { return object.KeyIn(layout); }};
  MBK_TRY_ASSIGN(RestoreReport report, LoadPlan(std::move(prepared->plan), "clone", objects, target,
                                                prepared->importer, run, context));
  report.left_out = captured.left_out;
  report.notes = captured.notes;
  run.progress.Enter(Step::kDone);
  return report;
}

Result<RestoreReport> RunCloneThroughBackup(const CloneOptions& options, MilvusSide& source, BackupSide& kept,
                                            MilvusTarget& target, const RunServices& run,
                                            const CallContext& context) {
  const CreateOptions create{
      .name = options.backup_name,
      .filter = options.filter,
      .strategy = options.load.meta_only ? FlushStrategy::kMetaOnly : FlushStrategy::kAuto,
      .fingerprint = options.fingerprint,
      .allow_empty = options.load.allow_empty,
      .when_vanished = options.when_vanished};
  MBK_TRY_ASSIGN(const capture::Selection selection,
                 capture::Select(source.client, options.filter, source.reach, context));
  MBK_TRY(RefuseItself(options, source.client, selection, target.client, context));
  const Result<CreateReport> created = RunCreate(create, source, kept, run, context);
  if (!created.ok()) return SayThatNothingWasBegun(created.status(), context);
  MBK_TRY_ASSIGN(RestoreReport report, RunRestore({.name = options.backup_name, .load = LoadOptions(options)},
                                                  kept, target, run, context));
  report.left_out = created->left_out;
  report.notes = created->notes;
  return report;
}

}  // namespace mbk
