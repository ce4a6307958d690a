#include "ops/verify/checksums.h"

#include <fmt/core.h>

#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "base/parallel.h"
#include "manifest/own_objects.h"
#include "repository/meta_records.h"
#include "repository/object_records.h"
#include "store/content_hash.h"

namespace mbk {
namespace {

// Records in memory at a time; their objects are read in parallel.
constexpr std::size_t kRecordsAtATime = 4096;

class Comparison {
 public:
  Comparison(ObjectReader& store, const BackupLayout& layout, ChecksumProof& proof, const RunServices& run)
      : store_(store), layout_(layout), proof_(proof), run_(run) {}

  Status Compare(const manifest::ObjectRecord& record, const CallContext& context) {
    const ObjectKey key(layout_.prefix() + record.key);
    const Digest recorded = DigestOnRecord(record);
    if (recorded.kind == Digest::Kind::kNone) return NoteUnproven(record);
    const Result<Digest> digest = DigestOfObject(
        store_, key, recorded.kind, context,
        [&](std::string_view piece) { run_.progress.Add(0, static_cast<std::int64_t>(piece.size())); });
    if (digest.status().code() == Code::kNotFound) return NoteDamage(fmt::format("{} is missing", key.str()));
    if (!digest.ok()) return digest.status();
    run_.progress.Add(1, 0);
    if (*digest != recorded) return NoteDamage(OtherBytes(key, *digest, recorded));
    std::scoped_lock lock(mutex_);
    ++proof_.objects_compared;
    return {};
  }

  void Finish() {
    for (const auto& [kind, count] : without_)
      proof_.unproven.push_back(
          kind.empty()
              ? fmt::format(
                    "{} objects have no recorded digest (the store that copied them told none): their "
                    "bytes cannot be compared",
                    count)
              : fmt::format("{} objects have a {} digest, which is not computed here", count, kind));
  }

 private:
  Status NoteDamage(std::string what) {
    std::scoped_lock lock(mutex_);
    proof_.damage.Add(std::move(what));
    return {};
  }
  Status NoteUnproven(const manifest::ObjectRecord& record) {
    std::scoped_lock lock(mutex_);
    ++without_[record.digest_kind];
    return {};
  }

  ObjectReader& store_;
  const BackupLayout& layout_;
  ChecksumProof& proof_;
  const RunServices& run_;
  std::mutex mutex_;
  std::map<std::string, std::int64_t> without_;  ///< objects by the kind of digest that does not help
};

Result<std::vector<manifest::ObjectRecord>> NextRecords(ObjectRecordReader& reader) {
  std::vector<manifest::ObjectRecord> records;
  while (records.size() < kRecordsAtATime) {
    MBK_TRY_ASSIGN(std::optional<manifest::ObjectRecord> record, reader.Next());
    if (!record) break;
    records.push_back(std::move(*record));
  }
  return records;
}

// Which objects of the metadata have no record: both are in key order, and walked side by side.
class Unrecorded {
 public:
  Unrecorded(const BackupLayout& layout, const ObjectIndex& index) : layout_(layout), index_(index) {}

  void Pass(const manifest::ObjectRecord& record) {
    for (; next_ < index_.size(); ++next_) {
      const std::string key = KeyOfNext();
      if (key > record.key) return;
      if (key < record.key) unrecorded_.Add(key);
    }
  }
  void Finish(ChecksumProof& proof) {
    for (; next_ < index_.size(); ++next_) unrecorded_.Add(KeyOfNext());
    if (unrecorded_.empty()) return;
    proof.unproven.push_back(
        fmt::format("{} of {} objects are not recorded in meta/{}: their bytes cannot be compared: {}",
                    unrecorded_.count(), index_.size(), kObjects, unrecorded_.Summary(Findings::kMostNamed)));
  }

 private:
  std::string KeyOfNext() const {
    return index_.at(next_).KeyIn(layout_.tree()).str().substr(layout_.prefix().size());
  }

  const BackupLayout& layout_;
  const ObjectIndex& index_;
  std::size_t next_ = 0;
  Findings unrecorded_;
};

}  // namespace

Result<ChecksumProof> VerifyChecksums(ObjectReader& store, const BackupLayout& layout,
                                      const ObjectIndex& index, const RunServices& run,
                                      const CallContext& context) {
  ChecksumProof proof;
  Comparison comparison(store, layout, proof, run);
  ObjectRecordReader reader(store, layout, context);
  Unrecorded unrecorded(layout, index);
  for (;;) {
    Result<std::vector<manifest::ObjectRecord>> records = NextRecords(reader);
    if (records.status().code() == Code::kNotFound) {
      proof.unproven.push_back(fmt::format(
          "the backup has no meta/{} (the Go tool writes none): the bytes of its objects cannot be compared",
          kObjects));
      return proof;
    }
    if (records.status().code() == Code::kDataLoss) {
      proof.damage.Add(records.status().message());
      break;
    }
    MBK_TRY(records.status());
    if (records->empty()) break;
    for (const manifest::ObjectRecord& record : *records) unrecorded.Pass(record);
    // Files of something else were recorded by copies of earlier versions.
    std::erase_if(*records,
                  [](const auto& record) { return IsRecordedMetaKey(record.key) || IsOfOthers(record.key); });
    MBK_TRY(ParallelFor(
        records->size(), run.settings.listing_concurrency, context,
        [&](std::size_t i, const CallContext& inner) { return comparison.Compare((*records)[i], inner); }));
  }
  unrecorded.Finish(proof);
  comparison.Finish();
  return proof;
}

}  // namespace mbk
