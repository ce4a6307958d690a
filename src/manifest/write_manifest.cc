#include <cstdint>
#include <optional>
#include <string>

#include "manifest/json_writer.h"
#include "manifest/keys.h"
#include "manifest/manifest.h"
#include "manifest/model_json.h"
#include "manifest/rbac_json.h"

namespace mbk::manifest {
namespace {

/// How much of the tree a file holds.
enum class Depth { kPartitions, kSegments };

/// Writes segments with the paths they had in Milvus.
class SegmentWriter {
 public:
  SegmentWriter(JsonWriter& json, const Backup& backup)
      : json_(json), layout_(backup.source_root), irregular_(backup.irregular_log_paths) {}

  void Write(std::int64_t collection_id, const Segment& segment) {
    json_.BeginObject();
    json_.NonZero("segment_id", segment.segment_id);
    json_.NonZero("collection_id", collection_id);
    json_.NonZero("partition_id", segment.partition_id);
    json_.NonZero("num_of_rows", segment.num_rows);
    WriteInsertLogs(collection_id, segment);
    WriteDeltaLogs(collection_id, segment);
    json_.Member("size", segment.size);
    json_.NonZero("group_id", segment.group_id);
    json_.NonZero("is_l0", segment.is_l0);
    json_.NonZero("v_channel", segment.v_channel);
    json_.NonZero("storage_version", segment.storage_version);
    json_.EndObject();
  }

  void WriteAll(std::string_view key, std::int64_t collection_id, const std::vector<Segment>& segments) {
    WriteList(json_, key, segments,
              [&](JsonWriter&, const Segment& segment) { Write(collection_id, segment); });
  }

 private:
  /// Neighbours of one field make one group.
  void WriteInsertLogs(std::int64_t collection_id, const Segment& segment) {
    const auto& logs = segment.insert_logs;
    if (logs.empty()) return;
    json_.Key("binlogs");
    json_.BeginArray();
    for (std::size_t i = 0; i < logs.size(); ++i) {
      if (i == 0 || logs[i].field_id != logs[i - 1].field_id) BeginGroup(logs[i].field_id);
      WriteLog(logs[i], layout_.InsertLog(collection_id, segment, logs[i]));
      if (i + 1 == logs.size() || logs[i].field_id != logs[i + 1].field_id) EndGroup();
    }
    json_.EndArray();
  }

  /// Always one group, which is empty where nothing was deleted: so every version of the Go tool does.
  void WriteDeltaLogs(std::int64_t collection_id, const Segment& segment) {
    json_.Key("deltalogs");
    json_.BeginArray();
    if (segment.delta_logs.empty()) {
      json_.BeginObject();
      json_.EndObject();
    } else {
      BeginGroup(0);
      for (const Binlog& log : segment.delta_logs)
        WriteLog(log, layout_.DeltaLog(collection_id, segment, log));
      EndGroup();
    }
    json_.EndArray();
  }

  void BeginGroup(std::int64_t field_id) {
    json_.BeginObject();
    json_.NonZero("fieldID", field_id);
    json_.Key("binlogs");
    json_.BeginArray();
  }
  void EndGroup() {
    json_.EndArray();
    json_.EndObject();
  }

  void WriteLog(const Binlog& log, const ObjectKey& regular_path) {
    auto irregular = irregular_.empty() ? irregular_.end() : irregular_.find(log.log_id);
    json_.BeginObject();
    json_.NonZero("log_path", irregular == irregular_.end() ? regular_path.str() : irregular->second);
    json_.Member("log_size", log.size);
    json_.NonZero("log_id", log.log_id);
    json_.EndObject();
  }

  JsonWriter& json_;
  MilvusLayout layout_;
  const std::map<std::int64_t, std::string>& irregular_;
};

/// Writes what stands above the segments, as deep as the file goes.
class TreeWriter {
 public:
  TreeWriter(JsonWriter& json, const Backup& backup, Depth depth)
      : json_(json), segments_(json, backup), depth_(depth) {}

