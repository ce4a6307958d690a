#include "ops/create/backup_copy.h"

#include <fmt/core.h>

#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "base/log.h"
#include "manifest/manifest.h"
#include "manifest/object_index.h"
#include "ops/capture/capture.h"
#include "repository/meta_records.h"
#include "repository/object_stream.h"
#include "repository/tree_check.h"
#include "transfer/copier.h"

namespace mbk {
namespace {

// Each round re-plans what vanished in the one before; on a server that compacts faster than this many
// copies, a backup without a pause of its garbage collection has no chance.
constexpr int kMaxRounds = 6;

// (collection, partition, segment, log): one data object across re-plans.
using LogIdentity = std::tuple<std::int64_t, std::int64_t, std::int64_t, bool, std::int64_t, std::int64_t>;

LogIdentity IdentityOf(const DataObject& object) {
  return {object.collection->collection_id,
          object.segment->partition_id,
          object.segment->segment_id,
          object.is_delta,
          object.log->field_id,
          object.log->log_id};
}

// Walks 0 … size-1 in jumps, so that neighbours in the key space, which a store keeps on one shard, are
// not asked for all at once.
class Scattered {
 public:
  explicit Scattered(std::size_t size) : size_(size), stride_(size / 7 + 1) {
    while (size_ > 0 && std::gcd(stride_, size_) != 1) ++stride_;
  }
  bool done() const { return given_ == size_; }
  std::size_t Next() {
    ++given_;
    return std::exchange(at_, size_ == 0 ? 0 : (at_ + stride_) % size_);
  }

 private:
  std::size_t size_, stride_, at_ = 0, given_ = 0;
};

class BackupDataCopy {
 public:
  BackupDataCopy(MilvusSide& server, ObjectStore& target, const BinlogTree& tree, DigestLog& digests,
                 const RunServices& run)
      : server_(server),
        target_(target),
        tree_(tree),
        digests_(digests),
        run_(run),
        copier_(server.store, target, run.settings.copy),
        source_(server.root) {}

  // Copy `collections` but for the objects in `arrived_`; those that vanished are in `vanished_` after.
  Status Round(std::vector<Collection>& collections, const CallContext& context) {
    const ObjectIndex index(collections);
    vanished_.clear();
    run_.progress.Enter(Step::kCopy, static_cast<std::int64_t>(index.size()), index.bytes());
    Scattered order(index.size());
    auto next = [&]() -> Result<std::optional<CopyTask>> {
      while (!order.done()) {
        const DataObject object = index.at(order.Next());
        if (arrived_.contains(IdentityOf(object))) continue;
        return std::optional(CopyTask{object.KeyIn(source_), object.KeyIn(tree_), object.log->size});
      }
      return std::optional<CopyTask>();
    };
    auto done = [&](const CopyTask& task, const CopyResult& result) {
      digests_.Add(task.target, result.digest);
      return Status();
    };
    auto failed = [&](const CopyTask& task, Status failure) {
      if (failure.code() != Code::kNotFound) return failure;
      log::Info("gone before it was copied: {}", failure.message());
      vanished_.insert(task.source);
      return Status();
    };
    return copier_.CopyAll(next, run_.progress, context, done, failed);
  }

  bool anything_vanished() const { return !vanished_.empty(); }
  std::string streaming_reason() const { return copier_.streaming_reason(); }

  // List the collections of which something vanished again, and forget what they no longer have.
  Status Replan(capture::Captured& captured, const CallContext& context) {
    std::map<LogIdentity, ObjectKey> arrived = FindArrived(captured.backup.collections);
    MBK_TRY(capture::ListSegments(server_, captured, hit_, run_, context));
    const ObjectIndex after(captured.backup.collections);
    arrived_.clear();
    for (std::size_t i = 0; i < after.size(); ++i) {
      const LogIdentity identity = IdentityOf(after.at(i));
      if (arrived.erase(identity) > 0) arrived_.insert(identity);
    }
    std::vector<ObjectKey> in_vain;
    for (auto& [identity, key] : arrived) in_vain.push_back(std::move(key));
    return in_vain.empty() ? Status() : target_.Delete(in_vain, context);
  }

