#include "ops/load/prove.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "base/log.h"
#include "codec/row_codec.h"
#include "ops/compare/run.h"
#include "ops/load/schema_plan.h"
#include "ops/rows/binlog_rows.h"
#include "ops/rows/collection_rows.h"

namespace mbk::load {
namespace {

constexpr Milliseconds kFirstCount{100};
constexpr Milliseconds kCountedWithin{10'000};
constexpr Milliseconds kFirstIndexLook{50};
constexpr Milliseconds kIndexLook{1'000};
// Milvus 2.3 misses the news of an index while it is busy with another, and looks every minute for what it
// missed. Beside other work the first segment of 3,000 rows was then done after more than 90 s.
constexpr Milliseconds kBeginsWithin = std::chrono::minutes(5);
// One segment of a few gigabytes is one step, which takes its time.
constexpr Milliseconds kBuildStandsStill = std::chrono::minutes(30);
constexpr Milliseconds kSaidAfter{10'000};
constexpr std::int64_t kNamedDifferences = 5;

// What the server may store, once it has counted.
struct Bounds {
  std::int64_t least = 0;
  std::int64_t most = 0;
  bool Hold(std::int64_t rows) const { return least <= rows && rows <= most; }
};

// Deletes that are applied while the rows beside them are imported.
bool HasDeletesBesideData(const CollectionPlan& plan) {
  return std::any_of(plan.imports.begin(), plan.imports.end(), [](const auto& wave) {
    return std::any_of(wave.begin(), wave.end(),
                       [](const ImportDir& dir) { return !dir.is_l0 && !dir.delta_dir.empty(); });
  });
}

// What is stored is what came, but for what deletes of L0 hit: a compaction may have removed it by now.
Bounds BoundsOf(const CollectionPlan& plan, const Outcome& outcome) {
  // An insert without an answer is made once more as an upsert: the row is stored twice, once of them
  // deleted.
  if (plan.via == Via::kInsert) return {.least = outcome.rows_imported, .most = 2 * outcome.rows_expected};
  return {.least = outcome.rows_at_least.value_or(outcome.rows_imported), .most = outcome.rows_imported};
}

bool CannotTell(const Status& status) {
  return status.code() == Code::kPermissionDenied || status.code() == Code::kUnimplemented;
}

// What the comparison found, in a line.
std::string Difference(const ComparedCollection& compared) {
  const Comparison& comparison = *compared.comparison;
  if (!comparison.schema_differences.empty()) return Enumerate(comparison.schema_differences);
  std::vector<std::string> keys;
  for (const RowDifference& difference : comparison.differences)
    keys.push_back(fmt::format("{} ({})", difference.key, DifferenceName(difference.kind)));
  return fmt::format("{} rows are missing, {} are extra, {} changed{}{}", comparison.missing,
                     comparison.extra, comparison.changed, keys.empty() ? "" : "; keys: ", Enumerate(keys));
}

Status Unproven(Outcome& outcome, const std::string& why) {
  outcome.unproven = true;
  return FailedPrecondition(
      fmt::format("--verify could not read its rows, so that it does not take its name: {}", why));
}

using IndexState = IndexProgress::State;

bool IsFailed(const IndexProgress& index) { return index.state == IndexState::kFailed; }

bool IsBeingBuilt(const IndexProgress& index) {
  return index.state == IndexState::kWaiting || index.state == IndexState::kBuilding;
}

// Finished, and nothing is in it: a server that has not begun says so, too, and one that does not know the
// type.
bool IsEmptyIndex(const IndexProgress& index) {
  return index.state == IndexState::kFinished && index.indexed_rows == 0 && index.total_rows > 0;
}

// Rows are still to be indexed. 2.3.5 calls an index finished though only rows from before it are in it.
bool IsPending(const IndexProgress& index) {
  return !IsFailed(index) && (IsBeingBuilt(index) || index.pending_rows > 0 || IsEmptyIndex(index));
}

std::string IndexName(const IndexProgress& index) {
  return fmt::format("index {} of field {}", index.index_name, index.field_name);
}

// Once, what is waited for: five minutes without a word look like a program that hangs.
void SayWhatIsWaitedFor(const CollectionName& name, const std::vector<IndexProgress>& progress,
                        bool (*open)(const IndexProgress&), Milliseconds limit) {
  const auto index = std::find_if(progress.begin(), progress.end(), open);
  log::Warn(
      "{}: {} has {} of {} rows in it, and the server does not get on; it is waited for, {} minutes at most "
      "while nothing changes",
      name.Full(), IndexName(*index), index->indexed_rows, index->total_rows,
      std::chrono::duration_cast<std::chrono::minutes>(limit).count());
}

// Looks until no index is as `open` says, or nothing has moved for `limit`. What was seen last. A call a
// second.
Result<std::vector<IndexProgress>> LookWhile(bool (*open)(const IndexProgress&), Milliseconds limit,
                                             MilvusClient& client, const CollectionName& name,
                                             Sleeper& sleeper, const CallContext& context) {
  std::pair<std::int64_t, std::int64_t> figures;
  Milliseconds unchanged{0};
  bool said = false;
  for (Milliseconds wait = kFirstIndexLook;; wait = std::min(wait * 2, kIndexLook)) {
    MBK_TRY_ASSIGN(std::vector<IndexProgress> progress, client.GetIndexProgress(name, context));
    if (std::none_of(progress.begin(), progress.end(), open)) return progress;
    std::pair<std::int64_t, std::int64_t> now;
    for (const IndexProgress& index : progress) {
      now.first += index.indexed_rows;
      now.second += index.pending_rows;
    }
    if (now != figures) unchanged = Milliseconds{0};
    figures = now;
    if (unchanged >= limit) return progress;
    if (unchanged >= kSaidAfter && !std::exchange(said, true))
      SayWhatIsWaitedFor(name, progress, open, limit);
    MBK_TRY(sleeper.Sleep(wait, context));
    unchanged += wait;
  }
}

// How many of the indexes that were made the server does not speak of.
std::int64_t Unsaid(const std::vector<IndexProgress>& progress, const Outcome& outcome) {
  return std::max<std::int64_t>(0, outcome.indexes - static_cast<std::int64_t>(progress.size()));
}

// One that the server chooses, unless that is what it could not build. It chooses for vectors alone.
std::string AdviseOnIndex(const IndexProgress& empty, const CollectionPlan& plan, const Outcome& outcome,
                          const ObjectSource& source) {
  const FieldSchema* field = FindField(plan.source->schema, empty.field_name);
  const auto planned =
      std::find_if(plan.indexes.begin(), plan.indexes.end(),
                   [&](const CreateIndexRequest& index) { return index.field_name == empty.field_name; });
  if (!source.in_place || field == nullptr || !IsVector(field->data_type) || planned == plan.indexes.end())
    return "";
  const std::string* type = FindValue(planned->params, "index_type");
  if (type != nullptr && *type == "AUTOINDEX") return "";
  std::string flags = "--rebuild_index --drop_exist_index --use_auto_index";
  if (outcome.is_loaded()) flags += " --release";
  return "; " + Advise("another type, which the server chooses, comes with", source.in_place(plan, flags));
}

// How many rows of the source no delete hits. kDataLoss where its files hold others than the metadata
// promise.
Result<std::int64_t> RowsThatDeletesLeave(const ObjectSource& source, const CollectionPlan& plan,
                                          const CallContext& context) {
  MBK_TRY_ASSIGN(RowCodec* const codec, LoadRowCodec());
  MBK_TRY_ASSIGN(const rows::CollectionRows stored,
                 rows::CollectionRows::Open(*codec, {source.store, source.key_of}, *plan.source, {}));
  MBK_TRY_ASSIGN(const rows::LivingRows living, stored.FindLiving(context));
  std::int64_t written = 0, deleted = 0;
  for (std::size_t i = 0; i < plan.source->partitions.size(); ++i) {
    written += living.OfPartition(i).written;
    deleted += living.OfPartition(i).deleted;
  }
  if (written != plan.rows)
    return DataLoss(
        fmt::format("the files of the source hold {} rows, the metadata promise {}", written, plan.rows));
  return written - deleted;
}

bool CannotDecode(const Status& status) {
  return status.code() == Code::kUnimplemented || status.code() == Code::kFailedPrecondition;
}

// Sets `rows_at_least`, or says why it cannot be told. `came` is what there is of the rows: without any, "all
// of them are deleted" must be proved.
Status CountRowsThatDeletesLeave(const ObjectSource& source, const CollectionPlan& plan, Outcome& outcome,
                                 std::int64_t came, const CallContext& context) {
  const Result<std::int64_t> left = RowsThatDeletesLeave(source, plan, context);
  if (CannotDecode(left.status())) {
    if (came == 0)
      return FailedPrecondition(
          fmt::format("Milvus has none of {} rows, and whether all of them are deleted cannot be told: {}",
                      outcome.rows_expected, left.status().message()));
    outcome.notes.push_back("how many of its rows are deleted could not be told: " + left.status().message());
    return {};
  }
  MBK_TRY(left.status().WithContext("count the rows that are not deleted"));
  outcome.rows_at_least = *left;
  return {};
}

// Asks until the count is within `bounds`, ten seconds long; what it was last.
Result<std::int64_t> CountUntilIn(const Bounds& bounds, MilvusClient& client, const CollectionName& name,
                                  Sleeper& sleeper, const CallContext& context) {
  Milliseconds waited{0};
  for (Milliseconds wait = kFirstCount;; wait = wait * 2) {
    MBK_TRY_ASSIGN(const std::int64_t stored, client.CountStoredRows(name, context));
    if (bounds.Hold(stored) || waited >= kCountedWithin) return stored;
    MBK_TRY(sleeper.Sleep(wait, context));
    waited += wait;
  }
}

Status OtherRowsAreStored(const Outcome& outcome, std::int64_t stored) {
  return DataLoss(fmt::format("Milvus has {} rows of it, the metadata promise {}{}", stored,
                              outcome.rows_expected, outcome.has_deletes ? " before deletes" : ""));
}

// Fewer than came, of a collection whose rows run out. None at all take no collection's place.
Status SayThatRowsRanOut(const CollectionPlan& plan, Outcome& outcome, std::int64_t stored) {
  const std::string what = fmt::format(
      "Milvus has {} of the {} rows that were brought: the others may have run out, which they do after {} s "
      "(collection.ttl.seconds)",
      stored, outcome.rows_imported, TtlSeconds(plan.create_request.properties));
  if (stored == 0 && plan.place.exists) return FailedPrecondition(what);
  outcome.warnings.push_back(what);
  return {};
}

}  // namespace

Status CheckImportedRows(const ObjectSource& source, const CollectionPlan& plan, Outcome& outcome,
                         const CallContext& context) {
  if (plan.via != Via::kImport || plan.rows == 0 || outcome.rows_not_deleted) return {};
  if (!HasDeletesBesideData(plan)) {
    if (outcome.rows_imported == outcome.rows_expected) return {};
    return DataLoss(fmt::format("Milvus imported {} rows, the source holds {}", outcome.rows_imported,
                                outcome.rows_expected));
  }
  MBK_TRY(CountRowsThatDeletesLeave(source, plan, outcome, outcome.rows_imported, context));
  if (!outcome.rows_at_least) return {};
  const std::int64_t left = *outcome.rows_at_least;
  const bool fits = HasL0(plan) ? outcome.rows_imported >= left : outcome.rows_imported == left;
  if (fits) return {};
  return DataLoss(
      fmt::format("Milvus imported {} rows, and {} of the source's {} are not deleted; if it imported "
                  "none, it may not see these files: is rootPath, bucketName or localPath another one?",
                  outcome.rows_imported, left, outcome.rows_expected));
}

Status CheckStoredRows(MilvusClient& client, const ObjectSource& source, const CollectionPlan& plan,
                       Outcome& outcome, Sleeper& sleeper, const CallContext& context) {
  if (!plan.create || plan.rows == 0) return {};
  const Result<std::int64_t> counted =
      CountUntilIn(BoundsOf(plan, outcome), client, plan.place.built_as, sleeper, context);
  if (CannotTell(counted.status())) {
    outcome.notes.push_back("the server does not say how many rows it has: " + counted.status().message());
    return {};
  }
  MBK_TRY_ASSIGN(const std::int64_t stored, counted);
  if (BoundsOf(plan, outcome).Hold(stored)) return {};
  if (stored < outcome.rows_imported && TtlSeconds(plan.create_request.properties) > 0)
    return SayThatRowsRanOut(plan, outcome, stored);
  if (stored > outcome.rows_imported || !HasL0(plan) || outcome.rows_at_least)
    return OtherRowsAreStored(outcome, stored);
  MBK_TRY(CountRowsThatDeletesLeave(source, plan, outcome, stored, context));
  const bool explained = !outcome.rows_at_least || stored >= *outcome.rows_at_least;
  return explained ? Status() : OtherRowsAreStored(outcome, stored);
}

Status VerifyRows(MilvusClient& client, const ObjectSource& source, const CollectionPlan& plan,
                  Outcome& outcome, const RunServices& run, const CallContext& context) {
  if (plan.rows == 0) return {};
  run.progress.Enter(Step::kVerify);
  MBK_TRY_ASSIGN(RowCodec* const codec, LoadRowCodec());
  Result<rows::CollectionRows> opened =
      rows::CollectionRows::Open(*codec, {source.store, source.key_of}, *plan.source, {});
  if (opened.status().code() == Code::kUnimplemented) return Unproven(outcome, opened.status().message());
  MBK_TRY(opened.status());
  rows::BinlogRows stored(outcome.source.Full(), std::move(opened).value());
  const LiveCompareOptions options{.load = true, .compare = {.max_differences = kNamedDifferences}};
  Result<ComparedCollection> compared = CompareWithLive({stored, outcome.source, plan.rows}, client,
                                                        plan.place.built_as, options, run, context);
  // Without an index Milvus loads nothing, and what is not loaded it does not read.
  if (!compared.ok() && context.Check().ok() && compared.status().code() != Code::kDataLoss)
    return Unproven(outcome, compared.status().message());
  MBK_TRY(compared.status());
  if (!compared->comparison) return Unproven(outcome, Enumerate(compared->unproven));
  if (compared->comparison->different())
    return DataLoss(fmt::format("its rows are not those of the source: {}", Difference(*compared)));
  const bool is_proved = compared->unproven.empty() && compared->comparison->equal();
  return is_proved ? Status() : Unproven(outcome, Enumerate(compared->unproven));
}

Status WaitUntilIndexed(MilvusClient& client, const CollectionPlan& plan, Outcome& outcome, Sleeper& sleeper,
                        const CallContext& context) {
  if (outcome.indexes == 0 || plan.rows == 0) return {};
  const Result<std::vector<IndexProgress>> progress =
      LookWhile(IsPending, kBuildStandsStill, client, plan.place.built_as, sleeper, context);
  if (CannotTell(progress.status())) {
    outcome.notes.push_back("the server does not say whether its indexes are built: " +
                            progress.status().message());
    return {};
  }
  MBK_TRY(progress.status());
  if (const std::int64_t unsaid = Unsaid(*progress, outcome); unsaid > 0)
    return FailedPrecondition(fmt::format("{} of its {} indexes were made, and the server does not name them",
                                          unsaid, outcome.indexes));
  for (const IndexProgress& index : *progress) {
    if (IsFailed(index))
      return FailedPrecondition(fmt::format("{} is not built: {}", IndexName(index), index.failed_reason));
    if (IsPending(index))
      return FailedPrecondition(
          fmt::format("{}: the server has indexed {} of {} rows and does not go on; it may not know how to "
                      "build this type: "
                      "choose another, e.g. with --use_auto_index",
                      IndexName(index), index.indexed_rows, index.total_rows));
  }
  return {};
}

Status CheckIndexes(MilvusClient& client, const ObjectSource& source, const CollectionPlan& plan,
                    Outcome& outcome, Sleeper& sleeper, const CallContext& context) {
  // A collection that stood has its rows, though none came.
  const bool is_empty = plan.create && plan.rows == 0;
  if (outcome.indexes == 0 || is_empty) return {};
  MBK_TRY_ASSIGN(const std::vector<IndexProgress> progress,
                 LookWhile(IsEmptyIndex, kBeginsWithin, client, plan.target, sleeper, context));
  if (const std::int64_t unsaid = Unsaid(progress, outcome); unsaid > 0)
    outcome.warnings.push_back(fmt::format(
        "{} of its {} indexes were made, and the server does not name them", unsaid, outcome.indexes));
  for (const IndexProgress& index : progress) {
    if (IsFailed(index))
      outcome.warnings.push_back(fmt::format("{} is not built: {}", IndexName(index), index.failed_reason));
    else if (IsEmptyIndex(index))
      outcome.warnings.push_back(fmt::format(
          "{}: the server calls it finished, but has indexed 0 of {} rows; it may not know how to build "
          "this type{}",
          IndexName(index), index.total_rows, AdviseOnIndex(index, plan, outcome, source)));
    else if (IsPending(index))
      outcome.notes.push_back(fmt::format("{}: {} of {} rows are indexed; the server goes on with it",
                                          IndexName(index), index.indexed_rows, index.total_rows));
  }
  return {};
}

}  // namespace mbk::load
