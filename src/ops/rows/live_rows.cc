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
#include "ops/rows/collection_rows.h"
#include "ops/rows/largest_key.h"

namespace mbk::rows {
namespace {

constexpr std::int64_t kLoaded = 100;  // percent
constexpr Milliseconds kLoadPoll{200};
constexpr std::chrono::seconds kReleaseTimeout{10};

// The server's answer for a collection that is not loaded is an error.
std::int64_t PercentLoaded(MilvusClient& client, const CollectionName& collection,
                           const CallContext& context) {
  const Result<std::int64_t> percent = client.GetLoadingProgress(collection, {}, context);
  return percent.ok() ? *percent : 0;
}

// A range of keys of one partition.
struct Piece {
  std::string partition;
  KeyRange range;
};

}  // namespace

LiveRows::LiveRows(MilvusClient& client, CollectionName collection, CollectionSchema schema,
                   const LiveRowsOptions& options)
    : client_(client),
      collection_(std::move(collection)),
      name_(fmt::format("{}: {}", client.address(), collection_.Full())),
      schema_(WithDynamicField(std::move(schema))),
      options_(options) {}

Result<std::unique_ptr<LiveRows>> LiveRows::Open(MilvusClient& client, const CollectionName& collection,
                                                 const LiveRowsOptions& options, Sleeper& sleeper,
                                                 const CallContext& context) {
  MBK_TRY_ASSIGN(const bool there, client.HasCollection(collection, context));
  if (!there) return NotFound(fmt::format("{} has no collection {}", client.address(), collection.Full()));
  MBK_TRY_ASSIGN(CollectionDescription described, client.DescribeCollection(collection, context));
  std::unique_ptr<LiveRows> rows(new LiveRows(client, collection, std::move(described.schema), options));
  if (HasPartitionKey(rows->schema_)) {
    rows->partitions_ = {""};
  } else {
    MBK_TRY_ASSIGN(const std::vector<PartitionName> partitions, client.ListPartitions(collection, context));
    for (const PartitionName& partition : partitions) rows->partitions_.push_back(partition.name);
  }
  if (PercentLoaded(client, collection, context) < kLoaded) {
    if (!options.load)
      return FailedPrecondition(
          fmt::format("{} is not loaded, so that its rows cannot be read; load it, or let "
                      "--load load and release it",
                      rows->name_));
    MBK_TRY(rows->Load(sleeper, context));
  }
  return rows;
}

Status LiveRows::Load(Sleeper& sleeper, const CallContext& context) {
  MBK_TRY(client_.LoadCollection(collection_, context).WithContext("load " + name_));
  release_ = true;
  while (PercentLoaded(client_, collection_, context) < kLoaded) MBK_TRY(sleeper.Sleep(kLoadPoll, context));
  return {};
}

LiveRows::~LiveRows() {
  if (!release_) return;
  Status released = client_.ReleaseCollection(collection_, {.deadline = Deadline::After(kReleaseTimeout)});
  if (!released.ok()) log::Warn("{} stays loaded: {}", name_, released.message());
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

Status LiveRows::ForEachBatch(const Visit& visit, const CallContext& context) {
  // A query returns each row that is counted at most once. Rows that are written behind the cursor as fast as
  // it reads would keep it reading for ever: more rows than there were say that somebody writes.
  MBK_TRY_ASSIGN(const std::int64_t counted, Count(context));
  std::atomic<std::int64_t> returned{0};
  std::vector<Piece> pieces;
  for (const std::string& partition : partitions_) {
    MBK_TRY_ASSIGN(const std::vector<KeyRange> ranges,
                   SplitKeys(client_, collection_, schema_, partition, {}, options_.readers, context));
    for (const KeyRange& range : ranges) pieces.push_back({partition, range});
  }
  return ParallelFor(
      pieces.size(), options_.readers, context, [&](std::size_t i, const CallContext& inner) -> Status {
        const Piece& piece = pieces[i];
        MBK_TRY_ASSIGN(RowCursor cursor, RowCursor::Open(client_, {.collection = collection_,
                                                                   .schema = schema_,
                                                                   .partition_name = piece.partition,
                                                                   .range = piece.range}));
        for (;;) {
          MBK_TRY_ASSIGN(const std::optional<RowBatch> batch, cursor.Next(inner));
          if (!batch) return {};
          if ((returned += batch->rows) > counted)
            return FailedPrecondition(fmt::format(
                "{} is being written to: it has more rows than the {} when reading began", name_, counted));
          MBK_TRY(visit(piece.partition, *batch));
        }
      });
}

}  // namespace mbk::rows
