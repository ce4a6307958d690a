#include <fmt/core.h>

#include <memory>
#include <optional>
#include <utility>

#include "base/uuid.h"
#include "manifest/object_index.h"
#include "ops/backup_files.h"
#include "ops/in_doubt.h"
#include "ops/migrate/follow.h"
#include "ops/migrate/migrate.h"
#include "ops/migrate/volume_keys.h"
#include "ops/open_backup.h"
#include "ops/whole_backup.h"
#include "repository/object_records.h"
#include "repository/repository.h"
#include "repository/tree_check.h"
#include "transfer/copier.h"

namespace mbk {
namespace {

using zilliz::Job;
using zilliz::Volume;
using zilliz::VolumeRequest;

// All that lies below a backup is uploaded, metadata and all, but for the lock of whoever works on it.
FileListing::Keep FilesOf(const BackupLayout& layout) {
  return [layout](const ObjectInfo& object) { return !layout.IsLock(object.key) && !IsPlaceholder(object); };
}

FileListing Files(ObjectReader& store, const BackupLayout& layout, const CallContext& context) {
  return {store, layout.prefix(), FilesOf(layout), context};
}

FileListing Uploaded(ObjectReader& store, const Volume& volume, const CallContext& context) {
  return {store, volume.upload_path, [](const ObjectInfo& object) { return !IsPlaceholder(object); },
          context};
}

// What there is to bring.
struct Cargo {
  BackupLayout layout;
  Extent extent;
};

// A backup that is not whole would fail in the cloud, after hours: its own metadata say what must be there.
Result<Cargo> TakeStock(OpenedBackup opened, const BackupSide& side, const CallContext& context) {
  MBK_TRY(RequireBinlogs(opened, "migrate"));
  MBK_TRY(RequireWhole(side, opened, context));
  Cargo cargo{.layout = opened.layout};
  const ObjectIndex index(opened.backup.collections);
  auto add = [&, keep = FilesOf(cargo.layout)](const ObjectInfo& listed) {
    const auto prefix = cargo.layout.prefix().size();
    if (keep(listed)) cargo.extent.Add(std::string_view(listed.key.str()).substr(prefix), listed.size);
    return Status();
  };
  MBK_TRY(CheckWholeTree(side.store, cargo.layout.tree(), index, add, context)
              .WithContext(fmt::format("backup {} is not whole", cargo.layout.name())));
  return cargo;
}

Status CheckQuota(const Volume& volume, const Extent& extent) {
  if (volume.max_content_bytes == 0 || extent.bytes <= volume.max_content_bytes) return {};
  return FailedPrecondition(fmt::format(
      "the backup has {} bytes and Zilliz Cloud takes at most {} into this cluster's volume; nothing was "
      "uploaded. Back up fewer collections at a time, or ask Zilliz for a larger volume",
      extent.bytes, volume.max_content_bytes));
}

// Streamed: the volume's keys cannot read the backup's store.
Status Upload(const BackupLayout& from, const Volume& volume, ObjectReader& source, ObjectStore& target,
              const RunServices& run, const CallContext& context) {
  FileListing files = Files(source, from, context);
  ObjectRecordLookup records(source, from, context);
  const CopyTaskSource next = [&]() -> Result<std::optional<CopyTask>> {
    MBK_TRY_ASSIGN(std::optional<ObjectInfo> file, files.Next());
    if (!file) return std::optional<CopyTask>();
    const std::string key(files.Below(file->key));
    MBK_TRY_ASSIGN(const manifest::ObjectRecord record, records.Find(key));
    return std::optional(CopyTask{std::move(file->key), ObjectKey(volume.upload_path + key), file->size,
                                  DigestOnRecord(record)});
  };
  CopyOptions options = run.settings.copy;
  options.mode = CopyMode::kStreaming;
  ObjectCopier copier(source, target, options);
  return copier.CopyAll(next, run.progress, context,
                        [](const CopyTask&, const CopyResult&) { return Status(); });
}

// One listing, which is all that the volume's keys allow besides writing.
Status Verify(const Cargo& cargo, const Volume& volume, ObjectReader& source, ObjectReader& target,
              const CallContext& context) {
  FileListing uploaded = Uploaded(target, volume, context);
  Extent arrived;
  for (;;) {
    MBK_TRY_ASSIGN(const std::optional<ObjectInfo> file, uploaded.Next());
    if (!file) break;
    arrived.Add(uploaded.Below(file->key), file->size);
  }
  if (arrived == cargo.extent) return {};
  FileListing here = Files(source, cargo.layout, context), there = Uploaded(target, volume, context);
  return NameDifference(here, there);
}

// What a run that ended before its job leaves behind.
Status NotStarted(const Status& failure) {
  // "Not found" is said of backups only.
  return {
      failure.code() == Code::kNotFound ? Code::kFailedPrecondition : failure.code(),
      fmt::format("{}; no migration was started. What was uploaded stays in the volume until Zilliz Cloud "
                  "removes it, three days after",
                  failure.message())};
}

// The same, and how to go on.
Status BeginAgain(const MigrateOptions& options, const Reach& reach, const Status& failure) {
  const Status not_started = NotStarted(failure);
  const AdvisedCommand again =
      CommandFor(reach, fmt::format("migrate -n {} -c {}{}", ShellQuoted(options.name),
                                    ShellQuoted(options.cluster_id), options.wait ? "" : " --wait=false"));
  return {not_started.code(),
          fmt::format("{}; {}", not_started.message(), Advise("begin again with", again))};
}

// A start that went unanswered may have been carried out, and so may one whose answer makes no sense: what it
// would tell is the job.
Status StartFailed(const MigrateOptions& options, const Reach& reach, const Status& failure) {
  const bool in_doubt = MayBeCarriedOut(failure) || failure.code() == Code::kDataLoss;
  if (!in_doubt) return BeginAgain(options, reach, failure);
  return {failure.code(),
          fmt::format(
              "{}; whether the migration was started is not known: look at the project's jobs in the Zilliz "
              "Cloud console before you begin again",
              failure.message())};
}

Status JobFailed(const MigrateReport& report, const Job& job) {
  return {Code::kInternal,
          fmt::format(
              "migration job {} of backup {} into cluster {} {}{}{}; look at the collections of the cluster, "
              "and at the job in the Zilliz Cloud console, before you begin again",
              report.job_id, report.name, report.cluster_id,
              job.state == zilliz::JobState::kCanceled ? "was canceled" : "failed",
              job.reason.empty() ? "" : ": ", job.reason)};
}

// Upload and verify; the volume's name is the last that was given out with its keys.
Result<std::string> Bring(const Cargo& cargo, const VolumeRequest& request, const Volume& volume,
                          BackupSide& source, const CloudSide& target, const RunServices& run,
                          const CallContext& context) {
  const auto keys = std::make_shared<VolumeKeys>(target.cloud, request, volume);
  MBK_TRY_ASSIGN(const std::shared_ptr<ObjectStore> store,
                 target.open_volume(volume, [keys](const CallContext& call) { return keys->Fetch(call); }));
  run.progress.Enter(Step::kCopy, cargo.extent.objects, cargo.extent.bytes);
  MBK_TRY(Upload(cargo.layout, volume, source.store, *store, run, context));

  run.progress.Enter(Step::kVerify, cargo.extent.objects);
  MBK_TRY(Verify(cargo, volume, source.store, *store, context));
  return keys->volume_name();
}

// Until the job is over.
Status Follow(MigrateReport& report, const CloudSide& target, const RunServices& run,
              const CallContext& context) {
  const Result<Job> job = FollowJob(target.cloud, report.job_id, run.progress, run.sleeper, context);
  if (!job.ok()) {
    return {job.status().code(),
            fmt::format("{}; migration job {} was started and runs on: follow it in the Zilliz Cloud console",
                        job.status().message(), report.job_id)};
  }
  report.job_state = job->state;
  return job->state == zilliz::JobState::kSuccessful ? Status() : JobFailed(report, *job);
}

}  // namespace

Result<MigrateReport> RunMigrate(const MigrateOptions& options, BackupSide& source, const CloudSide& target,
                                 const RunServices& run, const CallContext& context) {
  run.progress.Enter(Step::kOpen);
  MBK_TRY_ASSIGN(OpenedBackup opened, OpenBackup(source, options.name, context));
  const OpenedBackup as_opened{.layout = opened.layout, .commit_etag = opened.commit_etag};
  MBK_TRY_ASSIGN(const Cargo cargo, TakeStock(std::move(opened), source, context));
  MigrateReport report{.name = options.name,
                       .cluster_id = options.cluster_id,
                       .objects = cargo.extent.objects,
                       .bytes = cargo.extent.bytes};
  if (options.dry_run) return report;

  // A directory of its own, so that no other upload into the volume can be taken for this one.
  run.progress.Enter(Step::kPreflight);
  const VolumeRequest request{.cluster_id = options.cluster_id, .path = NewUuid()};
  MBK_TRY_ASSIGN(const Volume volume, target.cloud.ApplyVolume(request, context));
  MBK_TRY(CheckQuota(volume, cargo.extent));

  const Result<std::string> brought = Bring(cargo, request, volume, source, target, run, context);
  if (!brought.ok()) {
    const Status why = ExplainFailure(source, as_opened, brought.status(), context);
    // A backup that was removed or replaced meanwhile is not the one that was meant.
    return why == brought.status() ? BeginAgain(options, source.reach, why) : NotStarted(why);
  }

  // From here on the cloud works by itself: nothing that happens here ends the job.
  run.progress.Enter(Step::kMigrate, 100);
  Result<std::string> job_id = target.cloud.StartMigration(
      {.cluster_id = options.cluster_id, .volume = *brought, .path = request.path}, context);
  if (!job_id.ok()) return StartFailed(options, source.reach, job_id.status());
  report.job_id = *std::move(job_id);
  if (options.wait) MBK_TRY(Follow(report, target, run, context));
  run.progress.Enter(Step::kDone);
  return report;
}

}  // namespace mbk
