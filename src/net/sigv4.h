#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "net/http_headers.h"
#include "net/url.h"

/// AWS Signature Version 4, the header form, as S3 and its relatives check it (path encoded once).
/// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
namespace mbk {

struct AwsCredentials {
  std::string access_key_id;
  std::string secret_access_key;  ///< secret
  std::string session_token;      ///< secret; empty for long-lived keys
  friend bool operator==(const AwsCredentials&, const AwsCredentials&) = default;
};

/// SHA-256 of nothing: the payload of GET, HEAD, DELETE.
inline constexpr std::string_view kEmptySha256 =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// What is signed. The views and references must outlive the call of SignV4.
struct SigningInput {
  std::string_view method;
  std::string_view canonical_path;   ///< as it stands in the URL: PercentEncodePath, leading '/'
  std::string_view canonical_query;  ///< as it stands in the URL: CanonicalQuery
  const HttpHeaders& headers;        ///< all are signed; "host" must be among them
  std::string_view payload_sha256_hex;
  std::string_view region;
  std::string_view service = "s3";
  std::chrono::system_clock::time_point time;
  const AwsCredentials& credentials;
};

/// Keeps the key derived last. It depends on secret, day, region and service, so one client needs a new
/// one once a day: four HMACs a request saved. Thread-safe.
class SigningKeyCache {
 public:
  Sha256Bytes Get(std::string_view secret, std::string_view day, std::string_view region,
                  std::string_view service);

 private:
  std::mutex mutex_;
  std::string fingerprint_;  // of the four inputs
  Sha256Bytes key_{};
};

/// The headers to add to the request: x-amz-date, x-amz-content-sha256, x-amz-security-token where there is
/// a session token, and Authorization.
HttpHeaders SignV4(const SigningInput& input, SigningKeyCache& keys);

}  // namespace mbk
