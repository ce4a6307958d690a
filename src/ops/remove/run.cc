#include <fmt/core.h>

#include <memory>
#include <utility>

#include "ops/backup_name.h"
#include "ops/remove/remove.h"
#include "ops/select/filter.h"
#include "repository/lock_owner.h"
#include "store/abort_uploads.h"

namespace mbk {
namespace {

Status Refused(const BackupSide& side, const BackupLayout& layout, const std::string& why) {
  return FailedPrecondition(
      fmt::format("{} is not deleted: {}", side.store.identity().Url(ObjectKey(layout.prefix())), why));
}

// A backup whose backup_meta.json is broken is proved to be one by its other metadata.
Status CheckDamaged(const BackupSide& side, const BackupLayout& layout, const BackupPlace& place,
                    const CallContext& context) {
  const Status opened = OpenBackup(side.store, layout, place, context).status();
  if (opened.code() != Code::kDataLoss) return opened;
  return Refused(side, layout, fmt::format("that it is a backup shows by its layout alone: {}", place.seen));
}

// What proves that it is ours to remove, or the refusal.
Status CheckIsOurs(const RemoveOptions& options, const BackupSide& side, const BackupLayout& layout,
                   const BackupPlace& place, const CallContext& context) {
  switch (place.kind) {
    case PlaceKind::kEmpty:
      return NotFound(fmt::format("backup {} not found at {}", layout.name(),
                                  side.store.identity().Url(ObjectKey(layout.prefix()))));
    case PlaceKind::kBackup:
    case PlaceKind::kBeingDeleted:
    case PlaceKind::kOurUnfinished:
      return {};
    case PlaceKind::kForeign:
      return Refused(side, layout, place.seen);
    case PlaceKind::kDamaged:
      return options.unfinished ? Status() : CheckDamaged(side, layout, place, context);
    case PlaceKind::kUnfinished:
      if (options.unfinished) return {};
      return Refused(side, layout,
                     fmt::format("no run of this program left it, and another tool may still write it ({})",
                                 place.seen));
    case PlaceKind::kCommitMissing:
      break;
  }
  return options.unfinished ? Status() : Refused(side, layout, place.seen);
}

// A Milvus may keep its data below a name that also has what a backup has.
Status CheckIsNotOfMilvus(const RemoveOptions& options, const BackupSide& side, const BackupLayout& layout) {
  if (!options.milvus_root || !(*options.milvus_root + "/").starts_with(layout.prefix())) return {};
  return Refused(
      side, layout,
      fmt::format("Milvus keeps its own data there, by its root path \"{}\"", *options.milvus_root));
}

struct Found {
  BackupPlace place;
  BackupFiles files;
};

// A lock that a run of ours left says nothing of what came when that run was over: the Go tool knows no
// locks, and may be writing its backup.
Status CheckIsOfItsLock(const RemoveOptions& options, const BackupSide& side, const BackupLayout& layout,
                        const Found& found) {
  const bool by_lock = found.place.kind == PlaceKind::kOurUnfinished && found.place.lock;
  if (!by_lock || options.unfinished) return {};
  if (found.files.youngest_ms <= found.place.meta.lock_ms + kLockLease.count()) return {};
  return Refused(
      side, layout,
      fmt::format("objects came there after the run that left its lock was over ({}), and another tool may "
                  "still write them",
                  found.place.lock->Describe()));
}

// What is not of the backup stays, and nothing is written beside it.
Status CheckFreesName(const RemoveOptions& options, const BackupSide& side, const BackupLayout& layout,
                      const BackupFiles& files) {
  if (!options.frees_name || files.foreign == 0) return {};
  return Refused(side, layout,
                 fmt::format("{} object(s) that are not of this backup would stay there, and keep a new one "
                             "from its name: {}",
                             files.foreign, Enumerate(files.foreign_samples)));
}

// What lies there, when it may be removed.
Result<Found> LookForRemoval(const RemoveOptions& options, const BackupSide& side, const BackupLayout& layout,
                             const CallContext& context) {
  Found found;
  MBK_TRY_ASSIGN(found.place, LookAt(side.store, layout, context));
  if (options.commit_etag && found.place.meta.commit_etag != *options.commit_etag)
    return Refused(side, layout,
                   "it is not the backup that lay there before: another run has written it since");
  MBK_TRY(CheckIsOurs(options, side, layout, found.place, context));
  MBK_TRY(CheckIsNotOfMilvus(options, side, layout));
  MBK_TRY_ASSIGN(found.files, CountBackupFiles(side.store, layout, found.place.HasBundle(), context));
  MBK_TRY(CheckIsOfItsLock(options, side, layout, found));
  MBK_TRY(CheckFreesName(options, side, layout, found.files));
  return found;
}

// Between the look and the lock, which may have been waited for, another run may have written or removed
// something.
Status CheckUnchanged(const BackupSide& side, const BackupLayout& layout, const Found& before,
                      const CallContext& context) {
  MBK_TRY_ASSIGN(const MetaListing now, ListMeta(side.store, layout, context));
  if (now.commit_etag != before.place.meta.commit_etag)
    return Refused(side, layout, "another run has changed it in this moment");
  if (before.place.kind == PlaceKind::kBackup) return {};  // whoever writes it anew writes that file
  MBK_TRY_ASSIGN(const BackupFiles files,
                 CountBackupFiles(side.store, layout, before.place.HasBundle(), context));
  const bool more = files.objects + files.foreign > before.files.objects + before.files.foreign ||
                    files.bytes > before.files.bytes;
  return more ? Refused(side, layout, "something writes there in this moment") : Status();
}

std::vector<std::string> WhatStays(const BackupFiles& files) {
  std::vector<std::string> stays = files.foreign_samples;
  for (std::string& url : stays) url += ": not of this backup";
  const std::int64_t more = files.foreign - static_cast<std::int64_t>(stays.size());
  if (more > 0) stays.push_back(fmt::format("and {} more objects", more));
  return stays;
}

// What the store keeps although it is deleted; asked of one object while it is there.
std::vector<std::string> NotesOn(ObjectStore& store, const BackupLayout& layout, const BackupPlace& place,
                                 const CallContext& context) {
  if (place.meta.sizes.empty()) return {};
  const Result<std::string> why = store.WhyKept(layout.Meta(place.meta.sizes.begin()->first), context);
  // A store that does not answer this says it of the deletion, too.
  if (!why.ok() || why->empty()) return {};
  return {*why};
}

Status AddOthers(ObjectStore& store, const BackupLayout& layout, RemoveReport& report,
                 const CallContext& context) {
  MBK_TRY_ASSIGN(const std::vector<std::string> others, store.ListOthers(layout.prefix(), context));
  report.stays.insert(report.stays.end(), others.begin(), others.end());
  return {};
}

}  // namespace

Result<std::string> CheckRemovable(const RemoveOptions& options, BackupSide& target,
                                   const CallContext& context) {
  MBK_TRY(CheckNameOfBackup(options.name));
  const BackupLayout layout(target.root, options.name);
  MBK_TRY_ASSIGN(Found found, LookForRemoval(options, target, layout, context));
  return std::move(found.place.meta.commit_etag);
}

Result<RemoveReport> RunRemove(const RemoveOptions& options, BackupSide& target, const RunServices& run,
                               const CallContext& context) {
  MBK_TRY(CheckNameOfBackup(options.name));
  run.progress.Enter(Step::kPlan);
  const BackupLayout layout(target.root, options.name);
  MBK_TRY_ASSIGN(const Found found, LookForRemoval(options, target, layout, context));
  RemoveReport report{.files = found.files};
  report.stays = WhatStays(report.files);
  if (options.dry_run) return report;

  // The lock keeps a run that writes this backup, or another delete, from meeting this one.
  MBK_TRY_ASSIGN(std::unique_ptr<BackupLock> lock,
                 BackupLock::Acquire(target.store, layout, kDeleteVerb, context));
  MBK_TRY(CheckUnchanged(target, layout, found, context));
  run.progress.Enter(Step::kRemove, report.files.objects, report.files.bytes);
  report.notes = NotesOn(target.store, layout, found.place, context);
  AbortUploads(target.store, layout.prefix(), context);
  Status removed = RemoveBackupFiles(
      target.store, layout, found.place.HasBundle(), ThisProcess(kDeleteVerb), run.progress,
      [&] { return lock->Check(context); }, lock->While(context));
  if (removed.code() == Code::kCancelled) MBK_TRY(lock->CheckTime());  // a lost lock ends the run, too
  MBK_TRY(std::move(removed));
  MBK_TRY(lock->Release(context));
  MBK_TRY(AddOthers(target.store, layout, report, context));
  run.progress.Enter(Step::kDone);
  return report;
}

}  // namespace mbk