 private:
  // What lies in the target already. Notes in `hit_` the collections of which something vanished.
  std::map<LogIdentity, ObjectKey> FindArrived(std::vector<Collection>& collections) {
    std::map<LogIdentity, ObjectKey> arrived;
    hit_.clear();
    const ObjectIndex before(collections);
    for (std::size_t i = 0; i < before.size(); ++i) {
      const DataObject object = before.at(i);
      if (!vanished_.contains(object.KeyIn(source_))) {
        arrived.emplace(IdentityOf(object), object.KeyIn(tree_));
        continue;
      }
      const auto at = static_cast<std::size_t>(object.collection - collections.data());
      if (hit_.empty() || hit_.back() != at) hit_.push_back(at);
    }
    return arrived;
  }

  MilvusSide& server_;
  ObjectStore& target_;
  const BinlogTree& tree_;
  DigestLog& digests_;
  const RunServices& run_;
  ObjectCopier copier_;
  const MilvusLayout source_;
  std::set<LogIdentity> arrived_;  ///< by earlier rounds; empty unless something vanished
  std::set<ObjectKey> vanished_;   ///< source keys, of the last round
  std::vector<std::size_t> hit_;   ///< indexes of the collections that they were of
};

}  // namespace

Result<std::string> CopyBackupData(MilvusSide& server, ObjectStore& target, const BinlogTree& tree,
                                   capture::Captured& captured, capture::GcPause* gc_pause,
                                   DigestLog& digests, const RunServices& run, const CallContext& context) {
  BackupDataCopy copy(server, target, tree, digests, run);
  for (int round = 1;; ++round) {
    MBK_TRY(copy.Round(captured.backup.collections, context));
    if (!copy.anything_vanished()) break;
    if (round == kMaxRounds) {
      return FailedPrecondition(
          "Milvus removes segments faster than they are copied; let it pause its garbage collection "
          "(backup.gcPause.enable and .address, in a v2 file backup.pauseGC and milvus.management.endpoint)");
    }
    // Another run that has ended may have let the collection go on.
    if (gc_pause != nullptr) gc_pause->Again(context);
    MBK_TRY(copy.Replan(captured, context));
    capture::AddUpSizes(captured.backup);
  }
  digests.Seal();
  return copy.streaming_reason();
}

namespace {

manifest::ObjectRecord RecordOf(const ObjectReader& store, const ObjectInfo& listed, const DataObject& object,
                                const BinlogTree& tree, const std::string& source_root,
                                const DigestLog& digests) {
  Digest digest = digests.Find(listed.key);
  if (digest.kind == Digest::Kind::kNone) digest = CertainDigest(store, listed);
  return {.key = listed.key.str().substr(tree.prefix().size()),
          .source_key = object.KeyIn(MilvusLayout(source_root)).str(),
          .size = listed.size,
          .etag = listed.etag,
          .digest_kind = std::string(DigestKindName(digest.kind)),
          .digest = digest.hex};
}

}  // namespace

Status RecordBackupData(ObjectStore& target, const BinlogTree& tree, Backup& backup, const DigestLog& digests,
                        const ObjectKey& objects_key, const CallContext& context) {
  const ObjectIndex index(backup.collections);
  ObjectOutput output(target, objects_key, context);
  MBK_TRY(CheckTree(
      target, tree, index,
      [&](const ObjectInfo& listed, const DataObject& object) {
        return output.Write(
            manifest::ObjectRecordLine(RecordOf(target, listed, object, tree, backup.source_root, digests)));
      },
      context));
  // The metadata come last, and are known already.
  MBK_TRY_ASSIGN(const std::vector<manifest::ObjectRecord> meta, RecordsOfMeta(backup));
  for (const manifest::ObjectRecord& record : meta) MBK_TRY(output.Write(manifest::ObjectRecordLine(record)));
  return output.Finish();
}

}  // namespace mbk
