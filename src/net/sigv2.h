#pragma once

#include <string>
#include <string_view>

#include "net/http_headers.h"
#include "net/sigv4.h"
#include "net/url.h"

/// AWS Signature Version 2, the header form, which Google Cloud Storage takes from HMAC keys.
/// https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html
namespace mbk {

/// What is signed. The views and references must outlive the call of SignV2.
struct SigningInputV2 {
  std::string_view method;
  /// "/bucket/key" with the key as it stands in the URL, whether the bucket is in the path or in the host.
  std::string_view canonical_path;
  const QueryPairs& query;     ///< not encoded; only what names a sub-resource is signed
  const HttpHeaders& headers;  ///< Content-MD5, Content-Type and x-amz-* are signed
  std::string_view date;       ///< HttpDate
  const AwsCredentials& credentials;
};

/// The headers to add to the request: Date, x-amz-security-token where there is a session token, and
/// Authorization.
HttpHeaders SignV2(const SigningInputV2& input);

}  // namespace mbk
