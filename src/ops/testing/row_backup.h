#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "codec/row_codec.h"
#include "model/column_builder.h"
#include "ops/testing/memory_backup.h"

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

class RowBackup : public MemoryBackup {
 public:
  explicit RowBackup(std::string name = "nightly") : MemoryBackup(std::move(name)) {
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
    backup().collections.push_back(std::move(books));
  }

  Collection& books() { return backup().collections[0]; }

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
      store().Set(layout().tree().InsertLog(kCollection, segment, log).str(), std::move(file));
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

 private:
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
      row_id.AppendNumber(static_cast<std::uint64_t>(row.id) + 1'000'000);
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
};

/// `count` books from key `first` on.
inline std::vector<BookRow> Books(std::int64_t first, std::int64_t count, std::uint64_t timestamp = 0) {
  std::vector<BookRow> rows;
  for (std::int64_t id = first; id < first + count; ++id)
    rows.push_back({id, static_cast<float>(id) / 4, "book " + std::to_string(id), timestamp});
  return rows;
}

}  // namespace mbk::opstest
