#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/schema.h"

/// What a backup holds, as plain values. Meaning and history of every field: spec/storage-layout.md §4,
/// whose names these are. Nothing here does I/O; keys are computed in manifest/.
namespace mbk {

/// One file of one field (or column group) of one segment. Its key is computed from the ids around it,
/// so a million of them take 24 MB.
struct Binlog {
  std::int64_t field_id = 0;  ///< field or column group; without meaning (0) for a delta log
  std::int64_t log_id = 0;
  std::int64_t size = 0;  ///< bytes
  friend bool operator==(const Binlog&, const Binlog&) = default;
};
static_assert(sizeof(Binlog) == 24);

/// common.SegmentLevel; in a backup only "is it L0" survives.
struct Segment {
  std::int64_t segment_id = 0;
  std::int64_t partition_id = 0;  ///< kAllPartitions for an L0 segment of the whole collection
  std::int64_t num_rows = 0;
  /// The directory level above the segment. 0: the level is absent. Before Go 0.4.4 several segments of
  /// a large partition share one; since then it equals segment_id.
  std::int64_t group_id = 0;
  std::int64_t size = 0;  ///< bytes of all its files
  std::int64_t storage_version = 0;
  bool is_l0 = false;     ///< holds deletes only
  std::string v_channel;  ///< empty when the server did not say
  std::vector<Binlog> insert_logs;
  std::vector<Binlog> delta_logs;
  friend bool operator==(const Segment&, const Segment&) = default;
};

inline constexpr std::int64_t kAllPartitions = -1;

/// Load state of a collection or partition, with the names the JSON uses.
enum class LoadState { kNotLoad, kLoading, kLoaded };
std::string_view LoadStateName(LoadState state);

/// What the rows of a partition or collection were when the backup was made, on wish (create --fingerprint).
struct RowsRecord {
  std::int64_t written = 0;
  std::int64_t deleted = 0;    ///< rows older than a delete of their key
  std::int64_t duplicate = 0;  ///< rows not deleted, of whose key there is a newer one
  std::string fingerprint;     ///< of the others, as text: docs/formats/fingerprint.md
  std::int64_t living() const { return written - deleted - duplicate; }
  friend bool operator==(const RowsRecord&, const RowsRecord&) = default;
};

struct Partition {
  std::int64_t partition_id = 0;
  std::string name;
  LoadState load_state = LoadState::kNotLoad;
  std::int64_t size = 0;  ///< bytes of its segments
  std::vector<Segment> segments;
  std::optional<RowsRecord> rows_record;
  friend bool operator==(const Partition&, const Partition&) = default;
};

struct IndexInfo {
  std::string field_name;
  std::string index_name;
  std::string index_type;  ///< params["index_type"], empty for a scalar index of Milvus 2.3
  KeyValues params;        ///< sorted by key
  std::int64_t index_id = 0;
  // From etcd, only in backups made with --backup_index_extra.
  std::int64_t field_id = 0;
  std::uint64_t create_time = 0;
  KeyValues type_params;
  KeyValues index_params;
  KeyValues user_index_params;
  bool is_auto_index = false;
  std::int32_t min_index_version = 0;
  std::int32_t max_index_version = 0;
  friend bool operator==(const IndexInfo&, const IndexInfo&) = default;
};

/// Snapshot-format backups (Milvus 3) keep their data in an opaque bundle.
struct SnapshotBackup {
  std::string metadata_path;  ///< relative to the backup directory
  std::int64_t total_files = 0;
  std::int64_t total_bytes = 0;
  friend bool operator==(const SnapshotBackup&, const SnapshotBackup&) = default;
};

struct Collection {
  std::string task_id;
  std::int64_t collection_id = 0;
  std::string db_name;  ///< never empty after reading: old backups' "" becomes "default"
  std::string name;
  CollectionSchema schema;
  std::int32_t shards_num = 0;
  std::int32_t consistency_level = 0;  ///< 0 Strong, 1 Session, 2 Bounded, 3 Eventually, 4 Customized
  std::vector<Partition> partitions;
  std::uint64_t backup_timestamp = 0;  ///< hybrid timestamp (physical ms << 18 | logical), 0 unknown
  std::int64_t size = 0;               ///< bytes
  bool has_index = false;
  std::vector<IndexInfo> indexes;
  LoadState load_state = LoadState::kNotLoad;
  std::uint64_t backup_physical_timestamp = 0;             ///< seal time, seconds
  std::map<std::string, std::string> channel_checkpoints;  ///< vchannel → base64(msg.MsgPosition)
  std::vector<Segment> l0_segments;                        ///< L0 of the whole collection
  KeyValues properties;  ///< from the DescribeCollection answer itself; see also schema.properties
  std::int64_t db_id = 0;
  std::uint64_t created_timestamp = 0;  ///< hybrid
  std::vector<std::string> virtual_channel_names;
  std::vector<std::string> physical_channel_names;
  std::vector<std::string> aliases;
  std::optional<SnapshotBackup> snapshot;
  std::optional<RowsRecord> rows_record;
  friend bool operator==(const Collection&, const Collection&) = default;
};

struct Database {
  std::string name;
  std::int64_t id = 0;
  KeyValues properties;
  std::string ezk;  ///< secret: encryption zone key, never logged
  friend bool operator==(const Database&, const Database&) = default;
};

struct RbacGrant {
  std::string role;
  std::string object;
  std::string object_name;
  std::string grantor_user;
  std::string privilege;
  std::string db_name;
  friend bool operator==(const RbacGrant&, const RbacGrant&) = default;
};

struct RbacUser {
  std::string name;
  std::string password;  ///< secret: the server's hash
  std::vector<std::string> roles;
  friend bool operator==(const RbacUser&, const RbacUser&) = default;
};

struct RbacRole {
  std::string name;
  std::string description;
  friend bool operator==(const RbacRole&, const RbacRole&) = default;
};

struct PrivilegeGroup {
  std::string name;
  std::vector<std::string> privileges;
  friend bool operator==(const PrivilegeGroup&, const PrivilegeGroup&) = default;
};

struct RbacMeta {
  std::vector<RbacUser> users;
  std::vector<RbacRole> roles;
  std::vector<RbacGrant> grants;
  std::vector<PrivilegeGroup> privilege_groups;
  friend bool operator==(const RbacMeta&, const RbacMeta&) = default;
};

struct RpcChannelInfo {
  std::string name;
  std::string position;
  friend bool operator==(const RpcChannelInfo&, const RpcChannelInfo&) = default;
};

struct Backup {
  std::string id;
  std::string name;
  std::uint64_t backup_timestamp = 0;  ///< 0 now; old: unix ms
  std::vector<Collection> collections;
  std::int64_t size = 0;  ///< bytes
  std::string milvus_version;
  std::optional<RbacMeta> rbac;
  std::optional<RpcChannelInfo> rpc_channel;
  std::vector<Database> databases;
  std::map<std::string, std::string> flush_all_msgs;  ///< pchannel → base64(common.ImmutableMessage)
  std::string control_channel_name;
  std::vector<std::string> physical_channel_names;
  std::string format;  ///< "" binlog, "snapshot", else not ours to restore
  /// The Milvus root path that every recorded `log_path` begins with, without trailing slash.
  std::string source_root;
  /// log id → recorded `log_path`, for the few that do not follow from ids and source_root.
  std::map<std::int64_t, std::string> irregular_log_paths;
  friend bool operator==(const Backup&, const Backup&) = default;
};

}  // namespace mbk
