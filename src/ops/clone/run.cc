#include <optional>

#include "base/uuid.h"
#include "manifest/keys.h"
#include "ops/capture/capture.h"
#include "ops/clone/clone.h"
#include "ops/create/create.h"

namespace mbk {

Result<RestoreReport> RunClone(const CloneOptions& options, MilvusSide& source, MilvusTarget& target,
                               const RunServices& run, const CallContext& context) {
  run.progress.Enter(Step::kPlan);
  MBK_TRY_ASSIGN(capture::Selection selection, capture::Select(source.client, options.filter, context));
  MBK_TRY_ASSIGN(Backup captured, capture::Describe(source.client, selection, run, context));

  // Names are checked before the first flush: a target that exists is found out without touching either side.
  run.progress.Enter(Step::kPreflight);
  {
    MBK_TRY_ASSIGN(const load::Plan names, load::MakePlan(captured, options.load));
    MBK_TRY(load::CheckTargets(target.client, names, context));
  }

  // The source keeps its files while they are read.
  std::optional<capture::GcPause> gc_pause;
  if (run.settings.pause_gc && !options.dry_run) gc_pause.emplace(source.client, run.sleeper);
  if (!options.load.meta_only) {
    if (!options.dry_run) MBK_TRY(capture::Flush(source.client, captured, run, context));
    MBK_TRY(capture::ListSegments(source, captured, run, context));
    capture::AddUpSizes(captured);
  }

  // From here on the plan is frozen.
  MBK_TRY_ASSIGN(load::Plan plan, load::MakePlan(captured, options.load));
  // A job costs the server seconds, however few rows it brings.
  load::MergeSmallSegments(plan);
  MBK_TRY(load::ChooseWays(plan, options.load, load::WaysOf(target.client)));
  MBK_TRY_ASSIGN(MilvusSide* const importer, OpenImporter(plan, target, context));
  if (options.dry_run) return RestoreReport{.collections = Preview(plan)};

  const MilvusLayout layout(source.root);
  const load::ObjectSource objects{.store = source.store,
                                   .key_of = [&](const DataObject& object) { return object.KeyIn(layout); }};
  MBK_TRY_ASSIGN(RestoreReport report,
                 LoadPlan(plan, objects, target.client, importer, NewUuid(), run, context));
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
      .fingerprint = options.fingerprint};
  MBK_TRY(RunCreate(create, source, kept, run, context).status());
  return RunRestore({.name = options.backup_name, .load = options.load}, kept, target, run, context);
}

}  // namespace mbk
