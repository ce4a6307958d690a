#include <fmt/core.h>

#include <memory>
#include <optional>

#include "base/uuid.h"
#include "manifest/keys.h"
#include "ops/backup_name.h"
#include "ops/capture/capture.h"
#include "ops/create/backup_copy.h"
#include "ops/create/create.h"
#include "ops/give_up.h"
#include "ops/rows/row_proof.h"
#include "repository/repository.h"

namespace mbk {
namespace {

CreateReport ReportOf(const CreateOptions& options, const Backup& backup) {
  CreateReport report{
      .name = options.name, .id = backup.id, .bytes = backup.size, .collections = Summarize(backup)};
  for (const CollectionSummary& collection : report.collections) report.objects += collection.objects;
  return report;
}

// The model of everything that is to be saved, segments not yet filled in.
Result<Backup> Describe(const CreateOptions& options, MilvusSide& server, const RunServices& run,
                        const CallContext& context) {
  MBK_TRY_ASSIGN(capture::Selection selection, capture::Select(server.client, options.filter, context));
  MBK_TRY_ASSIGN(Backup backup, capture::Describe(server.client, selection, run, context));
  backup.id = NewUuid();
  backup.name = options.name;
  for (Collection& collection : backup.collections) collection.task_id = backup.id;
  if (options.rbac) {
    MBK_TRY_ASSIGN(backup.rbac, server.client.BackupRbac(context));
  }
  return backup;
}

// Read from where the backup lies: what is recorded is what can be read back.
Status RecordFingerprints(ObjectReader& store, const BinlogTree& tree, Backup& backup, const RunServices& run,
                          const CallContext& context) {
  run.progress.Enter(Step::kVerify, rows::CountSegments(backup), backup.size);
  MBK_TRY_ASSIGN(const rows::BackupProof proof, rows::ProveRows(store, tree, backup, run.progress, context));
  if (!proof.unproven.empty())
    return FailedPrecondition(
        fmt::format("the rows that were copied cannot be fingerprinted: {}", proof.unproven.front()));
  if (!proof.damage.empty())
    return DataLoss(fmt::format(
        "the rows that were copied cannot be fingerprinted: {}{}", proof.damage.front(),
        proof.damage.size() == 1 ? "" : fmt::format("; and {} more findings", proof.damage.size() - 1)));
  rows::RecordRows(proof, backup);
  return {};
}

// Everything between claiming the name and the commit. What it writes is removed again if it fails.
Result<CreateReport> Write(const CreateOptions& options, MilvusSide& server, BackupSide& target,
                           const BackupLayout& layout, BackupWriter& writer, const RunServices& run,
                           const CallContext& context) {
  // Milvus keeps compacted segments while we copy, where it lets itself be asked.
  std::optional<capture::GcPause> gc_pause;
  if (run.settings.pause_gc && options.strategy != FlushStrategy::kMetaOnly)
    gc_pause.emplace(server.client, run.sleeper);

  run.progress.Enter(Step::kPlan);
  MBK_TRY_ASSIGN(Backup backup, Describe(options, server, run, context));

  DigestLog digests;
  std::string streamed_because;
  if (options.strategy != FlushStrategy::kMetaOnly) {
    // All schemas are read before the first flush, all flushes done before the first listing: the
    // collections of one backup fit together.
    if (options.strategy != FlushStrategy::kSkipFlush)
      MBK_TRY(capture::Flush(server.client, backup, run, context));
    MBK_TRY(capture::ListSegments(server, backup, run, context));
    capture::AddUpSizes(backup);
    MBK_TRY_ASSIGN(streamed_because,
                   CopyBackupData(server, target.store, layout.tree(), backup, digests, run, context));
  }

  // Nothing is taken on trust: one listing shows what really lies there, and goes into objects.json.
  run.progress.Enter(Step::kVerify);
  MBK_TRY(RecordBackupData(target.store, layout.tree(), backup, digests, layout.Meta(kObjects), context));

  if (options.fingerprint) MBK_TRY(RecordFingerprints(target.store, layout.tree(), backup, run, context));

  // From here on the backup exists.
  run.progress.Enter(Step::kManifest);
  MBK_TRY(writer.Commit(backup, context));

  CreateReport report = ReportOf(options, backup);
  report.streamed_because = std::move(streamed_because);
  return report;
}

// What would be done, without flushing, pausing or writing: rows still in memory are not counted.
Result<CreateReport> DryRun(const CreateOptions& options, MilvusSide& server, const RunServices& run,
                            const CallContext& context) {
  run.progress.Enter(Step::kPlan);
  MBK_TRY_ASSIGN(Backup backup, Describe(options, server, run, context));
  if (options.strategy != FlushStrategy::kMetaOnly)
    MBK_TRY(capture::ListSegments(server, backup, run, context));
  capture::AddUpSizes(backup);
  return ReportOf(options, backup);
}

}  // namespace

Result<CreateReport> RunCreate(const CreateOptions& options, MilvusSide& server, BackupSide& target,
                               const RunServices& run, const CallContext& context) {
  MBK_TRY(CheckBackupName(options.name));
  if (options.fingerprint && options.strategy == FlushStrategy::kMetaOnly)
    return InvalidArgument("strategy meta_only saves no rows, so that there is nothing to fingerprint");
  if (options.dry_run) return DryRun(options, server, run, context);

  // Beyond this point the name is ours: the lock says so to other runs.
  const BackupLayout layout(target.root, options.name);
  MBK_TRY_ASSIGN(std::unique_ptr<BackupWriter> writer,
                 BackupWriter::Begin(target.store, layout, "create", context));

  Result<CreateReport> report = Write(options, server, target, layout, *writer, run, context);
  if (!report.ok()) return GiveUp(*writer, layout, report.status(), context);
  run.progress.Enter(Step::kDone);
  return report;
}

}  // namespace mbk
