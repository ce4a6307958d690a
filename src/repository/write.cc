#include <fmt/core.h>

#include <algorithm>
#include <istream>
#include <utility>
#include <vector>

#include "base/log.h"
#include "manifest/own_objects.h"
#include "repository/meta_records.h"
#include "repository/object_stream.h"
#include "repository/place.h"
#include "repository/repository.h"
#include "store/list_first.h"

namespace mbk {
namespace {

Status WriteMeta(ObjectStore& store, const BackupLayout& layout, const MetaFile& file, const Backup& backup,
                 const CallContext& context) {
  ObjectOutput output(store, layout.Meta(file.name), context);
  MBK_TRY(file.write(backup, [&](std::string_view text) { return output.Write(text); }));
  return output.Finish();
}

std::string_view Below(const BackupLayout& layout, const ObjectKey& key) {
  return std::string_view(key.str()).substr(layout.prefix().size());
}

// What goes with a backup; its lock and its marker go by themselves.
bool IsOwn(BackupPart part, bool has_bundle) {
  return part == BackupPart::kData || part == BackupPart::kMeta || part == BackupPart::kScratch ||
         part == BackupPart::kDirectory || (part == BackupPart::kBundle && has_bundle);
}

// A lock is ours to take over, what else lies there is not.
Result<bool> IsTaken(ObjectReader& store, const BackupLayout& layout, const CallContext& context) {
  constexpr int kMoreThanLocks = 16;
  MBK_TRY_ASSIGN(const ListPage page,
                 ListFirst(store, {.prefix = layout.prefix(), .max_keys = kMoreThanLocks}, context));
  return std::any_of(page.objects.begin(), page.objects.end(), [&](const ObjectInfo& object) {
    const BackupPart part = PartOf(Below(layout, object.key), object.size);
    return part != BackupPart::kLock && part != BackupPart::kScratch;
  });
}

// Why a name cannot be written to.
Status Taken(ObjectReader& store, const BackupLayout& layout, const CallContext& context) {
  MBK_TRY_ASSIGN(const std::vector<FoundLock> locks, FindLocks(store, layout, context));
  const LockOwner here = ThisProcess("");
  for (const FoundLock& lock : locks) {
    if (JudgeLock(lock, here.process, here.heartbeat_s) == LockState::kLive) return LockedBy(layout, lock);
  }
  MBK_TRY_ASSIGN(const BackupPlace place, LookAt(store, layout, context));
  const std::string at = store.identity().Url(ObjectKey(layout.prefix()));
  if (place.kind == PlaceKind::kOurUnfinished || place.kind == PlaceKind::kUnfinished)
    return AlreadyExists(fmt::format("an unfinished backup {} lies at {}", layout.name(), at));
  if (place.kind == PlaceKind::kBeingDeleted)
    return AlreadyExists(
        fmt::format("what is left of backup {} lies at {}; {}", layout.name(), at, place.seen));
  if (place.kind == PlaceKind::kForeign)
    return AlreadyExists(
        fmt::format("the name {} is taken at {}: {}; choose another name", layout.name(), at, place.seen));
  return AlreadyExists(
      fmt::format("backup with name {} already exist at {}; choose another name", layout.name(), at));
}

// Deletes page by page what `belongs`, told the key below the backup's directory. Objects that do not are
// passed over.
class Removal {
 public:
  using Belongs = std::function<bool(std::string_view relative_key, const ObjectInfo& object)>;

  Removal(ObjectStore& store, const BackupLayout& layout, Belongs belongs, Progress& progress,
          const StillOurs& still_ours)
      : store_(store),
        layout_(layout),
        belongs_(std::move(belongs)),
        progress_(progress),
        still_ours_(still_ours) {}

  Status Run(const CallContext& context) {
    ListRequest request{.prefix = layout_.prefix()};
    // The same page again and again: what was deleted is gone from it, and no page token has to survive the
    // deletion of the keys it points between. On to the next page only where nothing was deleted.
    for (;;) {
      MBK_TRY_ASSIGN(ListPage page, store_.List(request, context));
      MBK_TRY_ASSIGN(const bool removed_any, RemoveFrom(page, context));
      if (removed_any) continue;
      if (page.next_page_token.empty()) return {};
      MBK_TRY(TurnPage(request, page, store_.identity()));
    }
  }

