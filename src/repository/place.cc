#include "repository/place.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "manifest/manifest.h"
#include "manifest/own_objects.h"
#include "repository/meta_file.h"
#include "store/list_first.h"

namespace mbk {
namespace {

constexpr std::string_view kGoFiles[] = {kBackupMeta, kCollectionMeta, kPartitionMeta, kSegmentMeta,
                                         kFullMeta};
constexpr std::int64_t kMaxMarkerBytes = 64 << 10;
// Of what no metadata describe, this much is looked at: what it is shows at once.
constexpr int kSampleKeys = 100;
constexpr std::size_t kMostDirectories = 20;

// Only that of a backup has a name of its own: `{}` is valid JSON too.
Result<Backup> ReadHead(ObjectReader& store, const ObjectKey& key, const CallContext& context) {
  return ParseObject(store, key, context, nullptr, [](std::istream& in) -> Result<Backup> {
    MBK_TRY_ASSIGN(Backup head, manifest::ReadBackupMeta(in));
    if (head.name.empty() && head.id.empty()) return DataLoss("it has neither a name nor an id");
    return head;
  });
}

// What of an object's content is needed to tell whose it is: gone or unreadable is nobody's.
template <class T>
Result<std::optional<T>> IfReadable(Result<T> read) {
  if (read.ok()) return std::optional<T>(*std::move(read));
  const Code code = read.status().code();
  if (code == Code::kNotFound || code == Code::kDataLoss) return std::optional<T>();
  return std::move(read).status();
}

Result<LockOwner> ReadMarker(ObjectReader& store, const BackupLayout& layout, const CallContext& context) {
  MBK_TRY_ASSIGN(std::string json, ReadObject(store, layout.Meta(kDeleting), kMaxMarkerBytes, context));
  return LockFromJson(json);
}

std::string MissingFile(std::string_view file) { return fmt::format("meta/{} is missing", file); }

// A name at which no metadata lie, looked at from above.
class Surroundings {
 public:
  Surroundings(ObjectReader& store, const BackupLayout& layout, const CallContext& context)
      : store_(store), layout_(layout), context_(context) {}

  Status Describe(BackupPlace& place) {
    MBK_TRY_ASSIGN(const ListPage level,
                   ListFirst(store_, {.prefix = layout_.prefix(), .delimiter = "/"}, context_));
    MBK_TRY_ASSIGN(const ListPage sample,
                   ListFirst(store_, {.prefix = layout_.prefix(), .max_keys = kSampleKeys}, context_));
    if (sample.objects.empty()) return {};
    place.kind = PlaceKind::kForeign;
    MBK_TRY_ASSIGN(const ListPage binlogs,
                   ListFirst(store_, {.prefix = layout_.tree().DataPrefix(), .delimiter = "/"}, context_));
    place.seen = place.meta.file_of_minio ? FormatOfMinio(*place.meta.file_of_minio)
                                          : NameForeign(level, binlogs, sample);
    if (!place.seen.empty()) return {};
    MBK_TRY_ASSIGN(const bool has_data, HasData(sample));
    if (has_data || !place.meta.sizes.empty() || place.meta.locked || place.meta.marker_etag) {
      place.kind = PlaceKind::kUnfinished;
      place.seen = "unfinished: " + MissingFile(kBackupMeta);
      return {};
    }
    MBK_TRY_ASSIGN(const std::string deeper, FindDeeper(level));
    place.seen = deeper.empty() ? fmt::format("these are files of something else, {} for one",
                                              store_.identity().Url(sample.objects.front().key))
                                : fmt::format("a backup lies one directory deeper, at {}", deeper);
    return {};
  }

 private:
  std::string_view Below(std::string_view key) const { return key.substr(layout_.prefix().size()); }

