#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store/object_store.h"

/// A complete object store in memory, with S3's manners: MD5 etags, "md5-N" etags of multipart objects,
/// paged listings in byte order, conditional puts, server-side copies between its buckets. For tests,
/// and as the plainest statement of what an ObjectStore does.
namespace mbk {

namespace memory_internal {
struct Object;
struct State;
}  // namespace memory_internal

/// A service with any number of buckets, shared by the stores made on it. Thread-safe.
class MemoryService {
 public:
  MemoryService();
  ~MemoryService();
  MemoryService(const MemoryService&) = delete;
  MemoryService& operator=(const MemoryService&) = delete;

  const std::string& name() const { return name_; }

 private:
  friend class MemoryStore;
  std::string name_;  ///< unlike that of every other service of this process
  std::unique_ptr<memory_internal::State> state_;
};

struct MemoryOptions {
  BucketName bucket{"memory"};
  std::shared_ptr<MemoryService> service;  ///< null: one of its own
  bool create_bucket = true;               ///< false: the bucket is missing until EnsureBucket
  StoreCapabilities capabilities;          ///< enforced: parts that are too small are refused, for one
  /// The store's clock in unix milliseconds, for last_modified_ms; none: that of this machine.
  std::function<std::int64_t()> now_ms;
};

/// One bucket of a MemoryService. Thread-safe.
class MemoryStore : public ObjectStore {
 public:
  explicit MemoryStore(MemoryOptions options = {});

  const StoreIdentity& identity() const override { return identity_; }
  const StoreCapabilities& capabilities() const override { return capabilities_; }

  Result<ListPage> List(const ListRequest& request, const CallContext& context) override;
  Result<ObjectInfo> Head(const ObjectKey& key, const CallContext& context) override;
  Result<ObjectInfo> Get(const GetRequest& request, const ByteSink& sink,
                         const CallContext& context) override;
  Result<WriteResult> Put(const PutRequest& request, const CallContext& context) override;
  Status Delete(std::span<const ObjectKey> keys, const CallContext& context) override;
  Status DeleteIfMatch(const ObjectKey& key, const std::string& etag, const CallContext& context) override;
  Result<WriteResult> Copy(const CopySource& source, const ObjectKey& target,
                           const CallContext& context) override;
  Result<UploadId> StartUpload(const ObjectKey& key, const CallContext& context) override;
  Result<UploadedPart> UploadPart(const UploadId& upload, int part_number, std::string_view body,
                                  const CallContext& context) override;
  Result<UploadedPart> UploadPartCopy(const UploadId& upload, int part_number, const CopySource& source,
                                      ByteRange range, const CallContext& context) override;
  Result<WriteResult> CompleteUpload(const UploadId& upload, std::span<const UploadedPart> parts,
                                     const CallContext& context) override;
  Status AbortUpload(const UploadId& upload, const CallContext& context) override;
  Result<std::vector<UploadId>> ListUploads(const std::string& prefix, const CallContext& context) override;
  Status EnsureBucket(const CallContext& context) override;

  /// For tests: what lies in the bucket, by key.
  std::map<std::string, std::string> Contents() const;
  std::vector<std::string> Keys() const;
  /// Uploads that were neither completed nor aborted, in all buckets of the service.
  int OpenUploads() const;
  /// Place an object without a call, replacing what is there; makes the bucket. `age`: it was written so long
  /// ago.
  void Set(const std::string& key, std::string content, Milliseconds age = Milliseconds(0));

 private:
  std::string Url(const ObjectKey& key) const { return identity_.Url(key); }
  memory_internal::Object MakeObject(std::string content) const;

  std::shared_ptr<MemoryService> service_;
  memory_internal::State& state_;
  StoreIdentity identity_;
  StoreCapabilities capabilities_;
  std::function<std::int64_t()> now_ms_;
};

}  // namespace mbk
