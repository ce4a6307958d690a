#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "codec/row_codec.h"
#include "manifest/keys.h"
#include "milvus/testing/client_fixture.h"
#include "milvus/testing/mock_server.h"
#include "model/column_builder.h"
#include "ops/environment.h"
#include "repository/testing/backups.h"
#include "store/memory/memory_store.h"
#include "store/testing/faulty_store.h"
#include "store/testing/recording_sleeper.h"

/// All that the verbs work with, inside the test process. Header only.
namespace mbk::opstest {

/// A Milvus with the bucket it keeps its files in (root "files"), and another bucket for backups (root
/// "backup") at the same service or at one of its own.
class World {
 public:
  enum class Stores { kOneService, kTwoServices };

  explicit World(Stores stores = Stores::kOneService)
      : World(std::make_shared<MemoryService>(), stores, {}) {}
  explicit World(milvustest::MockOptions options)
      : World(std::make_shared<MemoryService>(), Stores::kOneService, std::move(options)) {}
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// What a segment holds: two column groups with one file each (of storage version 1: four fields), and a
  /// delta log when it `has_deletes`.
  struct SegmentSpec {
    std::int64_t id = 0;
    std::int64_t partition_id = kPartition;
    std::int64_t rows = 5;
    bool has_deletes = false;
    bool is_l0 = false;  ///< a delta log and nothing else
    std::int64_t storage_version = 2;
    /// Its files can be read (of storage version 2): as restores do where there are deletes, which hit none
    /// of the rows. Else they hold 20 bytes each.
    bool has_rows = false;
  };
  static constexpr std::int64_t kPartition = 2000;

  /// Adds a collection of an id and a vector with its segments to the server, and their files to its bucket.
  void AddCollection(const CollectionName& name, std::int64_t id, const std::vector<SegmentSpec>& segments) {
    milvustest::MockCollection collection{
        .description = {.schema = SchemaOf(name.name), .collection_id = id},
        .partitions = {{.name = "_default", .id = kPartition}, {.name = "new", .id = kPartition + 1}}};
    for (const SegmentSpec& spec : segments) collection.segments.push_back(AddSegment(id, spec));
    server.AddCollection(name.db, std::move(collection));
  }

  /// Places the files of a segment and returns what the server says of it.
  SegmentInfo AddSegment(std::int64_t collection_id, const SegmentSpec& spec) {
    const MilvusLayout layout(milvus.root);
    const Segment segment{.segment_id = spec.id, .partition_id = spec.partition_id};
    auto place = [&](const ObjectKey& key) {
      milvus_memory->Set(key.str(), backuptest::ContentOf(key.str(), 20));
    };
    if (!spec.is_l0) {
      const std::vector<std::int64_t> fields = spec.storage_version < 2
                                                   ? std::vector<std::int64_t>{0, 1, 100, 101}
                                                   : std::vector<std::int64_t>{100, 101};
      for (const std::int64_t field : fields) {
        const ObjectKey key = layout.InsertLog(collection_id, segment, {field, spec.id * 10 + field, 20});
        if (spec.has_rows)
          milvus_memory->Set(key.str(), PackedRows(field, spec.rows));
        else
          place(key);
      }
    }
    if (spec.is_l0 || spec.has_deletes) {
      const ObjectKey key = layout.DeltaLog(collection_id, segment, {0, spec.id * 10, 20});
      if (spec.has_rows)
        milvus_memory->Set(key.str(), DeleteOfAnotherKey({collection_id, spec.partition_id, spec.id}));
      else
        place(key);
    }
    constexpr std::int32_t kFlushed = 4;
    return {.segment_id = spec.id,
            .collection_id = collection_id,
            .partition_id = spec.partition_id,
            .num_rows = spec.is_l0 ? 0 : spec.rows,
            .state = kFlushed,
            .level = spec.is_l0 ? 1 : 2,
            .storage_version = spec.is_l0 ? 0 : spec.storage_version};
  }

  /// Every import job of data says that it brought `rows` rows.
  void ImportJobsBring(std::int64_t rows) { rows_per_job_ = rows; }
  std::int64_t rows_per_job() const { return rows_per_job_; }
  /// Runs before each answer of the server, on its thread.
  void OnCall(std::function<void(const milvustest::SeenCall&)> hook) {
    std::scoped_lock lock(hook_mutex_);
    hook_ = std::move(hook);
  }

  std::size_t Calls(const std::string& rpc) const { return server.seen(rpc).size(); }

