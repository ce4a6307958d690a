#pragma once

#include <memory>
#include <string>

#include "store/http_store.h"
#include "store/object_store.h"
#include "store/s3/s3_client.h"

namespace mbk::s3 {

/// The ObjectStore over the S3 API. Each method builds one Request, sends it through the Client and reads the
/// answer; the sources are split by topic: s3_object.cc, s3_list.cc, s3_delete.cc, s3_multipart.cc,
/// s3_bucket.cc. Internal to store/s3/; made by MakeS3Store.
class S3Store final : public ObjectStore {
 public:
  S3Store(S3Options options, BucketAddress address, std::shared_ptr<HttpClient> http);

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
  Result<std::string> WhyKept(const ObjectKey& key, const CallContext& context) override;

  Status EnsureBucket(const CallContext& context) override;

 private:
  Status DeleteOne(const ObjectKey& key, const CallContext& context);
  Status DeleteBatch(std::span<const ObjectKey> keys, const CallContext& context);
  Status CreateBucket(const CallContext& context);

  /// What an etag says of the content. `headers` of the answer it came with, where there is one of the
  /// object's own: they tell whether the object is encrypted in a way that makes its etag something else than
  /// an MD5.
  Digest DigestOf(const std::string& etag, const HttpHeaders* headers) const;
  ObjectInfo Describe(const ObjectKey& key, const HttpHeaders& headers, std::int64_t size) const;
  WriteResult Written(std::string etag, const HttpHeaders& headers) const;
  /// The etag inside `root` of the answer to a copy or completion, or the refusal that came late.
  Result<std::string> LateEtag(const Request& request, const HttpResponse& response, const char* root) const;
  /// The same of a copied part.
  Result<std::string> EtagOfCopiedPart(const Request& request, const HttpResponse& response) const;

  Client client_;
  StoreIdentity identity_;
  StoreCapabilities capabilities_;
};

/// The headers x-amz-copy-source and, with an etag, x-amz-copy-source-if-match.
HttpHeaders CopyHeaders(const CopySource& source);

}  // namespace mbk::s3
