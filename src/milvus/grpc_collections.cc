#include <fmt/core.h>

#include <charconv>
#include <system_error>

#include "milvus/convert.h"
#include "milvus/grpc_milvus_client.h"

// GrpcMilvusClient: collections, partitions, indexes, loading.
namespace mbk {

Result<std::vector<std::string>> GrpcMilvusClient::ListCollections(const std::string& db,
                                                                   const CallContext& context) {
  RpcCall call{
      .name = "ShowCollections", .object = fmt::format("\"{}\"", db.empty() ? "default" : db), .db = db};
  MBK_TRY_ASSIGN(auto response, rpc_.Call(&Stub::ShowCollections, call, pb::milvus::ShowCollectionsRequest(),
                                          Usual(), context));
  return std::vector<std::string>(response.collection_names().begin(), response.collection_names().end());
}

Result<bool> GrpcMilvusClient::HasCollection(const CollectionName& collection, const CallContext& context) {
  pb::milvus::HasCollectionRequest request;
  request.set_collection_name(collection.name);
  MBK_TRY_ASSIGN(auto response, rpc_.Call(&Stub::HasCollection, About("HasCollection", collection), request,
                                          Usual(), context));
  return response.value();
}

namespace {

/// Milvus Lite tells no field ids: its fields get those that a server would have given them.
void NumberFields(CollectionSchema& schema) {
  for (const FieldSchema& field : schema.fields) {
    if (field.field_id != 0) return;
  }
  std::int64_t next = kFirstFieldId;
  for (FieldSchema& field : schema.fields) field.field_id = next++;
}

}  // namespace

Result<CollectionDescription> GrpcMilvusClient::DescribeCollection(const CollectionName& collection,
                                                                   const CallContext& context) {
  pb::milvus::DescribeCollectionRequest request;
  request.set_collection_name(collection.name);
  MBK_TRY_ASSIGN(auto response, rpc_.Call(&Stub::DescribeCollection, About("DescribeCollection", collection),
                                          request, Usual(), context));
  CollectionDescription description = FromProto(response);
  NumberFields(description.schema);
  if (has(Capability::kCollectionDetails)) return description;
  // Milvus Lite tells aliases only when it is asked for them.
  pb::milvus::ListAliasesRequest of_it;
  of_it.set_collection_name(collection.name);
  const auto listed =
      rpc_.Call(&Stub::ListAliases, About("ListAliases", collection), of_it, Usual(), context);
  if (listed.status().code() == Code::kUnimplemented) return description;
  MBK_TRY(listed.status());
  description.aliases.assign(listed->aliases().begin(), listed->aliases().end());
  return description;
}

Status GrpcMilvusClient::CreateCollection(const CreateCollectionRequest& wanted, const CallContext& context) {
  pb::schema::CollectionSchema schema = ToProto(wanted.schema);
  schema.set_name(wanted.target.name);
  pb::milvus::CreateCollectionRequest request;
  request.set_collection_name(wanted.target.name);
  request.set_schema(schema.SerializeAsString());
  request.set_shards_num(wanted.shards_num);
  request.set_consistency_level(wanted.consistency_level);
  request.set_num_partitions(wanted.num_partitions);
  ToProto(wanted.properties, request.mutable_properties());
  return rpc_
      .Call(&Stub::CreateCollection, About("CreateCollection", wanted.target), request,
            Once(retries_.create_collection, &create_collection_limiter_), context)
      .status();
}

Status GrpcMilvusClient::DropCollection(const CollectionName& collection, const CallContext& context) {
  pb::milvus::DropCollectionRequest request;
  request.set_collection_name(collection.name);
  return rpc_
      .Call(&Stub::DropCollection, About("DropCollection", collection), request, Once(retries_.create),
            context)
      .status();
}

Status GrpcMilvusClient::AlterCollection(const CollectionName& collection, const KeyValues& properties,
                                         const CallContext& context) {
  pb::milvus::AlterCollectionRequest request;
  request.set_collection_name(collection.name);
  ToProto(properties, request.mutable_properties());
  return rpc_.Call(&Stub::AlterCollection, About("AlterCollection", collection), request, Usual(), context)
      .status();
}

Status GrpcMilvusClient::AddCollectionField(const CollectionName& collection, const FieldSchema& field,
                                            const CallContext& context) {
  pb::milvus::AddCollectionFieldRequest request;
  request.set_collection_name(collection.name);
  request.set_schema(ToProto(field).SerializeAsString());
  RpcCall call = About("AddCollectionField", collection);
  call.object += fmt::format(" field \"{}\"", field.name);
  return rpc_.Call(&Stub::AddCollectionField, call, request, Once(retries_.create), context).status();
}

Status GrpcMilvusClient::RenameCollection(const CollectionName& collection, const std::string& new_name,
                                          const CallContext& context) {
  pb::milvus::RenameCollectionRequest request;
  request.set_oldname(collection.name);
  request.set_newname(new_name);
  // Where it is missing, some servers take the default database for it.
  request.set_newdbname(collection.db.empty() ? "default" : collection.db);
  RpcCall call = About("RenameCollection", collection);
  call.object += fmt::format(" to \"{}\"", new_name);
  return rpc_.Call(&Stub::RenameCollection, call, request, Once(retries_.create), context).status();
}

Result<std::int64_t> GrpcMilvusClient::CountStoredRows(const CollectionName& collection,
                                                       const CallContext& context) {
  pb::milvus::GetCollectionStatisticsRequest request;
  request.set_collection_name(collection.name);
  const RpcCall call = About("GetCollectionStatistics", collection);
  MBK_TRY_ASSIGN(auto response, rpc_.Call(&Stub::GetCollectionStatistics, call, request, Usual(), context));
  const KeyValues stats = FromProto(response.stats());
  const std::string* rows = FindValue(stats, "row_count");
  std::int64_t count = 0;
  const bool counted = rows != nullptr && !rows->empty() &&
                       std::from_chars(rows->data(), rows->data() + rows->size(), count).ec == std::errc();
  if (!counted)
    return Internal(
        fmt::format("{} {} on Milvus {}: no row count in the answer", call.name, call.object, address()));
  return count;
}

Status GrpcMilvusClient::CreateAlias(const CollectionName& collection, const std::string& alias,
                                     const CallContext& context) {
  pb::milvus::CreateAliasRequest request;
  request.set_collection_name(collection.name);
  request.set_alias(alias);
  RpcCall call = About("CreateAlias", collection);
  call.object += fmt::format(" alias \"{}\"", alias);
  return rpc_.Call(&Stub::CreateAlias, call, request, Once(retries_.create), context).status();
}

Status GrpcMilvusClient::AlterAlias(const CollectionName& collection, const std::string& alias,
                                    const CallContext& context) {
  pb::milvus::AlterAliasRequest request;
  request.set_collection_name(collection.name);
  request.set_alias(alias);
  RpcCall call = About("AlterAlias", collection);
  call.object += fmt::format(" alias \"{}\"", alias);
  return rpc_.Call(&Stub::AlterAlias, call, request, Usual(), context).status();
}

Result<std::vector<PartitionName>> GrpcMilvusClient::ListPartitions(const CollectionName& collection,
                                                                    const CallContext& context) {
  pb::milvus::ShowPartitionsRequest request;
  request.set_collection_name(collection.name);
  MBK_TRY_ASSIGN(auto response, rpc_.Call(&Stub::ShowPartitions, About("ShowPartitions", collection), request,
                                          Usual(), context));
  const bool has_ids = response.partitionids_size() > 0;  // Milvus Lite gives none
  if (has_ids && response.partition_names_size() != response.partitionids_size()) {
    return Internal(fmt::format("ShowPartitions \"{}\" on Milvus {}: {} names but {} ids", collection.Full(),
                                address(), response.partition_names_size(), response.partitionids_size()));
  }
  std::vector<PartitionName> partitions;
  for (int i = 0; i < response.partition_names_size(); ++i) {
    partitions.push_back({.name = response.partition_names(i), .id = has_ids ? response.partitionids(i) : 0});
  }
  return partitions;
}

Status GrpcMilvusClient::CreatePartition(const CollectionName& collection, const std::string& partition,
                                         const CallContext& context) {
  pb::milvus::CreatePartitionRequest request;
  request.set_collection_name(collection.name);
  request.set_partition_name(partition);
  RpcCall call = About("CreatePartition", collection);
  call.object += fmt::format(" partition \"{}\"", partition);
  return rpc_
      .Call(&Stub::CreatePartition, call, request, Once(retries_.create, &create_partition_limiter_), context)
      .status();
}

Result<pb::milvus::DescribeIndexResponse> GrpcMilvusClient::DescribeIndexes(const CollectionName& collection,
                                                                            const CallContext& context) {
  pb::milvus::DescribeIndexRequest request;
  request.set_collection_name(collection.name);
  auto no_index = [](const pb::milvus::DescribeIndexResponse& response) {
    return SaysNoIndex(response.status());
  };
  return rpc_.CallUnchecked(&Stub::DescribeIndex, About("DescribeIndex", collection), request, Usual(),
                            context, no_index);
}

Result<std::vector<IndexInfo>> GrpcMilvusClient::ListIndexes(const CollectionName& collection,
                                                             const CallContext& context) {
  MBK_TRY_ASSIGN(const auto response, DescribeIndexes(collection, context));
  std::vector<IndexInfo> indexes;
  for (const auto& index : response.index_descriptions()) indexes.push_back(FromProto(index));
  return indexes;
}

Result<std::vector<IndexProgress>> GrpcMilvusClient::GetIndexProgress(const CollectionName& collection,
                                                                      const CallContext& context) {
  MBK_TRY_ASSIGN(const auto response, DescribeIndexes(collection, context));
  std::vector<IndexProgress> progress;
  for (const auto& index : response.index_descriptions()) progress.push_back(ProgressOf(index));
  return progress;
}

Status GrpcMilvusClient::CreateIndex(const CreateIndexRequest& wanted, const CallContext& context) {
  pb::milvus::CreateIndexRequest request;
  request.set_collection_name(wanted.collection.name);
  request.set_field_name(wanted.field_name);
  request.set_index_name(wanted.index_name);
  ToProto(wanted.params, request.mutable_extra_params());
  RpcCall call = About("CreateIndex", wanted.collection);
  call.object += fmt::format(" field \"{}\" index \"{}\"", wanted.field_name, wanted.index_name);
  return rpc_.Call(&Stub::CreateIndex, call, request, Once(retries_.create, &create_index_limiter_), context)
      .status();
}

Status GrpcMilvusClient::DropIndex(const CollectionName& collection, const IndexInfo& index,
                                   const CallContext& context) {
  pb::milvus::DropIndexRequest request;
  request.set_collection_name(collection.name);
  request.set_field_name(index.field_name);
  request.set_index_name(index.index_name);
  RpcCall call = About("DropIndex", collection);
  call.object += fmt::format(" index \"{}\"", index.index_name);
  return rpc_.Call(&Stub::DropIndex, call, request, Usual(), context).status();
}

// Of what is not loaded the answer is an error, and 0 %.
Result<pb::milvus::GetLoadingProgressResponse> GrpcMilvusClient::AskLoadingProgress(
    const CollectionName& collection, const std::vector<std::string>& partitions,
    const CallContext& context) {
  pb::milvus::GetLoadingProgressRequest request;
  request.set_collection_name(collection.name);
  for (const std::string& partition : partitions) request.add_partition_names(partition);
  auto not_loaded = [](const pb::milvus::GetLoadingProgressResponse& response) {
    return SaysNotLoaded(response.status());
  };
  return rpc_.CallUnchecked(&Stub::GetLoadingProgress, About("GetLoadingProgress", collection), request,
                            Poll(), context, not_loaded);
}

Result<std::int64_t> GrpcMilvusClient::GetLoadingProgress(const CollectionName& collection,
                                                          const std::vector<std::string>& partitions,
                                                          const CallContext& context) {
  MBK_TRY_ASSIGN(const auto response, AskLoadingProgress(collection, partitions, context));
  return response.progress();
}

Result<LoadState> GrpcMilvusClient::GetLoadState(const CollectionName& collection,
                                                 const std::vector<std::string>& partitions,
                                                 const CallContext& context) {
  MBK_TRY_ASSIGN(const auto response, AskLoadingProgress(collection, partitions, context));
  if (SaysNotLoaded(response.status())) return LoadState::kNotLoad;
  if (response.progress() >= 100) return LoadState::kLoaded;
  const bool is_loading = response.progress() > 0 || has(Capability::kLoadStates);
  return is_loading ? LoadState::kLoading : LoadState::kNotLoad;
}

Status GrpcMilvusClient::LoadCollection(const CollectionName& collection, const CallContext& context) {
  pb::milvus::LoadCollectionRequest request;
  request.set_collection_name(collection.name);
  return rpc_.Call(&Stub::LoadCollection, About("LoadCollection", collection), request, Usual(), context)
      .status();
}

Status GrpcMilvusClient::LoadPartitions(const CollectionName& collection,
                                        const std::vector<std::string>& partitions,
                                        const CallContext& context) {
  pb::milvus::LoadPartitionsRequest request;
  request.set_collection_name(collection.name);
  for (const std::string& partition : partitions) request.add_partition_names(partition);
  return rpc_.Call(&Stub::LoadPartitions, About("LoadPartitions", collection), request, Usual(), context)
      .status();
}

Status GrpcMilvusClient::ReleaseCollection(const CollectionName& collection, const CallContext& context) {
  pb::milvus::ReleaseCollectionRequest request;
  request.set_collection_name(collection.name);
  return rpc_
      .Call(&Stub::ReleaseCollection, About("ReleaseCollection", collection), request, Usual(), context)
      .status();
}

}  // namespace mbk
