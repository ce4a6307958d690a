#include "store/memory/memory_store.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <utility>

#include "base/hash.h"
#include "store/byte_range.h"
#include "store/page_builder.h"

namespace mbk {
namespace memory_internal {

// Content is shared, so that a Get reads on while the key is overwritten.
struct Object {
  std::shared_ptr<const std::string> content;
  std::string etag;
  std::int64_t last_modified_ms = 0;
};

using Bucket = std::map<std::string, Object>;

struct Upload {
  std::string bucket;
  std::string key;
  std::map<int, Object> parts;
};

struct State {
  mutable std::mutex mutex;
  std::map<std::string, Bucket> buckets;
  std::map<std::string, Upload> uploads;  ///< by upload id
  int uploads_started = 0;

  Result<Bucket*> FindBucket(const std::string& name) {
    auto found = buckets.find(name);
    if (found == buckets.end()) return NotFound(fmt::format("there is no bucket \"{}\"", name));
    return &found->second;
  }

  Result<Object> FindObject(const std::string& bucket_name, const ObjectKey& key,
                            const std::string& if_match) {
    MBK_TRY_ASSIGN(Bucket * bucket, FindBucket(bucket_name));
    auto found = bucket->find(key.str());
    if (found == bucket->end()) return NotFound("no such key");
    if (!if_match.empty() && if_match != found->second.etag) {
      return FailedPrecondition(
          fmt::format("the object changed: its etag is {}, expected {}", found->second.etag, if_match));
    }
    return found->second;
  }

  static Status CheckVersion(const Bucket& bucket, const ObjectKey& key, std::string_view etag) {
    auto found = bucket.find(key.str());
    if (found == bucket.end()) return FailedPrecondition("the object is gone");
    if (found->second.etag == etag) return {};
    return FailedPrecondition(
        fmt::format("the object changed: its etag is {}, expected {}", found->second.etag, etag));
  }

