#include <fmt/core.h>

#include <memory>
#include <optional>

#include "base/uuid.h"
#include "manifest/keys.h"
#include "manifest/whole.h"
#include "ops/backup_name.h"
#include "ops/capture/capture.h"
#include "ops/create/backup_copy.h"
#include "ops/create/create.h"
#include "ops/give_up.h"
#include "ops/open_backup.h"
#include "ops/rows/row_proof.h"
#include "repository/repository.h"

namespace mbk {
namespace {

CreateReport ReportOf(const CreateOptions& options, const capture::Captured& captured) {
  CreateReport report{.name = options.name,
                      .id = captured.backup.id,
                      .bytes = captured.backup.size,
                      .collections = Summarize(captured.backup),
                      .left_out = captured.left_out,
                      .notes = captured.notes};
  for (CollectionSummary& collection : report.collections) {
    if (const auto counted = captured.rows_in_memory.find(collection.name);
        counted != captured.rows_in_memory.end())
      collection.rows_in_memory = counted->second;
    report.objects += collection.objects;
    report.rows += collection.rows;
  }
  return report;
}

std::string UrlOf(const BackupSide& side, const BackupLayout& layout) {
  return side.store.identity().Url(ObjectKey(layout.prefix()));
}

Status RefuseNothing(const CreateOptions& options, const MilvusSide& server,
                     const capture::Captured& captured) {
  if (options.allow_empty) return {};
  return capture::RefuseNothing(server.client, options.filter, captured);
}

// The model of everything that is to be saved, segments not yet filled in.
Result<capture::Captured> Describe(const CreateOptions& options, MilvusSide& server, const RunServices& run,
                                   const CallContext& context) {
  MBK_TRY_ASSIGN(const capture::Selection selection,
                 capture::Select(server.client, options.filter, server.reach, context));
  MBK_TRY_ASSIGN(capture::Captured captured,
                 capture::Describe(server.client, selection, options.when_vanished, run, context));
  MBK_TRY(RefuseNothing(options, server, captured));
  Backup& backup = captured.backup;
  backup.id = NewUuid();
  backup.name = options.name;
  for (Collection& collection : backup.collections) collection.task_id = backup.id;
  if (options.rbac) {
    MBK_TRY_ASSIGN(backup.rbac, server.client.BackupRbac(context));
  }
  return captured;
}

// What no restore would take is no backup.
Status CheckCaptured(const Backup& backup) {
  return CheckWhole(backup).WithContext("what was captured is not whole");
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
    return DataLoss(
        fmt::format("the rows that were copied cannot be fingerprinted: {}", proof.damage.Summary(1)));
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
    gc_pause.emplace(server.client, run.sleeper, run.settings.gc_address_setting);

  run.progress.Enter(Step::kPlan);
  MBK_TRY_ASSIGN(capture::Captured captured, Describe(options, server, run, context));
  Backup& backup = captured.backup;

  DigestLog digests;
  std::string streamed_because;
  if (options.strategy == FlushStrategy::kMetaOnly) {
    MBK_TRY(capture::Confirm(server.client, captured, run, context));
  } else {
    // All schemas are read before the first flush, all flushes done before the first listing: the
    // collections of one backup fit together.
    if (options.strategy != FlushStrategy::kSkipFlush)
      MBK_TRY(capture::Flush(server.client, captured, run, context));
    MBK_TRY(capture::ListSegments(server, captured, run, context));
    if (options.strategy == FlushStrategy::kSkipFlush)
      MBK_TRY(capture::CountRowsInMemory(server.client, captured, run, context));
    capture::AddUpSizes(backup);
    MBK_TRY_ASSIGN(streamed_because, CopyBackupData(server, target.store, layout.tree(), captured,
                                                    gc_pause ? &*gc_pause : nullptr, digests, run, context));
  }
  MBK_TRY(RefuseNothing(options, server, captured));  // all of them may have vanished
  MBK_TRY(CheckCaptured(backup));

  // Nothing is taken on trust: one listing shows what really lies there, and goes into objects.json.
  run.progress.Enter(Step::kVerify);
  if (options.fingerprint) MBK_TRY(RecordFingerprints(target.store, layout.tree(), backup, run, context));
  MBK_TRY(writer.Check(context));
  MBK_TRY(RecordBackupData(target.store, layout.tree(), backup, digests, layout.Meta(kObjects), context));

  // From here on the backup exists.
  run.progress.Enter(Step::kManifest);
  MBK_TRY(writer.Commit(backup, context));

  CreateReport report = ReportOf(options, captured);
  report.url = UrlOf(target, layout);
  report.streamed_because = std::move(streamed_because);
  return report;
}

// What would be done, without flushing, pausing or writing.
Result<CreateReport> DryRun(const CreateOptions& options, MilvusSide& server, const BackupSide& target,
                            const RunServices& run, const CallContext& context) {
  run.progress.Enter(Step::kPlan);
  MBK_TRY_ASSIGN(capture::Captured captured, Describe(options, server, run, context));
  if (options.strategy != FlushStrategy::kMetaOnly)
    MBK_TRY(capture::ListSegments(server, captured, run, context));
  capture::AddUpSizes(captured.backup);
  MBK_TRY(RefuseNothing(options, server, captured));
  MBK_TRY(CheckCaptured(captured.backup));
  if (options.strategy == FlushStrategy::kSkipFlush)
    MBK_TRY(capture::CountRowsInMemory(server.client, captured, run, context));
  CreateReport report = ReportOf(options, captured);
  report.url = UrlOf(target, BackupLayout(target.root, options.name));
  return report;
}

}  // namespace

Result<CreateReport> RunCreate(const CreateOptions& options, MilvusSide& server, BackupSide& target,
                               const RunServices& run, const CallContext& context) {
  MBK_TRY(CheckBackupName(options.name));
  if (options.fingerprint && options.strategy == FlushStrategy::kMetaOnly)
    return InvalidArgument("strategy meta_only saves no rows, so that there is nothing to fingerprint");
  const BackupLayout layout(target.root, options.name);
  if (options.dry_run) {  // which says what the run would refuse
    MBK_TRY(CheckNameIsFree(target, layout, context));
    return DryRun(options, server, target, run, context);
  }

  // Beyond this point the name is ours: the lock says so to other runs.
  MBK_TRY_ASSIGN(std::unique_ptr<BackupWriter> writer, BeginBackup(target, layout, "create", context));

  // What is written goes through the writer: it ends when the lock is lost.
  BackupSide held{writer->store(), target.root, target.reach};
  Result<CreateReport> report = Write(options, server, held, layout, *writer, run, writer->While(context));
  if (!report.ok()) return GiveUp(target, *writer, layout, report.status(), context);
  run.progress.Enter(Step::kDone);
  return report;
}

}  // namespace mbk
