#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "base/parallel.h"
#include "ops/capture/capture.h"
#include "ops/capture/each_captured.h"
#include "ops/capture/partitions.h"

namespace mbk::capture {
namespace {

// Of a partly loaded collection servers tell the percentage of what is loaded (2.3.5: 100), so that each
// partition is asked for, unless all of them together are loaded. Where a key says which partition a row is
// of, they are loaded together.
Result<std::vector<LoadState>> StatesOfPartitions(MilvusClient& client, const CollectionName& name,
                                                  const std::vector<PartitionName>& partitions,
                                                  LoadState whole, bool partition_key,
                                                  const CallContext& context) {
  std::vector<LoadState> states(partitions.size(), whole);
  if (whole == LoadState::kNotLoad || partitions.size() <= 1 || partition_key) return states;
  std::vector<std::string> all;
  for (const PartitionName& partition : partitions) all.push_back(partition.name);
  MBK_TRY_ASSIGN(const LoadState together, client.GetLoadState(name, all, context));
  if (together == LoadState::kLoaded) return states;
  for (std::size_t i = 0; i < all.size(); ++i) {
    MBK_TRY_ASSIGN(states[i], client.GetLoadState(name, {all[i]}, context));
  }
  return states;
}

bool IsExternal(const CollectionSchema& schema) {
  return schema.external_source.find_first_not_of(" \t\r\n") != std::string::npos;
}

Status TryToDescribePartitions(MilvusClient& client, Collection& collection, const CallContext& context) {
  const CollectionName name{collection.db_name, collection.name};
  MBK_TRY_ASSIGN(collection.load_state, client.GetLoadState(name, {}, context));
  MBK_TRY_ASSIGN(std::vector<PartitionName> names, client.ListPartitions(name, context));
  MBK_TRY_ASSIGN(const std::vector<LoadState> states,
                 StatesOfPartitions(client, name, names, collection.load_state,
                                    HasPartitionKey(collection.schema), context));
  collection.partitions.clear();
  for (std::size_t i = 0; i < names.size(); ++i)
    collection.partitions.push_back(
        {.partition_id = names[i].id, .name = std::move(names[i].name), .load_state = states[i]});
  // "Loading" is the format's word for a collection of which a part is loaded.
  const bool in_part =
      std::any_of(states.begin(), states.end(), [](LoadState state) { return state != LoadState::kLoaded; });
  if (collection.load_state == LoadState::kLoaded && in_part) collection.load_state = LoadState::kLoading;
  return {};
}

}  // namespace

Status DescribePartitions(MilvusClient& client, Collection& collection, const CallContext& context) {
  constexpr int kAttempts = 3;
  for (int attempt = 1;; ++attempt) {
    Status described = TryToDescribePartitions(client, collection, context);
    // A partition that was dropped between the list and the question about it.
    if (described.code() != Code::kNotFound || attempt == kAttempts) return described;
  }
}

namespace {

Collection ToCollection(const CollectionName& name, CollectionDescription described) {
  return {
      .collection_id = described.collection_id,
      .db_name = name.db,
      .name = name.name,
      .schema = std::move(described.schema),
      .shards_num = described.shards_num,
      .consistency_level = described.consistency_level,
      .properties = std::move(described.properties),
      .db_id = described.db_id,
      .created_timestamp = described.created_timestamp,
      .virtual_channel_names = std::move(described.virtual_channel_names),
      .physical_channel_names = std::move(described.physical_channel_names),
      .aliases = std::move(described.aliases),
  };
}

Status DescribeRest(MilvusClient& client, Collection& collection, const CallContext& context) {
  MBK_TRY_ASSIGN(collection.indexes, client.ListIndexes({collection.db_name, collection.name}, context));
  collection.has_index = !collection.indexes.empty();
  return DescribePartitions(client, collection, context);
}

// One collection, or why it is left out.
struct DescribedOne {
  Collection collection;
  std::optional<LeftOut> left_out;
};

Result<DescribedOne> VanishedOne(const CollectionName& name, const std::string& why,
                                 WhenVanished when_vanished) {
  const LeftOut gone{.name = name, .reason = LeftOut::Reason::kVanished, .why = why};
  if (when_vanished == WhenVanished::kFail) return Vanished(gone);
  return DescribedOne{.left_out = gone};
}

Result<DescribedOne> DescribeOne(MilvusClient& client, const CollectionName& name, WhenVanished when_vanished,
                                 const CallContext& context) {
  Result<CollectionDescription> described = client.DescribeCollection(name, context);
  if (described.status().code() == Code::kNotFound)
    return VanishedOne(name, "was dropped or renamed before it was read", when_vanished);
  MBK_TRY(described.status());
  DescribedOne one{.collection = ToCollection(name, *std::move(described))};
  if (IsExternal(one.collection.schema)) {  // nothing else of it is there to be asked for
    one.left_out = LeftOut{.name = name,
                           .reason = LeftOut::Reason::kExternal,
                           .why = "is external: its data are not in Milvus, and are not backed up"};
    return one;
  }
  Status rest = DescribeRest(client, one.collection, context);
  if (rest.ok()) return one;
  if (rest.code() == Code::kCancelled) return rest;
  const Result<std::string> happened = WhatHappened(client, name, IdentityOf(one.collection), context);
  if (!happened.ok() || happened->empty()) return rest;
  return VanishedOne(name, *happened, when_vanished);
}

}  // namespace

std::string_view ReasonName(LeftOut::Reason reason) {
  switch (reason) {
    case LeftOut::Reason::kExternal:
      return "external";
    case LeftOut::Reason::kTemporary:
      return "temporary";
    case LeftOut::Reason::kVanished:
      return "vanished";
  }
  return "";
}

Result<Captured> Describe(MilvusClient& client, const Selection& selection, WhenVanished when_vanished,
                          const RunServices& run, const CallContext& context) {
  std::vector<DescribedOne> described(selection.collections.size());
  MBK_TRY(ParallelFor(described.size(), run.settings.collection_concurrency, context,
                      [&](std::size_t i, const CallContext& inner) -> Status {
                        MBK_TRY_ASSIGN(described[i],
                                       DescribeOne(client, selection.collections[i], when_vanished, inner));
                        return {};
                      }));
  Captured captured{.backup = {.milvus_version = client.version(), .databases = selection.databases},
                    .when_vanished = when_vanished,
                    .left_out = selection.left_out,
                    .passed_over = selection.passed_over};
  for (DescribedOne& one : described) {
    if (one.left_out)
      captured.left_out.push_back(*std::move(one.left_out));
    else
      captured.backup.collections.push_back(std::move(one.collection));
  }
  return captured;
}

}  // namespace mbk::capture
