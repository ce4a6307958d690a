#include <fmt/core.h>

#include <istream>
#include <optional>
#include <utility>

#include "base/parallel.h"
#include "repository/meta_file.h"
#include "repository/repository.h"

namespace mbk {
namespace {

constexpr int kListConcurrency = 32;

EntryState StateOf(PlaceKind kind) {
  switch (kind) {
    case PlaceKind::kBackup:
    case PlaceKind::kCommitMissing:
      return EntryState::kComplete;
    case PlaceKind::kDamaged:
      return EntryState::kUnreadable;
    case PlaceKind::kBeingDeleted:
      return EntryState::kBeingDeleted;
    case PlaceKind::kOurUnfinished:
    case PlaceKind::kUnfinished:
      return EntryState::kUnfinished;
    case PlaceKind::kEmpty:
    case PlaceKind::kForeign:
      break;
  }
  return EntryState::kForeign;
}

// nullopt where nothing lies: versioned buckets list directories of which only old versions are left.
std::optional<BackupEntry> ReadEntry(ObjectReader& store, const std::string& root, const std::string& name,
                                     const CallContext& context) {
  Result<BackupPlace> place = LookAt(store, BackupLayout(root, name), context);
  if (!place.ok()) {
    const Status failure = place.status();
    return BackupEntry{.name = name,
                       .state = EntryState::kUnreadable,
                       .problem = failure.message(),
                       .refused = failure.code() == Code::kPermissionDenied};
  }
  if (place->kind == PlaceKind::kEmpty) return std::nullopt;
  return BackupEntry{.name = name,
                     .state = StateOf(place->kind),
                     .size = place->head.size,
                     .milvus_version = std::move(place->head.milvus_version),
                     .problem = std::move(place->seen)};
}

Result<std::vector<std::string>> ListNames(ObjectReader& store, const std::string& root,
                                           const CallContext& context) {
  const std::string prefix = root.empty() ? "" : JoinKey(root, "/");
  std::vector<std::string> names;
  ListRequest request{.prefix = prefix, .delimiter = "/"};
  for (;;) {
    MBK_TRY_ASSIGN(const ListPage page, store.List(request, context));
    for (const std::string& directory : page.common_prefixes) {
      // A key with two slashes in a row has an empty name there, which no backup has.
      const std::string name = directory.substr(prefix.size(), directory.size() - prefix.size() - 1);
      if (!name.empty()) names.push_back(name);
    }
    if (page.next_page_token.empty()) return names;
    MBK_TRY(TurnPage(request, page, store.identity()));
  }
}

Result<Backup> ReadFull(ObjectReader& store, const BackupLayout& layout, const CallContext& context) {
  return ParseObject(store, layout.Meta(kFullMeta), context, nullptr,
                     [](std::istream& in) { return manifest::ReadFullMeta(in); });
}

Result<Backup> ReadLevels(ObjectReader& store, const BackupLayout& layout, const CallContext& context) {
  ObjectInputBuf backup(store, layout.Meta(kBackupMeta), context),
      collection(store, layout.Meta(kCollectionMeta), context),
      partition(store, layout.Meta(kPartitionMeta), context),
      segment(store, layout.Meta(kSegmentMeta), context);
  std::istream backup_in(&backup), collection_in(&collection), partition_in(&partition), segment_in(&segment);
  Result<Backup> parsed = manifest::ReadLevelFiles({backup_in, collection_in, partition_in, segment_in});
  for (const ObjectInputBuf* buffer : {&backup, &collection, &partition, &segment}) {
    if (!buffer->status().ok()) return buffer->status();
  }
  return parsed;
}

Status NoSuchBackup(ObjectReader& store, const BackupLayout& layout, const BackupPlace& place) {
  const std::string what = fmt::format("backup {} not found at {}", layout.name(),
                                       store.identity().Url(ObjectKey(layout.prefix())));
  return NotFound(place.seen.empty() ? what : fmt::format("{}: {}", what, place.seen));
}

}  // namespace

Result<std::vector<BackupEntry>> ListBackups(ObjectReader& store, const std::string& backup_root,
                                             const CallContext& context) {
  MBK_TRY_ASSIGN(std::vector<std::string> names, ListNames(store, backup_root, context));
  std::vector<std::optional<BackupEntry>> found(names.size());
  MBK_TRY(ParallelFor(names.size(), kListConcurrency, context, [&](std::size_t i, const CallContext& inner) {
    found[i] = ReadEntry(store, backup_root, names[i], inner);
    return inner.Check();  // a stop is no finding
  }));
  std::vector<BackupEntry> entries;
  for (std::optional<BackupEntry>& entry : found)
    if (entry) entries.push_back(*std::move(entry));
  return entries;
}

Result<OpenedBackup> OpenBackup(ObjectReader& store, const BackupLayout& layout, const CallContext& context) {
  MBK_TRY_ASSIGN(const BackupPlace place, LookAt(store, layout, context));
  return OpenBackup(store, layout, place, context);
}

Result<OpenedBackup> OpenBackup(ObjectReader& store, const BackupLayout& layout, const BackupPlace& place,
                                const CallContext& context) {
  const bool is_whole = place.kind == PlaceKind::kBackup || place.kind == PlaceKind::kCommitMissing;
  if (!is_whole && place.kind != PlaceKind::kDamaged) return NoSuchBackup(store, layout, place);
  OpenedBackup opened{.layout = layout,
                      .meta_size = place.meta.Bytes(),
                      .commit_etag = place.meta.commit_etag,
                      .marker_etag = place.meta.marker_etag};
  if (!place.seen.empty()) opened.remarks.push_back(place.seen);
  // Without full_meta.json it was written before Go 0.3.1.
  Result<Backup> backup = place.meta.Has(kFullMeta)           ? ReadFull(store, layout, context)
                          : place.kind == PlaceKind::kDamaged ? DataLoss(place.seen)
                                                              : ReadLevels(store, layout, context);
  if (!backup.ok())
    return backup.status().WithContext(fmt::format("backup {}: its metadata cannot be read", layout.name()));
  opened.backup = *std::move(backup);
  return opened;
}

Result<std::vector<std::string>> ReadCollectionNames(ObjectReader& store, const BackupLayout& layout,
                                                     const CallContext& context) {
  auto parse = [](std::istream& in) { return manifest::ReadCollectionNames(in); };
  Result<std::vector<std::string>> names =
      ParseObject(store, layout.Meta(kCollectionMeta), context, nullptr, parse);
  if (names.status().code() != Code::kNotFound) return names;
  return ParseObject(store, layout.Meta(kFullMeta), context, nullptr, parse);
}

}  // namespace mbk
