#include "ops/rows/row_proof.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <set>
#include <utility>

#include "codec/row_codec.h"
#include "model/version.h"
#include "ops/rows/collection_rows.h"

namespace mbk::rows {
namespace {

constexpr int kLogicalBits = 18;  // of a hybrid timestamp: physical ms << 18 | logical
// No Milvus ran before 2019, and no row is from later than tomorrow.
constexpr std::uint64_t kFirstMs = 1'546'300'800'000;
constexpr std::chrono::hours kClockSkew{24};

std::uint64_t LatestMs() {
  const auto latest = std::chrono::system_clock::now() + kClockSkew;
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(latest.time_since_epoch()).count());
}

// Milvus 3 and later, and what is not known: restoring a snapshot copies a segment's files to another id.
bool CopiesFilesAsTheyAre(std::string_view version) {
  const std::optional<MajorMinor> parsed = ParseMajorMinor(version);
  return !parsed || *parsed >= MajorMinor{3, 0};
}

// What is wrong with a file, in contrast to what keeps it from being looked at.
bool IsDamage(const Status& status) {
  return status.code() == Code::kDataLoss || status.code() == Code::kNotFound;
}

class Proof {
 public:
  Proof(const CollectionRows& rows, Findings& damage, Progress& progress)
      : rows_(rows),
        hasher_(rows.schema()),
        damage_(damage),
        progress_(progress),
        seen_(rows.segments().size()),
        fingerprints_(rows.collection().partitions.size()) {}

