#include "milvus/convert.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "base/hash.h"
#include "mbk/msg.pb.h"

namespace mbk {
namespace {

template <class Repeated>
auto ToVector(const Repeated& values) {
  return std::vector<typename Repeated::value_type>(values.begin(), values.end());
}

template <class Values, class Repeated>
void Fill(const Values& values, Repeated* out) {
  out->Assign(values.begin(), values.end());
}

/// The first of `value`'s digits as a percentage; 0 for text that is none.
int ParsePercent(const std::string& value) {
  int percent = 0;
  std::from_chars(value.data(), value.data() + value.size(), percent);
  return std::clamp(percent, 0, 100);
}

/// common.ImportState.
Result<ImportState> ImportStateOf(std::int32_t number) {
  switch (number) {
    case 0:
      return ImportState::kPending;
    case 1:
      return ImportState::kFailed;
    case 2:
      return ImportState::kStarted;
    case 5:
      return ImportState::kPersisted;
    case 6:
      return ImportState::kCompleted;
    case 7:
      return ImportState::kFailedAndCleaned;
    case 8:
      return ImportState::kFlushed;
    default:
      return Internal(fmt::format("the server reports import state {}, which is unknown to us", number));
  }
}

}  // namespace

KeyValues FromProto(const PbKeyValues& pairs) {
  KeyValues out;
  out.reserve(static_cast<std::size_t>(pairs.size()));
  for (const auto& pair : pairs) out.push_back({.key = pair.key(), .value = pair.value()});
  return out;
}

void ToProto(const KeyValues& pairs, PbKeyValues* out) {
  for (const KeyValue& pair : pairs) {
    auto* added = out->Add();
    added->set_key(pair.key);
    added->set_value(pair.value);
  }
}

FieldSchema FromProto(const pb::schema::FieldSchema& field) {
  return {.field_id = field.fieldid(),
          .name = field.name(),
          .is_primary_key = field.is_primary_key(),
          .description = field.description(),
          .data_type = static_cast<DataType>(field.data_type()),
          .type_params = FromProto(field.type_params()),
          .index_params = FromProto(field.index_params()),
          .auto_id = field.autoid(),
          .state = field.state(),
          .element_type = static_cast<DataType>(field.element_type()),
          .default_value = field.default_value(),
          .is_dynamic = field.is_dynamic(),
          .is_partition_key = field.is_partition_key(),
          .is_clustering_key = field.is_clustering_key(),
          .nullable = field.nullable(),
          .is_function_output = field.is_function_output(),
          .external_field = field.external_field(),
          .type_schema = field.type_schema(),
          .element_nullable = field.element_nullable()};
}

pb::schema::FieldSchema ToProto(const FieldSchema& field) {
  pb::schema::FieldSchema out;
  out.set_fieldid(field.field_id);
  out.set_name(field.name);
  out.set_is_primary_key(field.is_primary_key);
  out.set_description(field.description);
  out.set_data_type(static_cast<std::int32_t>(field.data_type));
  ToProto(field.type_params, out.mutable_type_params());
  ToProto(field.index_params, out.mutable_index_params());
  out.set_autoid(field.auto_id);
  out.set_state(field.state);
  out.set_element_type(static_cast<std::int32_t>(field.element_type));
  out.set_default_value(field.default_value);
  out.set_is_dynamic(field.is_dynamic);
  out.set_is_partition_key(field.is_partition_key);
  out.set_is_clustering_key(field.is_clustering_key);
  out.set_nullable(field.nullable);
  out.set_is_function_output(field.is_function_output);
  out.set_external_field(field.external_field);
  out.set_type_schema(field.type_schema);
  out.set_element_nullable(field.element_nullable);
  return out;
}

StructArrayField FromProto(const pb::schema::StructArrayFieldSchema& field) {
  StructArrayField out{.field_id = field.fieldid(),
                       .name = field.name(),
                       .description = field.description(),
                       .type_params = FromProto(field.type_params()),
                       .nullable = field.nullable()};
  for (const auto& inner : field.fields()) out.fields.push_back(FromProto(inner));
  return out;
}

pb::schema::StructArrayFieldSchema ToProto(const StructArrayField& field) {
  pb::schema::StructArrayFieldSchema out;
  out.set_fieldid(field.field_id);
  out.set_name(field.name);
  out.set_description(field.description);
  for (const FieldSchema& inner : field.fields) *out.add_fields() = ToProto(inner);
  ToProto(field.type_params, out.mutable_type_params());
  out.set_nullable(field.nullable);
  return out;
}

FunctionSchema FromProto(const pb::schema::FunctionSchema& function) {
  return {.name = function.name(),
          .id = function.id(),
          .description = function.description(),
          .type = function.type(),
          .input_field_names = ToVector(function.input_field_names()),
          .input_field_ids = ToVector(function.input_field_ids()),
          .output_field_names = ToVector(function.output_field_names()),
          .output_field_ids = ToVector(function.output_field_ids()),
          .params = FromProto(function.params())};
}

pb::schema::FunctionSchema ToProto(const FunctionSchema& function) {
  pb::schema::FunctionSchema out;
  out.set_name(function.name);
  out.set_id(function.id);
  out.set_description(function.description);
  out.set_type(function.type);
  Fill(function.input_field_names, out.mutable_input_field_names());
  Fill(function.input_field_ids, out.mutable_input_field_ids());
  Fill(function.output_field_names, out.mutable_output_field_names());
  Fill(function.output_field_ids, out.mutable_output_field_ids());
  ToProto(function.params, out.mutable_params());
  return out;
}

CollectionSchema FromProto(const pb::schema::CollectionSchema& schema) {
  CollectionSchema out{.name = schema.name(),
                       .description = schema.description(),
                       .auto_id = schema.autoid(),
                       .enable_dynamic_field = schema.enable_dynamic_field(),
                       .properties = FromProto(schema.properties()),
                       .version = schema.version(),
                       .external_source = schema.external_source(),
                       .external_spec = schema.external_spec(),
                       .do_physical_backfill = schema.do_physical_backfill(),
                       .file_resource_ids = ToVector(schema.file_resource_ids()),
                       .enable_namespace = schema.enable_namespace()};
  for (const auto& field : schema.fields()) out.fields.push_back(FromProto(field));
  for (const auto& function : schema.functions()) out.functions.push_back(FromProto(function));
  for (const auto& field : schema.struct_array_fields()) out.struct_array_fields.push_back(FromProto(field));
  return out;
}

pb::schema::CollectionSchema ToProto(const CollectionSchema& schema) {
  pb::schema::CollectionSchema out;
  out.set_name(schema.name);
  out.set_description(schema.description);
  out.set_autoid(schema.auto_id);
  for (const FieldSchema& field : schema.fields) *out.add_fields() = ToProto(field);
  out.set_enable_dynamic_field(schema.enable_dynamic_field);
  ToProto(schema.properties, out.mutable_properties());
  for (const FunctionSchema& function : schema.functions) *out.add_functions() = ToProto(function);
  for (const StructArrayField& field : schema.struct_array_fields)
    *out.add_struct_array_fields() = ToProto(field);
  out.set_version(schema.version);
  out.set_external_source(schema.external_source);
  out.set_external_spec(schema.external_spec);
  out.set_do_physical_backfill(schema.do_physical_backfill);
  Fill(schema.file_resource_ids, out.mutable_file_resource_ids());
  out.set_enable_namespace(schema.enable_namespace);
  return out;
}

CollectionDescription FromProto(const pb::milvus::DescribeCollectionResponse& response) {
  return {.schema = FromProto(response.schema()),
          .collection_id = response.collectionid(),
          .virtual_channel_names = ToVector(response.virtual_channel_names()),
          .physical_channel_names = ToVector(response.physical_channel_names()),
          .created_timestamp = response.created_timestamp(),
          .shards_num = response.shards_num(),
          .aliases = ToVector(response.aliases()),
          .consistency_level = response.consistency_level(),
          .collection_name = response.collection_name(),
          .properties = FromProto(response.properties()),
          .db_name = response.db_name(),
          .db_id = response.db_id(),
          .num_partitions = response.num_partitions()};
}

SegmentInfo FromProto(const pb::milvus::PersistentSegmentInfo& info) {
  return {.segment_id = info.segmentid(),
          .collection_id = info.collectionid(),
          .partition_id = info.partitionid(),
          .num_rows = info.num_rows(),
          .state = info.state(),
          .level = info.level(),
          .is_sorted = info.is_sorted(),
          .storage_version = info.storage_version()};
}

IndexInfo FromProto(const pb::milvus::IndexDescription& index) {
  IndexInfo out{.field_name = index.field_name(),
                .index_name = index.index_name(),
                .params = FromProto(index.params()),
                .index_id = index.indexid(),
                .min_index_version = index.min_index_version(),
                .max_index_version = index.max_index_version()};
  std::stable_sort(out.params.begin(), out.params.end(),
                   [](const KeyValue& a, const KeyValue& b) { return a.key < b.key; });
  if (const std::string* type = FindValue(out.params, "index_type")) out.index_type = *type;
  return out;
}

IndexProgress ProgressOf(const pb::milvus::IndexDescription& index) {
  // common.IndexState
  constexpr IndexProgress::State kStates[] = {
      IndexProgress::State::kUnknown,  IndexProgress::State::kWaiting, IndexProgress::State::kBuilding,
      IndexProgress::State::kFinished, IndexProgress::State::kFailed,  IndexProgress::State::kBuilding};
  const bool known = index.state() >= 0 && index.state() < static_cast<std::int32_t>(std::size(kStates));
  return {.field_name = index.field_name(),
          .index_name = index.index_name(),
          .state = known ? kStates[index.state()] : IndexProgress::State::kUnknown,
          .indexed_rows = index.indexed_rows(),
          .total_rows = index.total_rows(),
          .pending_rows = index.pending_index_rows(),
          .failed_reason = index.index_state_fail_reason()};
}

Result<FlushResult> FromProto(const pb::milvus::FlushResponse& response, const std::string& collection) {
  FlushResult out;
  if (auto segments = response.coll_segids().find(collection); segments != response.coll_segids().end()) {
    out.must_poll = true;
    out.segment_ids = ToVector(segments->second.data());
  }
  if (auto ts = response.coll_flush_ts().find(collection); ts != response.coll_flush_ts().end()) {
    out.flush_ts = ts->second;
  }
  if (auto seal = response.coll_seal_times().find(collection); seal != response.coll_seal_times().end()) {
    out.seal_time_s = seal->second;
  }
  for (const auto& [channel, bytes] : response.channel_cps()) {
    pb::msg::MsgPosition position;
    if (!position.ParseFromString(bytes)) {
      return DataLoss(fmt::format("the checkpoint of channel \"{}\" is not a message position", channel));
    }
    out.max_checkpoint_ts = std::max<std::uint64_t>(out.max_checkpoint_ts, position.timestamp());
    out.channel_checkpoints[channel] = Base64Encode(bytes);
  }
  return out;
}

Result<ImportProgress> FromProto(const pb::milvus::GetImportStateResponse& response) {
  MBK_TRY_ASSIGN(ImportState state, ImportStateOf(response.state()));
  ImportProgress out{.state = state, .row_count = response.row_count()};
  for (const auto& info : response.infos()) {
    if (info.key() == "failed_reason") out.failed_reason = info.value();
    if (info.key() == "progress_percent") out.percent = ParsePercent(info.value());
  }
  return out;
}

RbacMeta FromProto(const pb::milvus::RBACMeta& meta) {
  RbacMeta out;
  for (const auto& user : meta.users()) {
    RbacUser& added = out.users.emplace_back(RbacUser{.name = user.user(), .password = user.password()});
    for (const auto& role : user.roles()) added.roles.push_back(role.name());
  }
  for (const auto& role : meta.roles())
    out.roles.push_back({.name = role.name(), .description = role.description()});
  for (const auto& grant : meta.grants()) {
    out.grants.push_back({.role = grant.role().name(),
                          .object = grant.object().name(),
                          .object_name = grant.object_name(),
                          .grantor_user = grant.grantor().user().name(),
                          .privilege = grant.grantor().privilege().name(),
                          .db_name = grant.db_name()});
  }
  for (const auto& group : meta.privilege_groups()) {
    PrivilegeGroup& added = out.privilege_groups.emplace_back(PrivilegeGroup{.name = group.group_name()});
    for (const auto& privilege : group.privileges()) added.privileges.push_back(privilege.name());
  }
  return out;
}

pb::milvus::RBACMeta ToProto(const RbacMeta& meta) {
  pb::milvus::RBACMeta out;
  for (const RbacUser& user : meta.users) {
    auto* added = out.add_users();
    added->set_user(user.name);
    added->set_password(user.password);
    for (const std::string& role : user.roles) added->add_roles()->set_name(role);
  }
  for (const RbacRole& role : meta.roles) {
    auto* added = out.add_roles();
    added->set_name(role.name);
    added->set_description(role.description);
  }
  for (const RbacGrant& grant : meta.grants) {
    auto* added = out.add_grants();
    added->mutable_role()->set_name(grant.role);
    added->mutable_object()->set_name(grant.object);
    added->set_object_name(grant.object_name);
    added->mutable_grantor()->mutable_user()->set_name(grant.grantor_user);
    added->mutable_grantor()->mutable_privilege()->set_name(grant.privilege);
    added->set_db_name(grant.db_name);
  }
  for (const PrivilegeGroup& group : meta.privilege_groups) {
    auto* added = out.add_privilege_groups();
    added->set_group_name(group.name);
    for (const std::string& privilege : group.privileges) added->add_privileges()->set_name(privilege);
  }
  return out;
}

}  // namespace mbk
