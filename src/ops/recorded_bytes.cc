#include "ops/recorded_bytes.h"

#include <atomic>
#include <mutex>
#include <utility>

#include "base/parallel.h"
#include "manifest/object_index.h"
#include "repository/object_records.h"
#include "repository/tree_check.h"
#include "store/content_hash.h"

namespace mbk {
namespace {

// Files whose keys are in memory at a time; they are read in parallel.
constexpr std::size_t kFilesAtATime = 4096;

struct Untold {
  ObjectKey key;
  Digest recorded;
};

class RecordedBytes {
 public:
  RecordedBytes(ObjectReader& store, const BackupLayout& layout,
                const std::vector<const Collection*>& collections, const DigestLog& recorded,
                const ReadsSegment& reads, const RunServices& run)
      : store_(store),
        layout_(layout),
        collections_(collections),
        recorded_(recorded),
        reads_(reads),
        run_(run) {}

  // What listings tell, and which collections have files of which they do not.
  Result<std::vector<std::size_t>> CompareTold(const CallContext& context) {
    std::vector<std::size_t> to_be_read;
    MBK_TRY(ParallelFor(collections_.size(), run_.settings.listing_concurrency, context,
                        [&](std::size_t i, const CallContext& inner) -> Status {
                          bool has_untold = false;
                          MBK_TRY(ForEachFile(
                              i,
                              [&](const ObjectInfo& listed, const Digest& told, const Digest& recorded) {
                                if (told.kind == recorded.kind) {
                                  Compare(listed.key, told, recorded);
                                  return Status();
                                }
                                has_untold = true;
                                ++files_to_read_;
                                bytes_to_read_ += listed.size;
                                return Status();
                              },
                              inner));
                          std::scoped_lock lock(mutex_);
                          if (has_untold) to_be_read.push_back(i);
                          return {};
                        }));
    return to_be_read;
  }

  Status ReadUntold(const std::vector<std::size_t>& collections, const CallContext& context) {
    if (!collections.empty()) run_.progress.Enter(Step::kPreflight, files_to_read_, bytes_to_read_);
    for (const std::size_t i : collections) {
      std::vector<Untold> files;
      MBK_TRY(ForEachFile(
          i,
          [&](const ObjectInfo& listed, const Digest& told, const Digest& recorded) -> Status {
            if (told.kind == recorded.kind) return {};
            files.push_back({listed.key, recorded});
            return files.size() < kFilesAtATime ? Status() : Read(files, context);
          },
          context));
      MBK_TRY(Read(files, context));
    }
    return {};
  }

  Findings TakeFindings() { return std::move(other_bytes_); }

 private:
  using OnFile = std::function<Status(const ObjectInfo& listed, const Digest& told, const Digest& recorded)>;

  // Of those with a digest on record: told files, and those that are to be read.
  Status ForEachFile(std::size_t i, const OnFile& visit, const CallContext& context) {
    std::vector<Collection> one{*collections_[i]};
    const ObjectIndex index(one);
    const TreeMatch on_match = [&](const ObjectInfo& listed, const DataObject& object) -> Status {
      const Digest recorded = recorded_.Find(listed.key);
      if (!IsComputed(recorded.kind)) return {};
      MBK_TRY_ASSIGN(const Digest told, ToldDigest(store_, listed, recorded, context));
      const bool is_told = told.kind == recorded.kind;
      return is_told || reads_(i, *object.segment) ? visit(listed, told, recorded) : Status();
    };
    return ExamineCollection(store_, layout_.tree(), one.front().collection_id, index, on_match, context)
        .status();
  }

  Status Read(std::vector<Untold>& files, const CallContext& context) {
    MBK_TRY(ParallelFor(files.size(), run_.settings.listing_concurrency, context,
                        [&](std::size_t i, const CallContext& inner) -> Status {
                          const Untold& file = files[i];
                          MBK_TRY_ASSIGN(const Digest found,
                                         DigestOfObject(store_, file.key, file.recorded.kind, inner,
                                                        [&](std::string_view piece) {
                                                          run_.progress.Add(
                                                              0, static_cast<std::int64_t>(piece.size()));
                                                        }));
                          run_.progress.Add(1, 0);
                          Compare(file.key, found, file.recorded);
                          return {};
                        }));
    files.clear();
    return {};
  }

  void Compare(const ObjectKey& key, const Digest& found, const Digest& recorded) {
    if (found.hex == recorded.hex) return;
    std::scoped_lock lock(mutex_);
    other_bytes_.Add(OtherBytes(key, found, recorded));
  }

  ObjectReader& store_;
  const BackupLayout& layout_;
  const std::vector<const Collection*>& collections_;
  const DigestLog& recorded_;
  const ReadsSegment& reads_;
  const RunServices& run_;
  std::atomic<std::int64_t> files_to_read_ = 0;
  std::atomic<std::int64_t> bytes_to_read_ = 0;
  std::mutex mutex_;
  Findings other_bytes_;
};

}  // namespace

Result<DigestLog> RecordedDigests(ObjectReader& store, const BackupLayout& layout,
                                  const CallContext& context) {
  DigestLog digests;
  ObjectRecordReader reader(store, layout, context);
  for (;;) {
    const Result<std::optional<manifest::ObjectRecord>> record = reader.Next();
    if (record.status().code() == Code::kNotFound) break;  // the Go tool writes none
    MBK_TRY(record.status());
    if (!record->has_value()) break;
    digests.Add(ObjectKey(layout.prefix() + (*record)->key), DigestOnRecord(**record));
  }
  digests.Seal();
  return digests;
}

Result<Findings> CheckRecordedBytes(ObjectReader& store, const BackupLayout& layout,
                                    const std::vector<const Collection*>& collections,
                                    const DigestLog& recorded, const ReadsSegment& reads,
                                    const RunServices& run, const CallContext& context) {
  RecordedBytes bytes(store, layout, collections, recorded, reads, run);
  MBK_TRY_ASSIGN(const std::vector<std::size_t> to_be_read, bytes.CompareTold(context));
  MBK_TRY(bytes.ReadUntold(to_be_read, context));
  return bytes.TakeFindings();
}

}  // namespace mbk
