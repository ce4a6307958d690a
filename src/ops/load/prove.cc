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

// Expired rows go whenever the server compacts.
bool HasTtl(const CollectionPlan& plan) {
  const std::string* ttl = FindValue(plan.create_request.properties, "collection.ttl.seconds");
  return ttl != nullptr && !ttl->empty() && *ttl != "0" && !ttl->starts_with("-");
}

// What the server may store, once it has counted.
struct Bounds {
  std::int64_t least = 0;
  std::int64_t most = 0;
  bool Hold(std::int64_t rows) const { return least <= rows && rows <= most; }
};

Bounds BoundsOf(const CollectionPlan& plan, const Outcome& outcome) {
  // An insert without an answer is made once more as an upsert: the row is stored twice, once of them
  // deleted.
  if (plan.via == Via::kInsert)
    return {.least = HasTtl(plan) ? 0 : outcome.rows_imported, .most = 2 * outcome.rows_expected};
  const std::int64_t known =
      outcome.rows_not_deleted.value_or(outcome.has_deletes ? 0 : outcome.rows_expected);
  return {.least = HasTtl(plan) ? 0 : known,
          .most = outcome.has_deletes ? outcome.rows_imported : outcome.rows_expected};
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
  if (outcome.loaded) flags += " --release";
  return "; " + Advise("another type, which the server chooses, comes with", source.in_place(plan, flags));
}

// Deletes of L0 segments are applied later, so that the jobs of the data count more rows.
bool HasL0(const CollectionPlan& plan) {
  return std::any_of(plan.imports.begin(), plan.imports.end(),
                     [](const auto& wave) { return wave.front().is_l0; });
}

// How many rows of the source no delete hits.
Result<std::int64_t> RowsThatDeletesLeave(const ObjectSource& source, const CollectionPlan& plan,
                                          const CallContext& context) {
  MBK_TRY_ASSIGN(RowCodec* const codec, LoadRowCodec());
  MBK_TRY_ASSIGN(const rows::CollectionRows stored,
                 rows::CollectionRows::Open(*codec, {source.store, source.key_of}, *plan.source, {}));
  MBK_TRY_ASSIGN(const rows::LivingRows living, stored.FindLiving(context));
  std::int64_t left = 0;
  for (std::size_t i = 0; i < plan.source->partitions.size(); ++i)
    left += living.OfPartition(i).written - living.OfPartition(i).deleted;
  return left;
}

bool CannotDecode(const Status& status) {
  return status.code() == Code::kUnimplemented || status.code() == Code::kFailedPrecondition;
}

}  // namespace

Status CheckImportedRows(const ObjectSource& source, const CollectionPlan& plan, Outcome& outcome,
                         const CallContext& context) {
  const bool all_came = outcome.rows_imported == outcome.rows_expected;
  if (plan.via != Via::kImport || all_came || outcome.rows_not_deleted) return {};
  const Result<std::int64_t> left = RowsThatDeletesLeave(source, plan, context);
  if (CannotDecode(left.status())) {
    if (outcome.rows_imported == 0)
      return FailedPrecondition(fmt::format(
          "Milvus imported none of {} rows, and whether all of them are deleted cannot be told: {}",
          outcome.rows_expected, left.status().message()));
    outcome.notes.push_back("how many of its rows are deleted could not be told: " + left.status().message());
    return {};
  }
  MBK_TRY(left.status().WithContext("count the rows that are not deleted"));
  const bool fits = HasL0(plan) ? outcome.rows_imported >= *left : outcome.rows_imported == *left;
  if (!fits)
    return DataLoss(
        fmt::format("Milvus imported {} rows, and {} of the source's {} are not deleted; if it imported "
                    "none, it may not see these files: is rootPath, bucketName or localPath another one?",
                    outcome.rows_imported, *left, outcome.rows_expected));
  if (!HasL0(plan)) outcome.rows_not_deleted = *left;
  return {};
}

Status CheckStoredRows(MilvusClient& client, const CollectionPlan& plan, Outcome& outcome, Sleeper& sleeper,
                       const CallContext& context) {
  if (!plan.create || plan.rows == 0) return {};
  const Bounds bounds = BoundsOf(plan, outcome);
  Milliseconds waited{0};
  for (Milliseconds wait = kFirstCount;; wait = wait * 2) {
    const Result<std::int64_t> stored = client.CountStoredRows(plan.place.built_as, context);
    if (CannotTell(stored.status())) {
      outcome.notes.push_back("the server does not say how many rows it has: " + stored.status().message());
      return {};
    }
    MBK_TRY(stored.status());
    if (bounds.Hold(*stored)) return {};
    if (waited >= kCountedWithin)
      return DataLoss(fmt::format("Milvus has {} rows of it, the metadata promise {}{}", *stored,
                                  outcome.rows_expected, outcome.has_deletes ? " before deletes" : ""));
    MBK_TRY(sleeper.Sleep(wait, context));
    waited += wait;
  }
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
  if (!compared->comparison->equal())
    return DataLoss(fmt::format("its rows are not those of the source: {}", Difference(*compared)));
  if (!compared->unproven.empty()) return Unproven(outcome, Enumerate(compared->unproven));
  return {};
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
  if (outcome.indexes == 0 || plan.rows == 0) return {};
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
