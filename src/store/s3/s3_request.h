#pragma once

#include <string>
#include <string_view>

#include "net/http_client.h"
#include "net/sigv4.h"
#include "net/url.h"
#include "store/s3/s3_store.h"

/// Building requests, apart from sending them. Internal to store/s3/.
namespace mbk::s3 {

/// One call of the S3 API, before it is signed.
struct Request {
  std::string_view operation;  ///< the API's name, for messages: "PutObject"
  std::string_view method;
  std::string_view key;  ///< empty: the bucket itself
  QueryPairs query;
  HttpHeaders headers;  ///< all are sent and signed
  std::string_view body;
  std::string_view sha256_hex;  ///< of `body`; empty: computed where it is needed
};

/// Where a bucket is: the constant part of every URL.
struct BucketAddress {
  std::string origin;     ///< "https://bucket.host:port"
  std::string authority;  ///< the Host header
  std::string base_path;  ///< "/bucket/" or "/"
};

/// kInvalidArgument when the bucket's name cannot stand in a URL; naming the setting.
Result<BucketAddress> AddressBucket(const S3Options& options);
/// Whether kAuto means virtual-host style.
bool PrefersVirtualHost(std::string_view host, bool use_ssl, std::string_view bucket);

struct SigningContext {
  S3Signature signature = S3Signature::kV4;
  std::string_view bucket;
  const AwsCredentials& credentials;
  std::string_view region;
  std::chrono::system_clock::time_point time;
  SigningKeyCache& keys;
};

/// The request as HTTP sends it, signed. `request.body` must outlive it.
HttpRequest BuildHttpRequest(const BucketAddress& address, const Request& request,
                             const SigningContext& signing);

/// The value of x-amz-copy-source.
std::string CopySourceHeader(std::string_view bucket, std::string_view key);

}  // namespace mbk::s3
