#include <fmt/core.h>

#include <mutex>
#include <optional>

#include "base/log.h"
#include "base/parallel.h"
#include "base/uuid.h"
#include "manifest/keys.h"
#include "ops/restore/restore.h"
#include "repository/repository.h"
#include "repository/tree_check.h"

namespace mbk {
namespace {

// A backup that lacks one object is refused before anything is created: the sizes of all its files are
// held against a listing. The first object among them that no metadata name, if there is one.
Result<std::optional<ObjectKey>> CheckObjects(const load::Plan& plan, const BackupLayout& layout,
                                              ObjectReader& store, const RunServices& run,
                                              const CallContext& context) {
  std::mutex mutex;
  std::optional<ObjectKey> stray;
  MBK_TRY(ParallelFor(
      plan.collections.size(), run.settings.listing_concurrency, context,
      [&](std::size_t i, const CallContext& inner) -> Status {
        if (plan.collections[i].imports.empty()) return {};
        std::vector<Collection> one{*plan.collections[i].source};
        const ObjectIndex index(one);
        auto checked = CheckCollection(store, layout.tree(), one.front().collection_id, index, inner);
        if (!checked.ok())
          return checked.status().WithContext(fmt::format("backup {} cannot be restored", layout.name()));
        std::scoped_lock lock(mutex);
        if (*checked && (!stray || **checked < *stray)) stray = **checked;
        return {};
      }));
  return stray;
}

// A backup that Milvus can open is imported from where it is. It imports whole directories: what lies there
// and is not of the backup would come along.
bool MayImportInPlace(const ObjectReader& backup_store, const BackupLayout& layout, const MilvusSide& server,
                      const std::optional<ObjectKey>& stray, const RunServices& run) {
  if (run.settings.copy.mode == CopyMode::kStreaming) return false;
  if (!server.opens(backup_store.identity(), layout.prefix())) return false;
  if (stray)
    log::Warn("{} is not of this backup, no metadata name it: the files of the backup are staged without it",
              backup_store.identity().Url(*stray));
  return !stray;
}

Status FirstFailure(const std::vector<load::Outcome>& outcomes) {
  for (const load::Outcome& outcome : outcomes) {
    if (!outcome.status.ok()) return outcome.status.WithContext(outcome.target.Full());
  }
  return {};
}

// What fails from here on is one collection's failure; only a stop ends the whole.
Status LoadCollections(const load::Plan& plan, const load::ObjectSource& objects, MilvusClient& client,
                       MilvusSide* importer, const std::string& task_id, std::vector<load::Outcome>& outcomes,
                       const RunServices& run, const CallContext& context) {
  MBK_TRY(load::CreateCollections(client, plan, outcomes, run, context));
  // Files go to where Milvus can read them, collection by collection; imports run meanwhile.
  if (importer != nullptr)
    MBK_TRY(load::StageAndImport(*importer, objects, task_id, plan, outcomes, run, context));
  // Or their rows are sent, where that is quicker or the only way.
  MBK_TRY(load::InsertRows(client, objects, plan, outcomes, run, context));
  // Indexes are built once, over what was imported, instead of job by job.
  MBK_TRY(load::CreateIndexes(client, plan, outcomes, run, context));
  return load::RestoreAliasesAndLoad(client, plan, outcomes, run, context);
}

// A run that is stopped says which collections stand half-made.
Status SayWhatStaysBehind(Status stopped, const load::Plan& plan) {
  std::vector<std::string> names;
  for (const load::CollectionPlan& collection : plan.collections) names.push_back(collection.target.Full());
  return {stopped.code(), fmt::format("{}; in Milvus these may stand half-restored: {}; drop them, or "
                                      "restore again with --drop_exist_collection",
                                      stopped.message(), Enumerate(names))};
}

void CountJob(const load::ImportDir& dir, load::Outcome& outcome) {
  ++outcome.import_jobs;
  if (!dir.rewritten) return;
  outcome.segments_rewritten += static_cast<int>(dir.segments.size());
  ++outcome.rewritten_into;
}

}  // namespace

std::vector<load::Outcome> Preview(const load::Plan& plan) {
  std::vector<load::Outcome> outcomes;
  for (const load::CollectionPlan& collection : plan.collections) {
    load::Outcome outcome{.source = {collection.source->db_name, collection.source->name},
                          .target = collection.target};
    outcome.via = collection.via;
    outcome.via_reason = collection.via_reason;
    for (const auto& wave : collection.imports) {
      for (const load::ImportDir& dir : wave) {
        if (collection.via == load::Via::kImport) CountJob(dir, outcome);
        outcome.rows_expected += dir.rows;
        outcome.has_deletes |= !dir.delta_dir.empty();
      }
    }
    outcome.bytes = collection.imports.empty() ? 0 : collection.source->size;
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

Result<MilvusSide*> OpenImporter(const load::Plan& plan, MilvusTarget& target, const CallContext& context) {
  if (!load::ImportsAnything(plan)) return nullptr;
  return target.open_store(context);
}

Result<RestoreReport> LoadPlan(const load::Plan& plan, const load::ObjectSource& objects,
                               MilvusClient& client, MilvusSide* importer, const std::string& task_id,
                               const RunServices& run, const CallContext& context) {
  RestoreReport report{.collections = Preview(plan)};
  MBK_TRY(load::CreateDatabases(client, plan, context));
  Status stopped =
      LoadCollections(plan, objects, client, importer, task_id, report.collections, run, context);
  if (!stopped.ok()) return SayWhatStaysBehind(std::move(stopped), plan);
  report.status = FirstFailure(report.collections);
  return report;
}

Result<RestoreReport> RunRestore(const RestoreOptions& options, BackupSide& source, MilvusTarget& target,
                                 const RunServices& run, const CallContext& context) {
  run.progress.Enter(Step::kOpen);
  const BackupLayout layout(source.root, options.name);
  MBK_TRY_ASSIGN(OpenedBackup opened, OpenBackup(source.store, layout, context));

  // From here on the plan is frozen.
  run.progress.Enter(Step::kPlan);
  MBK_TRY_ASSIGN(load::Plan plan, load::MakePlan(opened.backup, options.load));
  // A job costs the server seconds, however few rows it brings.
  load::MergeSmallSegments(plan);
  MBK_TRY(load::ChooseWays(plan, options.load, load::WaysOf(target.client)));

  run.progress.Enter(Step::kPreflight);
  // Where every row is inserted the server's own store need not even be there.
  MBK_TRY_ASSIGN(MilvusSide* const importer, OpenImporter(plan, target, context));
  MBK_TRY_ASSIGN(const std::optional<ObjectKey> stray,
                 CheckObjects(plan, layout, source.store, run, context));
  MBK_TRY(load::CheckTargets(target.client, plan, context));
  if (options.rbac && !opened.backup.rbac)
    return FailedPrecondition(
        fmt::format("backup {} holds no RBAC data; it was made without --rbac", options.name));
  if (options.dry_run) return RestoreReport{.name = options.name, .collections = Preview(plan)};

  // Users and roles first: what follows may run as one of them.
  if (options.rbac) MBK_TRY(load::RestoreRbac(target.client, *opened.backup.rbac, context));
  const load::ObjectSource objects{
      .store = source.store,
      .key_of = [&](const DataObject& object) { return object.KeyIn(layout.tree()); },
      .importable = importer != nullptr && MayImportInPlace(source.store, layout, *importer, stray, run)
                        ? &layout.tree()
                        : nullptr,
  };
  MBK_TRY_ASSIGN(RestoreReport report,
                 LoadPlan(plan, objects, target.client, importer, NewUuid(), run, context));
  report.name = options.name;
  run.progress.Enter(Step::kDone);
  return report;
}

}  // namespace mbk
