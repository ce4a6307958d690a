#include <fmt/format.h>

#include <istream>
#include <map>
#include <set>
#include <utility>

#include "manifest/backup_shapes.h"
#include "manifest/manifest.h"
#include "manifest/unknown_keys.h"
#include "manifest/unmarked_l0.h"

namespace mbk::manifest {
namespace {

/// A document {"infos": […]} whose elements are read into a T one by one and handed on.
template <class T, class Take>
Status ReadInfos(std::istream& json, std::string_view file, const json::Shape& element, Take take) {
  json::Each<T> infos(element, take);
  T scratch;
  json::Record<T> document;
  document.Add("infos", [&scratch](T&) { return &scratch; }, infos);
  T unused;
  return json::Read(json, file, {.object = &unused, .shape = &document}).WithContext(file);
}

/// Adds sizes that come from outside.
class SizeSum {
 public:
  Status Add(std::int64_t size) {
    if (__builtin_add_overflow(sum_, size, &sum_))
      return DataLoss("the sizes add up to more than 2^63 bytes");
    return {};
  }
  std::int64_t sum() const { return sum_; }

 private:
  std::int64_t sum_ = 0;
};

Result<std::int64_t> SumOfSizes(const std::vector<Segment>& segments) {
  SizeSum sum;
  for (const Segment& segment : segments) MBK_TRY(sum.Add(segment.size));
  return sum.sum();
}

/// The level files do not agree on sizes across versions; the segments are what counts.
Status RecomputeSizes(Backup& backup) {
  SizeSum total;
  for (Collection& collection : backup.collections) {
    SizeSum sum;
    for (Partition& partition : collection.partitions) {
      MBK_TRY_ASSIGN(partition.size, SumOfSizes(partition.segments));
      MBK_TRY(sum.Add(partition.size));
    }
    MBK_TRY_ASSIGN(std::int64_t l0_size, SumOfSizes(collection.l0_segments));
    MBK_TRY(sum.Add(l0_size));
    if (collection.snapshot) MBK_TRY(sum.Add(collection.snapshot->total_bytes));
    collection.size = sum.sum();
    MBK_TRY(total.Add(collection.size));
  }
  backup.size = total.sum();
  return {};
}

/// Once the version has been read, which may stand behind the segments.
void MarkAllUnmarkedL0(Backup& backup) {
  for (Collection& collection : backup.collections) MarkUnmarkedL0(collection, backup.milvus_version);
}

/// Puts the parts that the level files list side by side back together.
class LevelAssembler {
 public:
  explicit LevelAssembler(Backup& backup) : backup_(backup) {}

  Status AddCollection(Collection&& collection) {
    const std::int64_t id = collection.collection_id;
    if (!collections_.emplace(id, backup_.collections.size()).second) {
      return DataLoss(fmt::format("collection {} is listed twice", id));
    }
    backup_.collections.push_back(std::move(collection));
    return {};
  }

  Status AddPartition(std::int64_t collection_id, Partition&& partition) {
    Collection* collection = FindCollection(collection_id);
    if (collection == nullptr) {
      return DataLoss(
          fmt::format("partition {} belongs to collection {}, which collection_meta.json does not list",
                      partition.partition_id, collection_id));
    }
    const PartitionKey key{collection_id, partition.partition_id};
    if (!partitions_.emplace(key, collection->partitions.size()).second) {
      return DataLoss(fmt::format("partition {} is listed twice", partition.partition_id));
    }
    collection->partitions.push_back(std::move(partition));
    return {};
  }

  Status AddSegment(std::int64_t collection_id, Segment&& segment) {
    std::vector<Segment>* home = HomeOf(collection_id, segment);
    if (home == nullptr) {
      return DataLoss(
          fmt::format("segment {} belongs to partition {} of collection {}, which no meta file lists",
                      segment.segment_id, segment.partition_id, collection_id));
    }
    home->push_back(std::move(segment));
    return {};
  }

 private:
  using PartitionKey = std::pair<std::int64_t, std::int64_t>;

  Collection* FindCollection(std::int64_t id) {
    auto found = collections_.find(id);
    return found == collections_.end() ? nullptr : &backup_.collections[found->second];
  }

