#include <fmt/core.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "codec/row_codec.h"
#include "ops/export/export.h"
#include "ops/export/file_output.h"
#include "ops/rows/binlog_rows.h"
#include "ops/rows/collection_rows.h"
#include "ops/select/collections.h"
#include "repository/repository.h"
#include "repository/tree_check.h"

namespace mbk {
namespace {

constexpr std::chrono::minutes kCleanUpTimeout{1};

// A name as part of a path: letters, digits and what paths do not mind; the rest as %XX, as Hive writes it.
std::string PathPart(std::string_view name) {
  std::string part;
  for (const char c : name) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    part += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return part;
}

std::string DirectoryOf(const ExportTarget& target, const Collection& collection) {
  return JoinKey(target.directory,
                 fmt::format("{}/{}/", PathPart(collection.db_name), PathPart(collection.name)));
}

// Files of an earlier export would be read together with the new ones.
Status CheckNothingThere(ObjectStore& store, const std::string& directory, const CallContext& context) {
  const Result<ListPage> page = store.List({.prefix = directory, .max_keys = 1}, context);
  if (page.status().code() == Code::kNotFound) return {};  // a dry run has not made the directory
  MBK_TRY(page.status());
  if (page->objects.empty()) return {};
  return AlreadyExists(fmt::format("{} is there already; remove it, or export to another place",
                                   store.identity().Url(page->objects.front().key)));
}

class CollectionExport {
 public:
  CollectionExport(RowCodec& codec, const rows::CollectionRows& rows, ExportTarget& target,
                   const ExportOptions& options, Progress& progress, const CallContext& context)
      : rows_(rows), store_(target.store), progress_(progress), context_(context) {
    const std::string directory = DirectoryOf(target, rows.collection());
    for (const Partition& partition : rows.collection().partitions) {
      partitions_.push_back(std::make_unique<Output>(
          codec, rows.schema(), target.store, directory + "partition=" + PathPart(partition.name) + "/",
          options, context));
    }
    for (const rows::CollectionRows::DataSegment& data : rows.segments())
      ++partitions_[data.partition]->segments_left;
  }

  Result<ExportedCollection> Run() {
    Status written = Write();
    if (!written.ok()) {
      RemoveWritten();
      return written;
    }
    ExportedCollection done{.name = {rows_.collection().db_name, rows_.collection().name}};
    for (const auto& partition : partitions_) {
      done.rows += partition->files.rows();
      done.bytes += partition->files.bytes();
      done.files += static_cast<std::int64_t>(partition->files.keys().size());
    }
    return done;
  }

 private:
  struct Output {
    template <class... Args>
    explicit Output(Args&&... args) : files(std::forward<Args>(args)...) {}
    std::mutex mutex;
    PartitionFiles files;
    std::size_t segments_left = 0;
  };

  Status Write() {
    MBK_TRY_ASSIGN(const rows::LivingRows living, rows_.FindLiving(context_));
    auto visit = [&](std::size_t segment, std::int64_t first_row, const RowBatch& batch) -> Status {
      const RowBatch selected = rows::Living(batch, living.OfSegment(segment), first_row);
      Output& output = *partitions_[rows_.segments()[segment].partition];
      std::scoped_lock lock(output.mutex);
      return output.files.Write(selected);
    };
    // Segments come partition by partition, so that only as many files are open as there are workers: each
    // holds a row group and a part of an upload.
    auto ended = [&](std::size_t segment, Status end) -> Status {
      progress_.Add(1, rows_.segments()[segment].segment->size);
      MBK_TRY(std::move(end));
      Output& output = *partitions_[rows_.segments()[segment].partition];
      std::scoped_lock lock(output.mutex);
      return --output.segments_left == 0 ? output.files.Finish() : Status();
    };
    return rows_.ForEachBatch(rows::FieldsOf(rows_.schema()), visit, ended, context_);
  }

  void RemoveWritten() {
    std::vector<ObjectKey> keys;
    for (const auto& partition : partitions_) {
      const std::vector<ObjectKey>& written = partition->files.keys();
      keys.insert(keys.end(), written.begin(), written.end());
    }
    partitions_.clear();  // gives up the files that are open
    if (keys.empty()) return;
    Status removed = store_.Delete(keys, {.deadline = Deadline::After(kCleanUpTimeout)});
    if (!removed.ok()) log::Warn("exported files stay behind: {}", removed.message());
  }

  const rows::CollectionRows& rows_;
  ObjectStore& store_;
  Progress& progress_;
  const CallContext& context_;
  std::vector<std::unique_ptr<Output>> partitions_;
};

}  // namespace

Result<ExportReport> RunExport(const ExportOptions& options, BackupSide& side, ExportTarget& target,
                               const RunServices& run, const CallContext& context) {
  run.progress.Enter(Step::kOpen);
  const BackupLayout layout(side.root, options.name);
  MBK_TRY_ASSIGN(const OpenedBackup opened, OpenBackup(side.store, layout, context));
  MBK_TRY_ASSIGN(const std::vector<const Collection*> selected,
                 SelectCollections(opened.backup, options.filter));

  run.progress.Enter(Step::kPreflight);
  if (!options.dry_run) MBK_TRY(target.store.EnsureBucket(context));
  for (const Collection* collection : selected)
    MBK_TRY(CheckNothingThere(target.store, DirectoryOf(target, *collection), context));
  MBK_TRY_ASSIGN(RowCodec* const codec, LoadRowCodec());

  ExportReport report{.name = options.name,
                      .target_url = target.store.identity().Url(ObjectKey(target.directory))};
  run.progress.Enter(Step::kCopy, 0, opened.backup.size);
  const rows::BinlogSource source{side.store,
                                  [&](const DataObject& object) { return object.KeyIn(layout.tree()); }};
  for (const Collection* collection : selected) {
    MBK_TRY_ASSIGN(const rows::CollectionRows rows,
                   rows::CollectionRows::Open(*codec, source, *collection, {}));
    if (options.dry_run) {
      ExportedCollection planned{.name = {collection->db_name, collection->name}, .bytes = collection->size};
      for (const auto& data : rows.segments()) planned.rows += data.segment->num_rows;
      report.collections.push_back(std::move(planned));
      continue;
    }
    MBK_TRY_ASSIGN(ExportedCollection done,
                   CollectionExport(*codec, rows, target, options, run.progress, context).Run());
    report.collections.push_back(std::move(done));
  }
  run.progress.Enter(Step::kDone);
  return report;
}

}  // namespace mbk
