#include "ops/load/rewrite.h"

#include <algorithm>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "codec/field_type.h"
#include "model/column_builder.h"
#include "ops/rows/collection_rows.h"

namespace mbk::load {
namespace {

// Small files cost round trips, not bytes: more readers than processors.
constexpr rows::RowSettings kReading{.workers = 8, .read_ahead_bytes = 8 << 20, .batch_bytes = 1 << 20};
// Rows are held until there are so many bytes of them; Milvus itself writes files of 16 MiB of rows.
constexpr std::int64_t kLogBytes = 16 << 20;
// Servers sort the files of a field by their names as text, so that all have the same number of digits.
constexpr std::int64_t kFirstLogId = 1'000'000'000;

/// A collection that has nothing but the segments of `dir`.
Collection OnlyOf(const Collection& collection, const ImportDir& dir) {
  Collection only{.collection_id = collection.collection_id,
                  .db_name = collection.db_name,
                  .name = collection.name,
                  .schema = collection.schema};
  only.partitions = {{.partition_id = dir.segments.front()->partition_id, .name = dir.partition}};
  for (const Segment* segment : dir.segments) only.partitions.front().segments.push_back(*segment);
  return only;
}

/// What the delta logs beside the segments do to one key.
class KeyDeletes {
 public:
  void Add(std::size_t segment, std::uint64_t timestamp) {
    for (auto& [of, newest] : newest_) {
      if (of != segment) continue;
      newest = std::max(newest, timestamp);
      return;
    }
    newest_.emplace_back(segment, timestamp);
  }
  /// Whether a row of the segment is buried by a delete beside it.
  bool Bury(std::size_t segment, std::uint64_t timestamp) const {
    return std::any_of(newest_.begin(), newest_.end(), [&](const auto& deleted) {
      return deleted.first == segment && deleted.second > timestamp;
    });
  }
  std::uint64_t Newest() const {
    return std::max_element(newest_.begin(), newest_.end(),
                            [](const auto& a, const auto& b) { return a.second < b.second; })
        ->second;
  }

  bool lives = false;  ///< in one of the segments, in spite of them

 private:
  std::vector<std::pair<std::size_t, std::uint64_t>> newest_;  ///< of each segment that has some
};

/// The deletes of all segments, by the bytes of their keys.
class Deletes {
 public:
  explicit Deletes(const rows::CollectionRows& rows) : rows_(rows) {}

  Status Read(const CallContext& context) {
    const bool is_number = rows_.primary_key().data_type == DataType::kInt64;
    for (std::size_t i = 0; i < rows_.segments().size(); ++i) {
      const auto take = [&](const DeletedKey& deleted) {
        const std::string_view key =
            is_number
                ? std::string_view(reinterpret_cast<const char*>(&deleted.number), sizeof deleted.number)
                : deleted.text;
        of_key_[std::string(key)].Add(i, deleted.timestamp);
        return Status();
      };
      MBK_TRY(rows_.ForEachDelete(*rows_.segments()[i].segment, take, context));
    }
    return of_key_.empty() ? Status() : FindLiving(context);
  }

  /// Whether a row is to be left out: its key lives elsewhere, so that no delete of it is written.
  bool LeavesOut(const Column& keys, const Column& times, std::int64_t row, std::size_t segment) const {
    const auto found = of_key_.find(keys.BytesAt(row));
    return found != of_key_.end() && found->second.lives &&
           found->second.Bury(segment, times.NumberAt<std::uint64_t>(row));
  }

  bool empty() const { return of_key_.empty(); }

  /// The deletes that are written, oldest first: their keys, and the newest of each.
  std::vector<std::pair<std::uint64_t, std::string_view>> Kept() const {
    std::vector<std::pair<std::uint64_t, std::string_view>> kept;
    for (const auto& [key, deletes] : of_key_)
      if (!deletes.lives) kept.emplace_back(deletes.Newest(), key);
    std::sort(kept.begin(), kept.end());
    return kept;
  }

 private:
  Status FindLiving(const CallContext& context) {
    const std::int64_t key_field = rows_.primary_key().field_id;
    auto visit = [&](std::size_t segment, std::int64_t, const RowBatch& batch) -> Status {
      const Column* keys = batch.Find(key_field);
      const Column* times = batch.Find(kTimestampField);
      if (keys == nullptr || times == nullptr) return Internal("a batch without keys or timestamps");
      std::vector<KeyDeletes*> living;
      for (std::int64_t row = 0; row < batch.rows; ++row) {
        const auto found = of_key_.find(keys->BytesAt(row));
        if (found != of_key_.end() && !found->second.Bury(segment, times->NumberAt<std::uint64_t>(row)))
          living.push_back(&found->second);
      }
      std::scoped_lock lock(mutex_);
      for (KeyDeletes* deletes : living) deletes->lives = true;
      return {};
    };
    return rows_.ForEachBatch(
        {key_field, kTimestampField}, visit, [](std::size_t, Status end) { return end; }, context);
  }

  // Looks up by a view, without a copy of the key.
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  const rows::CollectionRows& rows_;
  std::unordered_map<std::string, KeyDeletes, Hash, std::equal_to<>> of_key_;
  std::mutex mutex_;  // guards `lives`
};

/// Encodes rows as the files of one segment. One thread at a time.
class SegmentWriter {
 public:
  SegmentWriter(RowCodec& codec, const RewriteTarget& target, const Collection& collection,
                const CollectionSchema& schema, Segment segment)
      : codec_(codec),
        target_(target),
        collection_id_(collection.collection_id),
        fields_(codec::StoredFields(schema)),
        segment_(std::move(segment)) {}