  void WritePartition(std::int64_t collection_id, const Partition& partition) {
    json_.BeginObject();
    json_.NonZero("partition_id", partition.partition_id);
    json_.NonZero("partition_name", partition.name);
    json_.NonZero("collection_id", collection_id);
    if (depth_ == Depth::kSegments) segments_.WriteAll("segment_backups", collection_id, partition.segments);
    json_.Member("size", partition.size);
    json_.Member("load_state", LoadStateName(partition.load_state));
    WriteRowsRecord(partition.rows_record);
    json_.EndObject();
  }

  void WriteCollection(const Collection& collection) {
    json_.BeginObject();
    WriteIdentity(collection);
    WriteList(json_, "partition_backups", collection.partitions,
              [&](JsonWriter&, const Partition& partition) {
                WritePartition(collection.collection_id, partition);
              });
    WriteState(collection);
    if (depth_ == Depth::kSegments) {
      segments_.WriteAll("l0_segments", collection.collection_id, collection.l0_segments);
    }
    WriteSurroundings(collection);
    json_.EndObject();
  }

 private:
  void WriteIdentity(const Collection& collection) {
    json_.NonZero("id", collection.task_id);
    json_.NonZero("collection_id", collection.collection_id);
    json_.NonZero("db_name", collection.db_name);
    json_.NonZero("collection_name", collection.name);
    json_.Key("schema");
    WriteSchema(json_, collection.schema);
    json_.NonZero("shards_num", collection.shards_num);
    json_.NonZero("consistency_level", collection.consistency_level);
  }

  void WriteState(const Collection& collection) {
    json_.NonZero("backup_timestamp", collection.backup_timestamp);
    json_.Member("size", collection.size);
    json_.Member("has_index", collection.has_index);
    WriteIndexes(json_, collection.indexes);
    json_.Member("load_state", LoadStateName(collection.load_state));
    json_.NonZero("backup_physical_timestamp", collection.backup_physical_timestamp);
    WriteTextMap(json_, "channel_checkpoints", collection.channel_checkpoints);
  }

  void WriteSurroundings(const Collection& collection) {
    WriteKeyValues(json_, "properties", collection.properties);
    json_.NonZero("db_id", collection.db_id);
    json_.NonZero("created_timestamp", collection.created_timestamp);
    WriteTexts(json_, "virtual_channel_names", collection.virtual_channel_names);
    WriteTexts(json_, "physical_channel_names", collection.physical_channel_names);
    WriteTexts(json_, "aliases", collection.aliases);
    if (collection.snapshot) WriteSnapshot(*collection.snapshot);
    WriteRowsRecord(collection.rows_record);
  }

  void WriteRowsRecord(const std::optional<RowsRecord>& record) {
    if (!record) return;
    json_.Key("rows_record");
    json_.BeginObject();
    json_.Member("written", record->written);
    json_.Member("deleted", record->deleted);
    json_.Member("duplicate", record->duplicate);
    json_.Member("fingerprint", record->fingerprint);
    json_.EndObject();
  }

  void WriteSnapshot(const SnapshotBackup& snapshot) {
    json_.Key("snapshot_backup");
    json_.BeginObject();
    json_.NonZero("metadata_path", snapshot.metadata_path);
    json_.NonZero("total_files", snapshot.total_files);
    json_.NonZero("total_bytes", snapshot.total_bytes);
    json_.EndObject();
  }

