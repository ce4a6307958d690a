#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "base/log.h"
#include "base/parallel.h"
#include "ops/load/for_each_collection.h"
#include "ops/load/load.h"

namespace mbk::load {
namespace {

// What Milvus 2.3 calls an index that was given no name, a number behind it.
constexpr std::string_view kDefaultIndexName = "_default_idx";
constexpr std::string_view kFunctionCheckProperty = "disable_func_runtime_check";

std::string Where(const CollectionName& name) {
  return fmt::format("database {} collection {}", name.db.empty() ? "default" : name.db, name.name);
}

Result<bool> Exists(MilvusClient& client, const CollectionName& name, const std::set<std::string>& databases,
                    const CallContext& context) {
  if (!databases.contains(name.db)) return false;
  return client.HasCollection(name, context);
}

Result<std::set<std::string>> DatabasesOf(MilvusClient& client, const CallContext& context) {
  if (!client.has(Capability::kMultiDatabase)) return std::set<std::string>{std::string(kDefaultDatabase)};
  MBK_TRY_ASSIGN(std::vector<std::string> names, client.ListDatabases(context));
  return std::set<std::string>(names.begin(), names.end());
}

Status CheckTarget(MilvusClient& client, const CollectionPlan& plan, const std::set<std::string>& databases,
                   const CallContext& context) {
  MBK_TRY_ASSIGN(bool exists, Exists(client, plan.target, databases, context));
  if (exists && plan.create && !plan.drop_existing) {
    return AlreadyExists(fmt::format(
        "restore: collection already exist, {}; choose another name with --suffix or --rename, "
        "replace it with --drop_exist_collection, or restore into it with --skip_create_collection",
        Where(plan.target)));
  }
  if (!exists && !plan.create) {
    return FailedPrecondition(
        fmt::format("restore: collection not exist, {}, but --skip_create_collection says that it is there",
                    Where(plan.target)));
  }
  return {};
}

// Those behind a partition key are the server's own affair; only an import names them.
bool NeedsPartitions(const CollectionPlan& plan) {
  const bool imports = plan.via == Via::kImport && !plan.imports.empty();
  return imports || !HasPartitionKey(plan.source->schema);
}

Status CreatePartitions(MilvusClient& client, const CollectionPlan& plan, const CallContext& context) {
  MBK_TRY_ASSIGN(std::vector<PartitionName> there, client.ListPartitions(plan.target, context));
  for (const std::string& partition : plan.partitions) {
    const bool exists =
        std::any_of(there.begin(), there.end(), [&](const PartitionName& p) { return p.name == partition; });
    if (!exists) MBK_TRY(client.CreatePartition(plan.target, partition, context));
  }
  return {};
}

// Collections with functions (embeddings, BM25) would check restored vectors by calling their models;
// servers that know the property are told not to while the collection is made (spec/restore.md §2.2).
Status CreateOne(MilvusClient& client, const CollectionPlan& plan, const CallContext& context) {
  CreateCollectionRequest request = plan.create_request;
  if (plan.keeps_auto_ids) SetValue(request.properties, kInsertAutoIdProperty, "true");
  const bool switch_check =
      !request.schema.functions.empty() && client.has(Capability::kFunctionRuntimeCheck);
  const std::string* kept = FindValue(request.properties, std::string(kFunctionCheckProperty));
  const bool was_disabled = kept != nullptr && *kept == "true";
  if (switch_check && !was_disabled) SetValue(request.properties, kFunctionCheckProperty, "true");
  MBK_TRY(client.CreateCollection(request, context));
  for (const FieldSchema& field : plan.late_fields)
    MBK_TRY(client.AddCollectionField(plan.target, field, context));
  if (switch_check && !was_disabled) {
    MBK_TRY(client.AlterCollection(plan.target, {{std::string(kFunctionCheckProperty), "false"}}, context));
  }
  return {};
}

Status DropIndexes(MilvusClient& client, const CollectionPlan& plan, const CallContext& context) {
  MBK_TRY_ASSIGN(std::vector<IndexInfo> indexes, client.ListIndexes(plan.target, context));
  for (const IndexInfo& index : indexes) MBK_TRY(client.DropIndex(plan.target, index, context));
  return {};
}

// What is planned and gets lost on a server that takes it without keeping it.
std::vector<std::string> DetailsOf(const CollectionPlan& plan) {
  const CreateCollectionRequest& request = plan.create_request;
  std::vector<std::string> details;
  if (request.shards_num > 1) details.push_back(fmt::format("{} shards", request.shards_num));
  if (request.num_partitions > 0)
    details.push_back(fmt::format("{} partitions behind the partition key", request.num_partitions));
  const auto& fields = request.schema.fields;
  if (!request.schema.description.empty() ||
      std::any_of(fields.begin(), fields.end(), [](const FieldSchema& f) { return !f.description.empty(); }))
    details.emplace_back("descriptions");
  for (const CreateIndexRequest& index : plan.indexes) {
    const bool named = !index.index_name.empty() && index.index_name != index.field_name &&
                       !index.index_name.starts_with(kDefaultIndexName);
    if (named) details.push_back("index name " + index.index_name);
  }
  return details;
}

void NoteLostDetails(const MilvusClient& client, const CollectionPlan& plan, Outcome& outcome) {
  if (!plan.create || client.has(Capability::kCollectionDetails)) return;
  const std::vector<std::string> details = DetailsOf(plan);
  if (!details.empty())
    outcome.warnings.push_back(
        fmt::format("this Milvus ({}) does not keep: {}", client.version(), Enumerate(details)));
}

// An index that this server does not know is missing and named; the rows are there all the same.
bool IsRefused(const Status& created) {
  return created.code() == Code::kInvalidArgument || created.code() == Code::kUnimplemented;
}

Status CreateIndexesOf(MilvusClient& client, const CollectionPlan& plan, Outcome& outcome,
                       const CallContext& context) {
  for (const CreateIndexRequest& index : plan.indexes) {
    Status created = client.CreateIndex(index, context);
    if (!created.ok() && !IsRefused(created)) return created;
    if (!created.ok())
      outcome.warnings.push_back(fmt::format("index {} of field {} is not made: {}", index.index_name,
                                             index.field_name, created.message()));
  }
  return {};
}

Status Prepare(MilvusClient& client, const CollectionPlan& plan, Outcome& outcome,
               const CallContext& context) {
  if (plan.drop_existing) {
    MBK_TRY_ASSIGN(bool exists, client.HasCollection(plan.target, context));
    if (exists) MBK_TRY(client.DropCollection(plan.target, context));
  }
  if (plan.create) MBK_TRY(CreateOne(client, plan, context));
  NoteLostDetails(client, plan, outcome);
  if (plan.drop_indexes) MBK_TRY(DropIndexes(client, plan, context));
  return NeedsPartitions(plan) ? CreatePartitions(client, plan, context) : Status();
}

}  // namespace

Status CheckTargets(MilvusClient& client, const Plan& plan, const CallContext& context) {
  MBK_TRY_ASSIGN(const std::set<std::string> databases, DatabasesOf(client, context));
  for (const Database& database : plan.databases) {
    if (!databases.contains(database.name) && !client.has(Capability::kMultiDatabase)) {
      return FailedPrecondition(fmt::format("this Milvus ({}) has no databases, but the plan needs {}",
                                            client.version(), database.name));
    }
  }
  for (const CollectionPlan& collection : plan.collections)
    MBK_TRY(CheckTarget(client, collection, databases, context));
  return {};
}

Status CreateDatabases(MilvusClient& client, const Plan& plan, const CallContext& context) {
  MBK_TRY_ASSIGN(const std::set<std::string> there, DatabasesOf(client, context));
  for (const Database& database : plan.databases) {
    if (!there.contains(database.name))
      MBK_TRY(client.CreateDatabase(database.name, database.properties, context));
  }
  return {};
}

Status CreateCollections(MilvusClient& client, const Plan& plan, std::vector<Outcome>& outcomes,
                         const RunServices& run, const CallContext& context) {
  return ForEachCollection(Step::kDdl, plan, outcomes, run, context,
                           [&](const CollectionPlan& collection, Outcome& outcome, const CallContext& inner) {
                             return Prepare(client, collection, outcome, inner);
                           });
}

Status CreateIndexes(MilvusClient& client, const Plan& plan, std::vector<Outcome>& outcomes,
                     const RunServices& run, const CallContext& context) {
  return ForEachCollection(Step::kIndex, plan, outcomes, run, context,
                           [&](const CollectionPlan& collection, Outcome& outcome, const CallContext& inner) {
                             return CreateIndexesOf(client, collection, outcome, inner);
                           });
}

}  // namespace mbk::load
