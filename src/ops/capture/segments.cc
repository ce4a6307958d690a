#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <numeric>
#include <set>
#include <unordered_map>

#include "base/log.h"
#include "base/parallel.h"
#include "manifest/keys.h"
#include "manifest/unmarked_l0.h"
#include "manifest/whole.h"
#include "model/storage_version.h"
#include "ops/capture/capture.h"
#include "ops/capture/each_captured.h"
#include "ops/capture/partitions.h"

namespace mbk::capture {
namespace {

constexpr std::int32_t kLevelL0 = 1;
// common.SegmentState of segments that are being made or have gone.
constexpr std::int32_t kNotExist = 1, kDropped = 6, kImporting = 7;
constexpr std::int32_t kFlushed = 4;

// Below this many segments each is listed by itself; above, the whole collection in few long listings,
// which also walk over files that wait for garbage collection.
constexpr std::size_t kListEachSegmentUpTo = 8;

// Compactions replace segments while we look. Each attempt reads the segment list anew.
constexpr int kListAttempts = 10;
// When not one segment has files, a compaction is no explanation for long: the bucket or root is wrong.
constexpr int kEmptyListAttempts = 3;
constexpr Milliseconds kListRetryWait{200};

using SegmentsById = std::unordered_map<std::int64_t, Segment>;

// Names are what we ask by, ids are what we mean.
Status CheckOwner(const Collection& collection, const std::vector<SegmentInfo>& infos) {
  for (const SegmentInfo& info : infos) {
    if (info.collection_id == collection.collection_id) continue;
    return FailedPrecondition(fmt::format(
        "the server lists segment {} of collection {} under the name {}.{}, which had the id {}",
        info.segment_id, info.collection_id, collection.db_name, collection.name, collection.collection_id));
  }
  return {};
}

// Rows of an import that is not over are not in the collection yet.
void NoteImporting(const std::vector<SegmentInfo>& infos, const CollectionName& name,
                   std::vector<std::string>& notes) {
  const auto importing = std::count_if(infos.begin(), infos.end(),
                                       [](const SegmentInfo& info) { return info.state == kImporting; });
  if (importing > 0)
    notes.push_back(
        fmt::format("{}: {} segment(s) of imports that are not over are not in it", name.Full(), importing));
}

// Segments that are still being written, with their rows by then. One that is flushed stays as it is.
std::map<std::int64_t, std::int64_t> RowsOfUnfinished(const std::vector<SegmentInfo>& infos) {
  std::map<std::int64_t, std::int64_t> rows;
  for (const SegmentInfo& info : infos) {
    if (info.state != kFlushed && info.state != kNotExist && info.state != kDropped &&
        info.state != kImporting)
      rows[info.segment_id] = info.num_rows;
  }
  return rows;
}

// Whether files may have come to a segment between the list of the segments and that of its files.
Result<bool> WroteMeanwhile(MilvusClient& client, const CollectionName& name,
                            const std::vector<SegmentInfo>& before, const CallContext& context) {
  const auto unfinished = RowsOfUnfinished(before);
  if (unfinished.empty()) return false;
  MBK_TRY_ASSIGN(const std::vector<SegmentInfo> now, client.ListPersistentSegments(name, context));
  return std::any_of(unfinished.begin(), unfinished.end(), [&](const auto& segment) {
    const auto found = std::find_if(
        now.begin(), now.end(), [&](const SegmentInfo& info) { return info.segment_id == segment.first; });
    return found == now.end() || found->num_rows != segment.second;
  });
}

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
        // Deletes alone belong to all partitions. Milvus 2.4.0 to 2.4.6 tells no levels: see MarkUnmarkedL0.
        .is_l0 = info.level == kLevelL0 || info.partition_id == kAllPartitions,
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

// What a segment should have and has not; empty when it is whole. From storage version 2 on several fields
// share a file.
std::string MissingOf(const Segment& segment, const std::map<std::int64_t, std::string>& required) {
  if (segment.is_l0) return segment.delta_logs.empty() ? "no delta logs" : "";
  if (segment.num_rows == 0) return "";
  if (segment.insert_logs.empty()) return "no insert logs";
  if (segment.storage_version >= kFirstPackedStorageVersion) return "";
  std::set<std::int64_t> there;
  for (const Binlog& log : segment.insert_logs) there.insert(log.field_id);
  for (const auto& [id, name] : required)
    if (!there.contains(id)) return fmt::format("no insert logs of field {} ({})", id, name);
  return "";
}

struct IncompleteSegment {
  std::int64_t id = 0;
  bool has_files = false;
  std::string missing;
};

std::vector<IncompleteSegment> FindIncomplete(const SegmentsById& segments,
                                              const std::map<std::int64_t, std::string>& required) {
  std::vector<IncompleteSegment> incomplete;
  for (const auto& [id, segment] : segments) {
    std::string missing = MissingOf(segment, required);
    if (!missing.empty()) incomplete.push_back({id, segment.size > 0, std::move(missing)});
  }
  std::sort(incomplete.begin(), incomplete.end(),
            [](const IncompleteSegment& a, const IncompleteSegment& b) { return a.id < b.id; });
  return incomplete;
}

Status FilesMissing(const MilvusSide& server, const Collection& collection,
                    const std::vector<IncompleteSegment>& incomplete) {
  const IncompleteSegment& first = incomplete.front();
  const std::string where = MilvusLayout(server.root).InsertLogPrefix(collection.collection_id);
  const std::string what =
      fmt::format("{} of the segments of {}.{} are not whole at {} (first: segment {} has {})",
                  incomplete.size(), collection.db_name, collection.name,
                  server.store.identity().Url(ObjectKey(where)), first.id, first.missing);
  if (first.has_files)
    return DataLoss(what +
                    ". Milvus itself needs these files: look for what else deletes in this bucket, such "
                    "as life-cycle rules");
  return FailedPrecondition(
      what +
      ": is this where this Milvus keeps its files? Check minio.bucketName and minio.rootPath (in a v2 file "
      "milvus.storage.bucketName and milvus.storage.rootPath)");
}

bool HasPartition(const Collection& collection, std::int64_t id) {
  return id == kAllPartitions ||
         std::any_of(collection.partitions.begin(), collection.partitions.end(),
                     [&](const Partition& partition) { return partition.partition_id == id; });
}

// A partition that was made after the collection was described, or dropped and made again.
Status LearnNewPartitions(MilvusClient& client, const SegmentsById& segments, Collection& collection,
                          const CallContext& context) {
  const bool all_known = std::all_of(segments.begin(), segments.end(), [&](const auto& entry) {
    return HasPartition(collection, entry.second.partition_id);
  });
  return all_known ? Status() : DescribePartitions(client, collection, context);
}

// Put the segments where the model has them. Those of a partition that the server does not name any more are
// being dropped with it.
void Distribute(SegmentsById segments, Collection& collection, std::vector<std::string>& notes) {
  std::map<std::int64_t, int> dropped;  // segments of each such partition
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
      ++dropped[segment.partition_id];
    }
  }
  for (const auto& [partition, count] : dropped)
    notes.push_back(fmt::format("{}.{}: {} segment(s) of partition {}, which is being dropped, are not in it",
                                collection.db_name, collection.name, count, partition));
  auto by_id = [](const Segment& a, const Segment& b) { return a.segment_id < b.segment_id; };
  for (Partition& partition : collection.partitions)
    std::sort(partition.segments.begin(), partition.segments.end(), by_id);
  std::sort(collection.l0_segments.begin(), collection.l0_segments.end(), by_id);
}

}  // namespace

