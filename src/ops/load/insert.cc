#include <fmt/core.h>

#include <algorithm>
#include <atomic>

#include "base/parallel.h"
#include "codec/row_codec.h"
#include "milvus/row_size.h"
#include "ops/capture/capture.h"
#include "ops/in_doubt.h"
#include "ops/load/load.h"
#include "ops/load/row_gatherer.h"
#include "ops/rows/binlog_rows.h"

namespace mbk::load {
namespace {

// Above this many rows a message gains nothing, and a refusal costs more.
constexpr std::int64_t kMostRows = 10'000;
// Of partitions whose rows do not fill a message yet.
constexpr std::int64_t kGatheredBytes = 4 * kInsertBytes;
constexpr int kCallsAtATime = 4;

// Whether the same rows are sent once more: no answer came. Not so after kInternal, which may come again and
// ends the run (that rows may have come is said whatever the failure is), nor after a stop.
bool WentUnanswered(const Status& status) {
  return status.code() == Code::kUnavailable || status.code() == Code::kDeadlineExceeded;
}

class Inserter {
 public:
  Inserter(MilvusClient& client, const CollectionPlan& plan, Progress& progress)
      : client_(client), plan_(plan), progress_(progress) {}

  Status Send(rows::RowSource& source, const CallContext& context) {
    const CollectionSchema& schema = source.schema();
    const bool server_chooses = HasPartitionKey(schema);
    MBK_TRY(source.ForEachBatch(
        [&](const std::string& partition, const RowBatch& batch) {
          return Take(schema, server_chooses ? "" : partition, batch, context);
        },
        context));
    const std::vector<RowMessage> rest = gatherer_.TakeAll();
    return ParallelFor(rest.size(), kCallsAtATime, context, [&](std::size_t i, const CallContext& inner) {
      return SendPieces(schema, rest[i].partition, rest[i].rows, inner);
    });
  }

  std::int64_t sent() const { return sent_; }
  /// Whether rows may have come into the collection.
  bool begun() const { return begun_; }
  /// nullopt: whether some came is not known.
  std::optional<std::int64_t> brought() const {
    return in_doubt_ ? std::nullopt : std::optional(sent_.load());
  }

 private:
  // What fills half a message goes as it is: to copy it would save no call.
  Status Take(const CollectionSchema& schema, const std::string& partition, const RowBatch& batch,
              const CallContext& context) {
    if (batch.rows > kMostRows / 2 || EncodedSize(batch) > kInsertBytes / 2)
      return SendPieces(schema, partition, batch, context);
    const std::optional<RowMessage> full = gatherer_.Add(partition, batch);
    return full ? SendPieces(schema, full->partition, full->rows, context) : Status();
  }

  Status SendPieces(const CollectionSchema& schema, const std::string& partition, const RowBatch& batch,
                    const CallContext& context) {
    for (const RowBatch& piece : SplitRows(batch, kInsertBytes, kMostRows))
      MBK_TRY(SendPiece(schema, partition, piece, context));
    return {};
  }

  Status SendPiece(const CollectionSchema& schema, const std::string& partition, const RowBatch& piece,
                   const CallContext& context) {
    const WriteRowsRequest request{.target = plan_.place.built_as,
                                   .partition_name = partition,
                                   .schema = &schema,
                                   .rows = &piece,
                                   .send_auto_ids = plan_.keeps_auto_ids};
    begun_ = true;
    Result<WriteRowsResult> written = client_.InsertRows(request, context);
    if (MayBeCarriedOut(written.status())) in_doubt_ = true;
    if (WentUnanswered(written.status())) {
      if (plan_.place.way != Placement::Way::kNameLast) return InDoubt(written.status(), piece.rows);
      // The same rows in place of those that may be there already: none but this run's have their keys, for
      // nobody else knows the collection's name.
      written = client_.UpsertRows(request, context);
    }
    if (!written.ok()) return written.status();
    if (!written->rejected.empty()) {
      in_doubt_ = true;  // the others of them came
      return FailedPrecondition(fmt::format("the server refused {} of {} rows: {}", written->rejected.size(),
                                            piece.rows, written->reason));
    }
    sent_ += piece.rows;
    progress_.Add(piece.rows, EncodedSize(piece));
    return {};
  }

  // An upsert would replace what others have written under the same keys, and a second insert might bring the
  // rows twice.
  Status InDoubt(const Status& unanswered, std::int64_t rows) const {
    return {
        unanswered.code(),
        fmt::format("{}; whether these {} rows are in {} is not known, and they are not sent again: that "
                    "would replace newer rows of the same keys. Look at its rows, or restore under another "
                    "name and take over from there what is missing",
                    unanswered.message(), rows, plan_.target.Full())};
  }

