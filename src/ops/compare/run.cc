#include "ops/compare/run.h"

#include <fmt/core.h>

#include <memory>
#include <utility>

#include "codec/row_codec.h"
#include "ops/capture/capture.h"
#include "ops/rows/binlog_rows.h"
#include "ops/rows/largest_key.h"
#include "ops/rows/live_rows.h"
#include "ops/select/collections.h"
#include "repository/repository.h"

namespace mbk {
namespace {

using rows::LiveRows;
using rows::RowSource;

// The two sides of one comparison. A backup is not live; one of the two always is.
struct Sides {
  RowSource& left;
  RowSource& right;
  LiveRows* live_left = nullptr;
  LiveRows* live_right = nullptr;
};

// What a server counts and never returns cannot be compared, and must not look like a row that is missing.
Result<std::int64_t> CountHidden(LiveRows* live, ComparedCollection& compared, const CallContext& context) {
  if (live == nullptr) return 0;
  MBK_TRY_ASSIGN(const std::int64_t hidden, live->CountHidden(context));
  if (hidden > 0)
    compared.unproven.push_back(
        fmt::format("{} counts {} row(s) of key {} and returns them to no query: this key is not compared",
                    live->name(), hidden, rows::kLargestKey));
  return hidden;
}

// Counting and reading are two questions, to which Milvus gives two answers: a key that was inserted twice is
// counted twice.
Status HoldAgainstCount(LiveRows* live, const Fingerprint& read, std::int64_t hidden,
                        ComparedCollection& compared, const CallContext& context) {
  if (live == nullptr) return {};
  MBK_TRY_ASSIGN(const std::int64_t counted, live->Count(context));
  if (counted - hidden == read.rows) return {};
  compared.unproven.push_back(
      fmt::format("{} counts {} rows and returns {}: keys that were inserted more than once, or rows that no "
                  "query returns",
                  live->name(), counted - hidden, read.rows));
  return {};
}

Status CompareSides(const Sides& sides, const CompareOptions& options, ComparedCollection& compared,
                    Progress& progress, const CallContext& context) {
  MBK_TRY_ASSIGN(const std::int64_t hidden_left, CountHidden(sides.live_left, compared, context));
  MBK_TRY_ASSIGN(const std::int64_t hidden_right, CountHidden(sides.live_right, compared, context));
  if (hidden_left + hidden_right > 0 && rows::HasLargestKey(sides.left.schema()) &&
      rows::HasLargestKey(sides.right.schema())) {
    rows::WithoutLargestKey left(sides.left), right(sides.right);
    MBK_TRY_ASSIGN(compared.comparison, CompareRows(left, right, options, progress, context));
  } else {
    MBK_TRY_ASSIGN(compared.comparison, CompareRows(sides.left, sides.right, options, progress, context));
  }
  for (const std::string& name : compared.comparison->being_written)
    compared.unproven.push_back(fmt::format("{} is being written to: two passes gave two results", name));
  if (!compared.comparison->schema_differences.empty()) return {};  // no row was read
  MBK_TRY(HoldAgainstCount(sides.live_left, compared.comparison->left.total, hidden_left, compared, context));
  return HoldAgainstCount(sides.live_right, compared.comparison->right.total, hidden_right, compared,
                          context);
}

// A collection that is not loaded, wholly, or that grows while it is read, is named, and the others are
// compared.
Status UnlessUnreadable(Status compared_so_far, ComparedCollection& compared) {
  if (compared_so_far.code() != Code::kFailedPrecondition) return compared_so_far;
  compared.comparison.reset();
  compared.unproven.push_back(compared_so_far.message());
  return {};
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
    const auto compare = [&]() -> Status {
      MBK_TRY_ASSIGN(const std::unique_ptr<LiveRows> right,
                     LiveRows::Open(server, compared.right, {.load = options.load}, run.sleeper, context));
      return CompareSides({.left = left, .right = *right, .live_right = right.get()}, options.compare,
                          compared, run.progress, context);
    };
    MBK_TRY(UnlessUnreadable(compare(), compared));
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
    const auto compare = [&]() -> Status {
      MBK_TRY_ASSIGN(const auto here, LiveRows::Open(left, compared.left, live, run.sleeper, context));
      MBK_TRY_ASSIGN(const auto there, LiveRows::Open(right, compared.right, live, run.sleeper, context));
      return CompareSides(
          {.left = *here, .right = *there, .live_left = here.get(), .live_right = there.get()},
          options.compare, compared, run.progress, context);
    };
    MBK_TRY(UnlessUnreadable(compare(), compared));
    all.push_back(std::move(compared));
  }
  run.progress.Enter(Step::kDone);
  return all;
}

}  // namespace mbk
