#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "store/object_store.h"

namespace mbk {

/// The calls of an ObjectStore, for those who count, limit or disturb them.
enum class StoreOperation {
  kList,
  kHead,
  kGet,
  kPut,
  kDelete,
  kCopy,
  kStartUpload,
  kUploadPart,
  kUploadPartCopy,
  kCompleteUpload,
  kAbortUpload,
  kListUploads,
  kListOthers,
  kRemoveEmptyDirectories,
  kWhyKept,
  kEnsureBucket,
};
inline constexpr int kStoreOperations = static_cast<int>(StoreOperation::kEnsureBucket) + 1;
/// As logs and metrics show it, e.g. "upload_part_copy".
std::string_view StoreOperationName(StoreOperation operation);

/// One call on its way through a ForwardingStore.
struct StoreCall {
  StoreOperation operation = StoreOperation::kList;
  std::int64_t requests = 1;   ///< what it costs at the service, retries aside
  std::int64_t bytes_out = 0;  ///< body sent by this process
};

/// Passes every call on to another store: the base of the wrappers, which look at calls through the
/// three hooks or override the calls that interest them. Thread-safe when the hooks are.
class ForwardingStore : public ObjectStore {
 public:
  explicit ForwardingStore(std::shared_ptr<ObjectStore> inner) : inner_(std::move(inner)) {}

  const StoreIdentity& identity() const override { return inner_->identity(); }
  const StoreCapabilities& capabilities() const override { return inner_->capabilities(); }

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
  Result<std::vector<std::string>> ListOthers(const std::string& prefix, const CallContext& context) override;
  Status RemoveEmptyDirectories(const std::string& prefix,
                                const std::function<bool(std::string_view key)>& may_go,
                                const CallContext& context) override;
  Result<std::string> WhyKept(const ObjectKey& key, const CallContext& context) override;
  Status EnsureBucket(const CallContext& context) override;

 protected:
  ObjectStore& inner() { return *inner_; }

  /// Before a call is passed on; an error is its outcome and the call is not made.
  virtual Status Before(const StoreCall& call, const CallContext& context);
  /// For every piece that a Get delivers, before the sink has it; an error ends the Get.
  virtual Status Received(std::string_view bytes, const CallContext& context);
  /// After a call, also when Before refused it: what it returns is the outcome that the caller sees. An
  /// error cannot be turned into a success.
  virtual Status After(const StoreCall& call, Status outcome);

 private:
  template <class Call>
  auto Forward(const StoreCall& call, const CallContext& context, Call&& make) -> decltype(make());

  std::shared_ptr<ObjectStore> inner_;
};

}  // namespace mbk
