#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "base/hash.h"
#include "base/log.h"
#include "base/uuid.h"
#include "codec/row_codec.h"
#include "model/column_builder.h"
#include "ops/backup_name.h"
#include "ops/capture/capture.h"
#include "ops/copy/copy.h"
#include "ops/create/backup_copy.h"
#include "ops/give_up.h"
#include "ops/l0compact/beside.h"
#include "ops/l0compact/fold.h"
#include "ops/l0compact/l0compact.h"
#include "ops/open_backup.h"
#include "ops/recorded_bytes.h"
#include "ops/remove/remove.h"
#include "ops/whole_backup.h"
#include "repository/meta_file.h"
#include "repository/object_records.h"
#include "repository/repository.h"
#include "repository/tree_check.h"

namespace mbk {
namespace {

// Of the L0 deletes of one collection, in memory at a time: 40 bytes each.
constexpr std::int64_t kMaxDeletes = 2 << 20;

bool HasL0(const Collection& collection) {
  bool found = false;
  ForEachSegment(collection, [&](const Segment& segment) { found |= segment.is_l0; });
  return found;
}

std::int64_t LargestLogId(const Backup& backup) {
  std::int64_t largest = 0;
  for (const Collection& collection : backup.collections) {
    ForEachSegment(collection, [&](const Segment& segment) {
      for (const Binlog& log : segment.insert_logs) largest = std::max(largest, log.log_id);
      for (const Binlog& log : segment.delta_logs) largest = std::max(largest, log.log_id);
    });
  }
  return largest;
}

// The output has no L0 segments: what changed in one would be folded in, and the record of it would be gone.
// The rest keeps its record.
Status CheckDeletes(const BackupSide& side, const OpenedBackup& opened, bool dry_run, const RunServices& run,
                    const CallContext& context) {
  std::vector<const Collection*> collections;
  for (const Collection& collection : opened.backup.collections)
    if (HasL0(collection)) collections.push_back(&collection);
  if (collections.empty()) return {};
  MBK_TRY_ASSIGN(const DigestLog recorded, RecordedDigests(side.store, opened.layout, context));
  const auto reads = [dry_run](std::size_t, const Segment& segment) { return segment.is_l0 && !dry_run; };
  MBK_TRY_ASSIGN(const Findings other_bytes,
                 CheckRecordedBytes(side.store, opened.layout, collections, recorded, reads, run, context));
  return DamageOf(other_bytes, side.store, opened.layout.tree())
      .WithContext(fmt::format("backup {} cannot be compacted", opened.layout.name()));
}

// What the output holds before deletes are folded in: all but the L0 segments.
void DropL0(Collection& collection) {
  collection.l0_segments.clear();
  for (Partition& partition : collection.partitions)
    std::erase_if(partition.segments, [](const Segment& segment) { return segment.is_l0; });
}

class Compaction {
 public:
  Compaction(BackupSide& side, const OpenedBackup& opened, const BackupLayout& to, const RunServices& run,
             const CallContext& context)
      : side_(side),
        opened_(opened),
        to_(to),
        run_(run),
        context_(context),
        output_(opened.backup),
        next_log_id_(LargestLogId(opened.backup) + 1) {
    output_.id = NewUuid();
    output_.name = to.name();
    for (Collection& collection : output_.collections) DropL0(collection);
  }

  Status CopyData(L0CompactReport& report) {
    const ObjectIndex index(output_.collections);
    run_.progress.Enter(Step::kCopy, static_cast<std::int64_t>(index.size()), index.bytes());
    std::size_t at = 0;
    ObjectRecordLookup records(side_.store, opened_.layout, context_);
    auto next = [&]() -> Result<std::optional<CopyTask>> {
      if (at == index.size()) return std::optional<CopyTask>();
      const DataObject object = index.at(at++);
      ObjectKey here = object.KeyIn(opened_.layout.tree());
      MBK_TRY_ASSIGN(const manifest::ObjectRecord record,
                     records.Find(here.str().substr(opened_.layout.prefix().size())));
      return std::optional(
          CopyTask{std::move(here), object.KeyIn(to_.tree()), object.log->size, DigestOnRecord(record)});
    };
    report.objects = static_cast<std::int64_t>(index.size());
    report.bytes = index.bytes();
    ObjectCopier copier(side_.store, side_.store, run_.settings.copy);
    return copier.CopyAll(next, run_.progress, context_,
                          [this](const CopyTask& task, const CopyResult& result) {
                            // What is on record stays so: what lies there now may be damaged already.
                            const bool is_recorded = task.recorded.kind != Digest::Kind::kNone;
                            digests_.Add(task.target, is_recorded ? task.recorded : result.digest);
                            return Status();
                          });
  }

