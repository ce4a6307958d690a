#pragma once

#include <memory>
#include <string>
#include <vector>

#include "store/azure/azure_client.h"
#include "store/azure/azure_copy_source.h"
#include "store/azure/azure_uploads.h"
#include "store/http_store.h"
#include "store/object_store.h"

namespace mbk::azure {

/// The ObjectStore over the Blob service. Each method builds one Request, sends it through the Client and
/// reads the answer; the sources are split by topic: azure_object.cc, azure_list.cc, azure_delete.cc,
/// azure_copy.cc, azure_upload.cc, azure_container.cc. Internal to store/azure/; made by MakeAzureStore.
class AzureStore final : public ObjectStore {
 public:
  AzureStore(AzureOptions options, AccountAddress address, std::shared_ptr<HttpClient> http);

  const StoreIdentity& identity() const override { return identity_; }
  const StoreCapabilities& capabilities() const override { return capabilities_; }

  /// One request a page, and one for each empty page before it that the service sends.
  Result<ListPage> List(const ListRequest& request, const CallContext& context) override;
  Result<ObjectInfo> Head(const ObjectKey& key, const CallContext& context) override;
  Result<ObjectInfo> Get(const GetRequest& request, const ByteSink& sink,
                         const CallContext& context) override;

  Result<WriteResult> Put(const PutRequest& request, const CallContext& context) override;
  /// One request a key, some at a time.
  Status Delete(std::span<const ObjectKey> keys, const CallContext& context) override;
  Status DeleteIfMatch(const ObjectKey& key, const std::string& etag, const CallContext& context) override;
  Result<WriteResult> Copy(const CopySource& source, const ObjectKey& target,
                           const CallContext& context) override;

  /// No request: the service knows no uploads, only blocks that wait to be committed.
  Result<UploadId> StartUpload(const ObjectKey& key, const CallContext& context) override;
  Result<UploadedPart> UploadPart(const UploadId& upload, int part_number, std::string_view body,
                                  const CallContext& context) override;
  Result<UploadedPart> UploadPartCopy(const UploadId& upload, int part_number, const CopySource& source,
                                      ByteRange range, const CallContext& context) override;
  Result<WriteResult> CompleteUpload(const UploadId& upload, std::span<const UploadedPart> parts,
                                     const CallContext& context) override;
  /// No request: the service has none for it. It removes blocks that nobody committed after a week; until
  /// then no reader and no listing sees them.
  Status AbortUpload(const UploadId& upload, const CallContext& context) override;

  Status EnsureBucket(const CallContext& context) override;

 private:
  Status DeleteOne(const ObjectKey& key, const CallContext& context);
  /// Send a request that writes a blob; when a copy of another program's into it is under way, abort that one
  /// and send it again: two more requests.
  Result<HttpResponse> Overwrite(const Request& request, const CallContext& context, AnswerOptions answer);
  Status AbortPendingCopy(const ObjectKey& key, const CallContext& context);

  Client client_;
  CopySources copy_sources_;
  Uploads uploads_;
  StoreIdentity identity_;
  StoreCapabilities capabilities_;
};

/// What the answer to a write says of the blob.
WriteResult Written(const HttpHeaders& headers);

}  // namespace mbk::azure
