#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "repository/object_stream.h"
#include "repository/repository.h"

namespace mbk {
namespace {

using MetaWriter = Status (*)(const Backup&, const manifest::TextSink&);

Status WriteMeta(ObjectStore& store, const BackupLayout& layout, std::string_view file, const Backup& backup,
                 MetaWriter write, const CallContext& context) {
  ObjectOutput output(store, layout.Meta(file), context);
  MBK_TRY(write(backup, [&](std::string_view text) { return output.Write(text); }));
  return output.Finish();
}

}  // namespace

Result<std::unique_ptr<BackupWriter>> BackupWriter::Begin(ObjectStore& store, const BackupLayout& layout,
                                                          std::string_view verb, const CallContext& context) {
  MBK_TRY_ASSIGN(std::unique_ptr<BackupLock> lock, BackupLock::Acquire(store, layout, verb, context));
  // Looked for under the lock, so that two runs cannot both find the place empty.
  MBK_TRY_ASSIGN(ListPage page, store.List({.prefix = layout.prefix(), .max_keys = 2}, context));
  const ObjectKey lock_key = layout.Meta(kLock);
  const bool taken = std::any_of(page.objects.begin(), page.objects.end(),
                                 [&](const ObjectInfo& o) { return o.key != lock_key; });
  if (taken) {
    const bool committed = store.Head(layout.Meta(kBackupMeta), context).ok();
    const std::string place = store.identity().Url(ObjectKey(layout.prefix()));
    if (!committed) {
      return AlreadyExists(
          fmt::format("an unfinished backup {0} lies at {1}; remove it with: milvus-backup delete -n {0}",
                      layout.name(), place));
    }
    return AlreadyExists(
        fmt::format("backup with name {0} already exist at {1}; choose another name, or remove it with: "
                    "milvus-backup delete -n {0}",
                    layout.name(), place));
  }
  return std::unique_ptr<BackupWriter>(new BackupWriter(store, layout, std::move(lock)));
}

Status BackupWriter::Commit(const Backup& backup, const CallContext& context) {
  // Whole and level files first; a reader finds the backup only once backup_meta.json is there.
  constexpr std::pair<std::string_view, MetaWriter> kFiles[] = {
      {kFullMeta, manifest::WriteFullMeta},
      {kCollectionMeta, manifest::WriteCollectionMeta},
      {kPartitionMeta, manifest::WritePartitionMeta},
      {kSegmentMeta, manifest::WriteSegmentMeta},
  };
  for (const auto& [file, write] : kFiles) MBK_TRY(WriteMeta(store_, layout_, file, backup, write, context));
  MBK_TRY(WriteMeta(store_, layout_, kBackupMeta, backup, manifest::WriteBackupMeta, context));
  Release(context);
  return {};
}

void BackupWriter::Release(const CallContext& context) {
  Status released = lock_->Release(context);
  if (!released.ok())
    log::Warn("the backup {} is complete, but its lock stays behind: {}", layout_.name(), released.message());
}

Status BackupWriter::Abandon(const CallContext& context) {
  Progress unseen;
  Status removed = RemoveBackupFiles(store_, layout_, unseen, context);
  Status released = lock_->Release(context);
  return removed.ok() ? released : removed;
}

Result<BackupFiles> CountBackupFiles(ObjectReader& store, const BackupLayout& layout,
                                     const CallContext& context) {
  BackupFiles files;
  const ObjectKey commit = layout.Meta(kBackupMeta), lock = layout.Meta(kLock);
  MBK_TRY(ForEachObject(store, layout.prefix(), context, [&](const ObjectInfo& object) {
    if (object.key == lock) return Status();
    files.committed |= object.key == commit;
    files.bytes += object.size;
    ++files.objects;
    return Status();
  }));
  return files;
}

Status RemoveBackupFiles(ObjectStore& store, const BackupLayout& layout, Progress& progress,
                         const CallContext& context) {
  const ObjectKey commit[] = {layout.Meta(kBackupMeta)};
  const ObjectKey lock = layout.Meta(kLock);
  MBK_TRY(store.Delete(commit, context));
  // The first page again and again: what was deleted is gone from it, and no page token has to survive
  // the deletion of the keys it points between.
  for (;;) {
    MBK_TRY_ASSIGN(ListPage page, store.List({.prefix = layout.prefix()}, context));
    std::vector<ObjectKey> keys;
    std::int64_t bytes = 0;
    for (ObjectInfo& object : page.objects) {
      if (object.key == lock) continue;
      bytes += object.size;
      keys.push_back(std::move(object.key));
    }
    if (keys.empty()) return {};
    MBK_TRY(store.Delete(keys, context));
    progress.Add(static_cast<std::int64_t>(keys.size()), bytes);
  }
}

}  // namespace mbk