  // Keys are read from the source, where the L0 segments lie too.
  Status FoldDeletes(L0CompactReport& report) {
    MBK_TRY_ASSIGN(codec_, LoadRowCodec());
    run_.progress.Enter(Step::kPlan, static_cast<std::int64_t>(opened_.backup.collections.size()));
    const rows::BinlogSource source{
        side_.store, [this](const DataObject& object) { return object.KeyIn(opened_.layout.tree()); }};
    for (std::size_t i = 0; i < opened_.backup.collections.size(); ++i) {
      const Collection& collection = opened_.backup.collections[i];
      run_.progress.Add(1, 0);
      if (!HasL0(collection)) continue;
      ForEachSegment(collection,
                     [&](const Segment& segment) { report.l0_segments += segment.is_l0 ? 1 : 0; });
      MBK_TRY_ASSIGN(const rows::CollectionRows rows,
                     rows::CollectionRows::Open(*codec_, source, collection, {}));
      L0Fold fold(rows, kMaxDeletes);
      MBK_TRY(fold.Run(
          [&](std::size_t segment, const std::vector<FoldedDelete>& deletes) {
            return WriteDeltaLog(rows, segment, deletes, output_.collections[i], report);
          },
          context_));
    }
    return {};
  }

  Status Commit(BackupWriter& writer) {
    capture::AddUpSizes(output_);
    digests_.Seal();
    run_.progress.Enter(Step::kVerify);
    MBK_TRY(writer.Check(context_));
    MBK_TRY(RecordBackupData(side_.store, to_.tree(), output_, digests_, to_.Meta(kObjects), context_));
    // From here on the output exists.
    run_.progress.Enter(Step::kManifest);
    return writer.Commit(output_, context_);
  }

 private:
  Status WriteDeltaLog(const rows::CollectionRows& rows, std::size_t index,
                       const std::vector<FoldedDelete>& deletes, Collection& output,
                       L0CompactReport& report) {
    const rows::CollectionRows::DataSegment& source = rows.segments()[index];
    Segment& segment = SegmentOf(output.partitions[source.partition], source.segment->segment_id);
    const bool is_number = rows.primary_key().data_type == DataType::kInt64;
    ColumnBuilder keys(rows.primary_key().field_id, rows.primary_key().data_type,
                       is_number ? ColumnLayout::kFixed : ColumnLayout::kVariable, is_number ? 8 : 0);
    ColumnBuilder times(kTimestampField, DataType::kInt64, ColumnLayout::kFixed, 8);
    for (const FoldedDelete& deleted : deletes) {
      if (is_number)
        keys.AppendNumber(deleted.number);
      else
        keys.AppendBytes(deleted.text);
      times.AppendNumber(deleted.timestamp);
    }
    const BinlogOrigin origin{output.collection_id, segment.partition_id, segment.segment_id};
    MBK_TRY_ASSIGN(const std::string file,
                   codec_->EncodeDeltaLog(origin, keys.Finish(), times.Finish(), RowCodec::DeltaFormat::kJson,
                                          {.written_at = deletes.back().timestamp}));
    segment.delta_logs.push_back({.log_id = next_log_id_++, .size = static_cast<std::int64_t>(file.size())});
    segment.size += segment.delta_logs.back().size;
    const ObjectKey key = to_.tree().DeltaLog(output.collection_id, segment, segment.delta_logs.back());
    MBK_TRY(side_.store.Put({.key = key, .body = file}, context_).status());
    digests_.Add(key, {.kind = Digest::Kind::kMd5, .hex = Md5Hex(file)});
    report.deletes += static_cast<std::int64_t>(deletes.size());
    ++report.delta_logs;
    return {};
  }

  static Segment& SegmentOf(Partition& partition, std::int64_t segment_id) {
    return *std::find_if(partition.segments.begin(), partition.segments.end(),
                         [&](const Segment& segment) { return segment.segment_id == segment_id; });
  }

