#include "milvus/testing/mock_state.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>

#include "milvus/convert.h"
#include "milvus/testing/mock_refusals.h"

namespace mbk::milvustest {
namespace {

// No two collections of all servers of a process are made at the same time: they are told apart by it.
std::uint64_t NextTimestamp() {
  static std::atomic<std::uint64_t> next{470'636'413'367'091'209};
  return next++;
}

using MilvusStatus = pb::common::Status;

constexpr std::int32_t kIndexInProgress = 2;  // common.IndexState
constexpr std::int32_t kIndexFinished = 3;

/// The numbers of a FieldSchema are the server's to give: from 100 on, in order.
void NumberFields(CollectionSchema& schema) {
  std::int64_t next = 100;
  for (FieldSchema& field : schema.fields) field.field_id = next++;
}

}  // namespace

MockState::MockState() {
  databases_["default"].id = 1;
  import_script = {{.state = ImportState::kPending},
                   {.state = ImportState::kStarted},
                   {.state = ImportState::kPersisted, .percent = 90},
                   {.state = ImportState::kCompleted, .percent = 100}};
}

void MockState::AddDatabase(const std::string& db, std::int64_t id, const KeyValues& properties) {
  databases_[db].id = id != 0 ? id : NewId();
  databases_[db].properties = properties;
}

void MockState::AddCollection(const std::string& db, MockCollection collection) {
  if (!databases_.contains(db)) AddDatabase(db, 0, {});
  Complete(db, collection);
  std::string name = collection.description.collection_name;
  databases_[db].collections[name] = std::move(collection);
}

void MockState::Complete(const std::string& db, MockCollection& collection) {
  CollectionDescription& about = collection.description;
  if (about.collection_name.empty()) about.collection_name = about.schema.name;
  if (about.schema.name.empty()) about.schema.name = about.collection_name;
  if (about.collection_id == 0) about.collection_id = NewId();
  if (about.created_timestamp == 0) about.created_timestamp = NextTimestamp();
  if (about.db_name.empty()) about.db_name = db;
  if (about.shards_num == 0) about.shards_num = 1;
  for (int i = static_cast<int>(about.virtual_channel_names.size()); i < about.shards_num; ++i) {
    std::string channel = fmt::format("by-dev-rootcoord-dml_{}", i);
    about.physical_channel_names.push_back(channel);
    about.virtual_channel_names.push_back(fmt::format("{}_{}v{}", channel, about.collection_id, i));
  }
  if (collection.partitions.empty()) collection.partitions = {{.name = "_default"}};
  for (PartitionName& partition : collection.partitions) {
    if (partition.id == 0) partition.id = NewId();
  }
  about.num_partitions = static_cast<std::int64_t>(collection.partitions.size());
}

MockCollection* MockState::FindNamed(const std::string& db, const std::string& name) {
  auto database = databases_.find(db);
  if (database == databases_.end()) return nullptr;
  auto collection = database->second.collections.find(name);
  return collection == database->second.collections.end() ? nullptr : &collection->second;
}

MockCollection* MockState::Find(const std::string& db, const std::string& name) {
  if (MockCollection* named = FindNamed(db, name)) return named;
  auto database = databases_.find(db);
  if (database == databases_.end()) return nullptr;
  for (auto& [unused, collection] : database->second.collections) {
    const std::vector<std::string>& aliases = collection.description.aliases;
    if (std::find(aliases.begin(), aliases.end(), name) != aliases.end()) return &collection;
  }
  return nullptr;
}

MilvusStatus MockState::Answer(const pb::milvus::ListDatabasesRequest&, const std::string&,
                               pb::milvus::ListDatabasesResponse* response) {
  for (const auto& [name, database] : databases_) response->add_db_names(name);
  return {};
}

MilvusStatus MockState::Answer(const pb::milvus::DescribeDatabaseRequest& request, const std::string&,
                               pb::milvus::DescribeDatabaseResponse* response) {
  auto found = databases_.find(request.db_name());
  if (found == databases_.end()) return NoDatabase(request.db_name());
  response->set_db_name(found->first);
  response->set_dbid(found->second.id);
  ToProto(found->second.properties, response->mutable_properties());
  return {};
}

MilvusStatus MockState::Answer(const pb::milvus::CreateDatabaseRequest& request, const std::string&) {
  if (databases_.contains(request.db_name())) {
    return Refuse(kUnexpectedError, 65535, fmt::format("database already exist: {}", request.db_name()));
  }
  AddDatabase(request.db_name(), 0, FromProto(request.properties()));
  return {};
}

MilvusStatus MockState::Answer(const pb::milvus::ShowCollectionsRequest&, const std::string& db,
                               pb::milvus::ShowCollectionsResponse* response) {
  auto found = databases_.find(db);
  if (found == databases_.end()) return NoDatabase(db);
  for (const auto& [name, collection] : found->second.collections) response->add_collection_names(name);
  return {};
}

MilvusStatus MockState::Answer(const pb::milvus::HasCollectionRequest& request, const std::string& db,
                               pb::milvus::BoolResponse* response) {
  if (!databases_.contains(db)) return NoDatabase(db);
  response->set_value(Find(db, request.collection_name()) != nullptr);
  return {};
}

MilvusStatus MockState::Answer(const pb::milvus::DescribeCollectionRequest& request, const std::string& db,
                               pb::milvus::DescribeCollectionResponse* response) {
  const MockCollection* found = Find(db, request.collection_name());
  if (found == nullptr) {
    std::string detail =
        fmt::format("collection not found[database={}][collection={}]", db, request.collection_name());
    return Refuse(kUnexpectedError, 100, "can't find collection " + detail);
  }
  const CollectionDescription& about = found->description;
  *response->mutable_schema() = ToProto(about.schema);
  response->set_collectionid(about.collection_id);
  for (const std::string& channel : about.virtual_channel_names) response->add_virtual_channel_names(channel);
  for (const std::string& channel : about.physical_channel_names)
    response->add_physical_channel_names(channel);
  response->set_created_timestamp(about.created_timestamp);
  response->set_shards_num(about.shards_num);
  for (const std::string& alias : about.aliases) response->add_aliases(alias);
  response->set_consistency_level(about.consistency_level);
  response->set_collection_name(request.collection_name());  // also when it is an alias
  ToProto(about.properties, response->mutable_properties());
  response->set_db_name(about.db_name);
  response->set_num_partitions(static_cast<std::int64_t>(found->partitions.size()));
  response->set_db_id(about.db_id);
  return {};
}

MilvusStatus MockState::Answer(const pb::milvus::CreateCollectionRequest& request, const std::string& db) {
  if (!databases_.contains(db)) return NoDatabase(db);
  pb::schema::CollectionSchema schema;
  if (!schema.ParseFromString(request.schema()))
    return Refuse(kUnexpectedError, 1100, "schema does not parse");
  MockCollection wanted;
  wanted.description = {.schema = FromProto(schema),
                        .shards_num = request.shards_num(),
                        .consistency_level = request.consistency_level(),
                        .collection_name = request.collection_name(),
                        .properties = FromProto(request.properties())};
  NumberFields(wanted.description.schema);
  if (const MockCollection* existing = Find(db, request.collection_name())) {
    if (existing->description.schema == wanted.description.schema) return {};
    return Refuse(kUnexpectedError, 65535,
                  fmt::format("create duplicate collection with different parameters, collection: {}",
                              request.collection_name()));
  }
  if (HasPartitionKey(wanted.description.schema)) {
    for (std::int64_t i = 0; i < request.num_partitions(); ++i) {
      wanted.partitions.push_back({.name = fmt::format("_default_{}", i)});
    }
  }
  AddCollection(db, std::move(wanted));
  return {};
}

MilvusStatus MockState::Answer(const pb::milvus::AlterCollectionRequest& request, const std::string& db) {
  MockCollection* found = Find(db, request.collection_name());
  if (found == nullptr) return NoCollection(db, request.collection_name());
  for (const auto& pair : request.properties())
    SetValue(found->description.properties, pair.key(), pair.value());
  return {};
}

MilvusStatus MockState::Answer(const pb::milvus::AddCollectionFieldRequest& request, const std::string& db) {
  MockCollection* found = Find(db, request.collection_name());
  if (found == nullptr) return NoCollection(db, request.collection_name());
  pb::schema::FieldSchema field;
  if (!field.ParseFromString(request.schema())) return Refuse(kUnexpectedError, 1100, "field does not parse");
  found->description.schema.fields.push_back(FromProto(field));
  return {};
}

MilvusStatus MockState::Answer(const pb::milvus::DropCollectionRequest& request, const std::string& db) {
  const std::string& name = request.collection_name();
  if (FindNamed(db, name) == nullptr && Find(db, name) != nullptr)
    return Refuse(kUnexpectedError, 65535, fmt::format("cannot drop the collection via alias = {}", name));
  if (const MockCollection* found = FindNamed(db, name)) {
    const std::vector<std::string>& aliases = found->description.aliases;
    databases_[db].dead_aliases.insert(aliases.begin(), aliases.end());
    databases_[db].collections.erase(name);
  }
  return {};
}

MilvusStatus MockState::Answer(const pb::milvus::RenameCollectionRequest& request, const std::string& db) {
  const std::string &from = request.oldname(), &to = request.newname();
  MockCollection* found = FindNamed(db, from);
  if (found == nullptr && Find(db, from) != nullptr)
    return Refuse(kUnexpectedError, 65535,
                  fmt::format("unsupported use an alias to rename collection, alias:{}", from));
  if (Find(db, to) != nullptr)
    return Refuse(
        kUnexpectedError, 65535,
        fmt::format("duplicated new collection name {}:{} with other collection name or alias", db, to));
  if (found == nullptr) return NoCollection(db, from);
  MockCollection renamed = std::move(*found);
  renamed.description.collection_name = renamed.description.schema.name = to;
  auto& collections = databases_[db].collections;
  collections.erase(from);
  collections[to] = std::move(renamed);
  return {};
}

MilvusStatus MockState::Answer(const pb::milvus::GetCollectionStatisticsRequest& request,
                               const std::string& db, pb::milvus::GetCollectionStatisticsResponse* response) {
  const MockCollection* found = Find(db, request.collection_name());
  if (found == nullptr) return NoCollection(db, request.collection_name());
  auto* stat = response->add_stats();
  stat->set_key("row_count");
  stat->set_value(std::to_string(found->StoredRows()));
  return {};
}

MilvusStatus MockState::Answer(const pb::milvus::CreateAliasRequest& request, const std::string& db) {
  MockCollection* found = FindNamed(db, request.collection_name());
  if (found == nullptr) return NoCollection(db, request.collection_name());
  if (FindNamed(db, request.alias()) != nullptr)
    return Refuse(
        kUnexpectedError, 1601,
        fmt::format("alias and collection name conflict[database={}][alias={}]", db, request.alias()));
  MockCollection* owner = Find(db, request.alias());
  if (owner == found) return {};
  if (owner != nullptr || databases_[db].dead_aliases.contains(request.alias()))
    return Refuse(
        kUnexpectedError, 1602,
        fmt::format("alias exists and already aliased to another collection, alias: {}", request.alias()));
  found->description.aliases.push_back(request.alias());
  return {};
}

MilvusStatus MockState::Answer(const pb::milvus::AlterAliasRequest& request, const std::string& db) {
  MockCollection* found = FindNamed(db, request.collection_name());
  if (found == nullptr) return NoCollection(db, request.collection_name());
  MockCollection* owner = FindNamed(db, request.alias()) == nullptr ? Find(db, request.alias()) : nullptr;
  const bool was_dead = databases_[db].dead_aliases.erase(request.alias()) > 0;
  if (owner == nullptr && !was_dead)
    return Refuse(kUnexpectedError, 1600,
                  fmt::format("alias not found[database={}][alias={}]", db, request.alias()));
  if (owner != nullptr) std::erase(owner->description.aliases, request.alias());
  found->description.aliases.push_back(request.alias());
  return {};
}

MilvusStatus MockState::Answer(const pb::milvus::ShowPartitionsRequest& request, const std::string& db,
                               pb::milvus::ShowPartitionsResponse* response) {
  const MockCollection* found = Find(db, request.collection_name());
  if (found == nullptr) return NoCollection(db, request.collection_name());
  for (const PartitionName& partition : found->partitions) {
    response->add_partition_names(partition.name);
    response->add_partitionids(partition.id);
  }
  return {};
}

MilvusStatus MockState::Answer(const pb::milvus::CreatePartitionRequest& request, const std::string& db) {
  MockCollection* found = Find(db, request.collection_name());
  if (found == nullptr) return NoCollection(db, request.collection_name());
  if (FindPartition(*found, request.partition_name()) == nullptr) {
    found->partitions.push_back({.name = request.partition_name(), .id = NewId()});
  }
  return {};
}

MilvusStatus MockState::Answer(const pb::milvus::DescribeIndexRequest& request, const std::string& db,
                               pb::milvus::DescribeIndexResponse* response) {
  MockCollection* found = Find(db, request.collection_name());
  if (found == nullptr) return NoCollection(db, request.collection_name());
  if (found->indexes.empty()) return NoIndex(request.collection_name());
  const bool building = found->looks_until_built > 0;
  if (building) --found->looks_until_built;
  const std::int64_t indexed = building || !found->builds_indexes ? 0 : found->StoredRows();
  for (const IndexInfo& index : found->indexes) {
    auto* added = response->add_index_descriptions();
    added->set_index_name(index.index_name);
    added->set_indexid(index.index_id);
    added->set_field_name(index.field_name);
    added->set_state(building ? kIndexInProgress : kIndexFinished);
    added->set_total_rows(found->StoredRows());
    added->set_indexed_rows(indexed);
    added->set_pending_index_rows(found->StoredRows() - indexed);
    ToProto(index.params, added->mutable_params());
    added->set_min_index_version(index.min_index_version);
    added->set_max_index_version(index.max_index_version);
  }
  return {};
}

MilvusStatus MockState::Answer(const pb::milvus::CreateIndexRequest& request, const std::string& db) {
  MockCollection* found = Find(db, request.collection_name());
  if (found == nullptr) return NoCollection(db, request.collection_name());
  std::string name = request.index_name().empty() ? request.field_name() : request.index_name();
  for (const IndexInfo& index : found->indexes) {
    if (index.field_name != request.field_name()) continue;
    if (index.index_name == name) return {};
    return Refuse(kUnexpectedError, 65535,
                  "CreateIndex failed: creating multiple indexes on same field is not supported");
  }
  IndexInfo index{.field_name = request.field_name(),
                  .index_name = name,
                  .params = FromProto(request.extra_params()),
                  .index_id = NewId()};
  found->indexes.push_back(std::move(index));
  return {};
}

MilvusStatus MockState::Answer(const pb::milvus::DropIndexRequest& request, const std::string& db) {
  MockCollection* found = Find(db, request.collection_name());
  if (found == nullptr) return NoCollection(db, request.collection_name());
  std::erase_if(found->indexes,
                [&](const IndexInfo& index) { return index.index_name == request.index_name(); });
  return {};
}

MilvusStatus MockState::Answer(const pb::milvus::GetLoadingProgressRequest& request, const std::string& db,
                               pb::milvus::GetLoadingProgressResponse* response) {
  MockCollection* found = Find(db, request.collection_name());
  if (found == nullptr) return NoCollection(db, request.collection_name());
  std::optional<std::int64_t> percent = found->loaded_percent;
  for (const std::string& name : request.partition_names()) {
    if (FindPartition(*found, name) == nullptr) return NoPartition(name);
    if (auto own = found->partition_loaded_percent.find(name); own != found->partition_loaded_percent.end()) {
      percent = own->second;
    }
  }
  if (!percent) {
    return Refuse(kUnexpectedError, 101,
                  fmt::format("collection not loaded[collection={}]", found->description.collection_id));
  }
  response->set_progress(*percent);
  return {};
}

MilvusStatus MockState::Answer(const pb::milvus::LoadCollectionRequest& request, const std::string& db) {
  MockCollection* found = Find(db, request.collection_name());
  if (found == nullptr) return NoCollection(db, request.collection_name());
  if (found->indexes.empty()) return NoIndex(request.collection_name());
  found->loaded_percent = 100;
  return {};
}

MilvusStatus MockState::Answer(const pb::milvus::LoadPartitionsRequest& request, const std::string& db) {
  MockCollection* found = Find(db, request.collection_name());
  if (found == nullptr) return NoCollection(db, request.collection_name());
  if (found->indexes.empty()) return NoIndex(request.collection_name());
  for (const std::string& name : request.partition_names()) {
    if (FindPartition(*found, name) == nullptr) return NoPartition(name);
    found->partition_loaded_percent[name] = 100;
  }
  return {};
}

MilvusStatus MockState::Answer(const pb::milvus::ReleaseCollectionRequest& request, const std::string& db) {
  MockCollection* found = Find(db, request.collection_name());
  if (found == nullptr) return NoCollection(db, request.collection_name());
  found->loaded_percent.reset();
  found->partition_loaded_percent.clear();
  return {};
}

}  // namespace mbk::milvustest