  std::shared_ptr<MemoryStore> milvus_memory, backup_memory;
  FaultyStore milvus_store, backup_store;
  milvustest::MockServer server;  // after the stores, which its hooks use
  std::unique_ptr<MilvusClient> client = milvustest::ConnectTo(server);
  MilvusSide milvus{.client = *client,
                    .store = milvus_store,
                    .root = "files",
                    .import_path = [](const std::string& key) { return key; },
                    .opens =
                        [this](const StoreIdentity& store, const std::string&) {
                          return store.SameService(milvus_store.identity()) &&
                                 store.bucket == milvus_store.identity().bucket;
                        }};
  /// The same as a target; counts how often its store was asked for.
  int store_opened = 0;
  MilvusTarget target{.client = *client, .open_store = [this](const CallContext&) -> Result<MilvusSide*> {
                        ++store_opened;
                        return &milvus;
                      }};
  BackupSide backups{.store = backup_store, .root = "backup"};
  Progress progress;
  RecordingSleeper sleeper;
  RunServices run{
      .settings = {.pause_gc = false, .copy = {.concurrency = 4}}, .progress = progress, .sleeper = sleeper};

 private:
  static CollectionSchema SchemaOf(const std::string& name) {
    CollectionSchema schema{.name = name,
                            .fields = {backuptest::Field(100, "id", DataType::kInt64),
                                       backuptest::Field(101, "v", DataType::kFloatVector)}};
    schema.fields[0].is_primary_key = true;
    schema.fields[1].type_params = {{"dim", "8"}};
    return schema;
  }

  static RowCodec& Codec() { return *LoadRowCodec().value(); }

  // The file of a column group: keys with row ids and timestamps, or vectors.
  static std::string PackedRows(std::int64_t group, std::int64_t rows) {
    ColumnBuilder row_id(kRowIdField, DataType::kInt64, ColumnLayout::kFixed, 8);
    ColumnBuilder time(kTimestampField, DataType::kInt64, ColumnLayout::kFixed, 8);
    ColumnBuilder id(100, DataType::kInt64, ColumnLayout::kFixed, 8);
    ColumnBuilder vector(101, DataType::kFloatVector, ColumnLayout::kFixed, 32);
    for (std::int64_t row = 0; row < rows; ++row) {
      row_id.AppendNumber(static_cast<std::uint64_t>(row));
      time.AppendNumber(kTimeOfRows);
      id.AppendNumber(static_cast<std::uint64_t>(row));
      vector.AppendBytes(std::string(32, '\0'));
    }
    RowBatch batch{.rows = rows};
    if (group == 100)
      batch.columns = {row_id.Finish(), time.Finish(), id.Finish()};
    else
      batch.columns = {vector.Finish()};
    const std::vector<std::int64_t> groups[] = {{kRowIdField, kTimestampField, 100}, {101}};
    return Codec().EncodePacked(SchemaOf("packed"), batch, groups).value();
  }
  static std::string DeleteOfAnotherKey(const BinlogOrigin& origin) {
    ColumnBuilder id(100, DataType::kInt64, ColumnLayout::kFixed, 8);
    ColumnBuilder time(kTimestampField, DataType::kInt64, ColumnLayout::kFixed, 8);
    id.AppendNumber(std::int64_t{1'000'000});
    time.AppendNumber(kTimeOfRows + 1);
    return Codec()
        .EncodeDeltaLog(origin, id.Finish(), time.Finish(), RowCodec::DeltaFormat::kJson,
                        {.written_at = kTimeOfRows})
        .value();
  }
  static constexpr std::uint64_t kTimeOfRows = 1'717'200'000'000ull << 18;

  World(const std::shared_ptr<MemoryService>& service, Stores stores, milvustest::MockOptions options)
      : milvus_memory(
            std::make_shared<MemoryStore>(MemoryOptions{.bucket = BucketName("milvus"), .service = service})),
        backup_memory(std::make_shared<MemoryStore>(MemoryOptions{
            .bucket = BucketName("kept"), .service = stores == Stores::kOneService ? service : nullptr})),
        milvus_store(milvus_memory),
        backup_store(backup_memory),
        server(std::move(options)) {
    server.OnCall([this](const milvustest::SeenCall& call) {
      if (call.rpc == "Import") {
        const bool is_l0 = call.request.find("l0_import") != std::string::npos;
        server.ScriptImports(
            {{.state = ImportState::kPending},
             {.state = ImportState::kCompleted, .row_count = is_l0 ? kDeletesPerJob : rows_per_job_.load()}});
      }
      if (auto hook = Hook()) hook(call);
    });
  }

  // A copy, because the server's threads run it while a test may set another.
  std::function<void(const milvustest::SeenCall&)> Hook() const {
    std::scoped_lock lock(hook_mutex_);
    return hook_;
  }

  mutable std::mutex hook_mutex_;

  static constexpr std::int64_t kDeletesPerJob =
      3;  // Milvus from 2.4 on counts those of an L0 job as its rows
  std::atomic<std::int64_t> rows_per_job_ = 5;
  std::function<void(const milvustest::SeenCall&)> hook_;
};

}  // namespace mbk::opstest
