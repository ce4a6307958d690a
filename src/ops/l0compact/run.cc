#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "base/hash.h"
#include "base/uuid.h"
#include "codec/row_codec.h"
#include "model/column_builder.h"
#include "ops/backup_name.h"
#include "ops/capture/capture.h"
#include "ops/create/backup_copy.h"
#include "ops/give_up.h"
#include "ops/l0compact/fold.h"
#include "ops/l0compact/l0compact.h"
#include "ops/remove/remove.h"
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
    auto next = [&]() -> Result<std::optional<CopyTask>> {
      if (at == index.size()) return std::optional<CopyTask>();
      const DataObject object = index.at(at++);
      return std::optional(
          CopyTask{object.KeyIn(opened_.layout.tree()), object.KeyIn(to_.tree()), object.log->size});
    };
    report.objects = static_cast<std::int64_t>(index.size());
    report.bytes = index.bytes();
    ObjectCopier copier(side_.store, side_.store, run_.settings.copy);
    return copier.CopyAll(next, run_.progress, context_,
                          [this](const CopyTask& task, const CopyResult& result) {
                            digests_.Add(task.target, result.digest);
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
  MBK_TRY(compaction.Commit(writer));
  return report;
}

}  // namespace

Result<L0CompactReport> RunL0Compact(const L0CompactOptions& options, BackupSide& side,
                                     const RunServices& run, const CallContext& context) {
  const std::string output = options.output.empty() ? options.name + "_l0compacted" : options.output;
  MBK_TRY(CheckBackupName(output));
  if (output == options.name)
    return InvalidArgument("the output (-o) must have another name than the backup");

  run.progress.Enter(Step::kOpen);
  const BackupLayout from(side.root, options.name), to(side.root, output);
  MBK_TRY_ASSIGN(OpenedBackup opened, OpenBackup(side.store, from, context));

  // A backup that is not whole is not worth compacting.
  run.progress.Enter(Step::kPreflight);
  const ObjectIndex index(opened.backup.collections);
  MBK_TRY(CheckTree(side.store, from.tree(), index, {}, context)
              .WithContext(fmt::format("backup {} is not whole", options.name)));
  for (const Collection& collection : opened.backup.collections)
    if (HasL0(collection)) MBK_TRY(rows::CheckStorageVersions(collection));
  if (options.dry_run) {
    L0CompactReport report{.name = options.name,
                           .output = output,
                           .objects = static_cast<std::int64_t>(index.size()),
                           .bytes = index.bytes()};
    for (const Collection& collection : opened.backup.collections)
      ForEachSegment(collection,
                     [&](const Segment& segment) { report.l0_segments += segment.is_l0 ? 1 : 0; });
    return report;
  }
  if (options.force) {
    const Status removed = RunRemove({.name = output}, side, run, context).status();
    if (!removed.ok() && removed.code() != Code::kNotFound) return removed;
  }

  // Beyond this point the output's name is ours.
  MBK_TRY_ASSIGN(std::unique_ptr<BackupWriter> writer,
                 BackupWriter::Begin(side.store, to, "l0compact", context));
  Result<L0CompactReport> report = Write(options, side, opened, to, *writer, run, context);
  if (!report.ok()) return GiveUp(*writer, to, report.status(), context);
  run.progress.Enter(Step::kDone);
  return report;
}

}  // namespace mbk
