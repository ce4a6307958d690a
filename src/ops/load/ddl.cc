#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "ops/in_doubt.h"
#include "ops/load/load.h"
#include "ops/load/to_the_end.h"

namespace mbk::load {
namespace {

// What Milvus 2.3 calls an index that was given no name, a number behind it.
constexpr std::string_view kDefaultIndexName = "_default_idx";
constexpr std::string_view kFunctionCheckProperty = "disable_func_runtime_check";

Result<std::set<std::string>> DatabasesOf(MilvusClient& client, const CallContext& context) {
  if (!client.has(Capability::kMultiDatabase)) return std::set<std::string>{std::string(kDefaultDatabase)};
  MBK_TRY_ASSIGN(std::vector<std::string> names, client.ListDatabases(context));
  return std::set<std::string>(names.begin(), names.end());
}

// Those behind a partition key are the server's own affair; only an import names them.
bool NeedsPartitions(const CollectionPlan& plan) {
  return IsImported(plan) || !HasPartitionKey(plan.source->schema);
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

// An index that this server does not know is missing and named; the rows are there all the same.
bool IsRefused(const Status& created) {
  return created.code() == Code::kInvalidArgument || created.code() == Code::kUnimplemented;
}

Status CreateOrName(MilvusClient& client, const CreateIndexRequest& index, Outcome& outcome,
                    const CallContext& context) {
  Status created = client.CreateIndex(index, context);
  if (created.ok()) ++outcome.indexes;
  if (created.ok() || !IsRefused(created)) return created;
  outcome.warnings.push_back(fmt::format("index {} of field {} is not made: {}", index.index_name,
                                         index.field_name, created.message()));
  return {};
}

// The old index makes room for the new one, field by field, so that no field is without one for long: also
// after a stop between the two.
Status ReplaceIndex(MilvusClient& client, const CreateIndexRequest& index,
                    const std::vector<IndexInfo>& there, Outcome& outcome, const CallContext& context) {
  std::vector<IndexInfo> dropped;
  Status done;
  for (const IndexInfo& old : there) {
    if (old.field_name != index.field_name || !done.ok()) continue;
    done = client.DropIndex(index.collection, old, context);
    // Gone is gone: so answers a drop that was made again because the first went unanswered.
    if (done.code() == Code::kNotFound) done = Status();
    if (done.ok() || MayBeCarriedOut(done)) dropped.push_back(old);
  }
  const int before = outcome.indexes;
  if (done.ok()) done = CreateOrName(client, index, outcome, context);
  if (done.ok() && outcome.indexes > before) return {};
  for (const IndexInfo& old : dropped) {
    Status again = client.CreateIndex({.collection = index.collection,
                                       .field_name = old.field_name,
                                       .index_name = old.index_name,
                                       .params = old.params},
                                      ToTheEnd(context));
    outcome.warnings.push_back(
        again.ok() ? fmt::format("field {} has its old index {} again", old.field_name, old.index_name)
                   : fmt::format("field {} has no index: the old one, {}, could not be made again: {}",
                                 old.field_name, old.index_name, again.message()));
  }
  return done;
}

Status ReplaceIndexes(MilvusClient& client, const CollectionPlan& plan, Outcome& outcome,
                      const CallContext& context) {
  MBK_TRY_ASSIGN(const std::vector<IndexInfo> there, client.ListIndexes(plan.place.built_as, context));
  std::set<std::string> replaced;
  for (const CreateIndexRequest& index : plan.indexes) {
    // A field may have several, of JSON paths: only the first takes the place of what was there.
    const bool first = replaced.insert(index.field_name).second;
    MBK_TRY(first ? ReplaceIndex(client, index, there, outcome, context)
                  : CreateOrName(client, index, outcome, context));
  }
  for (const IndexInfo& old : there) {
    if (!replaced.contains(old.field_name))
      outcome.notes.push_back(fmt::format("index {} of field {} stays: the backup has none to take its place",
                                          old.index_name, old.field_name));
  }
  return {};
}

}  // namespace

// Collections with functions (embeddings, BM25) would check restored vectors by calling their models;
// servers that know the property are told not to while the collection is made (spec/restore.md §2.2).
Status CreateCollectionOf(MilvusClient& client, const CollectionPlan& plan, const CallContext& context) {
  CreateCollectionRequest request = plan.create_request;
  if (plan.keeps_auto_ids) SetValue(request.properties, kInsertAutoIdProperty, "true");
  const bool switch_check =
      !request.schema.functions.empty() && client.has(Capability::kFunctionRuntimeCheck);
  const std::string* kept = FindValue(request.properties, std::string(kFunctionCheckProperty));
  const bool was_disabled = kept != nullptr && *kept == "true";
  if (switch_check && !was_disabled) SetValue(request.properties, kFunctionCheckProperty, "true");
  MBK_TRY(client.CreateCollection(request, context));
  for (const FieldSchema& field : plan.late_fields)
    MBK_TRY(client.AddCollectionField(plan.place.built_as, field, context));
  if (switch_check && !was_disabled) {
    MBK_TRY(client.AlterCollection(plan.place.built_as, {{std::string(kFunctionCheckProperty), "false"}},
                                   context));
  }
  return {};
}

void NoteChange(const CollectionPlan& plan, Outcome& outcome) {
  if (!plan.create && outcome.left == Left::kUntouched) outcome.left = Left::kChanged;
}

Status CreatePartitionsOf(MilvusClient& client, const CollectionPlan& plan, Outcome& outcome,
                          const CallContext& context) {
  if (!NeedsPartitions(plan)) return {};
  MBK_TRY_ASSIGN(std::vector<PartitionName> there, client.ListPartitions(plan.place.built_as, context));
  for (const std::string& partition : plan.partitions) {
    const bool exists =
        std::any_of(there.begin(), there.end(), [&](const PartitionName& p) { return p.name == partition; });
    if (exists) continue;
    NoteChange(plan, outcome);
    MBK_TRY(client.CreatePartition(plan.place.built_as, partition, context));
  }
  return {};
}

std::string LostDetails(const MilvusClient& client, const CollectionPlan& plan) {
  if (!plan.create || client.has(Capability::kCollectionDetails)) return "";
  const std::vector<std::string> details = DetailsOf(plan);
  if (details.empty()) return "";
  return fmt::format("this Milvus ({}) does not keep: {}", client.version(), Enumerate(details));
}

Status CreateIndexesOf(MilvusClient& client, const CollectionPlan& plan, Outcome& outcome,
                       const CallContext& context) {
  if (plan.drop_indexes && !plan.create) return ReplaceIndexes(client, plan, outcome, context);
  for (const CreateIndexRequest& index : plan.indexes) MBK_TRY(CreateOrName(client, index, outcome, context));
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

}  // namespace mbk::load
