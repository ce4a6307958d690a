#include "ops/load/stage.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/log.h"
#include "ops/load/rewrite.h"
#include "repository/tree_check.h"
#include "store/list_first.h"
#include "transfer/copier.h"

namespace mbk::load {

namespace {

// What is copied: everything but the segments that are rewritten.
Collection Copied(const ObjectSource& source, const CollectionPlan& plan) {
  Collection copied = *plan.source;
  const std::set<std::int64_t> rewritten = RewrittenSegments(plan);
  for (Partition& partition : copied.partitions) {
    std::erase_if(partition.segments, [&](const Segment& segment) {
      return source.importable != nullptr || rewritten.contains(segment.segment_id);
    });
  }
  if (source.importable != nullptr) copied.l0_segments.clear();
  return copied;
}

// Why the bytes went through this process, if they did.
Result<std::string> CopyAll(MilvusSide& server, const ObjectSource& source, const ObjectIndex& index,
                            const BinlogTree& staging, const RunServices& run, const CallContext& context) {
  CopyOptions options = run.settings.copy;
  options.wants_digests = false;  // what is staged is imported and removed
  options.proves_recorded = true;
  ObjectCopier copier(source.store, server.store, options);
  std::size_t at = 0;
  auto next = [&]() -> Result<std::optional<CopyTask>> {
    if (at == index.size()) return std::optional<CopyTask>();
    const DataObject object = index.at(at++);
    CopyTask task{source.key_of(object), object.KeyIn(staging), object.log->size};
    // Damaged files make Milvus 2.3 end, and take the import with it: what was read is what was written, or
    // goes no further.
    if (source.recorded) task.recorded = source.recorded(task.source);
    return std::optional(std::move(task));
  };
  auto failed = [](const CopyTask&, Status failure) {
    return failure.code() == Code::kDataLoss
               ? DataLoss(fmt::format("{}; it was not imported", failure.message()))
               : failure;
  };
  MBK_TRY(copier.CopyAll(
      next, run.progress, context, [](const CopyTask&, const CopyResult&) { return Status(); }, failed));
  return copier.streaming_reason();
}

// Rewrites `dir`, and adds the segment that comes of it to `staged`.
Status RewriteInto(Collection& staged, MilvusSide& server, const ObjectSource& source,
                   const CollectionPlan& plan, ImportDir& dir, const BinlogTree& staging,
                   const RunServices& run, const CallContext& context) {
  MBK_TRY_ASSIGN(RowCodec* const codec, LoadRowCodec());
  MBK_TRY_ASSIGN(Segment segment, RewriteSegments(*codec, source, *plan.source, dir, {server.store, staging},
                                                  run.progress, context));
  log::Info("{}: {} segments of partition {} rewritten as one of {} rows, {} bytes", plan.target.Full(),
            dir.segments.size(), dir.partition, segment.num_rows, segment.size);
  // A directory that is not there is no error for an object store, but may be one for a file system.
  if (segment.delta_logs.empty()) dir.delta_dir.clear();
  for (Partition& partition : staged.partitions)
    if (partition.partition_id == segment.partition_id) partition.segments.push_back(std::move(segment));
  return {};
}

}  // namespace

std::set<std::int64_t> RewrittenSegments(const CollectionPlan& plan) {
  std::set<std::int64_t> rewritten;
  for (const auto& wave : plan.imports) {
    for (const ImportDir& dir : wave)
      for (const Segment* segment : dir.segments)
        if (dir.rewritten) rewritten.insert(segment->segment_id);
  }
  return rewritten;
}

bool NeedsStaging(const ObjectSource& source, const CollectionPlan& plan) {
  if (source.importable == nullptr) return true;
  return std::any_of(plan.imports.begin(), plan.imports.end(), [](const auto& wave) {
    return std::any_of(wave.begin(), wave.end(), [](const ImportDir& dir) { return dir.rewritten; });
  });
}

// A segment that is rewritten counts as one object.
StagingWork StagingWorkOf(const ObjectSource& source, const CollectionPlan& plan) {
  if (!NeedsStaging(source, plan)) return {};
  std::vector<Collection> objects{Copied(source, plan)};
  const ObjectIndex index(objects);
  StagingWork work{.objects = static_cast<std::int64_t>(index.size()), .bytes = index.bytes()};
  for (const auto& wave : plan.imports) {
    for (const ImportDir& dir : wave) {
      if (!dir.rewritten) continue;
      work.objects += static_cast<std::int64_t>(dir.segments.size());
      for (const Segment* segment : dir.segments) work.bytes += segment->size;
    }
  }
  return work;
}

Result<Staged> Stage(MilvusSide& server, const ObjectSource& source, const CollectionPlan& plan,
                     const BinlogTree& staging, const RunServices& run, const CallContext& context) {
  std::vector<Collection> objects{Copied(source, plan)};
  Staged staged{.imports = plan.imports};
  MBK_TRY_ASSIGN(staged.streamed_because,
                 CopyAll(server, source, ObjectIndex(objects), staging, run, context));
  for (auto& wave : staged.imports) {
    for (ImportDir& dir : wave)
      if (dir.rewritten)
        MBK_TRY(RewriteInto(objects.front(), server, source, plan, dir, staging, run, context));
  }
  const ObjectIndex index(objects);
  MBK_TRY(CheckCollection(server.store, staging, plan.source->collection_id, index, context).status());
  return staged;
}

Status RemoveStaging(ObjectStore& store, const BinlogTree& staging, const CallContext& context) {
  for (;;) {
    MBK_TRY_ASSIGN(ListPage page, ListFirst(store, {.prefix = staging.prefix()}, context));
    if (page.objects.empty())
      return store.RemoveEmptyDirectories(staging.prefix(), [](std::string_view) { return true; }, context);
    std::vector<ObjectKey> keys;
    for (ObjectInfo& object : page.objects) keys.push_back(std::move(object.key));
    MBK_TRY(store.Delete(keys, context));
  }
}

}  // namespace mbk::load
