#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/reach.h"
#include "manifest/object_index.h"
#include "manifest/tree_form.h"
#include "manifest/whole.h"
#include "ops/open_backup.h"
#include "ops/rows/row_proof.h"
#include "ops/verify/checksums.h"
#include "ops/verify/verify.h"
#include "ops/whole_backup.h"
#include "repository/level_check.h"
#include "repository/meta_records.h"
#include "repository/repository.h"
#include "repository/tree_check.h"

namespace mbk {
namespace {

// What one level adds to what was found before.
class Verification {
 public:
  Verification(const VerifyOptions& options, const BackupSide& side, const RunServices& run,
               const CallContext& context)
      : report_{.name = options.name, .level = options.level},
        store_(side.store),
        reach_(side.reach),
        run_(run),
        context_(context) {}

  // The metadata by themselves: what they promise they must name, and all files of them must say the same.
  Status LookAtMetadata(const OpenedBackup& opened) {
    damage_.Add(FindUnwhole(opened.backup));
    MBK_TRY_ASSIGN(const LevelFindings levels, ExamineLevels(store_, opened, context_));
    damage_.Add(levels.contradictions);
    MBK_TRY_ASSIGN(const MetaRecordFindings recorded, CheckRecordedMeta(store_, opened, context_));
    damage_.Add(recorded.changed);
    for (const std::string& file : recorded.missing)
      damage_.Add(fmt::format("{} is missing, and was written: meta/{} has a record of it", file, kObjects));
    for (const std::string& file : levels.missing)
      if (std::ranges::find(recorded.missing, file) == recorded.missing.end())
        damage_.Add(fmt::format("{} is missing, though others of the level files are there", file));
    for (const std::string& file : recorded.unrecorded)
      report_.unproven.push_back(
          fmt::format("{} has no digest in meta/{}: a value in it that changed into another cannot be told",
                      file, kObjects));
    if (recorded.has_records && !recorded.any_recorded && report_.level == VerifyLevel::kChecksum)
      report_.unproven.push_back(fmt::format(
          "the files of meta/ are not recorded in meta/{} (earlier versions recorded data alone): a "
          "value in them that changed into another cannot be told",
          kObjects));
    report_.meta_files_compared = recorded.compared;
    // What the backup lacks although it can be read.
    report_.unproven.insert(report_.unproven.end(), opened.remarks.begin(), opened.remarks.end());
    return {};
  }

  // One listing tells what is missing, and what lies there that no metadata name.
  Status LookAtObjects(OpenedBackup& opened) {
    const ObjectIndex index(opened.backup.collections);
    auto is_expected = [&](const ObjectKey& key) { return IsMetaFile(opened.layout, key); };
    MBK_TRY_ASSIGN(const TreeFindings tree,
                   ExamineTree(store_, opened.layout.tree(), index, is_expected, context_));
    report_.objects = tree.objects;
    report_.bytes = tree.bytes;
    report_.foreign = tree.foreign.named();
    report_.foreign_found = tree.foreign.count();
    damage_.Add(tree.damage);
    if (tree.sizes_unknown > 0 && report_.level == VerifyLevel::kQuick)  // the others read them
      report_.unproven.push_back(fmt::format(
          "the metadata do not know the sizes of {} of {} objects; {}", tree.sizes_unknown, index.size(),
          Advise("whether they are whole tells",
                 CommandFor(reach_,
                            fmt::format("verify -n {} --level rows", ShellQuoted(opened.layout.name()))))));
    if (index.size() == 0)
      report_.unproven.push_back(opened.backup.collections.empty()
                                     ? "nothing to prove: the metadata name no collection"
                                     : "nothing to prove: the metadata name no rows and no files of them");
    return {};
  }

  Status LookAtBytes(OpenedBackup& opened) {
    run_.progress.Enter(Step::kVerify, report_.objects, report_.bytes);
    MBK_TRY_ASSIGN(
        ChecksumProof proof,
        VerifyChecksums(store_, opened.layout, ObjectIndex(opened.backup.collections), run_, context_));
    report_.objects_compared = proof.objects_compared;
    damage_.Add(proof.damage);
    // Objects without a digest have their rows read.
    if (report_.level != VerifyLevel::kRows)
      report_.unproven.insert(report_.unproven.end(), proof.unproven.begin(), proof.unproven.end());
    return {};
  }

  Status LookAtRows(const OpenedBackup& opened) {
    run_.progress.Enter(Step::kVerify, rows::CountSegments(opened.backup), opened.backup.size);
    MBK_TRY_ASSIGN(rows::BackupProof proof,
                   rows::ProveRows(store_, opened.layout.tree(), opened.backup, run_.progress, context_));
    report_.collections_as_recorded = rows::CompareWithRecord(opened.backup, proof);
    damage_.Add(proof.damage);
    report_.unproven.insert(report_.unproven.end(), proof.unproven.begin(), proof.unproven.end());
    report_.collections = std::move(proof.collections);
    return {};
  }

  void Note(std::string damage) { damage_.Add(std::move(damage)); }

  VerifyReport Report() {
    report_.damage_found = damage_.count();
    report_.damage = damage_.named();
    return std::move(report_);
  }

 private:
  VerifyReport report_;
  Findings damage_;
  ObjectReader& store_;
  const Reach& reach_;
  const RunServices& run_;
  const CallContext& context_;
};

}  // namespace

Result<VerifyReport> RunVerify(const VerifyOptions& options, BackupSide& side, const RunServices& run,
                               const CallContext& context) {
  run.progress.Enter(Step::kOpen);
  Verification verification(options, side, run, context);
  Result<OpenedBackup> opened = OpenBackup(side, options.name, context);
  if (opened.status().code() ==
      Code::kDataLoss) {  // what cannot be read as metadata is damage, not an obstacle
    verification.Note(opened.status().message());
    return verification.Report();
  }
  MBK_TRY(opened.status());
  MBK_TRY(RequireBinlogs(*opened, "verify"));

  run.progress.Enter(Step::kVerify);
  MBK_TRY(verification.LookAtMetadata(*opened));
  MBK_TRY(verification.LookAtObjects(*opened));
  if (options.level != VerifyLevel::kQuick) MBK_TRY(verification.LookAtBytes(*opened));
  if (options.level == VerifyLevel::kRows) MBK_TRY(verification.LookAtRows(*opened));
  // What a delete has taken in the meantime is no damage.
  MBK_TRY(StillThere(side, *opened, context));
  run.progress.Enter(Step::kDone);
  return verification.Report();
}

}  // namespace mbk