  Status Add(const RowBatch& batch, const std::vector<bool>& leave_out, const CallContext& context) {
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      const Column* column = batch.Find(fields_[i].field_id);
      if (column == nullptr) return Internal("rows without the field " + fields_[i].name);
      if (columns_.size() == i) columns_.emplace_back(*column);
      for (std::int64_t row = 0; row < batch.rows; ++row)
        if (!leave_out[static_cast<std::size_t>(row)]) columns_[i].AppendFrom(*column, row);
    }
    std::int64_t bytes = 0;
    for (const ColumnBuilder& column : columns_) bytes += column.bytes();
    return bytes < kLogBytes ? Status() : WriteInsertLogs(context);
  }

  Status WriteInsertLogs(const CallContext& context) {
    if (columns_.empty() || columns_.front().length() == 0) return {};
    RowBatch rows{.rows = columns_.front().length()};
    for (ColumnBuilder& column : columns_) rows.columns.push_back(column.Finish());
    const Column* times = rows.Find(kTimestampField);
    if (times == nullptr) return Internal("rows without timestamps");
    const std::int64_t log_id = next_log_id_++;
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      const FieldSchema& field = fields_[i];
      // What may be null is of Milvus 2.5 or later; all versions read the older form.
      const EncodeOptions options{
          .dialect = field.nullable ? EncodeOptions::Dialect::kMilvus24 : EncodeOptions::Dialect::kMilvus23,
          .written_at = times->NumberAt<std::uint64_t>(rows.rows - 1)};
      MBK_TRY_ASSIGN(const std::string file,
                     codec_.EncodeInsertLog(Origin(), field, rows.columns[i], *times, options));
      const Binlog log{field.field_id, log_id, static_cast<std::int64_t>(file.size())};
      MBK_TRY(Put(target_.tree.InsertLog(collection_id_, segment_, log), file, context));
      segment_.insert_logs.push_back(log);
      segment_.size += log.size;
    }
    segment_.num_rows += rows.rows;
    return {};
  }

  Status WriteDeltaLog(const FieldSchema& key,
                       const std::vector<std::pair<std::uint64_t, std::string_view>>& deletes,
                       const CallContext& context) {
    if (deletes.empty()) return {};
    const bool is_number = key.data_type == DataType::kInt64;
    ColumnBuilder keys(key.field_id, key.data_type,
                       is_number ? ColumnLayout::kFixed : ColumnLayout::kVariable, is_number ? 8 : 0);
    ColumnBuilder times(kTimestampField, DataType::kInt64, ColumnLayout::kFixed, 8);
    for (const auto& [timestamp, bytes] : deletes) {
      keys.AppendBytes(bytes);
      times.AppendNumber(timestamp);
    }
    MBK_TRY_ASSIGN(const std::string file,
                   codec_.EncodeDeltaLog(Origin(), keys.Finish(), times.Finish(),
                                         RowCodec::DeltaFormat::kJson, {.written_at = deletes.back().first}));
    const Binlog log{0, next_log_id_++, static_cast<std::int64_t>(file.size())};
    MBK_TRY(Put(target_.tree.DeltaLog(collection_id_, segment_, log), file, context));
    segment_.delta_logs.push_back(log);
    segment_.size += log.size;
    return {};
  }

  Segment Take() { return std::move(segment_); }

 private:
  BinlogOrigin Origin() const { return {collection_id_, segment_.partition_id, segment_.segment_id}; }
  Status Put(const ObjectKey& key, const std::string& file, const CallContext& context) {
    return target_.store.Put({.key = key, .body = file}, context).status();
  }

  RowCodec& codec_;
  const RewriteTarget target_;
  const std::int64_t collection_id_;
  const std::vector<FieldSchema> fields_;
  Segment segment_;
  std::vector<ColumnBuilder> columns_;
  std::int64_t next_log_id_ = kFirstLogId;
};

}  // namespace

Result<Segment> RewriteSegments(RowCodec& codec, const ObjectSource& source, const Collection& collection,
                                const ImportDir& dir, const RewriteTarget& target, Progress& progress,
                                const CallContext& context) {
  const Collection only = OnlyOf(collection, dir);
  MBK_TRY_ASSIGN(const rows::CollectionRows rows,
                 rows::CollectionRows::Open(codec, {source.store, source.key_of}, only, kReading));
  Deletes deletes(rows);
  MBK_TRY(deletes.Read(context));

  const Segment& first = *dir.segments.front();
  SegmentWriter writer(codec, target, only, rows.schema(),
                       {.segment_id = first.segment_id,
                        .partition_id = first.partition_id,
                        .group_id = first.group_id,
                        .storage_version = dir.storage_version});
  std::mutex mutex;
  auto visit = [&](std::size_t segment, std::int64_t, const RowBatch& batch) -> Status {
    const Column* keys = batch.Find(rows.primary_key().field_id);
    const Column* times = batch.Find(kTimestampField);
    if (keys == nullptr || times == nullptr) return Internal("a batch without keys or timestamps");
    std::vector<bool> leave_out(static_cast<std::size_t>(batch.rows));
    for (std::int64_t row = 0; row < batch.rows && !deletes.empty(); ++row)
      leave_out[static_cast<std::size_t>(row)] = deletes.LeavesOut(*keys, *times, row, segment);
    std::scoped_lock lock(mutex);
    return writer.Add(batch, leave_out, context);
  };
  auto ended = [&](std::size_t segment, Status end) {
    progress.Add(1, rows.segments()[segment].segment->size);
    return end;
  };
  MBK_TRY(rows.ForEachBatch({}, visit, ended, context));
  MBK_TRY(writer.WriteInsertLogs(context));
  MBK_TRY(writer.WriteDeltaLog(rows.primary_key(), deletes.Kept(), context));
  return writer.Take();
}

}  // namespace mbk::load
