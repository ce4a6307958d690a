#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "base/log.h"
#include "base/parallel.h"
#include "ops/capture/capture.h"

namespace mbk::capture {
namespace {

LoadState StateOfProgress(std::int64_t percent) {
  if (percent <= 0) return LoadState::kNotLoad;
  return percent >= 100 ? LoadState::kLoaded : LoadState::kLoading;
}

// A collection that is not loaded answers with an error on some versions, with 0 on others.
LoadState LoadStateOf(MilvusClient& client, const CollectionName& name,
                      const std::vector<std::string>& partitions, const CallContext& context) {
  Result<std::int64_t> percent = client.GetLoadingProgress(name, partitions, context);
  if (!percent.ok()) {
    log::Debug("load state of {}: {}", name.Full(), percent.status().message());
    return LoadState::kNotLoad;
  }
  return StateOfProgress(*percent);
}

// Partitions share the collection's state except when it is in between: then some may be loaded.
Result<std::vector<Partition>> DescribePartitions(MilvusClient& client, const CollectionName& name,
                                                  LoadState whole, const CallContext& context) {
  MBK_TRY_ASSIGN(std::vector<PartitionName> names, client.ListPartitions(name, context));
  std::vector<Partition> partitions;
  for (PartitionName& partition : names) {
    const LoadState state =
        whole == LoadState::kLoading ? LoadStateOf(client, name, {partition.name}, context) : whole;
    partitions.push_back(
        {.partition_id = partition.id, .name = std::move(partition.name), .load_state = state});
  }
  return partitions;
}

// Empty when the collection's data lie in an external source: there is nothing of it to back up.
Result<std::optional<Collection>> DescribeCollection(MilvusClient& client, const CollectionName& name,
                                                     const CallContext& context) {
  MBK_TRY_ASSIGN(CollectionDescription described, client.DescribeCollection(name, context));
  if (described.schema.external_source.find_first_not_of(" \t\r\n") != std::string::npos) {
    log::Warn("collection {} is external: its data are not in Milvus and are not backed up", name.Full());
    return std::optional<Collection>();
  }
  MBK_TRY_ASSIGN(std::vector<IndexInfo> indexes, client.ListIndexes(name, context));
  const LoadState load_state = LoadStateOf(client, name, {}, context);
  MBK_TRY_ASSIGN(std::vector<Partition> partitions, DescribePartitions(client, name, load_state, context));
  return std::optional(Collection{
      .collection_id = described.collection_id,
      .db_name = name.db,
      .name = name.name,
      .schema = std::move(described.schema),
      .shards_num = described.shards_num,
      .consistency_level = described.consistency_level,
      .partitions = std::move(partitions),
      .has_index = !indexes.empty(),
      .indexes = std::move(indexes),
      .load_state = load_state,
      .properties = std::move(described.properties),
      .db_id = described.db_id,
      .created_timestamp = described.created_timestamp,
      .virtual_channel_names = std::move(described.virtual_channel_names),
      .physical_channel_names = std::move(described.physical_channel_names),
      .aliases = std::move(described.aliases),
  });
}

}  // namespace

Result<Backup> Describe(MilvusClient& client, const Selection& selection, const RunServices& run,
                        const CallContext& context) {
  std::vector<std::optional<Collection>> described(selection.collections.size());
  MBK_TRY(ParallelFor(described.size(), run.settings.collection_concurrency, context,
                      [&](std::size_t i, const CallContext& inner) -> Status {
                        MBK_TRY_ASSIGN(described[i],
                                       DescribeCollection(client, selection.collections[i], inner));
                        return {};
                      }));
  Backup backup{.milvus_version = client.version(), .databases = selection.databases};
  for (std::optional<Collection>& collection : described) {
    if (collection) backup.collections.push_back(*std::move(collection));
  }
  return backup;
}

}  // namespace mbk::capture