  // What is never a backup, whatever else lies there; empty when it is none of that.
  std::string NameForeign(const ListPage& level, const ListPage& binlogs, const ListPage& sample) const {
    for (const ObjectInfo& object : sample.objects)
      if (IsFileOfMinio(object.key.str())) return FormatOfMinio(object.key);
    if (IsStagingDirectory(layout_.name())) return std::string("these are files that a restore has staged");
    if (IsDirectoryOfMilvus(layout_.name()))
      return std::string("this is a directory in which Milvus keeps its own data");
    for (const std::string& directory : level.common_prefixes) {
      std::string_view name = Below(directory);
      name.remove_suffix(1);
      if (IsDirectoryOfMilvus(name)) return LooksLikeMilvus(name);
    }
    // The root path of a Milvus may end in binlogs, too. Some of its directories a backup has there as well.
    for (const std::string& directory : binlogs.common_prefixes) {
      const std::string_view below = Below(directory);
      std::string_view name = std::string_view(directory).substr(layout_.tree().DataPrefix().size());
      name.remove_suffix(1);
      if (IsDirectoryOfMilvus(name) && PartOf(below, 0) == BackupPart::kForeign)
        return LooksLikeMilvus(below);
    }
    return std::string();
  }

  std::string FormatOfMinio(const ObjectKey& file) const {
    return fmt::format("this is MinIO's own on-disk format ({}), which only MinIO reads",
                       store_.identity().Url(file));
  }

  static std::string LooksLikeMilvus(std::string_view directory) {
    return fmt::format("this looks like Milvus's own data: it has a directory {}", directory);
  }

  Result<bool> HasData(const ListPage& sample) const {
    auto is_data = [this](const ObjectInfo& object) {
      return PartOf(Below(object.key.str()), object.size) == BackupPart::kData;
    };
    if (std::any_of(sample.objects.begin(), sample.objects.end(), is_data)) return true;
    MBK_TRY_ASSIGN(
        const ListPage data,
        ListFirst(store_, {.prefix = layout_.tree().DataPrefix(), .max_keys = kSampleKeys}, context_));
    return std::any_of(data.objects.begin(), data.objects.end(), is_data);
  }

  Result<std::string> FindDeeper(const ListPage& level) const {
    const std::size_t count = std::min(level.common_prefixes.size(), kMostDirectories);
    for (std::size_t i = 0; i < count; ++i) {
      const std::string_view below = Below(level.common_prefixes[i]);
      const BackupLayout inner(layout_.prefix(), below);
      for (std::string_view file : {kBackupMeta, kFullMeta}) {
        const Status there = store_.Head(inner.Meta(file), context_).status();
        if (there.ok()) return store_.identity().Url(ObjectKey(level.common_prefixes[i]));
        if (there.code() != Code::kNotFound) return there;
      }
    }
    return std::string();
  }

