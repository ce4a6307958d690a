#include "ops/verify/checksums.h"

#include <fmt/core.h>

#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "base/hash.h"
#include "base/parallel.h"
#include "repository/object_records.h"

namespace mbk {
namespace {

// Records in memory at a time; their objects are read in parallel.
constexpr std::size_t kRecordsAtATime = 4096;

template <class Hash>
Result<std::string> HashObject(ObjectReader& store, const ObjectKey& key, Progress& progress,
                               const CallContext& context) {
  Hash hash;
  auto sink = [&](std::string_view piece) {
    hash.Update(piece);
    progress.Add(0, static_cast<std::int64_t>(piece.size()));
    return Status();
  };
  MBK_TRY(store.Get({.key = key}, sink, context).status());
  return hash.Hex();
}

class Comparison {
 public:
  Comparison(ObjectReader& store, const BackupLayout& layout, VerifyReport& report, const RunServices& run)
      : store_(store), layout_(layout), report_(report), run_(run) {}

  Status Compare(const manifest::ObjectRecord& record, const CallContext& context) {
    const ObjectKey key(layout_.prefix() + record.key);
    Result<std::string> digest = std::string();
    if (record.digest_kind == "md5")
      digest = HashObject<Md5>(store_, key, run_.progress, context);
    else if (record.digest_kind == "sha256")
      digest = HashObject<Sha256>(store_, key, run_.progress, context);
    else if (record.digest_kind == "xxh128")
      digest = HashObject<Xxh128>(store_, key, run_.progress, context);
    else
      return NoteUnproven(record);
    if (digest.status().code() == Code::kNotFound) return NoteDamage(fmt::format("{} is missing", key.str()));
    if (!digest.ok()) return digest.status();
    run_.progress.Add(1, 0);
    if (*digest != record.digest)
      return NoteDamage(fmt::format("{} has other bytes than were written: {} {} instead of {}", key.str(),
                                    record.digest_kind, *digest, record.digest));
    std::scoped_lock lock(mutex_);
    ++report_.objects_compared;
    return {};
  }

  void Finish() {
    for (const auto& [kind, count] : without_)
      report_.unproven.push_back(
          kind.empty()
              ? fmt::format("{} objects have no recorded digest (made by multipart copy): their bytes "
                            "cannot be compared",
                            count)
              : fmt::format("{} objects have a {} digest, which is not computed here", count, kind));
  }

 private:
  Status NoteDamage(std::string what) {
    std::scoped_lock lock(mutex_);
    report_.damage.push_back(std::move(what));
    return {};
  }
  Status NoteUnproven(const manifest::ObjectRecord& record) {
    std::scoped_lock lock(mutex_);
    ++without_[record.digest_kind];
    return {};
  }

  ObjectReader& store_;
  const BackupLayout& layout_;
  VerifyReport& report_;
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

}  // namespace

Status VerifyChecksums(ObjectReader& store, const BackupLayout& layout, VerifyReport& report,
                       const RunServices& run, const CallContext& context) {
  run.progress.Enter(Step::kVerify, report.objects, report.bytes);
  Comparison comparison(store, layout, report, run);
  ObjectRecordReader reader(store, layout, context);
  std::int64_t records_seen = 0;
  for (;;) {
    Result<std::vector<manifest::ObjectRecord>> records = NextRecords(reader);
    if (records.status().code() == Code::kNotFound) {
      report.unproven.push_back(fmt::format(
          "the backup has no meta/{} (the Go tool writes none): the bytes of its objects cannot be compared",
          kObjects));
      return {};
    }
    if (records.status().code() == Code::kDataLoss) {
      report.damage.push_back(records.status().message());
      break;
    }
    MBK_TRY(records.status());
    if (records->empty()) break;
    records_seen += static_cast<std::int64_t>(records->size());
    MBK_TRY(ParallelFor(
        records->size(), run.settings.listing_concurrency, context,
        [&](std::size_t i, const CallContext& inner) { return comparison.Compare((*records)[i], inner); }));
  }
  if (records_seen < report.objects)
    report.unproven.push_back(
        fmt::format("{} of {} objects are not recorded in meta/{}: their bytes cannot be compared",
                    report.objects - records_seen, report.objects, kObjects));
  comparison.Finish();
  return {};
}

}  // namespace mbk
