#include "ops/load/merge.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/log.h"
#include "codec/row_codec.h"
#include "ops/rows/collection_rows.h"

namespace mbk::load {
namespace {

// A directory up to this size is small: Milvus 2.3.5 works under 3 s at 51 MB of vectors, so that of an
// import of 8 MiB the job itself (2 s) is most; and a reader of ours holds no more than this of its files.
constexpr std::int64_t kSmallBytes = 8 << 20;
// A merged segment stays below what Milvus itself seals a segment at (512 MiB of rows in memory, of which
// compressed files are a fraction), so that nothing is lost to servers that import segments in parallel.
constexpr std::int64_t kMergedBytes = 64 << 20;
// Deletes are held in memory while a segment is rewritten, about 150 bytes each; a megabyte of delta logs
// holds some 250,000.
constexpr std::int64_t kMergedDeltaBytes = 1 << 20;
// Files that are copied byte by byte cannot be rewritten wrongly: it has to be worth it, 16 s on a 2.3.5.
constexpr std::size_t kFewestJobsSaved = 8;

struct Sizes {
  std::int64_t all = 0;     ///< bytes of all files
  std::int64_t deltas = 0;  ///< of these, of delta logs
};

// Of its files one by one: what old metadata say of a whole segment is not always there.
Sizes SizesOf(const ImportDir& dir) {
  Sizes sizes;
  for (const Segment* segment : dir.segments) {
    for (const Binlog& log : segment->insert_logs) sizes.all += log.size;
    for (const Binlog& log : segment->delta_logs) sizes.deltas += log.size;
  }
  sizes.all += sizes.deltas;
  return sizes;
}

class Merger {
 public:
  explicit Merger(const Collection& collection) : collection_(collection) {
    const std::vector<std::int64_t> fields = rows::FieldsOf(rows::WithDynamicField(collection.schema));
    fields_.insert(fields.begin(), fields.end());
    fields_.insert({kRowIdField, kTimestampField});
  }

  void Add(const ImportDir& dir) {
    const Sizes sizes = SizesOf(dir);
    if (!IsSmall(dir, sizes)) {
      dirs_.push_back(dir);
      return;
    }
    const auto [at, is_first] = open_.try_emplace(dir.partition);
    Open& open = at->second;
    if (is_first || !Fits(open.sizes, sizes)) {
      open = {.index = dirs_.size(), .sizes = sizes};
      dirs_.push_back(dir);
      return;
    }
    Append(dirs_[open.index], dir);
    open.sizes.all += sizes.all;
    open.sizes.deltas += sizes.deltas;
  }

  std::vector<ImportDir> Take() { return std::move(dirs_); }

 private:
  /// A directory that may still grow.
  struct Open {
    std::size_t index = 0;
    Sizes sizes;
  };

  bool IsSmall(const ImportDir& dir, const Sizes& sizes) const {
    return sizes.all <= kSmallBytes && sizes.deltas <= kMergedDeltaBytes && dir.storage_version <= 1 &&
           std::all_of(dir.segments.begin(), dir.segments.end(), [&](const Segment* segment) {
             return segment->group_id != 0 && IsComplete(*segment);
           });
  }

  static bool Fits(const Sizes& merged, const Sizes& more) {
    return merged.all + more.all <= kMergedBytes && merged.deltas + more.deltas <= kMergedDeltaBytes;
  }

  bool IsComplete(const Segment& segment) const {
    const auto is_unknown = [](const Binlog& log) { return log.size == 0; };
    if (std::any_of(segment.insert_logs.begin(), segment.insert_logs.end(), is_unknown) ||
        std::any_of(segment.delta_logs.begin(), segment.delta_logs.end(), is_unknown))
      return false;
    std::set<std::int64_t> missing = fields_;
    for (const Binlog& log : segment.insert_logs) missing.erase(log.field_id);
    return missing.empty();
  }

  // The merged segment takes the id and the directories of its first one.
  void Append(ImportDir& merged, const ImportDir& dir) {
    merged.rewritten = true;
    merged.rows += dir.rows;
    merged.storage_version = std::max(merged.storage_version, dir.storage_version);
    merged.segments.insert(merged.segments.end(), dir.segments.begin(), dir.segments.end());
    if (!dir.delta_dir.empty())
      merged.delta_dir = BinlogTree("").DeltaDir(collection_.collection_id, *merged.segments.front());
  }

  const Collection& collection_;
  std::set<std::int64_t> fields_;  ///< that every segment must have files of
  std::vector<ImportDir> dirs_;
  std::map<std::string, Open> open_;  ///< of each partition
};

}  // namespace

std::vector<ImportDir> MergeSmallDirs(const Collection& collection, const std::vector<ImportDir>& dirs) {
  const bool can_be_written =
      collection.schema.struct_array_fields.empty() && PrimaryKeyOf(collection.schema) != nullptr;
  if (!can_be_written || dirs.size() <= kFewestJobsSaved) return dirs;
  Merger merger(collection);
  for (const ImportDir& dir : dirs) merger.Add(dir);
  std::vector<ImportDir> merged = merger.Take();
  return dirs.size() - merged.size() < kFewestJobsSaved ? dirs : merged;
}

void MergeSmallSegments(Plan& plan) {
  for (CollectionPlan& collection : plan.collections) {
    if (collection.imports.empty() || collection.imports.front().front().is_l0) continue;
    std::vector<ImportDir>& data = collection.imports.front();
    std::vector<ImportDir> merged = MergeSmallDirs(*collection.source, data);
    if (merged.size() == data.size()) continue;
    const Status can_rewrite = LoadRowCodec().status();
    if (!can_rewrite.ok()) {
      log::Warn("small segments are imported one by one: {}", can_rewrite.message());
      return;
    }
    data = std::move(merged);
  }
}

}  // namespace mbk::load
