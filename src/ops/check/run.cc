#include <fmt/core.h>

#include <chrono>

#include "base/log.h"
#include "base/uuid.h"
#include "manifest/keys.h"
#include "ops/check/check.h"
#include "store/list_first.h"
#include "transfer/copier.h"

namespace mbk {
namespace {

constexpr std::chrono::seconds kCleanUpTimeout{10};

// A probe object, removed when this object goes, with a warning where that fails.
class Probe {
 public:
  Probe(ObjectStore& store, ObjectKey key) : store_(store), key_(std::move(key)) {}
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;
  ~Probe() {
    const ObjectKey keys[] = {key_};
    Status removed = store_.Delete(keys, {.deadline = Deadline::After(kCleanUpTimeout)});
    if (!removed.ok()) log::Warn("a probe object stays behind: {}", removed.message());
  }
  const ObjectKey& key() const { return key_; }

 private:
  ObjectStore& store_;
  const ObjectKey key_;
};

Result<bool> IsEmpty(ObjectReader& store, const std::string& root, const CallContext& context) {
  const ListRequest one{.prefix = root.empty() ? "" : JoinKey(root, "/"), .max_keys = 1};
  MBK_TRY_ASSIGN(const ListPage page, ListFirst(store, one, context));
  return page.objects.empty();
}

// The way every object of a backup takes, with one byte.
Result<std::string> TryCopy(MilvusSide& server, BackupSide& target, const RunServices& run,
                            const CallContext& context) {
  const std::string id = NewUuid();
  const Probe source(server.store, ObjectKey(JoinKey(server.root, "milvus_backup_check_src_" + id)));
  const Probe copy(target.store, ObjectKey(JoinKey(target.root, "milvus_backup_check_dst_" + id)));
  MBK_TRY(server.store.Put({.key = source.key(), .body = "1"}, context)
              .status()
              .WithContext("the store of Milvus"));
  ObjectCopier copier(server.store, target.store, run.settings.copy);
  MBK_TRY_ASSIGN(CopyResult copied, copier.CopyOne({source.key(), copy.key(), 1}, context));
  MBK_TRY_ASSIGN(ObjectInfo info, target.store.Head(copy.key(), context));
  if (info.size != 1)
    return DataLoss(fmt::format("{} has {} bytes after a copy of one byte",
                                target.store.identity().Url(copy.key()), info.size));
  return std::string(CopyMethodName(copied.method));
}

}  // namespace

Result<CheckReport> RunCheck(MilvusSide& server, BackupSide& target, const RunServices& run,
                             const CallContext& context) {
  CheckReport report{.milvus_version = server.client.version()};
  Result<bool> empty = IsEmpty(server.store, server.root, context);
  if (!empty.ok()) return empty.status().WithContext("the store of Milvus");
  report.milvus_root_empty = *empty;
  MBK_TRY(MakeMissing(target, context));
  MBK_TRY(IsEmpty(target.store, target.root, context).status().WithContext("the backup store"));
  MBK_TRY_ASSIGN(report.copy_method, TryCopy(server, target, run, context));
  run.progress.Enter(Step::kDone);
  return report;
}

}  // namespace mbk