 private:
  Result<bool> RemoveFrom(ListPage& page, const CallContext& context) {
    std::vector<ObjectKey> keys;
    std::int64_t bytes = 0;
    for (ObjectInfo& object : page.objects) {
      if (!belongs_(Below(layout_, object.key), object)) continue;
      bytes += object.size;
      keys.push_back(std::move(object.key));
    }
    if (keys.empty()) return false;
    MBK_TRY(still_ours_());
    MBK_TRY(store_.Delete(keys, context));
    MBK_TRY(CheckProgress(keys));
    progress_.Add(static_cast<std::int64_t>(keys.size()), bytes);
    return true;
  }

  // A store that keeps what it was told to delete, or a program that writes here at the same time, must not
  // hold us for ever.
  Status CheckProgress(const std::vector<ObjectKey>& keys) {
    constexpr int kMostRounds = 8;
    rounds_ = keys.front() == first_ ? rounds_ + 1 : 0;
    first_ = keys.front();
    if (rounds_ < kMostRounds) return {};
    return FailedPrecondition(fmt::format(
        "{} is there again each time it is deleted: the store keeps it, or another program writes it",
        store_.identity().Url(first_)));
  }

  ObjectStore& store_;
  const BackupLayout& layout_;
  const Belongs belongs_;
  Progress& progress_;
  const StillOurs& still_ours_;
  ObjectKey first_;
  int rounds_ = 0;
};

// Says that what lies here is being removed.
Status Mark(ObjectStore& store, const BackupLayout& layout, const LockOwner& owner,
            const CallContext& context) {
  return store.Put({.key = layout.Meta(kDeleting), .body = LockToJson(owner)}, context).status();
}

// What a killed run made on a disk for files that never came.
Status RemoveEmptyDirectories(ObjectStore& store, const BackupLayout& layout, const CallContext& context) {
  const auto is_of_layout = [&](std::string_view key) {
    const BackupPart part = PartOf(key.substr(layout.prefix().size()), 0);
    return part == BackupPart::kDirectory || part == BackupPart::kData || part == BackupPart::kBundle;
  };
  return store.RemoveEmptyDirectories(layout.prefix(), is_of_layout, context);
}

Status RemoveMarked(ObjectStore& store, const BackupLayout& layout, Removal::Belongs belongs,
                    Progress& progress, const StillOurs& still_ours, const CallContext& context) {
  const ObjectKey commit[] = {layout.Meta(kBackupMeta)}, marker[] = {layout.Meta(kDeleting)};
  MBK_TRY(still_ours());
  MBK_TRY(store.Delete(commit, context));
  MBK_TRY(Removal(store, layout, std::move(belongs), progress, still_ours).Run(context));
  MBK_TRY(RemoveEmptyDirectories(store, layout, context));
  MBK_TRY(still_ours());
  return store.Delete(marker, context);
}

}  // namespace

Status BackupWriter::CheckFree(ObjectReader& store, const BackupLayout& layout, const CallContext& context) {
  const Result<bool> was_taken = IsTaken(store, layout, context);
  if (was_taken.status().code() == Code::kNotFound) return {};  // nor is its bucket there
  MBK_TRY(was_taken.status());
  return *was_taken ? Taken(store, layout, context) : Status();
}

Result<std::unique_ptr<BackupWriter>> BackupWriter::Begin(ObjectStore& store, const BackupLayout& layout,
                                                          std::string_view verb, const CallContext& context,
                                                          LockClock& clock) {
  // Before the lock: that of a run that was killed may be all that tells whose the rest is, and stays.
  MBK_TRY(CheckFree(store, layout, context));
  MBK_TRY_ASSIGN(std::unique_ptr<BackupLock> lock, BackupLock::Acquire(store, layout, verb, context, clock));
  // And under it, so that two runs cannot both find the place empty.
  MBK_TRY_ASSIGN(const bool is_taken, IsTaken(store, layout, context));
  if (is_taken)
    return AlreadyExists(fmt::format("backup {} was written by another run in this moment", layout.name()));
  return std::unique_ptr<BackupWriter>(new BackupWriter(store, layout, std::move(lock)));
}

Status BackupWriter::Commit(const Backup& backup, const CallContext& context) {
  id_ = backup.id;
  // Whole and level files first; a reader finds the backup only once backup_meta.json is there.
  for (const MetaFile& file : kMetaFiles) {
    MBK_TRY(Check(context));
    MBK_TRY(WriteMeta(fenced_, layout_, file, backup, context));
  }
  Release(context);
  return {};
}

void BackupWriter::Release(const CallContext& context) {
  Status released = lock_->Release(context);
  if (!released.ok())
    log::Warn("the backup {} is complete, but its lock stays behind: {}", layout_.name(), released.message());
}

Status BackupWriter::Abandon(const CallContext& context) {
  Status removed = RemoveWhatWasWritten(context);
  Status released = lock_->Release(context);
  return removed.ok() ? released : removed;
}

// Whether a backup that is not of this run lies there: then its files may be under keys that this run wrote,
// too.
Result<bool> BackupWriter::OthersCommitted(const CallContext& context) {
  const ObjectKey commit = layout_.Meta(kBackupMeta);
  if (!fenced_.Wrote(commit)) {
    Status there = fenced_.Head(commit, context).status();
    if (there.code() == Code::kNotFound) return false;
    MBK_TRY(std::move(there));
    return true;
  }
  if (id_.empty()) return false;
  ObjectInputBuf buffer(fenced_, commit, context);
  std::istream stream(&buffer);
  Result<Backup> there = manifest::ReadBackupMeta(stream);
  if (buffer.status().code() == Code::kNotFound) return false;
  MBK_TRY(buffer.status());
  return there.ok() && there->id != id_;
}

Status BackupWriter::RemoveWhatWasWritten(const CallContext& context) {
  MBK_TRY(Check(context));
  MBK_TRY_ASSIGN(const bool others, OthersCommitted(context));
  if (others) {
    return FailedPrecondition(
        fmt::format("a backup that this run did not write was finished at {} meanwhile: nothing "
                    "is removed there",
                    fenced_.identity().Url(ObjectKey(layout_.prefix()))));
  }
  // Should it not come to its end. On a full disk the marker cannot be written, and the rest can go.
  const Status marked = Mark(fenced_, layout_, ThisProcess("clean-up"), context);
  if (!marked.ok()) log::Warn("{}", marked.message());
  std::int64_t foreign = 0;
  auto is_ours = [&](std::string_view key, const ObjectInfo& object) {
    const BackupPart part = PartOf(key, object.size);
    if (part == BackupPart::kLock || part == BackupPart::kDeleting) return false;
    const bool ours = fenced_.Wrote(object.key);
    foreign += !ours;
    return ours;
  };
  Progress unseen;
  MBK_TRY(RemoveMarked(fenced_, layout_, is_ours, unseen, [&] { return Check(context); }, context));
  if (foreign > 0) {
    log::Warn("not all objects below {} were written by this run: others stay there",
              fenced_.identity().Url(ObjectKey(layout_.prefix())));
  }
  return {};
}

Result<BackupFiles> CountBackupFiles(ObjectReader& store, const BackupLayout& layout, bool has_bundle,
                                     const CallContext& context) {
  constexpr std::size_t kMostSamples = 5;
  BackupFiles files;
  const ObjectKey commit = layout.Meta(kBackupMeta);
  MBK_TRY(ForEachObject(store, layout.prefix(), context, [&](const ObjectInfo& object) {
    const BackupPart part = PartOf(Below(layout, object.key), object.size);
    if (part == BackupPart::kLock || part == BackupPart::kDeleting) return Status();
    files.youngest_ms = std::max(files.youngest_ms, object.last_modified_ms);
    if (!IsOwn(part, has_bundle)) {
      if (++files.foreign <= static_cast<std::int64_t>(kMostSamples))
        files.foreign_samples.push_back(store.identity().Url(object.key));
      return Status();
    }
    files.committed |= object.key == commit;
    files.bytes += object.size;
    ++files.objects;
    return Status();
  }));
  return files;
}

Status RemoveBackupFiles(ObjectStore& store, const BackupLayout& layout, bool has_bundle,
                         const LockOwner& owner, Progress& progress, const StillOurs& still_ours,
                         const CallContext& context) {
  auto is_own = [has_bundle](std::string_view key, const ObjectInfo& object) {
    return IsOwn(PartOf(key, object.size), has_bundle);
  };
  MBK_TRY(still_ours());
  MBK_TRY(Mark(store, layout, owner, context));
  return RemoveMarked(store, layout, is_own, progress, still_ours, context);
}

}  // namespace mbk
