#include "manifest/testing/any_backup.h"

#include <limits>
#include <optional>

namespace mbk::manifest {
namespace {

template <class T>
T Any() {
  return *rc::gen::arbitrary<T>();
}
/// A few, so that trees stay small.
std::size_t Few(int most = 3) { return static_cast<std::size_t>(*rc::gen::inRange(0, most + 1)); }

std::int64_t Size() { return *rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 50); }

LoadState AnyLoadState() {
  return *rc::gen::element(LoadState::kNotLoad, LoadState::kLoading, LoadState::kLoaded);
}

DataType AnyType() { return static_cast<DataType>(Any<std::int32_t>()); }

template <class Make>
auto ListOf(std::size_t count, Make make) {
  std::vector<decltype(make())> list;
  for (std::size_t i = 0; i < count; ++i) list.push_back(make());
  return list;
}

}  // namespace

std::string AnyBackup::Text() {
  const auto parts = ListOf(Few(4), [] {
    return *rc::gen::element<std::string>("a", "Z", "9", "_", " ", "/", "<", ">", "&", "\"", "\\", "\n",
                                          std::string(1, '\0'), "\x7F", "ü", "中", "\xE2\x80\xA8",
                                          "\xF0\x9F\x98\x80");
  });
  std::string text;
  for (const std::string& part : parts) text += part;
  return text;
}

std::vector<std::string> AnyBackup::Texts() {
  return ListOf(Few(), [this] { return Text(); });
}

KeyValues AnyBackup::Pairs() {
  return ListOf(Few(), [this] { return KeyValue{.key = Text(), .value = Text()}; });
}

std::map<std::string, std::string> AnyBackup::Map() {
  std::map<std::string, std::string> map;
  for (const KeyValue& pair : Pairs()) map[pair.key] = pair.value;
  return map;
}

FieldSchema AnyBackup::Field() {
  return {.field_id = Any<std::int64_t>(),
          .name = Text(),
          .is_primary_key = Any<bool>(),
          .description = Text(),
          .data_type = AnyType(),
          .type_params = Pairs(),
          .index_params = Pairs(),
          .auto_id = Any<bool>(),
          .state = Any<std::int32_t>(),
          .element_type = AnyType(),
          .default_value = *rc::gen::resize(8, rc::gen::arbitrary<std::string>()),
          .is_dynamic = Any<bool>(),
          .is_partition_key = Any<bool>(),
          .is_clustering_key = Any<bool>(),
          .nullable = Any<bool>(),
          .is_function_output = Any<bool>(),
          .external_field = Text(),
          .type_schema = *rc::gen::resize(8, rc::gen::arbitrary<std::string>()),
          .element_nullable = Any<bool>()};
}

CollectionSchema AnyBackup::Schema() {
  auto field = [this] { return Field(); };
  auto function = [this] {
    return FunctionSchema{.name = Text(),
                          .id = Any<std::int64_t>(),
                          .description = Text(),
                          .type = Any<std::int32_t>(),
                          .input_field_names = Texts(),
                          .input_field_ids = ListOf(Few(), Any<std::int64_t>),
                          .output_field_names = Texts(),
                          .output_field_ids = ListOf(Few(), Any<std::int64_t>),
                          .params = Pairs()};
  };
  auto struct_array = [&] {
    return StructArrayField{.field_id = Any<std::int64_t>(),
                            .name = Text(),
                            .description = Text(),
                            .fields = ListOf(Few(2), field),
                            .type_params = Pairs(),
                            .nullable = Any<bool>()};
  };
  return {.name = Text(),
          .description = Text(),
          .auto_id = Any<bool>(),
          .fields = ListOf(Few(), field),
          .enable_dynamic_field = Any<bool>(),
          .properties = Pairs(),
          .functions = ListOf(Few(1), function),
          .struct_array_fields = ListOf(Few(1), struct_array),
          .version = Any<std::int32_t>(),
          .external_source = Text(),
          .external_spec = Text(),
          .do_physical_backfill = Any<bool>(),
          .file_resource_ids = ListOf(Few(), Any<std::int64_t>),
          .enable_namespace = Any<bool>()};
}

IndexInfo AnyBackup::Index() {
  KeyValues params;
  for (const auto& [key, value] : Map()) params.push_back({.key = key, .value = value});
  return {.field_name = Text(),
          .index_name = Text(),
          .index_type = Text(),
          .params = params,
          .index_id = Any<std::int64_t>(),
          .field_id = Any<std::int64_t>(),
          .create_time = Any<std::uint64_t>(),
          .type_params = Pairs(),
          .index_params = Pairs(),
          .user_index_params = Pairs(),
          .is_auto_index = Any<bool>(),
          .min_index_version = Any<std::int32_t>(),
          .max_index_version = Any<std::int32_t>()};
}

