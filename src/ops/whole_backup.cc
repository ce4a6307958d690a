#include "ops/whole_backup.h"

#include <fmt/core.h>

#include <set>
#include <string>
#include <utility>

#include "base/findings.h"
#include "base/log.h"
#include "base/reach.h"
#include "manifest/object_index.h"
#include "manifest/whole.h"
#include "repository/level_check.h"
#include "repository/meta_records.h"
#include "repository/tree_check.h"

namespace mbk {
namespace {

constexpr std::size_t kNamedInAnError = 3;

// The files of a backup that is not whole which are lost or damaged as well: whoever mends its metadata would
// meet them next. Beside what was found, what the store refuses to say is no error.
std::string LostToo(const BackupSide& side, const OpenedBackup& opened,
                    const std::vector<const Collection*>& used, const CallContext& context) {
  if (!opened.backup.format.empty()) return "";
  Findings lost;
  for (const Collection* collection : used) {
    std::vector<Collection> one{*collection};
    const ObjectIndex index(one);
    const Result<CollectionFindings> found = ExamineCollection(
        side.store, opened.layout.tree(), collection->collection_id, index, TreeMatch(), context);
    if (found.ok()) lost.Add(found->damage);
  }
  const Status status = DamageOf(lost, side.store, opened.layout.tree());
  return status.ok() ? "" : fmt::format("Besides, in {}. ", status.message());
}

}  // namespace

Status RequireWhole(const BackupSide& side, const OpenedBackup& opened,
                    const std::vector<const Collection*>& used, const CallContext& context) {
  Findings findings;
  if (opened.backup.format.empty()) {  // metadata of another format do not name what it consists of
    FindDoubles(opened.backup, findings);
    for (const Collection* collection : used) FindGaps(opened.backup, *collection, findings);
  }
  MBK_TRY_ASSIGN(const LevelFindings levels, ExamineLevels(side.store, opened, context));
  findings.Add(levels.contradictions);
  MBK_TRY_ASSIGN(const MetaRecordFindings recorded, CheckRecordedMeta(side.store, opened, context));
  findings.Add(recorded.changed);
  const std::string& name = opened.layout.name();
  if (findings.empty()) {
    std::set<std::string> lost(recorded.missing.begin(), recorded.missing.end());
    lost.insert(levels.missing.begin(), levels.missing.end());
    for (const std::string& file : lost)
      log::Warn("backup {} has lost {}; the rest of its metadata are whole, and it is read from them", name,
                file);
    return {};
  }
  return DataLoss(fmt::format(
      "backup {} is not whole: {}. {}Nothing was changed. {}", name, findings.Summary(kNamedInAnError),
      LostToo(side, opened, used, context),
      Advise("All that is wrong with it shows", CommandFor(side.reach, "verify -n " + ShellQuoted(name)))));
}

Status RequireWhole(const BackupSide& side, const OpenedBackup& opened, const CallContext& context) {
  std::vector<const Collection*> all;
  for (const Collection& collection : opened.backup.collections) all.push_back(&collection);
  return RequireWhole(side, opened, all, context);
}

Status RequireBinlogs(const OpenedBackup& opened, std::string_view verb) {
  if (opened.backup.format.empty()) return {};
  return FailedPrecondition(fmt::format(
      "backup {} has the format \"{}\": its rows lie in a bundle that only Milvus reads, and that {} cannot "
      "work on",
      opened.layout.name(), opened.backup.format, verb));
}

}  // namespace mbk
