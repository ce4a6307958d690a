#include <fmt/core.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "manifest/manifest.h"
#include "manifest/object_index.h"
#include "ops/backup_files.h"
#include "ops/backup_name.h"
#include "ops/copy/copy.h"
#include "ops/give_up.h"
#include "repository/object_records.h"
#include "repository/object_stream.h"
#include "repository/repository.h"
#include "repository/tree_check.h"
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
  bool is_recorded = false;  // there is an objects.json, which knows what digest each object has
};

// A backup that is not whole is not worth carrying: its own metadata say what must be there.
Result<Cargo> TakeStock(OpenedBackup& opened, ObjectReader& store, const CallContext& context) {
  Cargo cargo{.index = ObjectIndex(opened.backup.collections)};
  auto add = [&](const ObjectInfo& listed) {
    if (listed.key == opened.layout.Meta(kObjects)) cargo.is_recorded = true;
    if (IsData(opened.layout, listed)) cargo.extent.Add(Below(opened.layout, listed.key), listed.size);
    return Status();
  };
  MBK_TRY(CheckWholeTree(store, opened.layout.tree(), cargo.index, add, context)
              .WithContext(fmt::format("backup {} is not whole", opened.layout.name())));
  // All that is named is there; as many objects of as many bytes can be no others. (Old metadata that do not
  // know sizes say 0, and come to fewer bytes.)
  cargo.is_named = cargo.extent.objects == static_cast<std::int64_t>(cargo.index.size()) &&
                   cargo.extent.bytes == cargo.index.bytes();
  return cargo;
}

CopyReport ReportOf(const CopyBackupOptions& options, const BackupSide& target, const BackupLayout& to,
                    const Extent& extent) {
  return {.name = options.name,
          .as = options.as,
          .target_url = target.store.identity().Url(ObjectKey(to.prefix())),
          .objects = extent.objects,
          .bytes = extent.bytes};
}

