#include "manifest/backup_shapes.h"

namespace mbk::manifest {
namespace {

constexpr const char* kDefaultDatabase = "default";

/// "NotLoad", "Loading", "Loaded". A word we do not know means nothing we could restore: not loaded.
class LoadStateShape : public json::Shape {
 public:
  std::string_view Expected() const override { return "a load state"; }
  void TakeNull(void* at) const override { State(at) = LoadState::kNotLoad; }
  bool TakeString(void* at, std::string& name) const override {
    State(at) = LoadState::kNotLoad;
    for (LoadState state : {LoadState::kLoading, LoadState::kLoaded}) {
      if (name == LoadStateName(state)) State(at) = state;
    }
    return true;
  }

 private:
  static LoadState& State(void* at) { return *static_cast<LoadState*>(at); }
};

const json::Shape& LoadStates() {
  static const LoadStateShape shape;
  return shape;
}

const json::Shape& Ids() { return json::ScalarShape<std::int64_t>(); }

}  // namespace

BackupShapes::BackupShapes(Backup& backup) : segments_(backup) {
  DescribeIndex();
  DescribePartition();
  DescribeCollection();
  DescribeBackup();
}

void BackupShapes::DescribeIndex() {
  const json::Shape& pairs = schemas_.key_values();
  index_.OnBegin([this](IndexInfo&) { index_params_.clear(); })
      .OnEnd([this](IndexInfo& index) {
        for (auto& [key, value] : index_params_)
          index.params.push_back({.key = key, .value = std::move(value)});
        return Status();
      })
      .Add("field_name", &IndexInfo::field_name)
      .Add("index_name", &IndexInfo::index_name)
      .Add("index_type", &IndexInfo::index_type)
      .Add(
          "params", [this](IndexInfo&) { return &index_params_; }, text_map_)
      .Add("index_id", &IndexInfo::index_id)
      .Add("field_id", &IndexInfo::field_id)
      .Add("create_time", &IndexInfo::create_time)
      .Add("type_params", &IndexInfo::type_params, pairs)
      .Add("index_params", &IndexInfo::index_params, pairs)
      .Add("user_index_params", &IndexInfo::user_index_params, pairs)
      .Add("is_auto_index", &IndexInfo::is_auto_index)
      .Add("min_index_version", &IndexInfo::min_index_version)
      .Add("max_index_version", &IndexInfo::max_index_version);
}

void BackupShapes::DescribePartition() {
  rows_record_.Add("written", &RowsRecord::written, json::CountShape())
      .Add("deleted", &RowsRecord::deleted, json::CountShape())
      .Add("duplicate", &RowsRecord::duplicate, json::CountShape())
      .Add("fingerprint", &RowsRecord::fingerprint);

  partition_.OnBegin([this](Partition&) { partition_collection_id_ = 0; })
      .Add("partition_id", &Partition::partition_id)
      .Add("partition_name", &Partition::name)
      .Add(
          "collection_id", [this](Partition&) { return &partition_collection_id_; }, Ids())
      .Add("segment_backups", &Partition::segments, segments_.list())
      .Add("size", &Partition::size, json::CountShape())
      .Add("load_state", &Partition::load_state, LoadStates())
      .Add("rows_record", &Partition::rows_record, optional_rows_record_);
  level_partition_ = partition_.Without({"segment_backups"});
}

void BackupShapes::DescribeCollection() {
  snapshot_.Add("metadata_path", &SnapshotBackup::metadata_path)
      .Add("total_files", &SnapshotBackup::total_files, json::CountShape())
      .Add("total_bytes", &SnapshotBackup::total_bytes, json::CountShape());

  collection_.OnBegin([this](Collection&) { segments_.EnterCollection(0); })
      .OnEnd([this](Collection& collection) {
        segments_.EnterCollection(0);
        if (collection.db_name.empty()) collection.db_name = kDefaultDatabase;
        return Status();
      })
      .Add("id", &Collection::task_id)
      .Add("collection_id", &Collection::collection_id)
      .Add("db_name", &Collection::db_name)
      .Add("collection_name", &Collection::name)
      .Add("schema", &Collection::schema, schemas_.schema())
      .Add("shards_num", &Collection::shards_num)
      .Add("consistency_level", &Collection::consistency_level)
      .Add(
          "partition_backups",
          [this](Collection& collection) {
            segments_.EnterCollection(collection.collection_id);
            return &collection.partitions;
          },
          partitions_)
      .Add("backup_timestamp", &Collection::backup_timestamp)
      .Add("size", &Collection::size, json::CountShape())
      .Add("has_index", &Collection::has_index)
      .Add("index_infos", &Collection::indexes, indexes_)
      .Add("load_state", &Collection::load_state, LoadStates())
      .Add("backup_physical_timestamp", &Collection::backup_physical_timestamp)
      .Add("channel_checkpoints", &Collection::channel_checkpoints, text_map_)
      .Add(
          "l0_segments",
          [this](Collection& collection) {
            segments_.EnterCollection(collection.collection_id);
            return &collection.l0_segments;
          },
          segments_.list())
      .Add("properties", &Collection::properties, schemas_.key_values())
      .Add("db_id", &Collection::db_id)
      .Add("created_timestamp", &Collection::created_timestamp)
      .Add("virtual_channel_names", &Collection::virtual_channel_names, schemas_.texts())
      .Add("physical_channel_names", &Collection::physical_channel_names, schemas_.texts())
      .Add("aliases", &Collection::aliases, schemas_.texts())
      .Add("snapshot_backup", &Collection::snapshot, optional_snapshot_)
      .Add("rows_record", &Collection::rows_record, optional_rows_record_);
  level_collection_ = collection_.Without({"partition_backups"});
}

void BackupShapes::DescribeBackup() {
  database_.Add("db_name", &Database::name)
      .Add("db_id", &Database::id)
      .Add("properties", &Database::properties, schemas_.key_values())
      .Add("ezk", &Database::ezk);
  rpc_channel_.Add("name", &RpcChannelInfo::name).Add("position", &RpcChannelInfo::position);

  whole_.Add("id", &Backup::id)
      .Add("name", &Backup::name)
      .Add("backup_timestamp", &Backup::backup_timestamp)
      .Add("collection_backups", &Backup::collections, collections_)
      .Add("size", &Backup::size, json::CountShape())
      .Add("milvus_version", &Backup::milvus_version)
      .Add("rbac_meta", &Backup::rbac, rbac_.rbac())
      .Add("rpc_channel_info", &Backup::rpc_channel, optional_rpc_channel_)
      .Add("database_backups", &Backup::databases, databases_)
      .Add("flush_all_msgs_base64", &Backup::flush_all_msgs, text_map_)
      .Add("control_channel_name", &Backup::control_channel_name)
      .Add("physical_channel_names", &Backup::physical_channel_names, schemas_.texts())
      .Add("format", &Backup::format);
  without_collections_ = whole_.Without({"collection_backups"});
  scalars_ = without_collections_.Without({"rbac_meta", "rpc_channel_info", "database_backups",
                                           "flush_all_msgs_base64", "physical_channel_names"});
}

}  // namespace mbk::manifest