Segment AnyBackup::MakeSegment(std::int64_t partition_id, bool is_l0) {
  const std::int64_t id = ++next_id_;
  auto log = [this](std::int64_t field_id) {
    return Binlog{.field_id = field_id, .log_id = ++next_id_, .size = Size()};
  };
  Segment segment{.segment_id = id,
                  .partition_id = partition_id,
                  .num_rows = Size(),
                  .group_id = *rc::gen::element<std::int64_t>(0, 1, id),
                  .size = Size(),
                  .storage_version = *rc::gen::inRange<std::int64_t>(0, 4),
                  .is_l0 = is_l0,
                  .v_channel = Text()};
  if (!is_l0)
    segment.insert_logs = ListOf(Few(6), [&] { return log(*rc::gen::element<std::int64_t>(0, 1, 100)); });
  segment.delta_logs = ListOf(Few(), [&] { return log(0); });
  return segment;
}

std::vector<Segment> AnyBackup::Segments(std::int64_t partition_id, bool is_l0) {
  return ListOf(Few(), [&] { return MakeSegment(partition_id, is_l0); });
}

Partition AnyBackup::MakePartition() {
  const std::int64_t id = ++next_id_;
  return {.partition_id = id,
          .name = Text(),
          .load_state = AnyLoadState(),
          .size = Size(),
          .segments = Segments(id, Any<bool>()),
          .rows_record = Any<bool>() ? std::optional(Rows()) : std::nullopt};
}

RowsRecord AnyBackup::Rows() {
  return {.written = Size(), .deleted = Size(), .duplicate = Size(), .fingerprint = Text()};
}

Collection AnyBackup::MakeCollection() {
  Collection collection{.task_id = Text(),
                        .collection_id = ++next_id_,
                        .db_name = "db" + Text(),
                        .name = Text(),
                        .schema = Schema(),
                        .shards_num = Any<std::int32_t>(),
                        .consistency_level = Any<std::int32_t>(),
                        .partitions = ListOf(Few(), [this] { return MakePartition(); }),
                        .backup_timestamp = Any<std::uint64_t>(),
                        .size = Size(),
                        .has_index = Any<bool>(),
                        .indexes = ListOf(Few(2), [this] { return Index(); }),
                        .load_state = AnyLoadState(),
                        .backup_physical_timestamp = Any<std::uint64_t>(),
                        .channel_checkpoints = Map(),
                        .l0_segments = Segments(kAllPartitions, true),
                        .properties = Pairs(),
                        .db_id = Any<std::int64_t>(),
                        .created_timestamp = std::numeric_limits<std::uint64_t>::max(),
                        .virtual_channel_names = Texts(),
                        .physical_channel_names = Texts(),
                        .aliases = Texts()};
  if (Any<bool>())
    collection.snapshot =
        SnapshotBackup{.metadata_path = Text(), .total_files = Size(), .total_bytes = Size()};
  if (Any<bool>()) collection.rows_record = Rows();
  return collection;
}

RbacMeta AnyBackup::Rbac() {
  auto grant = [this] {
    return RbacGrant{.role = Text(),
                     .object = Text(),
                     .object_name = Text(),
                     .grantor_user = Text(),
                     .privilege = Text(),
                     .db_name = Text()};
  };
  return {.users = ListOf(Few(2),
                          [this] { return RbacUser{.name = Text(), .password = Text(), .roles = Texts()}; }),
          .roles = ListOf(Few(2), [this] { return RbacRole{.name = Text(), .description = Text()}; }),
          .grants = ListOf(Few(2), grant),
          .privilege_groups =
              ListOf(Few(2), [this] { return PrivilegeGroup{.name = Text(), .privileges = Texts()}; })};
}

Backup AnyBackup::Make() {
  Backup backup{.id = Text(),
                .name = Text(),
                .backup_timestamp = Any<std::uint64_t>(),
                .collections = ListOf(Few(), [this] { return MakeCollection(); }),
                .size = Size(),
                .milvus_version = Text(),
                .databases = ListOf(
                    Few(2),
                    [this] {
                      return Database{
                          .name = Text(), .id = Any<std::int64_t>(), .properties = Pairs(), .ezk = Text()};
                    }),
                .flush_all_msgs = Map(),
                .control_channel_name = Text(),
                .physical_channel_names = Texts(),
                .format = Text()};
  if (Any<bool>()) backup.rbac = Rbac();
  if (Any<bool>()) backup.rpc_channel = RpcChannelInfo{.name = Text(), .position = Text()};
  return backup;
}

void SumSizes(Backup& backup) {
  backup.size = 0;
  auto sum = [](const std::vector<Segment>& segments) {
    std::int64_t size = 0;
    for (const Segment& segment : segments) size += segment.size;
    return size;
  };
  for (Collection& collection : backup.collections) {
    collection.size =
        sum(collection.l0_segments) + (collection.snapshot ? collection.snapshot->total_bytes : 0);
    for (Partition& partition : collection.partitions) {
      partition.size = sum(partition.segments);
      collection.size += partition.size;
    }
    backup.size += collection.size;
  }
}

}  // namespace mbk::manifest
