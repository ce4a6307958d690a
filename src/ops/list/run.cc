#include <algorithm>

#include "manifest/keys.h"
#include "manifest/manifest.h"
#include "ops/list/list.h"
#include "ops/select/filter.h"
#include "repository/repository.h"

namespace mbk {
namespace {

Result<bool> Holds(const BackupSide& side, const std::string& backup, const std::string& wanted,
                   const CallContext& context) {
  const bool qualified = wanted.find('.') != std::string::npos;
  const std::string full = qualified ? wanted : std::string(kDefaultDatabase) + "." + wanted;
  MBK_TRY_ASSIGN(std::vector<std::string> names,
                 ReadCollectionNames(side.store, BackupLayout(side.root, backup), context));
  return std::find(names.begin(), names.end(), full) != names.end();
}

}  // namespace

Result<std::vector<ListedBackup>> RunList(const ListOptions& options, BackupSide& side,
                                          const CallContext& context) {
  MBK_TRY_ASSIGN(std::vector<BackupEntry> entries, ListBackups(side.store, side.root, context));
  std::vector<ListedBackup> listed;
  for (BackupEntry& entry : entries) {
    if (!options.collection.empty()) {
      if (!entry.complete) continue;
      MBK_TRY_ASSIGN(bool holds, Holds(side, entry.name, options.collection, context));
      if (!holds) continue;
    }
    listed.push_back({std::move(entry.name), entry.complete, entry.size, std::move(entry.milvus_version),
                      std::move(entry.problem)});
  }
  return listed;
}

Result<std::string> RunGet(const GetOptions& options, BackupSide& side, const CallContext& context) {
  MBK_TRY_ASSIGN(OpenedBackup opened, OpenBackup(side.store, BackupLayout(side.root, options.name), context));
  if (!options.detail) return manifest::BriefJson(opened.backup, opened.meta_size);
  std::string text;
  MBK_TRY(manifest::WriteFullMeta(opened.backup, [&](std::string_view piece) {
    text += piece;
    return Status();
  }));
  return text;
}

}  // namespace mbk