// From the metadata where they name all there is, which spares the store a listing; else from a listing.
// What is given must outlive the tasks.
CopyTaskSource TasksOf(const Cargo& cargo, const BackupLayout& from, const BackupLayout& to,
                       FileListing& listing) {
  if (cargo.is_named) {
    return [&, next = std::size_t{0}]() mutable -> Result<std::optional<CopyTask>> {
      if (next == cargo.index.size()) return std::optional<CopyTask>();
      const DataObject object = cargo.index.at(next++);
      return std::optional(CopyTask{object.KeyIn(from.tree()), object.KeyIn(to.tree()), object.log->size});
    };
  }
  return [&]() -> Result<std::optional<CopyTask>> {
    MBK_TRY_ASSIGN(std::optional<ObjectInfo> object, listing.Next());
    if (!object) return std::optional<CopyTask>();
    ObjectKey there(to.prefix() + std::string(Below(from, object->key)));
    return std::optional(CopyTask{std::move(object->key), std::move(there), object->size});
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
  const CopyTaskSource next = TasksOf(cargo, from, to, listing);
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

// The source's objects.json, asked for in key order.
class SourceRecords {
 public:
  SourceRecords(ObjectReader& store, const BackupLayout& layout, const CallContext& context)
      : reader_(store, layout, context) {}

  // The record of `key`; empty when the backup has none (Go tool).
  Result<manifest::ObjectRecord> Find(const std::string& key) {
    while (now_ && now_->key < key) MBK_TRY(Advance());
    return now_ && now_->key == key ? *now_ : manifest::ObjectRecord{.key = key};
  }

 private:
  Status Advance() {
    Result<std::optional<manifest::ObjectRecord>> next = reader_.Next();
    if (!next.ok() && next.status().code() != Code::kNotFound) return next.status();
    now_ = next.ok() ? *std::move(next) : std::nullopt;
    return {};
  }

  ObjectRecordReader reader_;
  std::optional<manifest::ObjectRecord> now_ = manifest::ObjectRecord();  ///< empty when there are no more
};

// What a run knows of an object's content, best first: what it sent itself, what the store says, and what
// the source's record says of the same bytes.
void SetDigest(manifest::ObjectRecord& record, const ObjectInfo& listed, const DigestLog& digests) {
  Digest digest = digests.Find(listed.key);
  if (digest.kind == Digest::Kind::kNone) digest = listed.digest;
  // `verify` computes no CRC: what the source recorded is worth more.
  using enum Digest::Kind;
  if (digest.kind == kNone || digest.kind == kCrc32c || digest.kind == kCrc64Nvme) return;
  record.digest_kind = DigestKindName(digest.kind);
  record.digest = digest.hex;
}

// What lies at the target must be what was carried, by key and size, and goes into its objects.json. One
// listing: the source is listed again only to say what is wrong.
Status VerifyAndRecord(BackupSide& source, BackupSide& target, const BackupLayout& from,
                       const BackupLayout& to, const Carried& carried, const CallContext& context) {
  FileListing there = DataListing(target.store, to, context);
  SourceRecords records(source.store, from, context);
  ObjectOutput output(target.store, to.Meta(kObjects), context);
  Extent arrived;
  for (;;) {
    MBK_TRY_ASSIGN(std::optional<ObjectInfo> listed, there.Next());
    if (!listed) break;
    const std::string key(Below(to, listed->key));
    arrived.Add(key, listed->size);
    MBK_TRY_ASSIGN(manifest::ObjectRecord record, records.Find(key));
    record.size = listed->size;
    record.etag = listed->etag;
    SetDigest(record, *listed, carried.digests);
    MBK_TRY(output.Write(manifest::ObjectRecordLine(record)));
  }
  if (arrived == carried.extent) return output.Finish();
  FileListing here = DataListing(source.store, from, context);
  FileListing again = DataListing(target.store, to, context);
  return NameDifference(here, again);
}

// While the name stays, metadata are carried byte for byte, so that keys of newer tools survive; the
// commit object comes last.
Status CopyMeta(BackupSide& source, BackupSide& target, const BackupLayout& from, const BackupLayout& to,
                const CallContext& context) {
  ObjectCopier copier(source.store, target.store, {.mode = CopyMode::kStreaming});
  std::optional<CopyTask> commit;
  MBK_TRY(
      ForEachObject(source.store, from.prefix() + "meta/", context, [&](const ObjectInfo& object) -> Status {
        if (object.key == from.Meta(kLock) || object.key == from.Meta(kObjects)) return {};
        CopyTask task{object.key, ObjectKey(to.prefix() + object.key.str().substr(from.prefix().size())),
                      object.size};
        if (object.key == from.Meta(kBackupMeta)) {
          commit = std::move(task);
          return {};
        }
        return copier.CopyOne(task, context).status();
      }));
  if (!commit)
    return FailedPrecondition(fmt::format("backup {} was removed while it was copied", from.name()));
  return copier.CopyOne(*commit, context).status();
}

Result<CopyReport> Write(const CopyBackupOptions& options, BackupSide& source, BackupSide& target,
                         OpenedBackup& opened, const Cargo& cargo, const BackupLayout& to,
                         BackupWriter& writer, const RunServices& run, const CallContext& context) {
  run.progress.Enter(Step::kCopy, cargo.extent.objects, cargo.extent.bytes);
  MBK_TRY_ASSIGN(Carried carried, CopyData(cargo, source, target, opened.layout, to, run, context));

  run.progress.Enter(Step::kVerify, carried.extent.objects);
  MBK_TRY(VerifyAndRecord(source, target, opened.layout, to, carried, context));

  CopyReport report = ReportOf(options, target, to, carried.extent);
  report.streamed_because = std::move(carried.streamed_because);

  // From here on the copy exists.
  run.progress.Enter(Step::kManifest);
  if (options.as == options.name) {
    MBK_TRY(CopyMeta(source, target, opened.layout, to, context));
    writer.Release(context);
    return report;
  }
  opened.backup.name = to.name();
  MBK_TRY(writer.Commit(opened.backup, context));
  return report;
}

}  // namespace

Result<CopyReport> RunCopy(const CopyBackupOptions& options, BackupSide& source, BackupSide& target,
                           const RunServices& run, const CallContext& context) {
  CopyBackupOptions named = options;
  if (named.as.empty()) named.as = options.name;
  MBK_TRY(CheckBackupName(named.as));

  run.progress.Enter(Step::kOpen);
  const BackupLayout from(source.root, options.name), to(target.root, named.as);
  MBK_TRY_ASSIGN(OpenedBackup opened, OpenBackup(source.store, from, context));
  MBK_TRY_ASSIGN(const Cargo cargo, TakeStock(opened, source.store, context));
  if (options.dry_run) return ReportOf(named, target, to, cargo.extent);

  // Beyond this point the name at the other side is ours.
  MBK_TRY_ASSIGN(std::unique_ptr<BackupWriter> writer,
                 BackupWriter::Begin(target.store, to, "copy", context));
  Result<CopyReport> report = Write(named, source, target, opened, cargo, to, *writer, run, context);
  if (!report.ok()) return GiveUp(*writer, to, report.status(), context);
  run.progress.Enter(Step::kDone);
  return report;
}

}  // namespace mbk
