#include "store/s3/s3_store.h"

#include <fmt/core.h>

#include <algorithm>

#include "net/url.h"
#include "store/s3/s3_error.h"
#include "store/s3/s3_object_store.h"
#include "store/s3/s3_request.h"
#include "store/s3/s3_xml.h"

namespace mbk {
namespace s3 {
namespace {

// Both stores of a server-side copy must agree in this: address, port, TLS and region.
std::string EndpointName(const S3Options& options) {
  const Endpoint endpoint{.use_ssl = options.use_ssl, .host = options.host, .port = options.port};
  const std::string region = options.region.empty() ? "us-east-1" : options.region;
  return fmt::format("{} {}", endpoint.Origin(), region);
}

// Google copies objects of any size at once; the largest have 5 TiB.
constexpr std::int64_t kLargestGoogleObject = 5LL << 40;

Status CheckCredentials(const S3Options& options) {
  if (options.fetch_credentials) return {};
  if (options.signature == S3Signature::kBearer) {
    return options.credentials.session_token.empty() ? InvalidArgument("sessionToken must be set") : Status();
  }
  if (options.credentials.access_key_id.empty() || options.credentials.secret_access_key.empty())
    return InvalidArgument("accessKeyID and secretAccessKey must both be set");
  return {};
}

bool IsMd5Hex(std::string_view text) {
  return text.size() == 32 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

// "AES256" (SSE-S3) leaves the etag an MD5; KMS and keys of the customer do not.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html (ETag)
bool EtagIsNoMd5(const HttpHeaders& headers) {
  std::string_view encryption = headers.Get("x-amz-server-side-encryption");
  return (!encryption.empty() && encryption != "AES256") ||
         headers.Has("x-amz-server-side-encryption-customer-algorithm");
}

}  // namespace

S3Store::S3Store(S3Options options, BucketAddress address, std::shared_ptr<HttpClient> http)
    : client_(std::move(options), std::move(address), std::move(http)),
      identity_{.service = client_.options().service,
                .endpoint = EndpointName(client_.options()),
                .bucket = BucketName(client_.options().bucket)} {
  const bool is_google =
      client_.options().signature != S3Signature::kV4 || client_.options().host == "storage.googleapis.com";
  capabilities_.multipart_copy = !is_google;  // it has no UploadPartCopy
  capabilities_.lists_certain_digests = false;
  capabilities_.conditional_put = client_.options().conditional_put;
  // Google's XML API knows generations, not etags, as conditions.
  capabilities_.conditional_replace = client_.options().conditional_replace && !is_google;
  capabilities_.conditional_delete = false;  // Amazon has it since 2025, its relatives pass over the header
  // Another body than the signed one is answered with XAmzContentSHA256Mismatch.
  capabilities_.signs_bodies = client_.options().checks_body_hash && !is_google;
  capabilities_.refuses_altered_bodies = capabilities_.signs_bodies;
  if (is_google) capabilities_.max_single_copy_bytes = kLargestGoogleObject;
}

Digest S3Store::DigestOf(const std::string& etag, const HttpHeaders* headers) const {
  if (!client_.options().etag_is_md5 || !IsMd5Hex(etag)) return {};
  if (headers != nullptr && EtagIsNoMd5(*headers)) return {};
  return {.kind = Digest::Kind::kMd5, .hex = AsciiLower(etag)};
}

WriteResult S3Store::Written(std::string etag, const HttpHeaders& headers) const {
  Digest digest = DigestOf(etag, &headers);
  return {.etag = std::move(etag), .digest = std::move(digest)};
}

Result<std::string> S3Store::LateEtag(const Request& request, const HttpResponse& response,
                                      const char* root) const {
  MBK_TRY(client_.LateRefusal(request, response));
  Result<std::string> etag = ParseEtag(response.body, root);
  if (etag.ok()) return etag;
  return etag.status().WithContext(fmt::format("{} {}", request.operation, client_.Url(request.key)));
}

}  // namespace s3

Result<std::unique_ptr<ObjectStore>> MakeS3Store(S3Options options, std::shared_ptr<HttpClient> http) {
  if (options.host.empty()) return InvalidArgument("storage address is empty");
  MBK_TRY(s3::CheckCredentials(options));
  MBK_TRY_ASSIGN(s3::BucketAddress address, s3::AddressBucket(options));
  if (http == nullptr) {
    http = std::make_shared<HttpClient>(HttpClientOptions{.tls = options.tls,
                                                          .stall_timeout = options.stall_timeout,
                                                          .settings = options.settings,
                                                          .resolve = options.resolve});
  }
  return std::unique_ptr<ObjectStore>(
      std::make_unique<s3::S3Store>(std::move(options), std::move(address), std::move(http)));
}

}  // namespace mbk
