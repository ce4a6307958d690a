#include "ops/verify/row_proof.h"

#include <fmt/core.h>

#include <chrono>
#include <mutex>
#include <utility>

namespace mbk {
namespace {

using rows::CollectionRows;
using rows::LivingRows;

constexpr int kLogicalBits = 18;  // of a hybrid timestamp: physical ms << 18 | logical
// No Milvus ran before 2019, and no row is from later than tomorrow.
constexpr std::uint64_t kFirstMs = 1'546'300'800'000;
constexpr std::chrono::hours kClockSkew{24};

std::uint64_t LatestMs() {
  const auto latest = std::chrono::system_clock::now() + kClockSkew;
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(latest.time_since_epoch()).count());
}

class Proof {
 public:
  Proof(const CollectionRows& rows, VerifyReport& report, Progress& progress)
      : rows_(rows),
        hasher_(rows.schema()),
        report_(report),
        progress_(progress),
        seen_(rows.segments().size()),
        fingerprints_(rows.collection().partitions.size()) {}

  Result<CollectionProof> Run(const CallContext& context) {
    Result<LivingRows> living = rows_.FindLiving(context);
    if (!living.ok() && living.status().code() != Code::kDataLoss) return living.status();
    if (!living.ok()) Damage(living.status().message());
    if (living.ok()) living_ = &*living;
    MBK_TRY(rows_.ForEachBatch(
        {},
        [this](std::size_t segment, std::int64_t first_row, const RowBatch& batch) {
          return Take(segment, first_row, batch);
        },
        [this](std::size_t segment, Status end) { return End(segment, std::move(end)); }, context));
    MBK_TRY(CheckSegmentsWithoutRows(context));
    // Damage in one delta log hides what the others hold: look at each.
    if (living_ == nullptr) MBK_TRY(TryDeltaLogs(context));
    return Summary();
  }

 private:
  Status Take(std::size_t segment, std::int64_t first_row, const RowBatch& batch) {
    MBK_TRY(CheckTimestamps(first_row, batch));
    MBK_TRY_ASSIGN(const std::vector<Hash128> hashes, hasher_.HashRows(batch));
    seen_[segment] = first_row + batch.rows;
    if (living_ == nullptr) return {};
    const std::vector<bool>& lives = living_->OfSegment(segment);
    if (lives.size() < static_cast<std::size_t>(seen_[segment]))
      return DataLoss("its files hold more rows now than when their keys were read");
    Fingerprint sum;
    for (std::int64_t row = 0; row < batch.rows; ++row)
      if (lives[static_cast<std::size_t>(first_row + row)]) sum.Add(hashes[static_cast<std::size_t>(row)]);
    std::scoped_lock lock(mutex_);
    fingerprints_[rows_.segments()[segment].partition].Add(sum);
    return {};
  }

  Status CheckTimestamps(std::int64_t first_row, const RowBatch& batch) const {
    const Column* times = batch.Find(kTimestampField);
    if (times == nullptr) return DataLoss("it has no timestamps (field 1)");
    for (std::int64_t row = 0; row < batch.rows; ++row) {
      const std::uint64_t ms = static_cast<std::uint64_t>(times->NumberAt<std::int64_t>(row)) >> kLogicalBits;
      if (ms < kFirstMs || ms > latest_ms_)
        return DataLoss(fmt::format("row {}: its timestamp, {} ms after 1970, is none that Milvus gave",
                                    first_row + row, ms));
    }
    return {};
  }

  Status End(std::size_t index, Status end) {
    const Segment& segment = *rows_.segments()[index].segment;
    progress_.Add(1, segment.size);
    if (end.ok() && segment.num_rows != 0 && seen_[index] != segment.num_rows)
      end = DataLoss(fmt::format("segment {} of {}.{} holds {} rows, its metadata say {}", segment.segment_id,
                                 rows_.collection().db_name, rows_.collection().name, seen_[index],
                                 segment.num_rows));
    if (end.code() != Code::kDataLoss && end.code() != Code::kNotFound) return end;
    Damage(end.message());
    return {};
  }

  // Segments that name no insert logs: rows that the metadata promise are lost, and deletes beside none bury
  // nothing, but are read like all others.
  Status CheckSegmentsWithoutRows(const CallContext& context) {
    Status stopped;
    ForEachSegment(rows_.collection(), [&](const Segment& segment) {
      if (segment.is_l0 || !segment.insert_logs.empty() || !stopped.ok()) return;
      if (segment.num_rows != 0)
        Damage(fmt::format("segment {} of {}.{} has no insert logs, its metadata say {} rows",
                           segment.segment_id, rows_.collection().db_name, rows_.collection().name,
                           segment.num_rows));
      stopped = TryDeltaLogs(segment, context);
    });
    return stopped;
  }

  Status TryDeltaLogs(const CallContext& context) {
    Status stopped;
    ForEachSegment(rows_.collection(), [&](const Segment& segment) {
      if (stopped.ok()) stopped = TryDeltaLogs(segment, context);
    });
    return stopped;
  }
  Status TryDeltaLogs(const Segment& segment, const CallContext& context) {
    Status read = rows_.ForEachDelete(segment, [](const DeletedKey&) { return Status(); }, context);
    if (read.code() != Code::kDataLoss && read.code() != Code::kNotFound) return read;
    Damage(read.message());
    return {};
  }

  Result<CollectionProof> Summary() {
    const Collection& collection = rows_.collection();
    CollectionProof proof{.name = {collection.db_name, collection.name}};
    if (damaged_) return proof;
    proof.total.emplace();
    for (std::size_t i = 0; i < collection.partitions.size(); ++i) {
      RowsProof part{.partition = collection.partitions[i].name,
                     .counts = living_->OfPartition(i),
                     .fingerprint = fingerprints_[i]};
      proof.total->counts.Add(part.counts);
      proof.total->fingerprint.Add(part.fingerprint);
      proof.partitions.push_back(std::move(part));
    }
    return proof;
  }

  // What was found by the keys may be met again by the rows.
  void Damage(std::string what) {
    std::scoped_lock lock(mutex_);
    damaged_ = true;
    if (std::find(report_.damage.begin(), report_.damage.end(), what) == report_.damage.end())
      report_.damage.push_back(std::move(what));
  }

  const CollectionRows& rows_;
  const RowHasher hasher_;
  VerifyReport& report_;
  Progress& progress_;
  const std::uint64_t latest_ms_ = LatestMs();
  const LivingRows* living_ = nullptr;
  std::vector<std::int64_t> seen_;  ///< rows, of each segment; one thread a segment
  std::mutex mutex_;
  std::vector<Fingerprint> fingerprints_;  ///< of each partition
  bool damaged_ = false;
};

}  // namespace

Result<CollectionProof> ProveRows(const CollectionRows& rows, VerifyReport& report, Progress& progress,
                                  const CallContext& context) {
  return Proof(rows, report, progress).Run(context);
}

}  // namespace mbk
