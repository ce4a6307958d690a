#include <fmt/core.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "base/reach.h"
#include "codec/row_codec.h"
#include "ops/export/export.h"
#include "ops/export/file_output.h"
#include "ops/open_backup.h"
#include "ops/recorded_bytes.h"
#include "ops/rows/binlog_rows.h"
#include "ops/rows/collection_rows.h"
#include "ops/select/collections.h"
#include "ops/whole_backup.h"
#include "repository/repository.h"
#include "repository/tree_check.h"
#include "store/list_first.h"

namespace mbk {
namespace {

// A run that was stopped must be gone within five seconds; one that failed may take longer to clean up.
constexpr std::chrono::seconds kCleanUpWhenStopped{3};
constexpr std::chrono::minutes kCleanUpWhenFailed{5};

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
  const Result<ListPage> page = ListFirst(store, {.prefix = directory, .max_keys = 1}, context);
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
    rows_read_.resize(rows.segments().size());
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
      done.files += partition->files.files();
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
      rows_read_[segment] = first_row + batch.rows;
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
      MBK_TRY(CheckRowsRead(segment));
      Output& output = *partitions_[rows_.segments()[segment].partition];
      std::scoped_lock lock(output.mutex);
      return --output.segments_left == 0 ? output.files.Finish() : Status();
    };
    MBK_TRY(rows_.ForEachBatch(rows::FieldsOf(rows_.schema()), visit, ended, context_));
    return CheckRowsWritten(living);
  }

  // What must be there the metadata say; what is there the files.
  Status CheckRowsRead(std::size_t index) const {
    const Segment& segment = *rows_.segments()[index].segment;
    if (rows_read_[index] == segment.num_rows) return {};
    return DataLoss(fmt::format("segment {} of {} holds {} rows, the backup's metadata say {}",
                                segment.segment_id, FullName(), rows_read_[index], segment.num_rows));
  }

  // All rows that live are written, and no others; where the backup records how many live, so many.
  Status CheckRowsWritten(const rows::LivingRows& living) const {
    for (std::size_t i = 0; i < partitions_.size(); ++i) {
      const Partition& partition = rows_.collection().partitions[i];
      const std::int64_t written = partitions_[i]->files.rows(), expected = living.OfPartition(i).living();
      if (written != expected)
        return DataLoss(fmt::format("{}, partition {}: {} rows were written, {} live", FullName(),
                                    partition.name, written, expected));
      if (partition.rows_record && written != partition.rows_record->living())
        return DataLoss(fmt::format("{}, partition {}: {} rows live, and {} did when the backup was made",
                                    FullName(), partition.name, written, partition.rows_record->living()));
    }
    return {};
  }

  std::string FullName() const {
    return CollectionName{rows_.collection().db_name, rows_.collection().name}.Full();
  }

  void RemoveWritten() {
    std::vector<ObjectKey> keys;
    for (const auto& partition : partitions_) {
      const std::vector<ObjectKey> written = partition->files.WrittenKeys();
      keys.insert(keys.end(), written.begin(), written.end());
    }
    partitions_.clear();  // gives up the files that are open
    if (keys.empty()) return;
    const Deadline deadline = context_.stop.stop_requested() ? Deadline::After(kCleanUpWhenStopped)
                                                             : Deadline::After(kCleanUpWhenFailed);
    Status removed = store_.Delete(keys, {.deadline = deadline});
    if (!removed.ok()) log::Warn("exported files stay behind: {}", removed.message());
  }

  const rows::CollectionRows& rows_;
  ObjectStore& store_;
  Progress& progress_;
  const CallContext& context_;
  std::vector<std::unique_ptr<Output>> partitions_;
  std::vector<std::int64_t> rows_read_;  ///< of each segment; one thread a segment
};

// What a store says of a place that cannot be written, with the flag that names the place. "Not found" is
// said of backups and collections only.
Status PlaceError(const ExportTarget& target, const Status& failure) {
  if (failure.ok()) return {};
  const Code code = failure.code() == Code::kNotFound ? Code::kFailedPrecondition : failure.code();
  return {
      code,
      fmt::format(
          "{} cannot be written; give another place with -o (where --to is a directory, a whole path): {}",
          target.store.identity().Url(ObjectKey(target.directory)), failure.message())};
}

Status CannotBeExported(const BackupSide& side, const BackupLayout& layout, const Findings& damage,
                        std::string_view proof) {
  if (damage.empty()) return {};
  return DataLoss(fmt::format(
      "backup {} cannot be exported: {}; {}", layout.name(),
      DamageOf(damage, side.store, layout.tree()).message(),
      Advise("all that is wrong with it shows",
             CommandFor(side.reach, fmt::format("verify -n {}{}", ShellQuoted(layout.name()), proof)))));
}