  Result<Upload*> FindUpload(const UploadId& id) {
    auto found = uploads.find(id.id);
    if (found == uploads.end() || found->second.key != id.key.str()) {
      return NotFound(fmt::format("no such upload: {}", id.id));
    }
    return &found->second;
  }
};

}  // namespace memory_internal

namespace {

using memory_internal::Bucket;
using memory_internal::Object;
using memory_internal::Upload;

constexpr std::size_t kChunkBytes = 64 << 10;

std::int64_t SystemMs() {
  return std::chrono::duration_cast<Milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// As S3 does it: an etag is the MD5 of the content unless the object was uploaded in parts.
Digest DigestOf(const std::string& etag) {
  if (etag.find('-') != std::string::npos) return {};
  return {.kind = Digest::Kind::kMd5, .hex = etag};
}

ObjectInfo Describe(std::string key, const Object& object) {
  return {.key = ObjectKey(std::move(key)),
          .size = static_cast<std::int64_t>(object.content->size()),
          .etag = object.etag,
          .digest = DigestOf(object.etag),
          .last_modified_ms = object.last_modified_ms};
}

WriteResult Written(const Object& object) { return {.etag = object.etag, .digest = DigestOf(object.etag)}; }

std::string NextServiceName() {
  static std::atomic<int> services{0};
  return fmt::format("memory-{}", ++services);
}

Status Deliver(std::string_view bytes, const ByteSink& sink, const CallContext& context) {
  while (!bytes.empty()) {
    MBK_TRY(context.Check());
    MBK_TRY(sink(bytes.substr(0, kChunkBytes)));
    bytes.remove_prefix(std::min(bytes.size(), kChunkBytes));
  }
  return {};
}

// The object that `parts` name; their order, existence, etags and sizes are checked as S3 checks them.
Result<Object> Assemble(const Upload& upload, std::span<const UploadedPart> parts,
                        std::int64_t min_part_bytes) {
  if (parts.empty()) return InvalidArgument("an upload needs at least one part");
  std::string content;
  std::string part_digests;
  int previous = 0;
  for (const UploadedPart& part : parts) {
    if (part.number <= previous) return InvalidArgument("the parts are not in ascending order");
    previous = part.number;
    auto found = upload.parts.find(part.number);
    if (found == upload.parts.end() || found->second.etag != part.etag) {
      return FailedPrecondition(fmt::format("part {} was not uploaded, or has another etag", part.number));
    }
    const std::string& bytes = *found->second.content;
    if (&part != &parts.back() && static_cast<std::int64_t>(bytes.size()) < min_part_bytes) {
      return InvalidArgument(fmt::format("part {} has {} bytes, all but the last need {}", part.number,
                                         bytes.size(), min_part_bytes));
    }
    content += bytes;
    part_digests += Md5Raw(bytes);
  }
  std::string etag = fmt::format("{}-{}", Md5Hex(part_digests), parts.size());
  return Object{.content = std::make_shared<const std::string>(std::move(content)), .etag = std::move(etag)};
}

}  // namespace

MemoryService::MemoryService()
    : name_(NextServiceName()), state_(std::make_unique<memory_internal::State>()) {}
MemoryService::~MemoryService() = default;

MemoryStore::MemoryStore(MemoryOptions options)
    : service_(options.service ? std::move(options.service) : std::make_shared<MemoryService>()),
      state_(*service_->state_),
      identity_{.service = "memory", .endpoint = service_->name(), .bucket = options.bucket},
      capabilities_(options.capabilities),
      now_ms_(options.now_ms ? std::move(options.now_ms) : SystemMs) {
  std::lock_guard lock(state_.mutex);
  if (options.create_bucket) state_.buckets[options.bucket.str()];
}

Object MemoryStore::MakeObject(std::string content) const {
  std::string etag = Md5Hex(content);
  return {.content = std::make_shared<const std::string>(std::move(content)),
          .etag = std::move(etag),
          .last_modified_ms = now_ms_()};
}

Result<ListPage> MemoryStore::List(const ListRequest& request, const CallContext& context) {
  MBK_TRY(context.Check());
  std::lock_guard lock(state_.mutex);
  auto bucket = state_.FindBucket(identity_.bucket.str());
  if (!bucket.ok()) return bucket.status().WithContext("list " + Url(ObjectKey(request.prefix)));
  PageBuilder page(request);
  for (auto it = (*bucket)->lower_bound(std::max(request.prefix, request.page_token)); it != (*bucket)->end();
       ++it) {
    if (!it->first.starts_with(request.prefix)) break;
    const PageBuilder::Verdict verdict = page.Offer(it->first);
    if (verdict == PageBuilder::Verdict::kFull) break;
    if (verdict == PageBuilder::Verdict::kTake) page.Add(Describe(it->first, it->second));
  }
  return std::move(page).Finish();
}

Result<ObjectInfo> MemoryStore::Head(const ObjectKey& key, const CallContext& context) {
  MBK_TRY(context.Check());
  std::lock_guard lock(state_.mutex);
  auto object = state_.FindObject(identity_.bucket.str(), key, "");
  if (!object.ok()) return object.status().WithContext("head " + Url(key));
  return Describe(key.str(), *object);
}

Result<ObjectInfo> MemoryStore::Get(const GetRequest& request, const ByteSink& sink,
                                    const CallContext& context) {
  MBK_TRY(context.Check());
  auto object = [&] {
    std::lock_guard lock(state_.mutex);
    return state_.FindObject(identity_.bucket.str(), request.key, request.if_match);
  }();
  const std::string action = "get " + Url(request.key);
  if (!object.ok()) return object.status().WithContext(action);
  auto range = ResolveRange(request.range, static_cast<std::int64_t>(object->content->size()));
  if (!range.ok()) return range.status().WithContext(action);
  ObjectInfo info = Describe(request.key.str(), *object);
  if (request.on_start) request.on_start(info);
  MBK_TRY(Deliver(std::string_view(*object->content).substr(range->offset, range->length), sink, context));
  return info;
}

Result<WriteResult> MemoryStore::Put(const PutRequest& request, const CallContext& context) {
  MBK_TRY(context.Check());
  Object object = MakeObject(std::string(request.body));
  std::lock_guard lock(state_.mutex);
  auto bucket = state_.FindBucket(identity_.bucket.str());
  if (!bucket.ok()) return bucket.status().WithContext("put " + Url(request.key));
  if (request.condition == PutCondition::kIfAbsent && (*bucket)->contains(request.key.str())) {
    return AlreadyExists(fmt::format("put {}: the key is taken", Url(request.key)));
  }
  if (!request.if_match.empty() && capabilities_.conditional_replace) {
    MBK_TRY(
        state_.CheckVersion(**bucket, request.key, request.if_match).WithContext("put " + Url(request.key)));
  }
  return Written((**bucket)[request.key.str()] = std::move(object));
}

Status MemoryStore::Delete(std::span<const ObjectKey> keys, const CallContext& context) {
  MBK_TRY(context.Check());
  std::lock_guard lock(state_.mutex);
  auto bucket = state_.FindBucket(identity_.bucket.str());
  if (!bucket.ok()) return bucket.status().WithContext("delete from " + Url(ObjectKey()));
  for (const ObjectKey& key : keys) (*bucket)->erase(key.str());
  return {};
}

Status MemoryStore::DeleteIfMatch(const ObjectKey& key, const std::string& etag, const CallContext& context) {
  MBK_TRY(context.Check());
  if (!capabilities_.conditional_delete)
    return {Code::kUnimplemented, "the store deletes without conditions"};
  std::lock_guard lock(state_.mutex);
  auto bucket = state_.FindBucket(identity_.bucket.str());
  if (!bucket.ok()) return bucket.status().WithContext("delete " + Url(key));
  if (!(*bucket)->contains(key.str())) return {};
  MBK_TRY(state_.CheckVersion(**bucket, key, etag).WithContext("delete " + Url(key)));
  (*bucket)->erase(key.str());
  return {};
}

Result<WriteResult> MemoryStore::Copy(const CopySource& source, const ObjectKey& target,
                                      const CallContext& context) {
  MBK_TRY(context.Check());
  const std::string action =
      fmt::format("copy {}/{} to {}", source.bucket.str(), source.key.str(), Url(target));
  std::lock_guard lock(state_.mutex);
  auto bucket = state_.FindBucket(identity_.bucket.str());
  if (!bucket.ok()) return bucket.status().WithContext(action);
  auto object = state_.FindObject(source.bucket.str(), source.key, source.if_match);
  if (!object.ok()) return object.status().WithContext(action);
  if (static_cast<std::int64_t>(object->content->size()) > capabilities_.max_single_copy_bytes) {
    return InvalidArgument(fmt::format("{}: larger than the {} bytes of a single copy", action,
                                       capabilities_.max_single_copy_bytes));
  }
  // A copied multipart object is a single-part one: its etag is an MD5 again.
  return Written((**bucket)[target.str()] = MakeObject(*object->content));
}

Result<UploadId> MemoryStore::StartUpload(const ObjectKey& key, const CallContext& context) {
  MBK_TRY(context.Check());
  std::lock_guard lock(state_.mutex);
  auto bucket = state_.FindBucket(identity_.bucket.str());
  if (!bucket.ok()) return bucket.status().WithContext("start an upload of " + Url(key));
  std::string id = fmt::format("upload-{}", ++state_.uploads_started);
  state_.uploads[id] = {.bucket = identity_.bucket.str(), .key = key.str()};
  return UploadId{.key = key, .id = std::move(id)};
}

Result<UploadedPart> MemoryStore::UploadPart(const UploadId& upload, int part_number, std::string_view body,
                                             const CallContext& context) {
  MBK_TRY(context.Check());
  const std::string action = fmt::format("upload part {} of {}", part_number, Url(upload.key));
  if (part_number < 1 || part_number > capabilities_.max_parts) {
    return InvalidArgument(fmt::format("{}: part numbers go from 1 to {}", action, capabilities_.max_parts));
  }
  Object part = MakeObject(std::string(body));
  std::lock_guard lock(state_.mutex);
  auto found = state_.FindUpload(upload);
  if (!found.ok()) return found.status().WithContext(action);
  std::string etag = part.etag;
  (*found)->parts[part_number] = std::move(part);
  return UploadedPart{.number = part_number, .etag = std::move(etag)};
}

Result<UploadedPart> MemoryStore::UploadPartCopy(const UploadId& upload, int part_number,
                                                 const CopySource& source, ByteRange range,
                                                 const CallContext& context) {
  const std::string action = fmt::format("copy part {} of {}", part_number, Url(upload.key));
  auto object = [&] {
    std::lock_guard lock(state_.mutex);
    return state_.FindObject(source.bucket.str(), source.key, source.if_match);
  }();
  if (!object.ok()) return object.status().WithContext(action);
  auto resolved = ResolveRange(range, static_cast<std::int64_t>(object->content->size()));
  if (!resolved.ok()) return resolved.status().WithContext(action);
  return UploadPart(upload, part_number,
                    std::string_view(*object->content).substr(resolved->offset, resolved->length), context);
}

Result<WriteResult> MemoryStore::CompleteUpload(const UploadId& upload, std::span<const UploadedPart> parts,
                                                const CallContext& context) {
  MBK_TRY(context.Check());
  const std::string action = "complete the upload of " + Url(upload.key);
  std::lock_guard lock(state_.mutex);
  auto found = state_.FindUpload(upload);
  if (!found.ok()) return found.status().WithContext(action);
  auto object = Assemble(**found, parts, capabilities_.min_part_bytes);
  if (!object.ok()) return object.status().WithContext(action);
  WriteResult result{.etag = object->etag,
                     .digest = {.kind = Digest::Kind::kMd5, .hex = Md5Hex(*object->content)}};
  object->last_modified_ms = now_ms_();
  state_.buckets[(*found)->bucket][upload.key.str()] = *std::move(object);
  state_.uploads.erase(upload.id);
  return result;
}

Status MemoryStore::AbortUpload(const UploadId& upload, const CallContext& context) {
  MBK_TRY(context.Check());
  std::lock_guard lock(state_.mutex);
  state_.uploads.erase(upload.id);
  return {};
}

Result<std::vector<UploadId>> MemoryStore::ListUploads(const std::string& prefix,
                                                       const CallContext& context) {
  MBK_TRY(context.Check());
  std::scoped_lock lock(state_.mutex);
  std::vector<UploadId> found;
  for (const auto& [id, upload] : state_.uploads) {
    if (upload.bucket == identity_.bucket.str() && upload.key.starts_with(prefix))
      found.push_back({.key = ObjectKey(upload.key), .id = id});
  }
  return found;
}

Status MemoryStore::EnsureBucket(const CallContext& context) {
  MBK_TRY(context.Check());
  std::lock_guard lock(state_.mutex);
  state_.buckets[identity_.bucket.str()];
  return {};
}

std::map<std::string, std::string> MemoryStore::Contents() const {
  std::lock_guard lock(state_.mutex);
  std::map<std::string, std::string> contents;
  for (const auto& [key, object] : state_.buckets[identity_.bucket.str()]) contents[key] = *object.content;
  return contents;
}

std::vector<std::string> MemoryStore::Keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, content] : Contents()) keys.push_back(key);
  return keys;
}

int MemoryStore::OpenUploads() const {
  std::lock_guard lock(state_.mutex);
  return static_cast<int>(state_.uploads.size());
}

void MemoryStore::Set(const std::string& key, std::string content, Milliseconds age) {
  Object object = MakeObject(std::move(content));
  object.last_modified_ms -= age.count();
  std::lock_guard lock(state_.mutex);
  state_.buckets[identity_.bucket.str()][key] = std::move(object);
}

}  // namespace mbk
