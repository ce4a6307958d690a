#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <istream>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "manifest/manifest.h"
#include "manifest/object_index.h"
#include "manifest/own_objects.h"
#include "manifest/rename_text.h"
#include "ops/backup_files.h"
#include "ops/backup_name.h"
#include "ops/copy/copy.h"
#include "ops/give_up.h"
#include "ops/identity.h"
#include "ops/open_backup.h"
#include "ops/whole_backup.h"
#include "repository/meta_records.h"
#include "repository/object_records.h"
#include "repository/object_stream.h"
#include "repository/repository.h"
#include "repository/tree_check.h"
#include "store/content_hash.h"
#include "transfer/copier.h"
#include "transfer/digest_log.h"

namespace mbk {
namespace {

// Everything below a backup is carried, but for its metadata, which come last, and what only stands for a
// directory.
bool IsData(const BackupLayout& layout, const ObjectInfo& object) {
  const std::string_view key = std::string_view(object.key.str()).substr(layout.prefix().size());
  return !key.starts_with("meta/") && !IsPlaceholder(object);
}

FileListing DataListing(ObjectReader& store, const BackupLayout& layout, const CallContext& context) {
  return {store, layout.prefix(), [&layout](const ObjectInfo& object) { return IsData(layout, object); },
          context};
}

std::string_view Below(const BackupLayout& layout, const ObjectKey& key) {
  return std::string_view(key.str()).substr(layout.prefix().size());
}

// What there is to carry.
struct Cargo {
  ObjectIndex index;         // what the metadata name
  Extent extent;             // what lies there, which may be more: of newer tools, for one
  bool is_named = false;     // the two are the same
  bool is_recorded = false;  // its objects.json knows what digest each object has
};

// A backup that is not whole is not worth carrying: its own metadata say what must be there.
Result<Cargo> TakeStock(OpenedBackup& opened, const BackupSide& side, const CallContext& context) {
  MBK_TRY(RequireWhole(side, opened, context));
  Cargo cargo{.index = ObjectIndex(opened.backup.collections)};
  auto add = [&](const ObjectInfo& listed) {
    if (listed.key == opened.layout.Meta(kObjects)) cargo.is_recorded = listed.size > 0;
    if (IsData(opened.layout, listed)) cargo.extent.Add(Below(opened.layout, listed.key), listed.size);
    return Status();
  };
  MBK_TRY(CheckWholeTree(side.store, opened.layout.tree(), cargo.index, add, context)
              .WithContext(fmt::format("backup {} is not whole", opened.layout.name())));
  // What is in a bundle only Milvus knows; that there is one shows.
  const bool names_bundle =
      std::any_of(opened.backup.collections.begin(), opened.backup.collections.end(),
                  [](const Collection& collection) { return collection.snapshot.has_value(); });
  if (names_bundle && cargo.extent.objects == 0)
    return DataLoss(fmt::format("backup {} has the format \"{}\", and no file of its bundle is there",
                                opened.layout.name(), opened.backup.format));
  // All that is named is there; as many objects of as many bytes can be no others. (Old metadata that do not
  // know sizes say 0, and come to fewer bytes.)
  cargo.is_named = cargo.extent.objects == static_cast<std::int64_t>(cargo.index.size()) &&
                   cargo.extent.bytes == cargo.index.bytes();
  return cargo;
}

CopyReport ReportOf(const CopyBackupOptions& options, const BackupSide& target, const BackupLayout& to,
                    const Backup& backup, const Extent& extent) {
  return {.name = options.name,
          .as = options.as,
          .target_url = target.store.identity().Url(ObjectKey(to.prefix())),
          .objects = extent.objects,
          .bytes = extent.bytes,
          .other_format = backup.format};
}

// From the metadata where they name all there is, which spares the store a listing; else from a listing.
// Either comes in key order, as the records do. What is given must outlive the tasks.
CopyTaskSource TasksOf(const Cargo& cargo, const BackupLayout& from, const BackupLayout& to,
                       FileListing& listing, ObjectRecordLookup& records) {
  auto task_of = [&](ObjectKey here, std::int64_t size) -> Result<std::optional<CopyTask>> {
    const std::string key(Below(from, here));
    MBK_TRY_ASSIGN(const manifest::ObjectRecord record, records.Find(key));
    return std::optional(
        CopyTask{std::move(here), ObjectKey(to.prefix() + key), size, DigestOnRecord(record)});
  };
  if (cargo.is_named) {
    return [&, task_of, next = std::size_t{0}]() mutable -> Result<std::optional<CopyTask>> {
      if (next == cargo.index.size()) return std::optional<CopyTask>();
      const DataObject object = cargo.index.at(next++);
      return task_of(object.KeyIn(from.tree()), object.log->size);
    };
  }
  return [&, task_of]() -> Result<std::optional<CopyTask>> {
    MBK_TRY_ASSIGN(std::optional<ObjectInfo> object, listing.Next());
    if (!object) return std::optional<CopyTask>();
    return task_of(std::move(object->key), object->size);
  };
}

struct Carried {
  Extent extent;
  DigestLog digests;
  std::string streamed_because;
};

Result<Carried> CopyData(const Cargo& cargo, BackupSide& source, BackupSide& target, const BackupLayout& from,
                         const BackupLayout& to, const RunServices& run, const CallContext& context) {
  Carried carried;
  FileListing listing = DataListing(source.store, from, context);
  ObjectRecordLookup records(source.store, from, context);
  const CopyTaskSource next = TasksOf(cargo, from, to, listing, records);
  CopyOptions copy = run.settings.copy;
  copy.wants_digests = !cargo.is_recorded;
  ObjectCopier copier(source.store, target.store, copy);
  MBK_TRY(copier.CopyAll(next, run.progress, context, [&](const CopyTask& task, const CopyResult& result) {
    carried.extent.Add(Below(from, task.source), task.size);
    carried.digests.Add(task.target, result.digest);
    return Status();
  }));
  carried.digests.Seal();
  carried.streamed_because = copier.streaming_reason();
  return carried;
}

Backup Named(Backup backup, const std::string& name) {
  backup.name = name;
  return backup;
}

// What the source recorded stays on record: what lies there now may be damaged already, and a digest of that
// would make it look as if it had always been so. Where nothing is on record, the best that this run knows:
// what it sent itself, or what the store says.
Status SetDigest(manifest::ObjectRecord& record, ObjectReader& target, const ObjectInfo& listed,
                 const Carried& carried, const CallContext& context) {
  const Digest recorded = DigestOnRecord(record);
  if (recorded.kind != Digest::Kind::kNone) {
    MBK_TRY_ASSIGN(const Digest told, ToldDigest(target, listed, recorded, context));
    if (recorded.kind != told.kind || recorded == told) return {};
    return DataLoss(fmt::format("in the copy {}", OtherBytes(listed.key, told, recorded)));
  }
  Digest digest = carried.digests.Find(listed.key);
  if (digest.kind == Digest::Kind::kNone) digest = CertainDigest(target, listed);
  // `verify` computes no CRC: what the source recorded is worth more.
  if (!IsComputed(digest.kind)) return {};
  record.digest_kind = DigestKindName(digest.kind);
  record.digest = digest.hex;
  return {};
}

// The records of the metadata that the copy will have.
struct CarriedMeta {
  std::vector<manifest::ObjectRecord> records;  ///< in key order
  bool as_they_are = false;                     ///< byte for byte those of the source
};

Result<CarriedMeta> MetaOf(const OpenedBackup& opened, const BackupSide& source, const BackupLayout& to,
                           const CallContext& context) {
  MBK_TRY_ASSIGN(std::vector<manifest::ObjectRecord> records,
                 RecordsOfStoredMeta(source.store, opened.layout, to.name(), context));
  std::erase_if(records, [](const manifest::ObjectRecord& record) { return IsOfOthers(record.key); });
  if (opened.remarks.empty()) return CarriedMeta{std::move(records), opened.layout.name() == to.name()};
  MBK_TRY_ASSIGN(manifest::ObjectRecord commit, RecordOfCommit(Named(opened.backup, to.name())));
  std::erase_if(records, [&](const manifest::ObjectRecord& record) { return record.key == commit.key; });
  const auto behind = std::find_if(records.begin(), records.end(), [&](const manifest::ObjectRecord& record) {
    return record.key > commit.key;
  });
  records.insert(behind, std::move(commit));
  return CarriedMeta{std::move(records)};
}

// Metadata that are carried as they are must be those that were written.
Status RecordMeta(const CarriedMeta& meta, ObjectRecordLookup& records, ObjectOutput& output) {
  for (const manifest::ObjectRecord& record : meta.records) {
    MBK_TRY_ASSIGN(const manifest::ObjectRecord before, records.Find(record.key));
    if (meta.as_they_are && before.digest_kind == record.digest_kind && before.digest != record.digest)
      return DataLoss(fmt::format("{} of the backup is not what was written: {} {} instead of {}", record.key,
                                  record.digest_kind, record.digest, before.digest));
    MBK_TRY(output.Write(manifest::ObjectRecordLine(record)));
  }
  return {};
}

// What lies at the target must be what was carried, by key and size; what is of the backup goes into its
// objects.json, and so do the metadata that are to follow. One listing: the source is listed again only to
// say what is wrong.
Status VerifyAndRecord(BackupSide& source, BackupSide& target, const BackupLayout& from,
                       const BackupLayout& to, const Carried& carried, const CarriedMeta& meta,
                       const CallContext& context) {
  FileListing there = DataListing(target.store, to, context);
  ObjectRecordLookup records(source.store, from, context);
  ObjectOutput output(target.store, to.Meta(kObjects), context);
  bool meta_recorded = meta.records.empty();
  Extent arrived;
  for (;;) {
    MBK_TRY_ASSIGN(std::optional<ObjectInfo> listed, there.Next());
    if (!listed) break;
    const std::string key(Below(to, listed->key));
    arrived.Add(key, listed->size);
    if (!meta_recorded && meta.records.front().key < key) {
      MBK_TRY(RecordMeta(meta, records, output));
      meta_recorded = true;
    }
    if (IsOfOthers(key)) continue;
    MBK_TRY_ASSIGN(manifest::ObjectRecord record, records.Find(key));
    record.size = listed->size;
    record.etag = listed->etag;
    MBK_TRY(SetDigest(record, target.store, *listed, carried, context));
    MBK_TRY(output.Write(manifest::ObjectRecordLine(record)));
  }
  if (!meta_recorded) MBK_TRY(RecordMeta(meta, records, output));
  if (arrived == carried.extent) return output.Finish();
  FileListing here = DataListing(source.store, from, context);
  FileListing again = DataListing(target.store, to, context);
  return NameDifference(here, again);
}

// The same file under another name of the backup.
Status CopyRenamed(BackupSide& source, BackupSide& target, const ObjectKey& from, const ObjectKey& to,
                   const std::string& name, const CallContext& context) {
  ObjectInputBuf input(source.store, from, context);
  std::istream stream(&input);
  ObjectOutput output(target.store, to, context);
  const Status renamed =
      manifest::RenameText(stream, name, [&](std::string_view text) { return output.Write(text); });
  MBK_TRY(input.status());
  MBK_TRY(renamed.WithContext(source.store.identity().Url(from)));
  return output.Finish();
}

// Of a backup whose own commit object is missing or damaged the copy has one all the same.
Status WriteCommit(BackupSide& target, const OpenedBackup& opened, const BackupLayout& to,
                   const CallContext& context) {
  ObjectOutput output(target.store, to.Meta(kBackupMeta), context);
  MBK_TRY(manifest::WriteBackupMeta(Named(opened.backup, to.name()),
                                    [&](std::string_view text) { return output.Write(text); }));
  return output.Finish();
}

// Metadata are carried byte for byte but for the name, so that keys of newer tools survive; the commit object
// comes last.
Status CopyMeta(BackupSide& source, BackupSide& target, const OpenedBackup& opened, const BackupLayout& to,
                BackupWriter& writer, const CallContext& context) {
  const BackupLayout& from = opened.layout;
  ObjectCopier copier(source.store, target.store, {.mode = CopyMode::kStreaming});
  auto carry = [&](const ObjectInfo& object) -> Status {
    MBK_TRY(writer.Check(context));
    const ObjectKey there(to.prefix() + std::string(Below(from, object.key)));
    if (HoldsName(from, object.key) && to.name() != from.name())
      return CopyRenamed(source, target, object.key, there, to.name(), context);
    return copier.CopyOne({object.key, there, object.size}, context).status();
  };
  MBK_TRY(ForEachObject(source.store, from.prefix() + "meta/", context, [&](const ObjectInfo& object) {
    const bool is_commit = object.key == from.Meta(kBackupMeta);
    return IsCarriedMeta(from, object) && !is_commit ? carry(object) : Status();
  }));
  MBK_TRY(writer.Check(context));
  if (!opened.remarks.empty()) return WriteCommit(target, opened, to, context);
  MBK_TRY_ASSIGN(const ObjectInfo commit, source.store.Head(from.Meta(kBackupMeta), context));
  return carry(commit);
}

// Whether one of the two directories lies in the other: what is copied would be part of what is read.
Status CheckApart(const BackupSide& source, const BackupSide& target, const BackupLayout& from,
                  const BackupLayout& to) {
  const StoreIdentity &here = source.store.identity(), &there = target.store.identity();
  const std::string source_at = here.RealPrefix(from.prefix()), target_at = there.RealPrefix(to.prefix());
  const bool nested = target_at.starts_with(source_at) || source_at.starts_with(target_at);
  if (!here.SameStore(there) || !nested || target_at == source_at) return {};
  return FailedPrecondition(fmt::format("{} and {} lie one inside the other: a backup cannot be copied there",
                                        here.Url(ObjectKey(from.prefix())),
                                        there.Url(ObjectKey(to.prefix()))));
}

Result<CopyReport> Write(const CopyBackupOptions& options, BackupSide& source, BackupSide& target,
                         OpenedBackup& opened, const Cargo& cargo, const BackupLayout& to,
                         BackupWriter& writer, const RunServices& run, const CallContext& context) {
  run.progress.Enter(Step::kCopy, cargo.extent.objects, cargo.extent.bytes);
  MBK_TRY_ASSIGN(Carried carried, CopyData(cargo, source, target, opened.layout, to, run, context));

  run.progress.Enter(Step::kVerify, carried.extent.objects);
  MBK_TRY_ASSIGN(const CarriedMeta meta, MetaOf(opened, source, to, context));
  MBK_TRY(writer.Check(context));
  MBK_TRY(VerifyAndRecord(source, target, opened.layout, to, carried, meta, context));

  CopyReport report = ReportOf(options, target, to, opened.backup, carried.extent);
  report.streamed_because = std::move(carried.streamed_because);

  // A delete that began in the meantime may have taken what was not listed yet.
  MBK_TRY(StillThere(source, opened, context));
  // From here on the copy exists.
  run.progress.Enter(Step::kManifest);
  MBK_TRY(CopyMeta(source, target, opened, to, writer, context));
  writer.Release(context);
  return report;
}

}  // namespace

Result<CopyReport> RunCopy(const CopyBackupOptions& options, BackupSide& source, BackupSide& target,
                           const RunServices& run, const CallContext& context) {
  CopyBackupOptions named = options;
  if (named.as.empty()) named.as = options.name;
  // A name that it has already is kept, whoever gave it.
  MBK_TRY(options.as.empty() ? CheckNameOfBackup(named.as) : CheckBackupName(named.as));

  run.progress.Enter(Step::kOpen);
  const BackupLayout from(source.root, options.name), to(target.root, named.as);
  MBK_TRY(CheckApart(source, target, from, to));
  MBK_TRY_ASSIGN(OpenedBackup opened, OpenBackup(source, options.name, context));
  MBK_TRY_ASSIGN(const Cargo cargo, TakeStock(opened, source, context));
  if (options.dry_run) {  // which says what the run would refuse
    MBK_TRY(CheckNameIsFree(target, to, context));
    return ReportOf(named, target, to, opened.backup, cargo.extent);
  }

  MBK_TRY(MakeMissing(target, context));
  MBK_TRY(RefuseSamePlace(source, from, target, to, context));
  // Beyond this point the name at the other side is ours.
  MBK_TRY_ASSIGN(std::unique_ptr<BackupWriter> writer, BeginBackup(target, to, "copy", context));
  // What is written goes through the writer: it ends when the lock is lost.
  BackupSide held{writer->store(), target.root, target.reach};
  Result<CopyReport> report =
      Write(named, source, held, opened, cargo, to, *writer, run, writer->While(context));
  if (!report.ok())
    return GiveUp(target, *writer, to, ExplainFailure(source, opened, report.status(), context), context);
  run.progress.Enter(Step::kDone);
  return report;
}

}  // namespace mbk