// All files that are lost or cut are known before the first row is written, and so are those that no metadata
// name: rows of a segment that the metadata lost would be missing in what is written.
Status CheckFiles(BackupSide& side, const BackupLayout& layout,
                  const std::vector<const Collection*>& selected, const CallContext& context) {
  Findings damage;
  for (const Collection* collection : selected) {
    std::vector<Collection> one{*collection};
    const ObjectIndex index(one);
    MBK_TRY_ASSIGN(
        const CollectionFindings found,
        ExamineCollection(side.store, layout.tree(), collection->collection_id, index, TreeMatch(), context));
    damage.Add(found.damage);
    damage.Add(found.stray_binlogs);
  }
  return CannotBeExported(side, layout, damage, "");
}

// And files with other bytes than were written: what they hold would be exported as if it had been saved so.
Status CheckBytes(BackupSide& side, const BackupLayout& layout,
                  const std::vector<const Collection*>& selected, bool dry_run, const RunServices& run,
                  const CallContext& context) {
  MBK_TRY_ASSIGN(const DigestLog recorded, RecordedDigests(side.store, layout, context));
  const auto reads = [dry_run](std::size_t, const Segment&) { return !dry_run; };
  MBK_TRY_ASSIGN(const Findings other_bytes,
                 CheckRecordedBytes(side.store, layout, selected, recorded, reads, run, context));
  return CannotBeExported(side, layout, other_bytes, " --level checksum");
}

// Hours of work: what was exported whole before another collection failed stays.
Status WithWhatStands(const Status& failure, const ExportReport& report) {
  std::vector<std::string> whole;
  for (const ExportedCollection& collection : report.collections) whole.push_back(collection.name.Full());
  if (whole.empty()) return failure;
  return {
      failure.code(),
      fmt::format("{}; exported whole before that, and still at {}: {} (export the others alone, or remove "
                  "these files)",
                  failure.message(), report.target_url, Enumerate(whole))};
}

// Where `prefix` lies, comparable with that of another store of the same service.
std::string PlaceOf(const StoreIdentity& store, const std::string& prefix) {
  const bool is_whole = store.service != "local" || prefix.starts_with(store.bucket.str() + "/");
  return store.RealPrefix(is_whole ? prefix : store.bucket.str() + "/" + prefix);
}

// Rows that are written into a backup would lie there as files of something else, and go with it.
Status CheckIsInNoBackup(const ExportTarget& target, const BackupSide& side, const CallContext& context) {
  const StoreIdentity &here = side.store.identity(), &there = target.store.identity();
  const std::string root = PlaceOf(here, side.root.empty() ? "" : JoinKey(side.root, "/"));
  const std::string to = PlaceOf(there, target.directory.empty() ? "" : JoinKey(target.directory, "/"));
  if (!here.SameStore(there) || !to.starts_with(root)) return {};
  const std::string name = to.substr(root.size(), to.find('/', root.size()) - root.size());
  if (name.empty()) return {};
  const BackupLayout layout(side.root, name);
  const Status found = side.store.Head(layout.Meta(kBackupMeta), context).status();
  if (!found.ok()) return found.code() == Code::kNotFound ? Status() : found;
  return FailedPrecondition(fmt::format("{} lies in backup {}: give another place with -o",
                                        there.Url(ObjectKey(target.directory)), name));
}

}  // namespace

Result<ExportReport> RunExport(const ExportOptions& options, BackupSide& side, ExportTarget& target,
                               const RunServices& run, const CallContext& context) {
  run.progress.Enter(Step::kOpen);
  const BackupLayout layout(side.root, options.name);
  MBK_TRY_ASSIGN(const OpenedBackup opened, OpenBackup(side, options.name, context));
  MBK_TRY(RequireBinlogs(opened, "export"));
  MBK_TRY_ASSIGN(const std::vector<const Collection*> selected,
                 SelectCollections(opened.backup, options.filter));

  run.progress.Enter(Step::kPreflight);
  MBK_TRY(CheckIsInNoBackup(target, side, context));
  MBK_TRY(RequireWhole(side, opened, selected, context));
  MBK_TRY(CheckFiles(side, layout, selected, context));
  MBK_TRY(CheckBytes(side, layout, selected, options.dry_run, run, context));
  if (!options.dry_run && target.make) MBK_TRY(PlaceError(target, target.make(context)));
  for (const Collection* collection : selected)
    MBK_TRY(PlaceError(target, CheckNothingThere(target.store, DirectoryOf(target, *collection), context)));
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
    Result<ExportedCollection> done =
        CollectionExport(*codec, rows, target, options, run.progress, context).Run();
    if (!done.ok()) return ExplainFailure(side, opened, WithWhatStands(done.status(), report), context);
    report.collections.push_back(*std::move(done));
  }
  MBK_TRY(StillThere(side, opened, context));
  run.progress.Enter(Step::kDone);
  return report;
}

}  // namespace mbk
