#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "manifest/json_shapes.h"
#include "manifest/rbac_shapes.h"
#include "manifest/schema_shapes.h"
#include "manifest/segment_shapes.h"
#include "model/backup.h"

namespace mbk::manifest {

/// How the JSON of a manifest fills a Backup. One instance reads the documents of one backup, one by one.
class BackupShapes {
 public:
  /// `backup` is the one that will be read; it outlives this.
  explicit BackupShapes(Backup& backup);
  BackupShapes(const BackupShapes&) = delete;
  BackupShapes& operator=(const BackupShapes&) = delete;

  /// Of a Backup: all of it, all but the collections, and what `list` shows.
  const json::Shape& whole() const { return whole_; }
  const json::Shape& without_collections() const { return without_collections_; }
  const json::Shape& scalars() const { return scalars_; }

  /// Of a Collection, a Partition and a Segment as they stand in the level files: what old versions nest
  /// in them is skipped, the file of that level has it.
  const json::Shape& level_collection() const { return level_collection_; }
  const json::Shape& level_partition() const { return level_partition_; }
  const json::Shape& level_segment() const { return segments_.segment(); }
  /// `collection_id` of the partition or segment read last.
  std::int64_t partition_collection_id() const { return partition_collection_id_; }
  std::int64_t segment_collection_id() const { return segments_.collection_id(); }

 private:
  void DescribeIndex();
  void DescribePartition();
  void DescribeCollection();
  void DescribeBackup();

  SchemaShapes schemas_;
  RbacShapes rbac_;
  SegmentShapes segments_;
  json::TextMap text_map_;
  std::map<std::string, std::string> index_params_;  ///< of the index being read
  json::Record<IndexInfo> index_;
  json::List<IndexInfo> indexes_{index_};
  std::int64_t partition_collection_id_ = 0;
  json::Record<Partition> partition_;
  json::Record<Partition> level_partition_;
  json::List<Partition> partitions_{partition_};
  json::Record<RowsRecord> rows_record_;
  json::Optional<RowsRecord> optional_rows_record_{rows_record_};
  json::Record<SnapshotBackup> snapshot_;
  json::Optional<SnapshotBackup> optional_snapshot_{snapshot_};
  json::Record<Collection> collection_;
  json::Record<Collection> level_collection_;
  json::List<Collection> collections_{collection_};
  json::Record<Database> database_;
  json::List<Database> databases_{database_};
  json::Record<RpcChannelInfo> rpc_channel_;
  json::Optional<RpcChannelInfo> optional_rpc_channel_{rpc_channel_};
  json::Record<Backup> whole_;
  json::Record<Backup> without_collections_;
  json::Record<Backup> scalars_;
};

}  // namespace mbk::manifest
