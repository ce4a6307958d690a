#include "ops/open_backup.h"

#include <fmt/core.h>

#include <utility>

#include "base/log.h"
#include "manifest/unknown_keys.h"
#include "ops/backup_name.h"
#include "repository/meta_file.h"
#include "repository/readable.h"

namespace mbk {
namespace {

// Only of what is proved to be left by a run of ours, and never of what may be a whole backup.
bool MayBeRemoved(const BackupPlace& place) {
  const bool is_ours = place.kind == PlaceKind::kOurUnfinished || place.kind == PlaceKind::kBeingDeleted;
  return is_ours && !place.meta.Has(kBackupMeta);
}

Status WithAdvice(const BackupSide& side, const std::string& name, const BackupPlace& place, Status status) {
  if (!MayBeRemoved(place)) return status;
  return {status.code(), fmt::format("{}; {}", status.message(),
                                     Advise("remove what is left of it with", DeleteCommand(side, name)))};
}

// What is written below a backup would lie there as files of something else, and go with it. Above its own
// root a store may refuse to be asked.
Status CheckRootIsInNoBackup(const BackupSide& side, const CallContext& context) {
  std::string_view root = side.root;
  while (!root.empty()) {
    const std::size_t slash = root.rfind('/');
    const std::string_view above = slash == std::string_view::npos ? "" : root.substr(0, slash);
    const std::string_view name = slash == std::string_view::npos ? root : root.substr(slash + 1);
    if (!name.empty()) {
      const Status found = side.store.Head(BackupLayout(above, name).Meta(kBackupMeta), context).status();
      MBK_TRY(context.Check());
      if (found.code() == Code::kUnavailable) return found;
      if (found.ok())
        return FailedPrecondition(
            fmt::format("{} lies in a backup ({}): backups are not kept there; give another root path",
                        side.store.identity().Url(ObjectKey(side.root)), root));
    }
    root = above;
  }
  return {};
}

}  // namespace

AdvisedCommand DeleteCommand(const BackupSide& side, std::string_view name) {
  return CommandFor(side.reach, "delete -n " + ShellQuoted(name));
}

Result<OpenedBackup> OpenBackup(const BackupSide& side, const std::string& name, const CallContext& context) {
  MBK_TRY(CheckNameOfBackup(name));
  const BackupLayout layout(side.root, name);
  MBK_TRY_ASSIGN(const BackupPlace place, LookAt(side.store, layout, context));
  if (place.meta.locked) MBK_TRY(CheckReadable(side.store, layout, context));
  Result<OpenedBackup> opened = OpenBackup(side.store, layout, place, context);
  if (!opened.ok()) return WithAdvice(side, name, place, opened.status());
  for (const std::string& remark : opened->remarks) log::Warn("backup {}: {}", name, remark);
  return opened;
}

Result<std::vector<std::string>> KeysOfNewerTools(ObjectReader& store, const BackupLayout& layout,
                                                  const CallContext& context) {
  Result<std::vector<std::string>> keys =
      ParseObject(store, layout.Meta(kFullMeta), context, nullptr,
                  [](std::istream& in) { return manifest::UnknownKeys(in); });
  // What has only level files is older than any key that could be unknown.
  return keys.status().code() == Code::kNotFound ? std::vector<std::string>() : keys;
}

Status StillThere(const BackupSide& side, const OpenedBackup& opened, const CallContext& context) {
  const std::string& name = opened.layout.name();
  MBK_TRY_ASSIGN(const MetaListing meta, ListMeta(side.store, opened.layout, context));
  // One that was there before, beside the whole backup, is that of a delete that removed nothing.
  if (meta.marker_etag && meta.marker_etag != opened.marker_etag)
    return {Code::kLocked,
            fmt::format("backup \"{}\" is being deleted by another run: what was read of it may "
                        "not be all",
                        name)};
  if (meta.commit_etag == opened.commit_etag && meta.IsReadable()) return {};
  return FailedPrecondition(fmt::format("backup \"{}\" was {} while it was read", name,
                                        meta.IsReadable() ? "replaced by another one" : "removed"));
}

Status ExplainFailure(const BackupSide& side, const OpenedBackup& opened, Status failure,
                      const CallContext& context) {
  // A store that was given up as silent is not asked once more.
  const bool silent = failure.code() == Code::kUnavailable || failure.code() == Code::kDeadlineExceeded;
  if (context.stop.stop_requested() || silent) return failure;
  const Status there = StillThere(side, opened, context);
  const bool explains = there.code() == Code::kLocked || there.code() == Code::kFailedPrecondition;
  return explains ? Status(there.code(), fmt::format("{} ({})", there.message(), failure.message()))
                  : failure;
}

namespace {

// With the command that removes what is in the way, where a run of ours left it.
Status ExplainTaken(const BackupSide& side, const BackupLayout& layout, Status refused,
                    const CallContext& context) {
  if (refused.code() != Code::kAlreadyExists) return refused;
  const Result<BackupPlace> place = LookAt(side.store, layout, context);
  return place.ok() ? WithAdvice(side, layout.name(), *place, std::move(refused)) : refused;
}

}  // namespace

Result<std::unique_ptr<BackupWriter>> BeginBackup(const BackupSide& side, const BackupLayout& layout,
                                                  std::string_view verb, const CallContext& context) {
  MBK_TRY(CheckRootIsInNoBackup(side, context));
  MBK_TRY(MakeMissing(side, context));
  Result<std::unique_ptr<BackupWriter>> writer = BackupWriter::Begin(side.store, layout, verb, context);
  if (!writer.ok()) return ExplainTaken(side, layout, writer.status(), context);
  return writer;
}

Status CheckNameIsFree(const BackupSide& side, const BackupLayout& layout, const CallContext& context) {
  MBK_TRY(CheckRootIsInNoBackup(side, context));
  return ExplainTaken(side, layout, BackupWriter::CheckFree(side.store, layout, context), context);
}

}  // namespace mbk