  BackupSide& side_;
  const OpenedBackup& opened_;
  const BackupLayout& to_;
  const RunServices& run_;
  const CallContext& context_;
  Backup output_;
  DigestLog digests_;
  std::int64_t next_log_id_;
  RowCodec* codec_ = nullptr;
};

Result<L0CompactReport> Write(const L0CompactOptions& options, BackupSide& side, const OpenedBackup& opened,
                              const BackupLayout& to, BackupWriter& writer, const RunServices& run,
                              const CallContext& context) {
  L0CompactReport report{.name = options.name, .output = to.name()};
  Compaction compaction(side, opened, to, run, context);
  MBK_TRY(compaction.CopyData(report));
  MBK_TRY(compaction.FoldDeletes(report));
  // Metadata are written anew, of what this version knows.
  MBK_TRY_ASSIGN(report.lost_keys, KeysOfNewerTools(side.store, opened.layout, context));
  MBK_TRY(compaction.Commit(writer));
  return report;
}

Result<L0CompactReport> WriteNew(const L0CompactOptions& options, BackupSide& side,
                                 const OpenedBackup& opened, const BackupLayout& to, const RunServices& run,
                                 const CallContext& context) {
  // Beyond this point the output's name is ours.
  MBK_TRY_ASSIGN(std::unique_ptr<BackupWriter> writer, BeginBackup(side, to, kL0CompactVerb, context));
  // What is written goes through the writer: it ends when the lock is lost.
  BackupSide held{writer->store(), side.root, side.reach};
  Result<L0CompactReport> report = Write(options, held, opened, to, *writer, run, writer->While(context));
  if (!report.ok())
    return GiveUp(side, *writer, to, ExplainFailure(side, opened, report.status(), context), context);
  run.progress.Enter(Step::kDone);
  return report;
}

// The output of before, by the etag of its commit, where there is one; the refusal where what lies there must
// not be removed, or would not all go.
Result<std::optional<std::string>> FindOldOutput(const L0CompactOptions& options, BackupSide& side,
                                                 const BackupLayout& to, const CallContext& context) {
  if (!options.force) return std::optional<std::string>();
  Result<std::string> etag = CheckRemovable(
      {.name = to.name(), .milvus_root = options.milvus_root, .frees_name = true}, side, context);
  if (etag.status().code() == Code::kNotFound) return std::optional<std::string>();
  MBK_TRY(etag.status());
  return std::optional(*std::move(etag));
}

// No store renames: the new output is written whole under a name of its own, and only then the old one gives
// way to a copy of it. Whenever a run ends, the old or the new one can be read (docs/adr/0025).
Result<L0CompactReport> WriteAndReplace(const L0CompactOptions& options, BackupSide& side,
                                        const OpenedBackup& opened, const BackupLayout& to,
                                        const std::string& old_etag, const RunServices& run,
                                        const CallContext& context) {
  const BackupLayout beside(side.root, NameBeside(to.name()));
  MBK_TRY_ASSIGN(L0CompactReport report, WriteNew(options, side, opened, beside, run, context));
  auto stands_beside = [&](const Status& failure) {
    return Status(failure.code(), fmt::format("{}; the new output is whole, and stands as backup {}",
                                              failure.message(), beside.name()));
  };
  // That one and no other: the new output may have taken hours.
  const RemoveOptions old{
      .name = to.name(), .milvus_root = options.milvus_root, .commit_etag = old_etag, .frees_name = true};
  const Status removed = RunRemove(old, side, run, context).status();
  if (!removed.ok()) return stands_beside(removed);
  const Status copied = RunCopy({.name = beside.name(), .as = to.name()}, side, side, run, context).status();
  if (!copied.ok()) return stands_beside(copied);
  const Status tidied = RunRemove({.name = beside.name()}, side, run, context).status();
  if (!tidied.ok()) log::Warn("a second copy of the output stays: {}", stands_beside(tidied).message());
  report.output = to.name();
  return report;
}

}  // namespace

Result<L0CompactReport> RunL0Compact(const L0CompactOptions& options, BackupSide& side,
                                     const RunServices& run, const CallContext& context) {
  const std::string output = options.output.empty() ? options.name + "_l0compacted" : options.output;
  // The name of an output that replaces another one must be one for a copy, too.
  const bool is_kept_name = options.output.empty() && !options.force;
  MBK_TRY(is_kept_name ? CheckNameOfBackup(output) : CheckBackupName(output));
  if (output == options.name)
    return InvalidArgument("the output (-o) must have another name than the backup");

  run.progress.Enter(Step::kOpen);
  const BackupLayout from(side.root, options.name), to(side.root, output);
  MBK_TRY_ASSIGN(OpenedBackup opened, OpenBackup(side, options.name, context));

  // A backup that is not whole is not worth compacting.
  run.progress.Enter(Step::kPreflight);
  MBK_TRY(RequireBinlogs(opened, "l0compact"));
  MBK_TRY(RequireWhole(side, opened, context));
  const ObjectIndex index(opened.backup.collections);
  MBK_TRY(CheckWholeTree(side.store, from.tree(), index, {}, context)
              .WithContext(fmt::format("backup {} is not whole", options.name)));
  for (const Collection& collection : opened.backup.collections)
    if (HasL0(collection)) MBK_TRY(rows::CheckStorageVersions(collection));
  MBK_TRY(CheckDeletes(side, opened, options.dry_run, run, context));
  MBK_TRY_ASSIGN(const std::optional<std::string> old_etag, FindOldOutput(options, side, to, context));
  if (options.force) MBK_TRY(LookBeside(output, options.dry_run, side, run, context));
  if (options.dry_run) {  // which says what the run would refuse
    if (!old_etag) MBK_TRY(CheckNameIsFree(side, to, context));
    L0CompactReport report{.name = options.name,
                           .output = output,
                           .objects = static_cast<std::int64_t>(index.size()),
                           .bytes = index.bytes()};
    for (const Collection& collection : opened.backup.collections)
      ForEachSegment(collection,
                     [&](const Segment& segment) { report.l0_segments += segment.is_l0 ? 1 : 0; });
    return report;
  }
  return old_etag ? WriteAndReplace(options, side, opened, to, *old_etag, run, context)
                  : WriteNew(options, side, opened, to, run, context);
}

}  // namespace mbk
