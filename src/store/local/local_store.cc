#include "store/local/local_store.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <limits>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "store/byte_range.h"
#include "store/local/listing.h"
#include "store/local/posix.h"
#include "store/local/tree.h"
#include "store/local/upload.h"

namespace mbk {
namespace {

using local_internal::EtagOf;
using local_internal::PendingFile;
using local_internal::Place;
using local_internal::Tree;
using local_internal::Turn;
using posix::ErrnoStatus;
using posix::Fd;

// A path-like key then never looks like one below a base: see Tree::OfSource.
std::string Absolute(const std::string& path) {
  return path.empty() ? path : std::filesystem::absolute(path).string();
}

std::string WithoutTrailingSlashes(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

Result<ObjectInfo> Describe(const ObjectKey& key, const Fd& file, const std::string& path) {
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return ErrnoStatus(errno, "stat", path);
  return ObjectInfo{.key = key,
                    .size = status.st_size,
                    .etag = EtagOf(status),
                    .last_modified_ms = local_internal::ModifiedMs(status)};
}

Status CheckEtag(const ObjectInfo& info, const std::string& if_match, const std::string& path) {
  if (if_match.empty() || if_match == info.etag) return {};
  return FailedPrecondition(
      fmt::format("read {}: the file changed: its etag is {}, expected {}", path, info.etag, if_match));
}

class LocalStore final : public ObjectStore {
 public:
  explicit LocalStore(LocalOptions options)
      : tree_(options.base_directory.empty()
                  ? Tree::Rooted(WithoutTrailingSlashes(std::move(options.root_directory)))
                  : Tree::Below(WithoutTrailingSlashes(Absolute(options.base_directory)))),
        is_rooted_(options.base_directory.empty()),
        identity_{.service = "local", .bucket = tree_.name()},
        capabilities_{.copies_tell_digests = false,
                      .parts_in_any_order = false,
                      .refuses_altered_bodies = true,  // nothing lies between
                      .max_single_copy_bytes = std::numeric_limits<std::int64_t>::max(),
                      .min_part_bytes = 1} {}

  const StoreIdentity& identity() const override { return identity_; }
  const StoreCapabilities& capabilities() const override { return capabilities_; }

  Result<ListPage> List(const ListRequest& request, const CallContext& context) override {
    MBK_TRY(context.Check());
    return ListTree(tree_, request, context);
  }

  Result<ObjectInfo> Head(const ObjectKey& key, const CallContext& context) override {
    MBK_TRY(context.Check());
    MBK_TRY_ASSIGN(Fd file, tree_.OpenFile(key.str(), "stat"));
    return Describe(key, file, tree_.PathOf(key.str()));
  }

  Result<ObjectInfo> Get(const GetRequest& request, const ByteSink& sink,
                         const CallContext& context) override {
    MBK_TRY(context.Check());
    MBK_TRY_ASSIGN(Fd file, tree_.OpenFile(request.key.str(), "read"));
    const std::string path = tree_.PathOf(request.key.str());
    MBK_TRY_ASSIGN(ObjectInfo info, Describe(request.key, file, path));
    MBK_TRY(CheckEtag(info, request.if_match, path));
    auto range = ResolveRange(request.range, info.size);
    if (!range.ok()) return range.status().WithContext("read " + path);
    if (request.on_start) request.on_start(info);
    MBK_TRY(posix::ReadRange(file.get(), range->offset, range->length, path,
                             {.sink = sink, .room = request.room}, context));
    // Milvus, unlike us, may write a file in place.
    MBK_TRY(CheckUnchanged(file, info, path));
    return info;
  }

  Result<WriteResult> Put(const PutRequest& request, const CallContext& context) override {
    MBK_TRY(context.Check());
    MBK_TRY_ASSIGN(PendingFile file, PendingFile::Create(tree_, request.key.str()));
    MBK_TRY(posix::WriteAll(file.fd(), request.body, file.path()));
    if (!request.if_match.empty()) return Replace(file, request.if_match, context);
    MBK_TRY_ASSIGN(std::string etag, file.Publish(request.condition));
    return WriteResult{.etag = std::move(etag)};
  }

  Status DeleteIfMatch(const ObjectKey& key, const std::string& etag, const CallContext& context) override {
    MBK_TRY(context.Check());
    MBK_TRY(tree_.CheckKey(key.str()));
    auto place = tree_.Find(key.str());
    if (place.status().code() == Code::kNotFound) return {};
    MBK_TRY(place.status());
    {
      MBK_TRY_ASSIGN(const Turn turn, Turn::Take(*place, context));
      if (::faccessat(place->directory.get(), place->name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0 &&
          posix::IsAbsent(errno)) {
        return {};
      }
      MBK_TRY(local_internal::CheckVersion(*place, etag));
      MBK_TRY(DeleteOne(key.str()));
    }
    tree_.Prune({key.str()});
    return {};
  }

  Status Delete(std::span<const ObjectKey> keys, const CallContext& context) override {
    std::vector<std::string> deleted;
    Status status;
    for (const ObjectKey& key : keys) {
      status = context.Check();
      if (status.ok()) status = DeleteOne(key.str());
      if (!status.ok()) break;
      deleted.push_back(key.str());
    }
    tree_.Prune(deleted);
    return status;
  }

  Result<WriteResult> Copy(const CopySource& source, const ObjectKey& target,
                           const CallContext& context) override {
    MBK_TRY(context.Check());
    MBK_TRY_ASSIGN(OpenSource from, Open(source));
    MBK_TRY_ASSIGN(PendingFile to, PendingFile::Create(tree_, target.str()));
    if (!posix::Reflink(from.file.get(), to.fd()))
      MBK_TRY(posix::CopyRange(from.file.get(), 0, from.info.size, to.fd(), to.path(), context));
    MBK_TRY(CheckUnchanged(from.file, from.info, from.path));
    MBK_TRY_ASSIGN(std::string etag, to.Publish(PutCondition::kNone));
    return WriteResult{.etag = std::move(etag)};
  }

  Result<UploadId> StartUpload(const ObjectKey& key, const CallContext& context) override {
    MBK_TRY(context.Check());
    MBK_TRY_ASSIGN(PendingFile file, PendingFile::Create(tree_, key.str()));
    return uploads_.Add(key, std::make_shared<local_internal::Upload>(std::move(file)));
  }

  Result<UploadedPart> UploadPart(const UploadId& upload, int part_number, std::string_view body,
                                  const CallContext& context) override {
    MBK_TRY(context.Check());
    return WritePart(upload, part_number,
                     [&](int fd, const std::string& path) { return posix::WriteAll(fd, body, path); });
  }

  Result<UploadedPart> UploadPartCopy(const UploadId& upload, int part_number, const CopySource& source,
                                      ByteRange range, const CallContext& context) override {
    MBK_TRY(context.Check());
    MBK_TRY_ASSIGN(OpenSource from, Open(source));
    auto resolved = ResolveRange(range, from.info.size);
    if (!resolved.ok()) return resolved.status().WithContext("copy from " + from.path);
    return WritePart(upload, part_number, [&](int fd, const std::string& path) -> Status {
      MBK_TRY(posix::CopyRange(from.file.get(), resolved->offset, resolved->length, fd, path, context));
      return CheckUnchanged(from.file, from.info, from.path);
    });
  }

  Result<WriteResult> CompleteUpload(const UploadId& upload, std::span<const UploadedPart> parts,
                                     const CallContext& context) override {
    MBK_TRY(context.Check());
    MBK_TRY_ASSIGN(std::shared_ptr<local_internal::Upload> pending, uploads_.Find(upload));
    MBK_TRY_ASSIGN(WriteResult written, pending->Complete(parts));
    uploads_.Remove(upload);
    return written;
  }

  Status AbortUpload(const UploadId& upload, const CallContext& context) override {
    MBK_TRY(context.Check());
    MBK_TRY(tree_.CheckKey(upload.key.str()));
    uploads_.Remove(upload);
    tree_.Prune({upload.key.str()});
    return {};
  }

  Result<std::vector<std::string>> ListOthers(const std::string& prefix,
                                              const CallContext& context) override {
    MBK_TRY(context.Check());
    return local_internal::ListOthers(tree_, prefix, context);
  }

  Status RemoveEmptyDirectories(const std::string& prefix,
                                const std::function<bool(std::string_view)>& may_go,
                                const CallContext& context) override {
    MBK_TRY(context.Check());
    return local_internal::RemoveEmptyDirectories(tree_, prefix, may_go, context);
  }

  Status EnsureBucket(const CallContext& context) override {
    MBK_TRY(context.Check());
    const bool is_missing =
        is_rooted_ && tree_.OpenDirectory(tree_.name().str()).status().code() == Code::kNotFound;
    MBK_TRY(tree_.MakeTop());
    // A disk that is not mounted looks like this.
    if (is_missing) log::Warn("made the directory {}, which was not there", tree_.name().str());
    return {};
  }

 private:
  struct OpenSource {
    Fd file;
    ObjectInfo info;
    std::string path;
  };

  Result<OpenSource> Open(const CopySource& source) const {
    const Tree tree = Tree::OfSource(source.bucket, source.key.str());
    OpenSource from{.path = tree.PathOf(source.key.str())};
    MBK_TRY_ASSIGN(from.file, tree.OpenFile(source.key.str(), "copy"));
    MBK_TRY_ASSIGN(from.info, Describe(source.key, from.file, from.path));
    MBK_TRY(CheckEtag(from.info, source.if_match, from.path));
    return from;
  }

  static Result<WriteResult> Replace(PendingFile& file, std::string_view etag, const CallContext& context) {
    MBK_TRY_ASSIGN(const Turn turn, Turn::Take(file.place(), context));
    MBK_TRY(local_internal::CheckVersion(file.place(), etag));
    MBK_TRY_ASSIGN(std::string written, file.Publish(PutCondition::kNone));
    return WriteResult{.etag = std::move(written)};
  }

  static Status CheckUnchanged(const Fd& file, const ObjectInfo& before, const std::string& path) {
    MBK_TRY_ASSIGN(ObjectInfo now, Describe(before.key, file, path));
    return CheckEtag(now, before.etag, path);
  }

  Result<UploadedPart> WritePart(const UploadId& upload, int part_number,
                                 const local_internal::PartWriter& write) {
    if (part_number < 1 || part_number > capabilities_.max_parts) {
      return InvalidArgument(fmt::format("upload part {} of {}: part numbers go from 1 to {}", part_number,
                                         tree_.PathOf(upload.key.str()), capabilities_.max_parts));
    }
    MBK_TRY_ASSIGN(std::shared_ptr<local_internal::Upload> pending, uploads_.Find(upload));
    return pending->Append(part_number, write);
  }

  Status DeleteOne(const std::string& key) {
    MBK_TRY(tree_.CheckKey(key));
    auto place = tree_.Find(key);
    const Code code = place.status().code();
    if (code == Code::kNotFound || code == Code::kFailedPrecondition) return {};  // nothing of that name
    if (!place.ok()) return place.status();
    if (::unlinkat(place->directory.get(), place->name.c_str(), 0) != 0) {
      // A directory is no object: there is nothing to delete.
      if (posix::IsAbsent(errno) || errno == EISDIR) return {};
      return ErrnoStatus(errno, "delete", place->path);
    }
    return {};
  }

  const Tree tree_;
  const bool is_rooted_;  ///< keys are paths
  const StoreIdentity identity_;
  const StoreCapabilities capabilities_;
  local_internal::UploadTable uploads_;
};

}  // namespace

std::unique_ptr<ObjectStore> MakeLocalStore(LocalOptions options) {
  return std::make_unique<LocalStore>(std::move(options));
}

}  // namespace mbk
