#include "store/forwarding_store.h"

#include <array>

#include "base/retry.h"

namespace mbk {
namespace {

constexpr std::int64_t kKeysPerDelete = 1'000;  // S3 DeleteObjects

std::int64_t DeleteRequests(std::size_t keys) {
  return (static_cast<std::int64_t>(keys) + kKeysPerDelete - 1) / kKeysPerDelete;
}

}  // namespace

std::string_view StoreOperationName(StoreOperation operation) {
  static constexpr std::array<std::string_view, kStoreOperations> kNames = {"list",
                                                                            "head",
                                                                            "get",
                                                                            "put",
                                                                            "delete",
                                                                            "copy",
                                                                            "start_upload",
                                                                            "upload_part",
                                                                            "upload_part_copy",
                                                                            "complete_upload",
                                                                            "abort_upload",
                                                                            "list_uploads",
                                                                            "list_others",
                                                                            "remove_empty_directories",
                                                                            "why_kept",
                                                                            "ensure_bucket"};
  return kNames[static_cast<std::size_t>(operation)];
}

Status ForwardingStore::Before(const StoreCall&, const CallContext&) { return {}; }
Status ForwardingStore::Received(std::string_view, const CallContext&) { return {}; }
Status ForwardingStore::After(const StoreCall&, Status outcome) { return outcome; }

template <class Call>
auto ForwardingStore::Forward(const StoreCall& call, const CallContext& context, Call&& make)
    -> decltype(make()) {
  if (Status refused = Before(call, context); !refused.ok()) return After(call, std::move(refused));
  auto outcome = make();
  MBK_TRY(After(call, retry_internal::StatusOf(outcome)));
  return outcome;
}

Result<ListPage> ForwardingStore::List(const ListRequest& request, const CallContext& context) {
  return Forward({StoreOperation::kList}, context, [&] { return inner_->List(request, context); });
}

Result<ObjectInfo> ForwardingStore::Head(const ObjectKey& key, const CallContext& context) {
  return Forward({StoreOperation::kHead}, context, [&] { return inner_->Head(key, context); });
}

Result<ObjectInfo> ForwardingStore::Get(const GetRequest& request, const ByteSink& sink,
                                        const CallContext& context) {
  auto watched = [&](std::string_view bytes) -> Status {
    MBK_TRY(Received(bytes, context));
    return sink(bytes);
  };
  return Forward({StoreOperation::kGet}, context, [&] { return inner_->Get(request, watched, context); });
}

Result<WriteResult> ForwardingStore::Put(const PutRequest& request, const CallContext& context) {
  const StoreCall call{.operation = StoreOperation::kPut,
                       .bytes_out = static_cast<std::int64_t>(request.body.size())};
  return Forward(call, context, [&] { return inner_->Put(request, context); });
}

Status ForwardingStore::Delete(std::span<const ObjectKey> keys, const CallContext& context) {
  const StoreCall call{.operation = StoreOperation::kDelete, .requests = DeleteRequests(keys.size())};
  return Forward(call, context, [&] { return inner_->Delete(keys, context); });
}

Status ForwardingStore::DeleteIfMatch(const ObjectKey& key, const std::string& etag,
                                      const CallContext& context) {
  return Forward({StoreOperation::kDelete}, context,
                 [&] { return inner_->DeleteIfMatch(key, etag, context); });
}

Result<WriteResult> ForwardingStore::Copy(const CopySource& source, const ObjectKey& target,
                                          const CallContext& context) {
  return Forward({StoreOperation::kCopy}, context, [&] { return inner_->Copy(source, target, context); });
}

Result<UploadId> ForwardingStore::StartUpload(const ObjectKey& key, const CallContext& context) {
  return Forward({StoreOperation::kStartUpload}, context, [&] { return inner_->StartUpload(key, context); });
}

Result<UploadedPart> ForwardingStore::UploadPart(const UploadId& upload, int part_number,
                                                 std::string_view body, const CallContext& context) {
  const StoreCall call{.operation = StoreOperation::kUploadPart,
                       .bytes_out = static_cast<std::int64_t>(body.size())};
  return Forward(call, context, [&] { return inner_->UploadPart(upload, part_number, body, context); });
}

Result<UploadedPart> ForwardingStore::UploadPartCopy(const UploadId& upload, int part_number,
                                                     const CopySource& source, ByteRange range,
                                                     const CallContext& context) {
  return Forward({StoreOperation::kUploadPartCopy}, context,
                 [&] { return inner_->UploadPartCopy(upload, part_number, source, range, context); });
}

Result<WriteResult> ForwardingStore::CompleteUpload(const UploadId& upload,
                                                    std::span<const UploadedPart> parts,
                                                    const CallContext& context) {
  return Forward({StoreOperation::kCompleteUpload}, context,
                 [&] { return inner_->CompleteUpload(upload, parts, context); });
}

Status ForwardingStore::AbortUpload(const UploadId& upload, const CallContext& context) {
  return Forward({StoreOperation::kAbortUpload}, context,
                 [&] { return inner_->AbortUpload(upload, context); });
}

Result<std::vector<UploadId>> ForwardingStore::ListUploads(const std::string& prefix,
                                                           const CallContext& context) {
  return Forward({StoreOperation::kListUploads}, context,
                 [&] { return inner_->ListUploads(prefix, context); });
}

Result<std::vector<std::string>> ForwardingStore::ListOthers(const std::string& prefix,
                                                             const CallContext& context) {
  return Forward({StoreOperation::kListOthers}, context, [&] { return inner_->ListOthers(prefix, context); });
}

Status ForwardingStore::RemoveEmptyDirectories(const std::string& prefix,
                                               const std::function<bool(std::string_view)>& may_go,
                                               const CallContext& context) {
  return Forward({StoreOperation::kRemoveEmptyDirectories}, context,
                 [&] { return inner_->RemoveEmptyDirectories(prefix, may_go, context); });
}

Result<std::string> ForwardingStore::WhyKept(const ObjectKey& key, const CallContext& context) {
  return Forward({StoreOperation::kWhyKept}, context, [&] { return inner_->WhyKept(key, context); });
}

Status ForwardingStore::EnsureBucket(const CallContext& context) {
  return Forward({StoreOperation::kEnsureBucket}, context, [&] { return inner_->EnsureBucket(context); });
}

}  // namespace mbk