namespace {

Status ListSegmentsOf(MilvusSide& server, Collection& collection, std::vector<std::string>& notes,
                      const RunServices& run, const CallContext& context) {
  const CollectionName name{collection.db_name, collection.name};
  const std::map<std::int64_t, std::string> required =
      RequiredFields(collection.schema, server.client.version());
  for (int attempt = 1;; ++attempt) {
    MBK_TRY_ASSIGN(const std::vector<SegmentInfo> infos, server.client.ListPersistentSegments(name, context));
    MBK_TRY(CheckOwner(collection, infos));
    SegmentsById segments = ToSegments(infos);
    MBK_TRY(LearnNewPartitions(server.client, segments, collection, context));
    MBK_TRY(AttachFiles(server, collection.collection_id, segments, run, context));
    const std::vector<IncompleteSegment> incomplete = FindIncomplete(segments, required);
    MBK_TRY_ASSIGN(const bool wrote_meanwhile, WroteMeanwhile(server.client, name, infos, context));
    if (incomplete.empty() && !wrote_meanwhile) {
      for (const auto& [id, segment] : segments) {
        if (segment.storage_version < kFirstPackedStorageVersion)
          MBK_TRY(CheckFieldsAligned(segment).WithContext(name.Full()));
      }
      NoteImporting(infos, name, notes);
      Distribute(std::move(segments), collection, notes);
      MarkUnmarkedL0(collection, server.client.version());
      return {};
    }
    const bool nothing_there =
        !incomplete.empty() && incomplete.size() == segments.size() &&
        std::none_of(incomplete.begin(), incomplete.end(), [](const auto& one) { return one.has_files; });
    const bool last = attempt == kListAttempts || (nothing_there && attempt == kEmptyListAttempts);
    if (last && !incomplete.empty()) return FilesMissing(server, collection, incomplete);
    if (last)
      return FailedPrecondition(fmt::format(
          "{}: rows come to a segment each time that its files are listed; run it again when less is "
          "written to it",
          name.Full()));
    log::Info("{}: files of {} segments are missing{}, reading the segment list again", name.Full(),
              incomplete.size(), wrote_meanwhile ? ", rows came to others" : "");
    MBK_TRY(run.sleeper.Sleep(kListRetryWait, context));
  }
}

// A collection without segments names no id: that the list was of the collection that was described is seen
// only by asking once more who bears the name.
Status ListAndConfirm(MilvusSide& server, Collection& collection, std::vector<std::string>& notes,
                      const RunServices& run, const CallContext& context) {
  MBK_TRY(ListSegmentsOf(server, collection, notes, run, context));
  const CollectionName name{collection.db_name, collection.name};
  MBK_TRY_ASSIGN(const std::string happened,
                 WhatHappened(server.client, name, IdentityOf(collection), context));
  return happened.empty() ? Status() : FailedPrecondition(name.Full() + " " + happened);
}

}  // namespace

Status ListSegments(MilvusSide& server, Captured& captured, const std::vector<std::size_t>& indexes,
                    const RunServices& run, const CallContext& context) {
  return ForEachCaptured(
      server.client, captured, indexes, run, context,
      [&](Collection& collection, std::vector<std::string>& notes, const CallContext& inner) {
        return ListAndConfirm(server, collection, notes, run, inner);
      });
}

Status ListSegments(MilvusSide& server, Captured& captured, const RunServices& run,
                    const CallContext& context) {
  captured.backup.source_root = server.root;
  std::vector<std::size_t> all(captured.backup.collections.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return ListSegments(server, captured, all, run, context);
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
