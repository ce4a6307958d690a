#include <algorithm>

#include "manifest/keys.h"
#include "manifest/manifest.h"
#include "ops/list/list.h"
#include "ops/open_backup.h"
#include "ops/select/filter.h"
#include "repository/level_check.h"
#include "repository/meta_records.h"
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

// One odd backup does not end the list of the others.
void MarkUnreadable(BackupEntry& entry, const Status& failure) {
  entry.state = EntryState::kUnreadable;
  entry.problem = failure.message();
  entry.refused = failure.code() == Code::kPermissionDenied;
}

}  // namespace

Result<std::vector<BackupEntry>> RunList(const ListOptions& options, BackupSide& side,
                                         const CallContext& context) {
  MBK_TRY_ASSIGN(std::vector<BackupEntry> entries, ListBackups(side.store, side.root, context));
  if (options.collection.empty()) return entries;
  std::vector<BackupEntry> listed;
  for (BackupEntry& entry : entries) {
    if (entry.state == EntryState::kUnreadable) listed.push_back(std::move(entry));
    if (entry.state != EntryState::kComplete) continue;
    const Result<bool> holds = Holds(side, entry.name, options.collection, context);
    MBK_TRY(context.Check());
    if (!holds.ok()) {
      MarkUnreadable(entry, holds.status());
      listed.push_back(std::move(entry));
    } else if (*holds) {
      listed.push_back(std::move(entry));
    }
  }
  return listed;
}

Result<GetReport> RunGet(const GetOptions& options, BackupSide& side, const CallContext& context) {
  MBK_TRY_ASSIGN(OpenedBackup opened, OpenBackup(side, options.name, context));
  MBK_TRY_ASSIGN(const LevelFindings levels, ExamineLevels(side.store, opened, context));
  MBK_TRY_ASSIGN(const MetaRecordFindings recorded, CheckRecordedMeta(side.store, opened, context));
  Findings contradictions = levels.contradictions;
  contradictions.Add(recorded.changed);
  GetReport report{.contradictions = contradictions.named()};
  if (!options.detail) {
    report.json = manifest::BriefJson(opened.backup, opened.meta_size);
    return report;
  }
  MBK_TRY(manifest::WriteFullMeta(opened.backup, [&](std::string_view piece) {
    report.json += piece;
    return Status();
  }));
  return report;
}

}  // namespace mbk
