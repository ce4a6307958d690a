#pragma once

#include <memory>
#include <string>

#include "store/gcs/gcs_client.h"
#include "store/gcs/gcs_json.h"
#include "store/gcs/gcs_upload.h"
#include "store/http_store.h"
#include "store/object_store.h"

namespace mbk::gcs {

/// The ObjectStore over the JSON API. Each method builds one Request, sends it through the Client and reads
/// the answer; the sources are split by topic: gcs_object.cc, gcs_list.cc, gcs_delete.cc, gcs_copy.cc,
/// gcs_parts.cc, gcs_bucket.cc. Internal to store/gcs/; made by MakeGcsStore.
class GcsStore final : public ObjectStore {
 public:
  GcsStore(GcsOptions options, std::shared_ptr<HttpClient> http);

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

  Status EnsureBucket(const CallContext& context) override;

 private:
  const std::string& bucket() const { return client_.options().bucket; }
  Request ObjectRequest(std::string_view operation, std::string_view method, const ObjectKey& key) const;
  Status DeleteOne(const ObjectKey& key, const CallContext& context);
  Status DeleteBatch(std::span<const ObjectKey> keys, const CallContext& context);
  Status CreateBucket(const CallContext& context);
  /// Delete just that generation, whose content is not what was sent.
  Status Withdraw(const ObjectInfo& written, std::uint32_t sent, std::optional<std::uint32_t> stored,
                  const CallContext& context);
  /// kDataLoss, after the object was taken away again, when the service holds other bytes than were sent.
  Result<WriteResult> Checked(const ObjectResource& written, std::uint32_t sent, const CallContext& context);

  Client client_;
  StoreIdentity identity_;
  StoreCapabilities capabilities_;
  UploadTable uploads_;
};

}  // namespace mbk::gcs
