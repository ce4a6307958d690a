#include "ops/compare/run.h"

#include <fmt/core.h>

#include <memory>
#include <utility>

#include "codec/row_codec.h"
#include "ops/capture/capture.h"
#include "ops/rows/binlog_rows.h"
#include "ops/rows/live_rows.h"
#include "ops/select/collections.h"
#include "repository/repository.h"

namespace mbk {
namespace {

using rows::LiveRows;

// Counting and reading are two questions, to which Milvus gives two answers: a key that was inserted twice is
// counted twice, and on 2.3 the largest Int64 key is counted and never returned.
Status HoldAgainstCount(LiveRows& live, const Fingerprint& read, ComparedCollection& compared,
                        const CallContext& context) {
  MBK_TRY_ASSIGN(const std::int64_t counted, live.Count(context));
  if (counted == read.rows) return {};
  compared.unproven.push_back(
      fmt::format("{} counts {} rows and returns {}: keys that were inserted more than once, or rows that no "
                  "query returns",
                  live.name(), counted, read.rows));
  return {};
}

void NoteWriters(ComparedCollection& compared) {
  for (const std::string& name : compared.comparison.being_written)
    compared.unproven.push_back(fmt::format("{} is being written to: two passes gave two results", name));
}

}  // namespace

Result<std::vector<ComparedCollection>> RunVerifyLive(const std::string& backup,
                                                      const LiveCompareOptions& options, BackupSide& side,
                                                      MilvusClient& server, const RunServices& run,
                                                      const CallContext& context) {
  run.progress.Enter(Step::kOpen);
  const BackupLayout layout(side.root, backup);
  MBK_TRY_ASSIGN(const OpenedBackup opened, OpenBackup(side.store, layout, context));
  MBK_TRY_ASSIGN(const std::vector<const Collection*> selected,
                 SelectCollections(opened.backup, options.filter));
  MBK_TRY_ASSIGN(RowCodec* const codec, LoadRowCodec());

  run.progress.Enter(Step::kVerify);
  const rows::BinlogSource source{side.store,
                                  [&](const DataObject& object) { return object.KeyIn(layout.tree()); }};
  std::vector<ComparedCollection> all;
  for (const Collection* collection : selected) {
    ComparedCollection compared{.left = {collection->db_name, collection->name}};
    compared.right = options.renamer.Apply(compared.left);
    MBK_TRY_ASSIGN(rows::CollectionRows opened_rows,
                   rows::CollectionRows::Open(*codec, source, *collection, {}));
    rows::BinlogRows left(fmt::format("backup {}: {}", backup, compared.left.Full()), std::move(opened_rows));
    MBK_TRY_ASSIGN(const std::unique_ptr<LiveRows> right,
                   LiveRows::Open(server, compared.right, {.load = options.load}, run.sleeper, context));
    MBK_TRY_ASSIGN(compared.comparison, CompareRows(left, *right, options.compare, run.progress, context));
    NoteWriters(compared);
    MBK_TRY(HoldAgainstCount(*right, compared.comparison.right.total, compared, context));
    all.push_back(std::move(compared));
  }
  run.progress.Enter(Step::kDone);
  return all;
}

Result<std::vector<ComparedCollection>> RunCompare(const LiveCompareOptions& options, MilvusClient& left,
                                                   MilvusClient& right, const RunServices& run,
                                                   const CallContext& context) {
  run.progress.Enter(Step::kPlan);
  MBK_TRY_ASSIGN(const capture::Selection selection, capture::Select(left, options.filter, context));
  run.progress.Enter(Step::kVerify);
  std::vector<ComparedCollection> all;
  for (const CollectionName& name : selection.collections) {
    ComparedCollection compared{.left = name, .right = options.renamer.Apply(name)};
    const rows::LiveRowsOptions live{.load = options.load};
    MBK_TRY_ASSIGN(const auto here, LiveRows::Open(left, compared.left, live, run.sleeper, context));
    MBK_TRY_ASSIGN(const auto there, LiveRows::Open(right, compared.right, live, run.sleeper, context));
    MBK_TRY_ASSIGN(compared.comparison, CompareRows(*here, *there, options.compare, run.progress, context));
    NoteWriters(compared);
    MBK_TRY(HoldAgainstCount(*here, compared.comparison.left.total, compared, context));
    MBK_TRY(HoldAgainstCount(*there, compared.comparison.right.total, compared, context));
    all.push_back(std::move(compared));
  }
  run.progress.Enter(Step::kDone);
  return all;
}

}  // namespace mbk
