#include <fmt/core.h>

#include "base/parallel.h"
#include "codec/row_codec.h"
#include "commands.h"
#include "made_rows.h"
#include "model/column_builder.h"
#include "ops/capture/capture.h"
#include "ops/create/backup_copy.h"
#include "repository/repository.h"
#include "store/local/local_store.h"

namespace mbk::bench {
namespace {

constexpr std::int64_t kCollection = 470'000'000'000'000'001;
constexpr std::int64_t kPartition = 470'000'000'000'000'002;
constexpr std::int64_t kFirstSegment = 470'000'000'001'000'000;
constexpr std::int64_t kFirstLog = 470'000'000'100'000'000;
constexpr std::int64_t kKey = 100, kVector = 101;
constexpr std::int64_t kKeysOfADelete = 100;
constexpr int kWorkers = 2;

CollectionSchema Schema(std::int64_t dimension) {
  CollectionSchema schema{.name = "bench"};
  schema.fields = {{.field_id = kKey, .name = "id", .is_primary_key = true, .data_type = DataType::kInt64},
                   {.field_id = kVector,
                    .name = "vector",
                    .data_type = DataType::kFloatVector,
                    .type_params = {{.key = "dim", .value = std::to_string(dimension)}}}};
  return schema;
}

class BackupMaker {
 public:
  BackupMaker(RowCodec& codec, const std::filesystem::path& root, const std::string& name,
              const BackupShape& shape)
      : codec_(codec),
        root_(root),
        store_(MakeLocalStore({.base_directory = root.string()})),
        layout_("", name),
        shape_(shape),
        schema_(Schema(shape.dimension)) {}

  /// Segment `number` of the backup, its files written.
  Result<Segment> MakeSegment(std::int64_t number) const {
    const std::int64_t id = kFirstSegment + number;
    Segment segment{
        .segment_id = id, .partition_id = kPartition, .num_rows = shape_.segment_rows, .group_id = id};
    const std::int64_t first = number * shape_.segment_rows;
    // Room for the logs of a segment: four fields, and as many logs each as its rows take.
    const std::int64_t logs = (shape_.segment_rows + shape_.log_rows - 1) / shape_.log_rows;
    std::int64_t log_id = kFirstLog + number * logs * 4;
    for (std::int64_t row = 0; row < shape_.segment_rows; row += shape_.log_rows) {
      const std::int64_t rows = std::min(shape_.log_rows, shape_.segment_rows - row);
      const Column times = MakeTimestamps(first + row, rows);
      MBK_TRY(AddLog(segment, {.field_id = kRowIdField, .name = "RowID", .data_type = DataType::kInt64},
                     MakeRowIds(first + row, rows), times, log_id++));
      MBK_TRY(AddLog(segment,
                     {.field_id = kTimestampField, .name = "Timestamp", .data_type = DataType::kInt64}, times,
                     times, log_id++));
      for (const FieldSchema& field : schema_.fields)
        MBK_TRY(AddLog(segment, field, MakeColumn(field, first + row, rows), times, log_id++));
    }
    return segment;
  }

  /// Claims the name, before anything lies there.
  Status Begin() {
    MBK_TRY_ASSIGN(writer_, BackupWriter::Begin(*store_, layout_, "bench", {}));
    return {};
  }

  /// An L0 segment of the partition, which deletes every so-many-th key.
  Result<Segment> MakeDeletes() const {
    ColumnBuilder keys(kKey, DataType::kInt64, ColumnLayout::kFixed, 8);
    for (std::int64_t key = 0; key < shape_.segments * shape_.segment_rows; key += kKeysOfADelete)
      keys.AppendNumber(key);
    const Column deleted = keys.Finish();
    const std::int64_t id = kFirstSegment + shape_.segments;
    Segment segment{.segment_id = id, .partition_id = kPartition, .group_id = id, .is_l0 = true};
    // Younger than all rows.
    const Column times =
        MakeTimestamps(shape_.segments * shape_.segment_rows + kRowsOfAMessage, deleted.length);
    MBK_TRY_ASSIGN(const std::string file,
                   codec_.EncodeDeltaLog({kCollection, kPartition, id}, deleted, times,
                                         RowCodec::DeltaFormat::kJson, {.written_at = kWrittenAt}));
    segment.size = static_cast<std::int64_t>(file.size());
    segment.delta_logs.push_back({.log_id = kFirstLog - 1, .size = segment.size});
    MBK_TRY(
        WriteFile(root_ / layout_.tree().DeltaLog(kCollection, segment, segment.delta_logs[0]).str(), file));
    return segment;
  }

  Status Commit(std::vector<Segment> segments) {
    Collection collection{.collection_id = kCollection,
                          .db_name = "default",
                          .name = "bench",
                          .schema = schema_,
                          .shards_num = 1,
                          .consistency_level = 2};
    collection.partitions = {
        {.partition_id = kPartition, .name = "_default", .segments = std::move(segments)}};
    Backup backup{.id = "bench", .name = layout_.name(), .milvus_version = "v2.3.5", .source_root = "files"};
    backup.databases = {{.name = "default"}};
    backup.collections.push_back(std::move(collection));
    capture::AddUpSizes(backup);
    DigestLog digests;
    digests.Seal();
    MBK_TRY(RecordBackupData(*store_, layout_.tree(), backup, digests, layout_.Meta(kObjects), {}));
    return writer_->Commit(backup, {});
  }

 private:
  Status AddLog(Segment& segment, const FieldSchema& field, const Column& column, const Column& times,
                std::int64_t log_id) const {
    MBK_TRY_ASSIGN(const std::string file,
                   codec_.EncodeInsertLog({kCollection, kPartition, segment.segment_id}, field, column, times,
                                          {.written_at = kWrittenAt}));
    segment.insert_logs.push_back({field.field_id, log_id, static_cast<std::int64_t>(file.size())});
    segment.size += static_cast<std::int64_t>(file.size());
    return WriteFile(root_ / layout_.tree().InsertLog(kCollection, segment, segment.insert_logs.back()).str(),
                     file);
  }

  RowCodec& codec_;
  const std::filesystem::path& root_;
  const std::unique_ptr<ObjectStore> store_;
  const BackupLayout layout_;
  const BackupShape shape_;
  const CollectionSchema schema_;
  std::unique_ptr<BackupWriter> writer_;
};

}  // namespace

Status MakeBackup(const std::filesystem::path& root, const std::string& name, const BackupShape& shape) {
  MBK_TRY_ASSIGN(RowCodec* const codec, LoadRowCodec());
  BackupMaker maker(*codec, root, name, shape);
  MBK_TRY(maker.Begin());
  std::vector<Segment> segments(static_cast<std::size_t>(shape.segments));
  MBK_TRY(ParallelFor(segments.size(), kWorkers, {}, [&](std::size_t i, const CallContext&) -> Status {
    MBK_TRY_ASSIGN(segments[i], maker.MakeSegment(static_cast<std::int64_t>(i)));
    return {};
  }));
  MBK_TRY_ASSIGN(Segment deletes, maker.MakeDeletes());
  segments.push_back(std::move(deletes));
  return maker.Commit(std::move(segments));
}

}  // namespace mbk::bench
