#include <fmt/core.h>

#include "codec/row_codec.h"
#include "manifest/object_index.h"
#include "ops/verify/checksums.h"
#include "ops/verify/row_proof.h"
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

std::int64_t CountSegments(const Backup& backup) {
  std::int64_t segments = 0;
  for (const Collection& collection : backup.collections)
    for (const Partition& partition : collection.partitions)
      segments += static_cast<std::int64_t>(partition.segments.size());
  return segments;
}

Status VerifyRows(ObjectReader& store, const OpenedBackup& opened, VerifyReport& report,
                  const RunServices& run, const CallContext& context) {
  MBK_TRY_ASSIGN(RowCodec* const codec, LoadRowCodec());
  run.progress.Enter(Step::kVerify, CountSegments(opened.backup), opened.backup.size);
  const rows::BinlogSource source{
      store, [&](const DataObject& object) { return object.KeyIn(opened.layout.tree()); }};
  for (const Collection& collection : opened.backup.collections) {
    Result<rows::CollectionRows> opened_rows = rows::CollectionRows::Open(*codec, source, collection, {});
    if (opened_rows.status().code() == Code::kDataLoss) {
      report.damage.push_back(opened_rows.status().message());
      continue;
    }
    if (opened_rows.status().code() == Code::kUnimplemented) {
      report.unproven.push_back(opened_rows.status().message());
      continue;
    }
    MBK_TRY(opened_rows.status());
    MBK_TRY_ASSIGN(CollectionProof proof, ProveRows(*opened_rows, report, run.progress, context));
    report.collections.push_back(std::move(proof));
  }
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
