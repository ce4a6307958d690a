#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/progress.h"
#include "codec/row_codec.h"
#include "model/column_builder.h"
#include "ops/capture/capture.h"
#include "ops/create/backup_copy.h"
#include "ops/environment.h"
#include "repository/repository.h"
#include "store/memory/memory_store.h"

/// A backup with real rows in it, encoded by the codec, in memory. Header only.
namespace mbk::opstest {

struct BookRow {
  std::int64_t id = 0;
  float price = 0;
  std::string title;
  std::uint64_t timestamp = 0;  ///< 0: kNow
};

struct BookDelete {
  std::int64_t id = 0;
  std::uint64_t timestamp = 0;
};

/// Hybrid: 2024-06-01, and a step of one millisecond.
inline constexpr std::uint64_t kNow = 1'717'200'000'000ull << 18;
inline constexpr std::uint64_t kMs = 1ull << 18;

class RowBackup {
 public:
  static constexpr std::int64_t kCollection = 4000;

  explicit RowBackup(std::string name = "nightly") : layout_("backup", name) {
    backup_.id = "0000";
    backup_.name = std::move(name);
    backup_.milvus_version = "v2.3.5";
    backup_.source_root = "files";
    backup_.databases = {{.name = "default"}};
    Collection books{.collection_id = kCollection, .db_name = "default", .name = "books", .shards_num = 1};
    books.schema = {
        .name = "books",
        .fields = {{.field_id = 100, .name = "id", .is_primary_key = true, .data_type = DataType::kInt64},
                   {.field_id = 101, .name = "price", .data_type = DataType::kFloat},
                   {.field_id = 102,
                    .name = "title",
                    .data_type = DataType::kVarChar,
                    .type_params = {{"max_length", "100"}}}}};
    books.partitions = {{.partition_id = 50, .name = "_default"}, {.partition_id = 51, .name = "new"}};
    backup_.collections.push_back(std::move(books));
  }

  Collection& books() { return backup_.collections[0]; }
  const BackupLayout& layout() const { return layout_; }
  Backup& backup() { return backup_; }

  /// One data segment, and its delta log if there are deletes.
  Segment& AddSegment(std::size_t partition, const std::vector<BookRow>& rows,
                      const std::vector<BookDelete>& deletes = {}) {
    Segment segment = NewSegment(books().partitions[partition].partition_id);
    segment.num_rows = static_cast<std::int64_t>(rows.size());
    const RowBatch batch = Batch(rows);
    for (const Column& column : batch.columns)
      Place(segment, segment.insert_logs, column.field_id, false, InsertLog(segment, batch, column));
    if (!deletes.empty()) AddDeltaLog(segment, deletes);
    auto& segments = books().partitions[partition].segments;
    segments.push_back(std::move(segment));
    return segments.back();
  }

  /// Put `rows`, as many, into the files of `segment`, which stay of one size each.
  void Overwrite(const Segment& segment, const std::vector<BookRow>& rows) {
    const RowBatch batch = Batch(rows);
    for (const Binlog& log : segment.insert_logs) {
      std::string file = InsertLog(segment, batch, *batch.Find(log.field_id));
      ASSERT_EQ(static_cast<std::int64_t>(file.size()), log.size) << "field " << log.field_id;
      store_.Set(layout_.tree().InsertLog(kCollection, segment, log).str(), std::move(file));
    }
  }

  /// Deletes of a partition, or of the whole collection when there is none.
  void AddL0(std::optional<std::size_t> partition, const std::vector<BookDelete>& deletes) {
    Segment segment = NewSegment(partition ? books().partitions[*partition].partition_id : kAllPartitions);
    segment.is_l0 = true;
    if (!partition) segment.group_id = 0;
    AddDeltaLog(segment, deletes);
    (partition ? books().partitions[*partition].segments : books().l0_segments).push_back(std::move(segment));
  }

  /// Write objects.json and the metadata.
  void Commit() {
    capture::AddUpSizes(backup_);
    auto writer = BackupWriter::Begin(store_, BackupLayout("other", backup_.name), "test", {}).value();
    DigestLog digests;
    digests.Seal();
    ASSERT_TRUE(RecordBackupData(store_, layout_.tree(), backup_, digests, layout_.Meta(kObjects), {}).ok());
    auto committed = writer->Commit(backup_, {});
    ASSERT_TRUE(committed.ok()) << committed.message();
    for (const auto& [key, content] : store_.Contents())
      if (key.starts_with("other/")) store_.Set("backup" + key.substr(5), content);
    for (const std::string& key : store_.Keys())
      if (key.starts_with("other/")) Remove(key);
  }