  ObjectReader& store_;
  const BackupLayout& layout_;
  const CallContext& context_;
};

// A place with a backup_meta.json.
Status DescribeCommitted(ObjectReader& store, const BackupLayout& layout, BackupPlace& place,
                         const CallContext& context) {
  Result<Backup> head = ReadHead(store, layout.Meta(kBackupMeta), context);
  if (head.status().code() == Code::kDataLoss) {
    place.kind = PlaceKind::kDamaged;
    place.seen = head.status().message();
    return {};
  }
  MBK_TRY(head.status());
  place.head = *std::move(head);
  if (place.meta.IsReadable()) {
    place.kind = PlaceKind::kBackup;
    return {};
  }
  // This program commits last: it was a backup, and has lost some of its files. (The Go tool commits first;
  // that it was stopped just there is not as likely.)
  place.kind = PlaceKind::kDamaged;
  place.seen =
      fmt::format("there is meta/{}, but neither meta/{} nor all level files", kBackupMeta, kFullMeta);
  return {};
}

// What a delete has begun to remove.
Status DescribeBeingDeleted(ObjectReader& store, const BackupLayout& layout, const LockOwner& marker,
                            BackupPlace& place, const CallContext& context) {
  place.kind = PlaceKind::kBeingDeleted;
  place.seen = "being deleted: " + marker.Describe();
  if (!place.meta.Has(kFullMeta)) return {};
  MBK_TRY_ASSIGN(std::optional<Backup> head, IfReadable(ReadHead(store, layout.Meta(kFullMeta), context)));
  if (head) place.head = *std::move(head);
  return {};
}

// A place without one. Whether it was left unfinished, or lost that file afterwards?
Status DescribeUncommitted(ObjectReader& store, const BackupLayout& layout, BackupPlace& place,
                           const CallContext& context) {
  if (place.lock) {
    place.kind = PlaceKind::kOurUnfinished;
    place.seen = fmt::format("unfinished: {}; {}", MissingFile(kBackupMeta), place.lock->Describe());
    return {};
  }
  if (place.meta.Has(kFullMeta)) {
    MBK_TRY_ASSIGN(std::optional<Backup> head, IfReadable(ReadHead(store, layout.Meta(kFullMeta), context)));
    if (head) {
      place.kind = PlaceKind::kCommitMissing;
      place.head = *std::move(head);
      place.seen = fmt::format("{} alone; the backup is read without it, as the Go tool does",
                               MissingFile(kBackupMeta));
      return {};
    }
  }
  if (place.meta.Has(kObjects)) {  // which no other tool writes
    place.kind = PlaceKind::kOurUnfinished;
    place.seen = "unfinished: " + MissingFile(kBackupMeta);
    return {};
  }
  return Surroundings(store, layout, context).Describe(place);
}

}  // namespace

bool BackupPlace::HasBundle() const { return head.format == "snapshot"; }

bool MetaListing::IsReadable() const {
  if (Has(kFullMeta)) return true;
  return Has(kBackupMeta) && Has(kCollectionMeta) && Has(kPartitionMeta) && Has(kSegmentMeta);
}

std::int64_t MetaListing::Bytes() const {
  std::int64_t bytes = 0;
  for (std::string_view file : kGoFiles) {
    const auto found = sizes.find(file);
    if (found != sizes.end()) bytes += found->second;
  }
  return bytes;
}

Result<MetaListing> ListMeta(ObjectReader& store, const BackupLayout& layout, const CallContext& context) {
  MetaListing meta;
  const ObjectKey commit = layout.Meta(kBackupMeta);
  MBK_TRY(ForEachObject(store, layout.Meta("").str(), context, [&](const ObjectInfo& object) {
    const std::string_view key = std::string_view(object.key.str()).substr(layout.prefix().size());
    const BackupPart part = PartOf(key, object.size);
    meta.locked |= part == BackupPart::kLock;
    if (part == BackupPart::kLock) meta.lock_ms = std::max(meta.lock_ms, object.last_modified_ms);
    if (part == BackupPart::kDeleting) meta.marker_etag = object.etag;
    if (part == BackupPart::kMeta || part == BackupPart::kScratch)
      meta.sizes.emplace(key.substr(key.rfind('/') + 1), object.size);
    if (object.key == commit) meta.commit_etag = object.etag;
    if (IsFileOfMinio(key)) meta.file_of_minio = object.key;
    return Status();
  }));
  return meta;
}

Result<BackupPlace> LookAt(ObjectReader& store, const BackupLayout& layout, const CallContext& context) {
  BackupPlace place;
  MBK_TRY_ASSIGN(place.meta, ListMeta(store, layout, context));
  if (place.meta.locked) {
    MBK_TRY_ASSIGN(place.lock, IfReadable(ReadLock(store, layout, context)));
  }
  std::optional<LockOwner> marker;
  if (place.meta.marker_etag) {
    MBK_TRY_ASSIGN(marker, IfReadable(ReadMarker(store, layout, context)));
  }
  if (place.meta.Has(kBackupMeta)) {
    MBK_TRY(DescribeCommitted(store, layout, place, context));
    // It is the first that a delete removes: nothing is gone yet, or all of it came back.
    if (marker && place.kind == PlaceKind::kBackup)
      place.seen = fmt::format(
          "meta/{} lies there ({}), but meta/{} is not removed: it was killed before it removed "
          "anything, or the backup was written anew",
          kDeleting, marker->Describe(), kBackupMeta);
  } else if (marker) {
    MBK_TRY(DescribeBeingDeleted(store, layout, *marker, place, context));
  } else {
    MBK_TRY(DescribeUncommitted(store, layout, place, context));
  }
  return place;
}

}  // namespace mbk
