#include "repository/level_check.h"

#include <fmt/core.h>

#include <array>
#include <istream>
#include <sstream>
#include <string_view>
#include <utility>

#include "manifest/keys.h"
#include "manifest/manifest.h"
#include "manifest/whole.h"
#include "repository/object_stream.h"

namespace mbk {
namespace {

constexpr std::array kLevels{kCollectionMeta, kPartitionMeta, kSegmentMeta};

Result<bool> IsThere(ObjectReader& store, const ObjectKey& key, const CallContext& context) {
  const Status found = store.Head(key, context).status();
  if (found.code() == Code::kNotFound) return false;
  MBK_TRY(found);
  return true;
}

Status CheckHead(ObjectReader& store, const OpenedBackup& opened, Findings& findings,
                 const CallContext& context) {
  ObjectInputBuf buffer(store, opened.layout.Meta(kBackupMeta), context);
  std::istream stream(&buffer);
  const Result<Backup> head = manifest::ReadBackupMeta(stream);
  if (buffer.status().code() == Code::kNotFound) return {};  // OpenBackup has its own opinion on that
  MBK_TRY(buffer.status());
  if (!head.ok())
    findings.Add(head.status().message());
  else
    FindHeadContradictions(opened.backup, *head, findings);
  return {};
}

Result<std::vector<std::string>> MissingLevels(ObjectReader& store, const BackupLayout& layout,
                                               const CallContext& context) {
  std::vector<std::string> missing;
  for (const std::string_view file : kLevels) {
    MBK_TRY_ASSIGN(const bool there, IsThere(store, layout.Meta(file), context));
    if (!there) missing.push_back(fmt::format("meta/{}", file));
  }
  return missing;
}

Result<Backup> ReadLevelsAlone(ObjectReader& store, const BackupLayout& layout, const CallContext& context) {
  ObjectInputBuf collections(store, layout.Meta(kCollectionMeta), context),
      partitions(store, layout.Meta(kPartitionMeta), context),
      segments(store, layout.Meta(kSegmentMeta), context);
  std::istream collections_in(&collections), partitions_in(&partitions), segments_in(&segments);
  std::istringstream head("{}");
  Result<Backup> levels = manifest::ReadLevelFiles({head, collections_in, partitions_in, segments_in});
  // The parser sees a failed read as the end of its text: the read's own error says more.
  for (const ObjectInputBuf* buffer : {&collections, &partitions, &segments}) MBK_TRY(buffer->status());
  return levels;
}

Status CheckLevels(ObjectReader& store, const OpenedBackup& opened, Findings& findings,
                   const CallContext& context) {
  const Result<Backup> levels = ReadLevelsAlone(store, opened.layout, context);
  if (levels.ok())
    findings.Add(FindContradictions(opened.backup, *levels));
  else if (levels.status().code() == Code::kDataLoss)
    findings.Add(levels.status().message());
  else
    return levels.status();
  return {};
}

}  // namespace

Result<LevelFindings> ExamineLevels(ObjectReader& store, const OpenedBackup& opened,
                                    const CallContext& context) {
  LevelFindings findings;
  MBK_TRY_ASSIGN(const bool has_full, IsThere(store, opened.layout.Meta(kFullMeta), context));
  if (!has_full) return findings;
  MBK_TRY(CheckHead(store, opened, findings.contradictions, context));
  if (!opened.backup.format.empty()) return findings;  // whose level files are not known
  MBK_TRY_ASSIGN(findings.missing, MissingLevels(store, opened.layout, context));
  if (findings.missing.empty()) MBK_TRY(CheckLevels(store, opened, findings.contradictions, context));
  // Some writers leave all of them out.
  if (findings.missing.size() == kLevels.size()) findings.missing.clear();
  return findings;
}

}  // namespace mbk
