#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <unordered_map>

#include "base/log.h"
#include "base/parallel.h"
#include "manifest/keys.h"
#include "manifest/object_index.h"
#include "ops/capture/capture.h"

namespace mbk::capture {
namespace {

constexpr std::int32_t kLevelL0 = 1;
// common.SegmentState of segments that are being made or have gone.
constexpr std::int32_t kNotExist = 1, kDropped = 6, kImporting = 7;

// Below this many segments each is listed by itself; above, the whole collection in few long listings,
// which also walk over files that wait for garbage collection.
constexpr std::size_t kListEachSegmentUpTo = 8;

// Compactions replace segments while we look. Each attempt reads the segment list anew.
constexpr int kListAttempts = 10;
// When not one segment has files, a compaction is no explanation for long: the bucket or root is wrong.
constexpr int kEmptyListAttempts = 3;
constexpr Milliseconds kListRetryWait{200};

using SegmentsById = std::unordered_map<std::int64_t, Segment>;

SegmentsById ToSegments(const std::vector<SegmentInfo>& infos) {
  SegmentsById segments;
  for (const SegmentInfo& info : infos) {
    if (info.state == kNotExist || info.state == kDropped || info.state == kImporting) continue;
    segments[info.segment_id] = Segment{
        .segment_id = info.segment_id,
        .partition_id = info.partition_id,
        .num_rows = info.num_rows,
        .group_id = info.partition_id == kAllPartitions ? 0 : info.segment_id,
        .storage_version = info.storage_version,
        .is_l0 = info.level == kLevelL0,
    };
  }
  return segments;
}

std::vector<std::string> ListingPrefixes(const MilvusLayout& layout, std::int64_t collection_id,
                                         const SegmentsById& segments) {
  if (segments.size() > kListEachSegmentUpTo)
    return {layout.InsertLogPrefix(collection_id), layout.DeltaLogPrefix(collection_id)};
  std::vector<std::string> prefixes;
  for (const auto& [id, segment] : segments) {
    prefixes.push_back(layout.InsertLogPrefix(collection_id, segment.partition_id, id));
    prefixes.push_back(layout.DeltaLogPrefix(collection_id, segment.partition_id, id));
  }
  return prefixes;
}

// Give every listed file to its segment; files of other segments are not ours.
Status AttachFiles(MilvusSide& server, std::int64_t collection_id, SegmentsById& segments,
                   const RunServices& run, const CallContext& context) {
  const MilvusLayout layout(server.root);
  const std::vector<std::string> prefixes = ListingPrefixes(layout, collection_id, segments);
  std::mutex mutex;
  auto attach = [&](const ObjectInfo& object) -> Status {
    const bool directory_marker = object.size == 0 && object.key.str().ends_with('/');
    if (directory_marker) return {};
    const std::optional<ParsedLogKey> parsed = ParseMilvusLogKey(layout.root(), object.key.str());
    if (!parsed)
      return DataLoss(
          fmt::format("{} does not look like a binlog of Milvus", server.store.identity().Url(object.key)));
    std::scoped_lock lock(mutex);
    auto found = segments.find(parsed->segment_id);
    if (found == segments.end()) return {};
    auto& logs = parsed->is_delta ? found->second.delta_logs : found->second.insert_logs;
    logs.push_back({.field_id = parsed->field_id, .log_id = parsed->log_id, .size = object.size});
    found->second.size += object.size;
    return {};
  };
  return ParallelFor(prefixes.size(), run.settings.listing_concurrency, context,
                     [&](std::size_t i, const CallContext& inner) {
                       return ForEachObject(server.store, prefixes[i], inner, attach);
                     });
}

// Every field of a segment has as many files as the others; more are left over from an upload that
// Milvus tried twice, and would make the segment impossible to import (storage version 1 and older).
Status CheckFieldsAligned(const Segment& segment) {
  std::map<std::int64_t, std::size_t> files;
  for (const Binlog& log : segment.insert_logs) ++files[log.field_id];
  for (const auto& [field, count] : files) {
    if (count != files.begin()->second) {
      return DataLoss(fmt::format(
          "segment {}: field {} has {} files, field {} has {}: files of an interrupted upload are among them",
          segment.segment_id, files.begin()->first, files.begin()->second, field, count));
    }
  }
  return {};
}

std::vector<std::int64_t> SegmentsWithoutFiles(const SegmentsById& segments) {
  std::vector<std::int64_t> missing;
  for (const auto& [id, segment] : segments) {
    if (!segment.is_l0 && segment.num_rows > 0 && segment.insert_logs.empty()) missing.push_back(id);
  }
  std::sort(missing.begin(), missing.end());
  return missing;
}

Status NoInsertLogs(const MilvusSide& server, const Collection& collection,
                    const std::vector<std::int64_t>& missing) {
  const std::string where = MilvusLayout(server.root).InsertLogPrefix(collection.collection_id);
  return FailedPrecondition(
      fmt::format("{} of the segments of {}.{} have rows but no insert logs at {} (first: {}): is this where "
                  "this Milvus keeps its files? "
                  "Check minio.bucketName and minio.rootPath (in a v2 file milvus.storage.bucketName and "
                  "milvus.storage.rootPath)",
                  missing.size(), collection.db_name, collection.name,
                  server.store.identity().Url(ObjectKey(where)), missing.front()));
}

// Put the segments where the model has them.
void Distribute(SegmentsById segments, Collection& collection) {
  std::unordered_map<std::int64_t, Partition*> partitions;
  for (Partition& partition : collection.partitions) {
    partition.segments.clear();
    partitions[partition.partition_id] = &partition;
  }
  collection.l0_segments.clear();
  for (auto& [id, segment] : segments) {
    if (segment.partition_id == kAllPartitions) {
      collection.l0_segments.push_back(std::move(segment));
    } else if (auto found = partitions.find(segment.partition_id); found != partitions.end()) {
      found->second->segments.push_back(std::move(segment));
    } else {
      log::Warn("{}.{}: segment {} is of partition {}, which is being dropped: left out", collection.db_name,
                collection.name, id, segment.partition_id);
    }
  }
  auto by_id = [](const Segment& a, const Segment& b) { return a.segment_id < b.segment_id; };
  for (Partition& partition : collection.partitions)
    std::sort(partition.segments.begin(), partition.segments.end(), by_id);
  std::sort(collection.l0_segments.begin(), collection.l0_segments.end(), by_id);
}

}  // namespace

Status ListSegments(MilvusSide& server, Collection& collection, const RunServices& run,
                    const CallContext& context) {
  const CollectionName name{collection.db_name, collection.name};
  for (int attempt = 1;; ++attempt) {
    MBK_TRY_ASSIGN(std::vector<SegmentInfo> infos, server.client.ListPersistentSegments(name, context));
    SegmentsById segments = ToSegments(infos);
    MBK_TRY(AttachFiles(server, collection.collection_id, segments, run, context));
    const std::vector<std::int64_t> missing = SegmentsWithoutFiles(segments);
    if (missing.empty()) {
      for (const auto& [id, segment] : segments) {
        if (segment.storage_version < 2) MBK_TRY(CheckFieldsAligned(segment).WithContext(name.Full()));
      }
      Distribute(std::move(segments), collection);
      return {};
    }
    const bool nothing_there = missing.size() == segments.size();
    if (attempt == kListAttempts || (nothing_there && attempt == kEmptyListAttempts))
      return NoInsertLogs(server, collection, missing);
    log::Info("{}: the files of {} segments are gone, reading the segment list again", name.Full(),
              missing.size());
    MBK_TRY(run.sleeper.Sleep(kListRetryWait, context));
  }
}

Status ListSegments(MilvusSide& server, Backup& backup, const RunServices& run, const CallContext& context) {
  backup.source_root = server.root;
  return ParallelFor(backup.collections.size(), run.settings.collection_concurrency, context,
                     [&](std::size_t i, const CallContext& inner) {
                       return ListSegments(server, backup.collections[i], run, inner);
                     });
}

void AddUpSizes(Backup& backup) {
  backup.size = 0;
  for (Collection& collection : backup.collections) {
    collection.size = 0;
    for (Partition& partition : collection.partitions) {
      partition.size = 0;
      for (const Segment& segment : partition.segments) partition.size += segment.size;
      collection.size += partition.size;
    }
    for (const Segment& segment : collection.l0_segments) collection.size += segment.size;
    backup.size += collection.size;
  }
}

}  // namespace mbk::capture