  Result<CollectionProof> Run(const CallContext& context) {
    Result<LivingRows> living = rows_.FindLiving(context);
    if (!living.ok() && !IsDamage(living.status())) return living.status();
    if (living.ok()) living_ = &*living;
    MBK_TRY(rows_.ForEachBatch(
        {},
        [this](std::size_t segment, std::int64_t first_row, const RowBatch& batch) {
          return Take(segment, first_row, batch);
        },
        [&](std::size_t segment, Status end) { return End(segment, std::move(end), context); }, context));
    MBK_TRY(TryDeltaLogs(context));
    // What the keys met is met again by the rows and the delta logs, as a rule.
    if (living_ == nullptr && !damaged_) Damage(living.status().message());
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

  Status End(std::size_t index, Status end, const CallContext& context) {
    const Segment& segment = *rows_.segments()[index].segment;
    progress_.Add(1, segment.size);
    if (end.ok() && seen_[index] != segment.num_rows)
      end = DataLoss(fmt::format("segment {} of {}.{} holds {} rows, its metadata say {}", segment.segment_id,
                                 rows_.collection().db_name, rows_.collection().name, seen_[index],
                                 segment.num_rows));
    if (end.ok()) return {};
    if (!IsDamage(end)) return end;
    return NameDamage(index, end, context);
  }

  // One damaged file hides what is wrong with the others of its segment: each field is read by itself. What
  // is wrong with none of them alone is wrong with the segment.
  Status NameDamage(std::size_t index, const Status& of_segment, const CallContext& context) {
    std::vector<std::int64_t> fields = FieldsOf(rows_.schema());
    fields.insert(fields.end(), {kRowIdField, kTimestampField});
    std::set<std::string> named;  // fields of one packed file are damaged together
    for (const std::int64_t field : fields) {
      const Status read = rows_.ReadField(index, field, context);
      if (read.ok()) continue;
      if (!IsDamage(read)) return read;
      if (named.insert(read.message()).second) Damage(read.message());
    }
    if (named.empty()) Damage(of_segment.message());
    return {};
  }

  // Damage in one delta log hides what the others hold: after it, look at each. Those beside no rows bury
  // nothing, but are read like all others.
  Status TryDeltaLogs(const CallContext& context) {
    Status stopped;
    ForEachSegment(rows_.collection(), [&](const Segment& segment) {
      const bool was_read = living_ != nullptr && (segment.is_l0 || !segment.insert_logs.empty());
      for (const Binlog& log : segment.delta_logs) {
        if (was_read || !stopped.ok()) continue;
        const Status read =
            rows_.ReadDeltaLog(segment, log, [](const DeletedKey&) { return Status(); }, context);
        if (IsDamage(read))
          Damage(read.message());
        else
          stopped = read;
      }
    });
    return stopped;
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

  void Damage(std::string what) {
    std::scoped_lock lock(mutex_);
    damaged_ = true;
    damage_.Add(std::move(what));
  }

  const CollectionRows& rows_;
  const RowHasher hasher_;
  Findings& damage_;
  Progress& progress_;
  const std::uint64_t latest_ms_ = LatestMs();
  const LivingRows* living_ = nullptr;
  std::vector<std::int64_t> seen_;  ///< rows, of each segment; one thread a segment
  std::mutex mutex_;
  std::vector<Fingerprint> fingerprints_;  ///< of each partition
  bool damaged_ = false;
};

// What is wrong with one collection, or not read here, is noted, and the next is looked at.
Result<CollectionProof> ProveCollection(RowCodec& codec, const BinlogSource& source,
                                        const Collection& collection, const RowSettings& settings,
                                        BackupProof& proof, Progress& progress, const CallContext& context) {
  Result<CollectionRows> opened = CollectionRows::Open(codec, source, collection, settings);
  if (opened.ok()) return Proof(*opened, proof.damage, progress).Run(context);
  const Code code = opened.status().code();
  if (code != Code::kDataLoss && code != Code::kUnimplemented) return opened.status();
  if (code == Code::kDataLoss)
    proof.damage.Add(opened.status().message());
  else
    proof.unproven.push_back(opened.status().message());
  return CollectionProof{.name = {collection.db_name, collection.name}};
}

std::string Counted(const RowsRecord& rows) {
  return fmt::format("{} ({} rows written, {} deleted, {} duplicate)", rows.fingerprint, rows.written,
                     rows.deleted, rows.duplicate);
}

// Whether they are equal. Counts are looked at too: a delete that is lost may meet a row that is.
bool CompareOne(const std::string& where, const std::optional<RowsRecord>& recorded, const RowsProof& found,
                Findings& damage) {
  const RowsRecord now = RecordOf(found);
  if (!recorded || *recorded == now) return true;
  damage.Add(fmt::format("{} holds other rows than when the backup was made: fingerprint {} instead of {}",
                         where, Counted(now), Counted(*recorded)));
  return false;
}

}  // namespace

Result<BackupProof> ProveRows(ObjectReader& store, const BinlogTree& tree, const Backup& backup,
                              Progress& progress, const CallContext& context) {
  MBK_TRY_ASSIGN(RowCodec* const codec, LoadRowCodec());
  const BinlogSource source{store, [&](const DataObject& object) { return object.KeyIn(tree); }};
  const RowSettings settings{.check_origin = !CopiesFilesAsTheyAre(backup.milvus_version)};
  BackupProof proof;
  for (const Collection& collection : backup.collections) {
    MBK_TRY_ASSIGN(CollectionProof one,
                   ProveCollection(*codec, source, collection, settings, proof, progress, context));
    proof.collections.push_back(std::move(one));
  }
  return proof;
}

std::int64_t CountSegments(const Backup& backup) {
  std::int64_t segments = 0;
  for (const Collection& collection : backup.collections)
    for (const Partition& partition : collection.partitions)
      segments += static_cast<std::int64_t>(partition.segments.size());
  return segments;
}

RowsRecord RecordOf(const RowsProof& proof) {
  return {.written = proof.counts.written,
          .deleted = proof.counts.deleted,
          .duplicate = proof.counts.duplicate,
          .fingerprint = proof.fingerprint.ToString()};
}

void RecordRows(const BackupProof& proof, Backup& backup) {
  for (std::size_t i = 0; i < backup.collections.size(); ++i) {
    Collection& collection = backup.collections[i];
    const CollectionProof& rows = proof.collections[i];
    collection.rows_record = RecordOf(*rows.total);
    for (std::size_t j = 0; j < collection.partitions.size(); ++j)
      collection.partitions[j].rows_record = RecordOf(rows.partitions[j]);
  }
}

std::int64_t CompareWithRecord(const Backup& backup, BackupProof& proof) {
  std::int64_t agree = 0;
  for (std::size_t i = 0; i < backup.collections.size(); ++i) {
    const Collection& collection = backup.collections[i];
    const CollectionProof& rows = proof.collections[i];
    if (!rows.total) continue;  // why is said already
    const std::string where = rows.name.Full();
    bool equal = CompareOne(where, collection.rows_record, *rows.total, proof.damage);
    for (std::size_t j = 0; j < collection.partitions.size(); ++j) {
      const Partition& partition = collection.partitions[j];
      equal &= CompareOne(fmt::format("{}, partition {},", where, partition.name), partition.rows_record,
                          rows.partitions[j], proof.damage);
    }
    if (equal && collection.rows_record) ++agree;
  }
  return agree;
}

}  // namespace mbk::rows