  MilvusClient& client_;
  const CollectionPlan& plan_;
  Progress& progress_;
  // Half of the limits and a batch of less than the other half stay within them.
  RowGatherer gatherer_{
      {.message_bytes = kInsertBytes / 2, .message_rows = kMostRows / 2, .held_bytes = kGatheredBytes}};
  std::atomic<std::int64_t> sent_{0};
  std::atomic<bool> begun_ = false, in_doubt_ = false;
};

// The collection was made to take the keys of the backup; from now on it gives its own again, unless that
// was its user's wish.
Status GiveKeysAgain(MilvusClient& client, const CollectionPlan& plan, const CallContext& context) {
  const std::string property(kInsertAutoIdProperty);
  const std::string* wish = FindValue(plan.create_request.properties, property);
  if (wish != nullptr && *wish == "true") return {};
  return client.AlterCollection(plan.place.built_as, {{property, "false"}}, context);
}

// Before the first row is sent: the files hold as many as the metadata promise.
Status CheckRowsRead(const CollectionPlan& plan, const rows::RowCounts& counts) {
  if (counts.written == plan.rows) return {};
  return DataLoss(fmt::format("its files hold {} rows, the metadata say {}; nothing was inserted",
                              counts.written, plan.rows));
}

// After the last: every row of the files was sent, or is known to be buried.
Status CheckRowsSent(const rows::RowCounts& counts, std::int64_t sent) {
  if (sent == counts.living()) return {};
  return DataLoss(
      fmt::format("{} rows were sent; of {} in its files {} are deleted and {} have a newer row of "
                  "their key, so that it should be {}",
                  sent, counts.written, counts.deleted, counts.duplicate, counts.living()));
}

Status InsertCollection(MilvusClient& client, RowCodec& codec, const ObjectSource& source,
                        const CollectionPlan& plan, Outcome& outcome, const RunServices& run,
                        const CallContext& context) {
  MBK_TRY_ASSIGN(rows::CollectionRows binlogs,
                 rows::CollectionRows::Open(codec, {source.store, source.key_of}, *plan.source, {}));
  rows::BinlogRows living(outcome.source.Full(), std::move(binlogs));
  MBK_TRY_ASSIGN(const rows::RowCounts counts, living.Count(context));
  MBK_TRY(CheckRowsRead(plan, counts));
  Inserter inserter(client, plan, run.progress);
  const Status all_sent = inserter.Send(living, context);
  outcome.rows_brought = inserter.brought();
  if (!plan.create && inserter.begun()) outcome.left = Left::kAppended;
  MBK_TRY(all_sent);
  outcome.rows_imported = inserter.sent();
  MBK_TRY(CheckRowsSent(counts, inserter.sent()));
  outcome.rows_repeated = counts.duplicate;
  if (counts.duplicate > 0)
    outcome.notes.push_back(
        fmt::format("{} rows became {}: {} have a newer row of their key, which alone was sent (an import "
                    "brings all of them)",
                    counts.living() + counts.duplicate, counts.living(), counts.duplicate));
  if (plan.keeps_auto_ids) MBK_TRY(GiveKeysAgain(client, plan, context));
  return capture::FlushAndWait(client, plan.place.built_as, run.sleeper, context).status();
}

}  // namespace

Status InsertRows(MilvusClient& client, const ObjectSource& source, const Plan& plan,
                  std::vector<Outcome>& outcomes, const OnFilled& on_filled, const RunServices& run,
                  const CallContext& context) {
  std::int64_t rows = 0, bytes = 0;
  bool any = false;
  for (std::size_t i = 0; i < plan.collections.size(); ++i) {
    if (!IsInserted(plan.collections[i])) continue;
    any = true;
    rows += outcomes[i].rows_expected;
    bytes += outcomes[i].bytes;
  }
  if (!any) return {};
  MBK_TRY_ASSIGN(RowCodec* const codec, LoadRowCodec());
  run.progress.EnterRows(Step::kImport, rows, bytes);
  for (std::size_t i = 0; i < plan.collections.size(); ++i) {
    if (!IsInserted(plan.collections[i]) || !outcomes[i].status.ok()) continue;
    Status sent = InsertCollection(client, *codec, source, plan.collections[i], outcomes[i], run, context);
    if (!sent.ok()) outcomes[i].status = std::move(sent);
    MBK_TRY(context.Check());
    MBK_TRY(on_filled(i));
  }
  return {};
}

}  // namespace mbk::load
