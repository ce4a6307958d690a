#include <fmt/core.h>

#include <istream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/parallel.h"
#include "repository/object_stream.h"
#include "repository/repository.h"

namespace mbk {
namespace {

constexpr int kListConcurrency = 32;
constexpr std::int64_t kMaxBackupMetaBytes = 64LL << 20;  // rbac and flush messages live there in l0compact's

// Parse an object with `parse(std::istream&)`; an error names the object.
template <class Parse>
auto ParseObject(ObjectReader& store, const ObjectKey& key, const CallContext& context, std::int64_t* size,
                 Parse&& parse) -> decltype(parse(std::declval<std::istream&>())) {
  ObjectInputBuf buffer(store, key, context);
  std::istream stream(&buffer);
  auto parsed = parse(stream);
  // The parser sees a failed read as the end of its text: the read's own error says more.
  if (!buffer.status().ok()) return buffer.status();
  if (!parsed.ok()) return parsed.status().WithContext(store.identity().Url(key));
  if (size != nullptr) *size += buffer.object_size();
  return parsed;
}

BackupEntry ReadEntry(ObjectReader& store, const std::string& root, const std::string& name,
                      const CallContext& context) {
  BackupEntry entry{.name = name};
  const ObjectKey key = BackupLayout(root, name).Meta(kBackupMeta);
  Result<std::string> json = ReadObject(store, key, kMaxBackupMetaBytes, context);
  if (!json.ok()) {
    entry.problem = json.status().code() == Code::kNotFound
                        ? fmt::format("unfinished: meta/{} is missing", kBackupMeta)
                        : json.status().message();
    return entry;
  }
  std::istringstream stream(*std::move(json));
  Result<Backup> backup = manifest::ReadBackupMeta(stream);
  if (!backup.ok()) {
    entry.problem = backup.status().WithContext(store.identity().Url(key)).message();
    return entry;
  }
  entry.complete = true;
  entry.size = backup->size;
  entry.milvus_version = backup->milvus_version;
  return entry;
}

Result<std::vector<std::string>> ListNames(ObjectReader& store, const std::string& root,
                                           const CallContext& context) {
  const std::string prefix = root.empty() ? "" : JoinKey(root, "/");
  std::vector<std::string> names;
  ListRequest request{.prefix = prefix, .delimiter = "/"};
  do {
    MBK_TRY_ASSIGN(ListPage page, store.List(request, context));
    for (const std::string& directory : page.common_prefixes) {
      names.push_back(directory.substr(prefix.size(), directory.size() - prefix.size() - 1));
    }
    request.page_token = std::move(page.next_page_token);
  } while (!request.page_token.empty());
  return names;
}

Result<Backup> ReadFull(ObjectReader& store, const BackupLayout& layout, std::int64_t* size,
                        const CallContext& context) {
  return ParseObject(store, layout.Meta(kFullMeta), context, size,
                     [](std::istream& in) { return manifest::ReadFullMeta(in); });
}

Result<Backup> ReadLevels(ObjectReader& store, const BackupLayout& layout, std::int64_t* size,
                          const CallContext& context) {
  ObjectInputBuf backup(store, layout.Meta(kBackupMeta), context),
      collection(store, layout.Meta(kCollectionMeta), context),
      partition(store, layout.Meta(kPartitionMeta), context),
      segment(store, layout.Meta(kSegmentMeta), context);
  std::istream backup_in(&backup), collection_in(&collection), partition_in(&partition), segment_in(&segment);
  Result<Backup> parsed = manifest::ReadLevelFiles({backup_in, collection_in, partition_in, segment_in});
  for (const ObjectInputBuf* buffer : {&backup, &collection, &partition, &segment}) {
    if (!buffer->status().ok()) return buffer->status();
    *size += std::max<std::int64_t>(0, buffer->object_size());
  }
  return parsed;
}

// The other meta files, for the figure that `get` prints; full_meta.json is counted by its reader.
Result<std::int64_t> LevelFilesSize(ObjectReader& store, const BackupLayout& layout,
                                    const CallContext& context) {
  std::int64_t size = 0;
  for (std::string_view file : {kBackupMeta, kCollectionMeta, kPartitionMeta, kSegmentMeta}) {
    Result<ObjectInfo> info = store.Head(layout.Meta(file), context);
    if (info.ok())
      size += info->size;
    else if (info.status().code() != Code::kNotFound)
      return info.status();
  }
  return size;
}

Status NoSuchBackup(ObjectReader& store, const BackupLayout& layout, const CallContext& context) {
  std::string message = fmt::format("backup {} not found", layout.name());
  MBK_TRY_ASSIGN(ListPage page, store.List({.prefix = layout.prefix(), .max_keys = 1}, context));
  if (!page.objects.empty()) {
    message += fmt::format(" (an unfinished one lies at {}; remove it with: milvus-backup delete -n {})",
                           store.identity().Url(ObjectKey(layout.prefix())), layout.name());
  } else {
    message += fmt::format(" at {}", store.identity().Url(ObjectKey(layout.prefix())));
  }
  return NotFound(std::move(message));
}

}  // namespace

Result<std::vector<BackupEntry>> ListBackups(ObjectReader& store, const std::string& backup_root,
                                             const CallContext& context) {
  MBK_TRY_ASSIGN(std::vector<std::string> names, ListNames(store, backup_root, context));
  std::vector<BackupEntry> entries(names.size());
  MBK_TRY(ParallelFor(names.size(), kListConcurrency, context, [&](std::size_t i, const CallContext& inner) {
    entries[i] = ReadEntry(store, backup_root, names[i], inner);
    return Status();
  }));
  return entries;
}

Result<OpenedBackup> OpenBackup(ObjectReader& store, const BackupLayout& layout, const CallContext& context) {
  Status committed = store.Head(layout.Meta(kBackupMeta), context).status();
  if (committed.code() == Code::kNotFound) return NoSuchBackup(store, layout, context);
  MBK_TRY(std::move(committed));
  OpenedBackup opened{.layout = layout};
  Result<Backup> backup = ReadFull(store, layout, &opened.meta_size, context);
  if (backup.ok()) {
    MBK_TRY_ASSIGN(std::int64_t levels, LevelFilesSize(store, layout, context));
    opened.meta_size += levels;
  } else if (backup.status().code() == Code::kNotFound) {  // written before Go 0.3.1
    backup = ReadLevels(store, layout, &opened.meta_size, context);
  }
  if (!backup.ok())
    return backup.status().WithContext(fmt::format("backup {}: its metadata cannot be read", layout.name()));
  opened.backup = *std::move(backup);
  return opened;
}

Result<std::vector<std::string>> ReadCollectionNames(ObjectReader& store, const BackupLayout& layout,
                                                     const CallContext& context) {
  return ParseObject(store, layout.Meta(kCollectionMeta), context, nullptr,
                     [](std::istream& in) { return manifest::ReadCollectionNames(in); });
}

}  // namespace mbk