  JsonWriter& json_;
  SegmentWriter segments_;
  Depth depth_;
};

void WriteDatabase(JsonWriter& json, const Database& database) {
  json.BeginObject();
  json.NonZero("db_name", database.name);
  json.NonZero("db_id", database.id);
  WriteKeyValues(json, "properties", database.properties);
  json.NonZero("ezk", database.ezk);
  json.EndObject();
}

void WriteHead(JsonWriter& json, const Backup& backup) {
  json.NonZero("id", backup.id);
  json.Member("state_code", 0);  // deprecated by the Go tool, which still writes it
  json.NonZero("name", backup.name);
  json.NonZero("backup_timestamp", backup.backup_timestamp);
}

void WriteCluster(JsonWriter& json, const Backup& backup) {
  if (backup.rbac) {
    json.Key("rbac_meta");
    WriteRbac(json, *backup.rbac);
  }
  WriteRpcChannel(json, backup.rpc_channel);
  WriteList(json, "database_backups", backup.databases, WriteDatabase);
  WriteTextMap(json, "flush_all_msgs_base64", backup.flush_all_msgs);
  json.NonZero("control_channel_name", backup.control_channel_name);
  WriteTexts(json, "physical_channel_names", backup.physical_channel_names);
}

/// A level file. Without anything to hold it is `{}`.
template <class WriteEach>
Status WriteInfos(const TextSink& sink, bool has_infos, WriteEach write_each) {
  JsonWriter json(sink, JsonStyle::kCompact);
  json.BeginObject();
  if (has_infos) {
    json.Key("infos");
    json.BeginArray();
    write_each(json);
    json.EndArray();
  }
  json.EndObject();
  return json.Finish();
}

template <class Visit>
void ForEachPartition(const Backup& backup, Visit visit) {
  for (const Collection& collection : backup.collections) {
    for (const Partition& partition : collection.partitions) visit(collection, partition);
  }
}

}  // namespace

Status WriteBackupMeta(const Backup& backup, const TextSink& sink) {
  JsonWriter json(sink, JsonStyle::kCompact);
  json.BeginObject();
  WriteHead(json, backup);
  json.Member("size", backup.size);
  json.NonZero("milvus_version", backup.milvus_version);
  json.NonZero("format", backup.format);
  json.EndObject();
  return json.Finish();
}

Status WriteCollectionMeta(const Backup& backup, const TextSink& sink) {
  return WriteInfos(sink, !backup.collections.empty(), [&](JsonWriter& json) {
    TreeWriter tree(json, backup, Depth::kPartitions);
    for (const Collection& collection : backup.collections) tree.WriteCollection(collection);
  });
}

Status WritePartitionMeta(const Backup& backup, const TextSink& sink) {
  bool any = false;
  ForEachPartition(backup, [&any](const Collection&, const Partition&) { any = true; });
  return WriteInfos(sink, any, [&](JsonWriter& json) {
    TreeWriter tree(json, backup, Depth::kPartitions);
    ForEachPartition(backup, [&tree](const Collection& collection, const Partition& partition) {
      tree.WritePartition(collection.collection_id, partition);
    });
  });
}

Status WriteSegmentMeta(const Backup& backup, const TextSink& sink) {
  bool any = false;
  ForEachPartition(backup,
                   [&any](const Collection&, const Partition& p) { any = any || !p.segments.empty(); });
  return WriteInfos(sink, any, [&](JsonWriter& json) {
    SegmentWriter segments(json, backup);
    ForEachPartition(backup, [&segments](const Collection& collection, const Partition& partition) {
      for (const Segment& segment : partition.segments) segments.Write(collection.collection_id, segment);
    });
  });
}

Status WriteFullMeta(const Backup& backup, const TextSink& sink) {
  JsonWriter json(sink, JsonStyle::kCompact);
  TreeWriter tree(json, backup, Depth::kSegments);
  json.BeginObject();
  WriteHead(json, backup);
  WriteList(json, "collection_backups", backup.collections,
            [&tree](JsonWriter&, const Collection& collection) { tree.WriteCollection(collection); });
  json.Member("size", backup.size);
  json.NonZero("milvus_version", backup.milvus_version);
  WriteCluster(json, backup);
  json.NonZero("format", backup.format);
  json.EndObject();
  return json.Finish();
}

}  // namespace mbk::manifest
