#include <fmt/core.h>

#include <utility>

#include "manifest/object_index.h"
#include "ops/rows/row_proof.h"
#include "ops/verify/checksums.h"
#include "ops/verify/verify.h"
#include "repository/repository.h"
#include "repository/tree_check.h"

namespace mbk {
namespace {

constexpr std::size_t kMostSamples = 100;

Status VerifyObjects(ObjectReader& store, OpenedBackup& opened, VerifyReport& report,
                     const CallContext& context) {
  const ObjectIndex index(opened.backup.collections);
  MBK_TRY_ASSIGN(TreeFindings findings,
                 ExamineTree(store, opened.layout.tree(), index, kMostSamples, context));
  report.objects = findings.objects;
  report.bytes = findings.bytes;
  report.damage = std::move(findings.samples);
  if (static_cast<std::size_t>(findings.problems) > kMostSamples)
    report.damage.push_back(
        fmt::format("and {} more objects", findings.problems - static_cast<std::int64_t>(kMostSamples)));
  return {};
}

Status VerifyRows(ObjectReader& store, const OpenedBackup& opened, VerifyReport& report,
                  const RunServices& run, const CallContext& context) {
  run.progress.Enter(Step::kVerify, rows::CountSegments(opened.backup), opened.backup.size);
  MBK_TRY_ASSIGN(rows::BackupProof proof,
                 rows::ProveRows(store, opened.layout.tree(), opened.backup, run.progress, context));
  report.collections_as_recorded = rows::CompareWithRecord(opened.backup, proof);
  report.damage.insert(report.damage.end(), proof.damage.begin(), proof.damage.end());
  report.unproven.insert(report.unproven.end(), proof.unproven.begin(), proof.unproven.end());
  report.collections = std::move(proof.collections);
  return {};
}

}  // namespace

Result<VerifyReport> RunVerify(const VerifyOptions& options, BackupSide& side, const RunServices& run,
                               const CallContext& context) {
  run.progress.Enter(Step::kOpen);
  MBK_TRY_ASSIGN(OpenedBackup opened, OpenBackup(side.store, BackupLayout(side.root, options.name), context));
  if (!opened.backup.format.empty())
    return FailedPrecondition(
        fmt::format("backup {} is a snapshot of Milvus's own format ({}), which only Milvus reads",
                    options.name, opened.backup.format));
  VerifyReport report{.name = options.name, .level = options.level};

  // One listing tells what is missing, and what lies there that no metadata name.
  run.progress.Enter(Step::kVerify);
  MBK_TRY(VerifyObjects(side.store, opened, report, context));
  if (options.level == VerifyLevel::kChecksum)
    MBK_TRY(VerifyChecksums(side.store, opened.layout, report, run, context));
  if (options.level == VerifyLevel::kRows) MBK_TRY(VerifyRows(side.store, opened, report, run, context));
  run.progress.Enter(Step::kDone);
  return report;
}

}  // namespace mbk