  std::vector<Segment>* HomeOf(std::int64_t collection_id, const Segment& segment) {
    Collection* collection = FindCollection(collection_id);
    if (collection == nullptr) return nullptr;
    auto found = partitions_.find({collection_id, segment.partition_id});
    if (found != partitions_.end()) return &collection->partitions[found->second].segments;
    const bool of_all_partitions = segment.is_l0 && segment.partition_id == kAllPartitions;
    return of_all_partitions ? &collection->l0_segments : nullptr;
  }

  Backup& backup_;
  std::map<std::int64_t, std::size_t> collections_;
  std::map<PartitionKey, std::size_t> partitions_;
};

}  // namespace

Result<Backup> ReadFullMeta(std::istream& json) {
  Backup backup;
  BackupShapes shapes(backup);
  MBK_TRY(json::Read(json, kFullMeta, {.object = &backup, .shape = &shapes.whole()}).WithContext(kFullMeta));
  MarkAllUnmarkedL0(backup);
  return backup;
}

Result<std::vector<std::string>> UnknownKeys(std::istream& json) {
  // Of tasks that were running, of files that are no longer copied, and values that were never right.
  static const std::set<std::string, std::less<>> kOfOldVersions = {
      "backuped",       "default_value", "default_value_proto",
      "end_time",       "entries_num",   "errorMessage",
      "fieldID",        "progress",      "replicas",
      "start_time",     "state_code",    "statslogs",
      "timestamp_from", "timestamp_to"};
  std::set<std::string> keys;
  Backup backup;
  BackupShapes shapes(backup);
  MBK_TRY(json::Read(json, kFullMeta, {.object = &backup, .shape = &shapes.whole()}, {.passed_over = &keys})
              .WithContext(kFullMeta));
  std::vector<std::string> unknown;
  for (const std::string& key : keys)
    if (!kOfOldVersions.contains(key)) unknown.push_back(key);
  return unknown;
}

Result<Backup> ReadLevelFiles(const LevelFiles& files) {
  Backup backup;
  BackupShapes shapes(backup);
  LevelAssembler assembler(backup);

  MBK_TRY(json::Read(files.backup, kBackupMeta, {.object = &backup, .shape = &shapes.without_collections()})
              .WithContext(kBackupMeta));
  auto add_collection = [&](Collection&& collection) {
    return assembler.AddCollection(std::move(collection));
  };
  MBK_TRY(
      ReadInfos<Collection>(files.collection, kCollectionMeta, shapes.level_collection(), add_collection));
  auto add_partition = [&](Partition&& partition) {
    return assembler.AddPartition(shapes.partition_collection_id(), std::move(partition));
  };
  MBK_TRY(ReadInfos<Partition>(files.partition, kPartitionMeta, shapes.level_partition(), add_partition));
  auto add_segment = [&](Segment&& segment) {
    return assembler.AddSegment(shapes.segment_collection_id(), std::move(segment));
  };
  MBK_TRY(ReadInfos<Segment>(files.segment, kSegmentMeta, shapes.level_segment(), add_segment));
  MBK_TRY(RecomputeSizes(backup));
  MarkAllUnmarkedL0(backup);
  return backup;
}

Result<std::vector<std::string>> ReadCollectionNames(std::istream& json) {
  std::vector<std::string> names;
  auto keep_name = [&names](Collection&& collection) {
    names.push_back((collection.db_name.empty() ? "default" : collection.db_name) + "." + collection.name);
    return Status();
  };
  json::Record<Collection> name;
  name.Add("db_name", &Collection::db_name).Add("collection_name", &Collection::name);
  const json::Each<Collection> each(name, keep_name);

  Collection current;
  auto into_current = [&current](Collection&) { return &current; };
  json::Record<Collection> document;
  document.Add("infos", into_current, each).Add("collection_backups", into_current, each);
  Collection unused;
  MBK_TRY(json::Read(json, kCollectionMeta, {.object = &unused, .shape = &document})
              .WithContext("read collection names"));
  return names;
}

Result<Backup> ReadBackupMeta(std::istream& json) {
  Backup backup;
  BackupShapes shapes(backup);
  MBK_TRY(json::Read(json, kBackupMeta, {.object = &backup, .shape = &shapes.scalars()})
              .WithContext(kBackupMeta));
  return backup;
}

}  // namespace mbk::manifest
