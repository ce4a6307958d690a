#include "ops/rows/live_rows.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/parallel.h"
#include "milvus/key_expression.h"
#include "milvus/row_cursor.h"
#include "ops/in_doubt.h"
#include "ops/load_wait.h"
#include "ops/rows/collection_rows.h"
#include "ops/rows/largest_key.h"

namespace mbk::rows {
namespace {

constexpr std::int64_t kLoaded = 100;  // percent
// Also of a run that was stopped, which must be gone within five seconds.
constexpr std::chrono::seconds kReleaseTimeout{2};

std::int64_t TtlOf(const CollectionDescription& described) {
  const std::int64_t seconds = TtlSeconds(described.properties);
  return seconds > 0 ? seconds : TtlSeconds(described.schema.properties);
}

}  // namespace

LiveRows::LiveRows(MilvusClient& client, CollectionName collection, CollectionDescription described,
                   const LiveRowsOptions& options)
    : client_(client),
      collection_(std::move(collection)),
      name_(fmt::format("{}: {}", client.address(), collection_.Full())),
      schema_(WithDynamicField(described.schema)),
      ttl_seconds_(TtlOf(described)),
      options_(options) {}

Result<std::unique_ptr<LiveRows>> LiveRows::Open(MilvusClient& client, const CollectionName& collection,
                                                 const LiveRowsOptions& options, Sleeper& sleeper,
                                                 const CallContext& context) {
  MBK_TRY_ASSIGN(const bool there, client.HasCollection(collection, context));
  if (!there) return NotFound(fmt::format("{} has no collection {}", client.address(), collection.Full()));
  MBK_TRY_ASSIGN(CollectionDescription described, client.DescribeCollection(collection, context));
  std::unique_ptr<LiveRows> rows(new LiveRows(client, collection, std::move(described), options));
  if (HasPartitionKey(rows->schema_)) {
    rows->partitions_ = {""};
  } else {
    MBK_TRY_ASSIGN(const std::vector<PartitionName> partitions, client.ListPartitions(collection, context));
    for (const PartitionName& partition : partitions) rows->partitions_.push_back(partition.name);
  }
  const Status readable = rows->MakeReadable(sleeper, context);
  if (readable.ok()) return rows;
  const std::string stays = rows->Close();
  return stays.empty() ? readable : Status(readable.code(), readable.message() + "; " + stays);
}

Status LiveRows::MakeReadable(Sleeper& sleeper, const CallContext& context) {
  MBK_TRY_ASSIGN(const std::int64_t percent, client_.GetLoadingProgress(collection_, {}, context));
  if (percent >= kLoaded) return {};
  if (!options_.load)
    return FailedPrecondition(
        fmt::format("{} is not loaded, so that its rows cannot be read; load it, or let "
                    "--load load and release it",
                    name_));
  // Somebody else's load is theirs to release.
  if (percent > 0) return WaitUntilLoaded(client_, collection_, {}, sleeper, context);
  const Status started = client_.LoadCollection(collection_, context);
  // One that went unanswered may have been heard, also after a stop. To release what was not loaded does no
  // harm.
  release_ = started.ok() || MayBeCarriedOut(started);
  // Without an index, or rights, or memory: that is this collection's matter.
  if (started.code() == Code::kNotFound || started.code() == Code::kInternal)
    return FailedPrecondition(
        fmt::format("{} cannot be loaded, so that its rows cannot be read: {}", name_, started.message()));
  MBK_TRY(started.WithContext("load " + name_));
  return WaitUntilLoaded(client_, collection_, {}, sleeper, context);
}

LiveRows::~LiveRows() {
  const std::string stays = Close();
  if (!stays.empty()) log::Warn("{}", stays);
}

std::string LiveRows::Close() {
  if (!std::exchange(release_, false)) return "";
  const Status released =
      client_.ReleaseCollection(collection_, {.deadline = Deadline::After(kReleaseTimeout)});
  if (released.ok() || released.code() == Code::kNotFound) return "";
  return fmt::format("{} may stay loaded, which it was not before ({}); release it when it is not needed",
                     name_, released.message());
}

Result<std::int64_t> LiveRows::Count(const CallContext& context) {
  return client_.CountRows({.collection = collection_, .schema = &schema_}, context);
}

Result<std::int64_t> LiveRows::CountHidden(const CallContext& context) {
  if (!HasLargestKey(schema_)) return 0;
  MBK_TRY_ASSIGN(const KeyField key, KeyField::Of(schema_));
  const std::string largest = KeyExpression(key, {.from = RowKey{.number = kLargestKey}});
  MBK_TRY_ASSIGN(
      const std::int64_t counted,
      client_.CountRows({.collection = collection_, .schema = &schema_, .expression = largest}, context));
  if (counted == 0) return 0;
  MBK_TRY_ASSIGN(const RowBatch returned, client_.QueryRows({.collection = collection_,
                                                             .schema = &schema_,
                                                             .expression = largest,
                                                             .output_fields = {key.name},
                                                             .limit = 1},
                                                            context));
  return returned.rows == 0 ? counted : 0;
}

Result<std::vector<bool>> LiveRows::FindRepeated(const std::vector<PlacedKey>& keys,
                                                 const CallContext& context) {
  MBK_TRY_ASSIGN(const KeyField field, KeyField::Of(schema_));
  std::vector<std::int64_t> counts(keys.size());
  MBK_TRY(ParallelFor(keys.size(), options_.readers, context,
                      [&](std::size_t i, const CallContext& inner) -> Status {
                        CountRowsRequest count{.collection = collection_,
                                               .schema = &schema_,
                                               .expression = KeyEquals(field, keys[i].key),
                                               .newest = false};
                        if (!keys[i].partition.empty()) count.partition_names = {keys[i].partition};
                        MBK_TRY_ASSIGN(counts[i], client_.CountRows(count, inner));
                        return {};
                      }));
  std::vector<bool> repeated;
  for (const std::int64_t count : counts) repeated.push_back(count > 1);
  return repeated;
}

Status LiveRows::ForEachBatch(const Visit& visit, const CallContext& context) {
  // The count waits until the server has what was written last: what follows need not wait once more, which
  // at two pages a partition took most of the time. A query returns each row that is counted at most once.
  // Rows that are written behind the cursor as fast as it reads would keep it reading for ever: more rows
  // than there were say that somebody writes.
  MBK_TRY_ASSIGN(const std::int64_t counted, Count(context));
  std::atomic<std::int64_t> returned{0};
  const auto take = [&](const std::string& partition, const RowBatch& batch) -> Status {
    if ((returned += batch.rows) > counted)
      return FailedPrecondition(fmt::format(
          "{} is being written to: it has more rows than the {} when reading began", name_, counted));
    return visit(partition, batch);
  };
  const int parts = counted > kMaxQueryRows ? options_.readers : 1;
  std::vector<Piece> pieces;
  for (const std::string& partition : partitions_) {
    MBK_TRY_ASSIGN(const std::vector<KeyRange> ranges,
                   SplitKeys(client_, collection_, schema_, partition, {}, parts, context));
    for (const KeyRange& range : ranges) pieces.push_back({partition, range});
  }
  return ParallelFor(pieces.size(), options_.readers, context, [&](std::size_t i, const CallContext& inner) {
    return ReadPiece(pieces[i], take, inner);
  });
}

// Most pieces are small, and many are empty partitions: those cost a count, or a count and a page.
Status LiveRows::ReadPiece(const Piece& piece, const Visit& take, const CallContext& context) {
  const RowCursorOptions options{.collection = collection_,
                                 .schema = schema_,
                                 .partition_name = piece.partition,
                                 .range = piece.range,
                                 .newest = false};
  MBK_TRY_ASSIGN(const KeyField key, KeyField::Of(schema_));
  CountRowsRequest count{.collection = collection_,
                         .schema = &schema_,
                         .expression = KeyExpression(key, piece.range),
                         .newest = false};
  if (!piece.partition.empty()) count.partition_names = {piece.partition};
  MBK_TRY_ASSIGN(const std::int64_t counted, client_.CountRows(count, context));
  if (counted == 0) return {};
  MBK_TRY_ASSIGN(const std::optional<RowBatch> all, ReadAtOnce(client_, options, counted, context));
  if (all) return take(piece.partition, *all);
  MBK_TRY_ASSIGN(RowCursor cursor, RowCursor::Open(client_, options));
  for (;;) {
    MBK_TRY_ASSIGN(const std::optional<RowBatch> batch, cursor.Next(context));
    if (!batch) return {};
    MBK_TRY(take(piece.partition, *batch));
  }
}

}  // namespace mbk::rows