  void Remove(const std::string& key) {
    const ObjectKey keys[] = {ObjectKey(key)};
    ASSERT_TRUE(store_.Delete(keys, {}).ok());
  }
  std::vector<std::string> DataKeys() const {
    std::vector<std::string> keys;
    for (std::string& key : store_.Keys())
      if (key.starts_with(layout_.tree().DataPrefix())) keys.push_back(std::move(key));
    return keys;
  }

  static RowCodec& Codec() { return *LoadRowCodec().value(); }

  MemoryStore& store() { return store_; }
  BackupSide side{.store = store_, .root = "backup"};
  Progress progress;
  RunServices run{.settings = {.copy = {.concurrency = 4}}, .progress = progress, .sleeper = RealSleeper()};

 private:
  Segment NewSegment(std::int64_t partition_id) {
    const std::int64_t id = next_id_ += 10;
    return {.segment_id = id, .partition_id = partition_id, .group_id = id};
  }
  static BinlogOrigin OriginOf(const Segment& segment) {
    return {kCollection, segment.partition_id, segment.segment_id};
  }
  FieldSchema FieldOf(std::int64_t id) {
    for (const FieldSchema& field : books().schema.fields)
      if (field.field_id == id) return field;
    return {.field_id = id, .name = id == kRowIdField ? "RowID" : "Timestamp", .data_type = DataType::kInt64};
  }

  static RowBatch Batch(const std::vector<BookRow>& rows) {
    ColumnBuilder row_id(kRowIdField, DataType::kInt64, ColumnLayout::kFixed, 8);
    ColumnBuilder time(kTimestampField, DataType::kInt64, ColumnLayout::kFixed, 8);
    ColumnBuilder id(100, DataType::kInt64, ColumnLayout::kFixed, 8);
    ColumnBuilder price(101, DataType::kFloat, ColumnLayout::kFixed, 4);
    ColumnBuilder title(102, DataType::kVarChar, ColumnLayout::kVariable);
    for (const BookRow& row : rows) {
      row_id.AppendNumber(std::int64_t{row.id + 1'000'000});
      time.AppendNumber(row.timestamp == 0 ? kNow : row.timestamp);
      id.AppendNumber(row.id);
      price.AppendNumber(row.price);
      title.AppendBytes(row.title);
    }
    return {.rows = static_cast<std::int64_t>(rows.size()),
            .columns = {row_id.Finish(), time.Finish(), id.Finish(), price.Finish(), title.Finish()}};
  }

  std::string InsertLog(const Segment& segment, const RowBatch& batch, const Column& column) {
    return Codec()
        .EncodeInsertLog(OriginOf(segment), FieldOf(column.field_id), column, *batch.Find(kTimestampField),
                         {.written_at = kNow})
        .value();
  }

  void AddDeltaLog(Segment& segment, const std::vector<BookDelete>& deletes) {
    ColumnBuilder ids(100, DataType::kInt64, ColumnLayout::kFixed, 8);
    ColumnBuilder times(kTimestampField, DataType::kInt64, ColumnLayout::kFixed, 8);
    for (const BookDelete& deleted : deletes) {
      ids.AppendNumber(deleted.id);
      times.AppendNumber(deleted.timestamp);
    }
    Place(segment, segment.delta_logs, 0, true,
          Codec()
              .EncodeDeltaLog(OriginOf(segment), ids.Finish(), times.Finish(), RowCodec::DeltaFormat::kJson,
                              {.written_at = kNow})
              .value());
  }

  void Place(Segment& segment, std::vector<Binlog>& logs, std::int64_t field_id, bool is_delta,
             std::string file) {
    logs.push_back({field_id, ++next_log_, static_cast<std::int64_t>(file.size())});
    segment.size += logs.back().size;
    const ObjectKey key = is_delta ? layout_.tree().DeltaLog(kCollection, segment, logs.back())
                                   : layout_.tree().InsertLog(kCollection, segment, logs.back());
    store_.Set(key.str(), std::move(file));
  }

  const BackupLayout layout_;
  MemoryStore store_;
  Backup backup_;
  std::int64_t next_id_ = 600;
  std::int64_t next_log_ = 9000;
};

/// `count` books from key `first` on.
inline std::vector<BookRow> Books(std::int64_t first, std::int64_t count, std::uint64_t timestamp = 0) {
  std::vector<BookRow> rows;
  for (std::int64_t id = first; id < first + count; ++id)
    rows.push_back({id, static_cast<float>(id) / 4, "book " + std::to_string(id), timestamp});
  return rows;
}

}  // namespace mbk::opstest
