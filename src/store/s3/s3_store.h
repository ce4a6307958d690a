#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/refreshing.h"
#include "net/http_client.h"
#include "net/sigv4.h"
#include "store/object_store.h"

/// One bucket of S3 or of a service that speaks its protocol (MinIO, Ceph, OSS, COS, OBS, R2 …).
namespace mbk {

/// How a bucket is addressed: as the first part of the path, or of the host name. kAuto takes the host name
/// at Amazon, Google and Aliyun OSS, except for a bucket with a '.' under https (no wildcard certificate
/// covers it); the path everywhere else.
enum class S3Addressing { kAuto, kPath, kVirtualHost };

/// How requests prove who they are. kV2 and kBearer are for Google's XML API: HMAC keys, or an OAuth 2.0
/// access token, which is `session_token` of the credentials and goes with x-goog-* headers in place of
/// x-amz-*.
enum class S3Signature { kV4, kV2, kBearer };

struct S3Options {
  std::string service = "s3";  ///< for StoreIdentity: "minio", "s3", "aws" …
  std::string host;            ///< without scheme, port and brackets
  int port = 0;                ///< 0: 80 or 443
  bool use_ssl = false;
  std::string region;  ///< empty: us-east-1, or what the service names when it knows better
  std::string bucket;
  S3Signature signature = S3Signature::kV4;
  AwsCredentials credentials;
  /// Where temporary keys come from, and come from again before they expire; then `credentials` is not
  /// used. See store/credentials/.
  Refreshing<AwsCredentials>::Fetch fetch_credentials;
  TlsFiles tls;
  std::string settings;  ///< that name the server, in the words of the user's file: for warnings
  std::chrono::seconds stall_timeout =
      HttpClientOptions().stall_timeout;  ///< for a connection without a byte
  S3Addressing addressing = S3Addressing::kAuto;
  std::vector<std::string> resolve;  ///< "host:port:address" each, before DNS is asked
  /// Whether an etag of 32 hex digits is the MD5 of the content. Objects that an answer declares encrypted
  /// by KMS or by the customer's key are left out in any case.
  bool etag_is_md5 = true;
  /// Whether DeleteObjects is there. If not, keys are deleted one by one.
  bool batch_delete = true;
  /// Whether PUT obeys If-None-Match. OSS, COS and OBS document other headers for it.
  bool conditional_put = true;
  /// Whether PUT obeys If-Match.
  bool conditional_replace = true;
  /// Whether a body is compared with the SHA-256 that Signature V4 covers, and refused when it is another.
  bool checks_body_hash = true;
  /// The clock of the signatures.
  std::function<std::chrono::system_clock::time_point()> now = [] {
    return std::chrono::system_clock::now();
  };
};

/// kInvalidArgument when host, bucket or keys cannot be used; nothing is asked of the service. Requests go
/// through `http`, which has to outlive nothing (it is shared); null: a client of the store's own, made from
/// tls and resolve.
Result<std::unique_ptr<ObjectStore>> MakeS3Store(S3Options options,
                                                 std::shared_ptr<HttpClient> http = nullptr);

}  // namespace mbk
