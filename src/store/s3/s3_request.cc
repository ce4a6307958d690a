#include "store/s3/s3_request.h"

#include <fmt/core.h>

#include <algorithm>

#include "net/http_date.h"
#include "net/sigv2.h"

namespace mbk::s3 {
namespace {

bool IsLabelCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_';
}

// What may be a host name's part or a path's, and needs no encoding in either. Finer rules (length, case,
// '_') differ between services and are theirs to enforce, in their own words.
Status CheckBucketName(const std::string& bucket) {
  if (bucket.empty()) return InvalidArgument("bucketName is empty");
  bool usable =
      std::all_of(bucket.begin(), bucket.end(), IsLabelCharacter) && bucket != "." && bucket != "..";
  if (usable) return {};
  return InvalidArgument(
      fmt::format("bucketName \"{}\": a bucket's name is made of letters, digits, '-', '.' and '_'", bucket));
}

bool IsIpAddress(std::string_view host) {
  return host.find(':') != std::string_view::npos ||
         std::ranges::all_of(host, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

bool UseVirtualHost(const S3Options& options) {
  switch (options.addressing) {
    case S3Addressing::kPath:
      return false;
    case S3Addressing::kVirtualHost:
      return true;
    case S3Addressing::kAuto:
      break;
  }
  return PrefersVirtualHost(options.host, options.use_ssl, options.bucket);
}

// With a token of its own kind the service knows only headers of its own.
// https://cloud.google.com/storage/docs/xml-api/reference-headers
HttpHeaders GoogleHeaders(const HttpHeaders& headers) {
  constexpr std::string_view kAmazon = "x-amz-";
  HttpHeaders renamed;
  for (const auto& [name, value] : headers) {
    const std::string lower = AsciiLower(name);
    if (lower == "if-none-match" && value == "*") {
      renamed.Add("x-goog-if-generation-match", "0");
    } else {
      renamed.Add(lower.starts_with(kAmazon) ? "x-goog-" + lower.substr(kAmazon.size()) : name, value);
    }
  }
  return renamed;
}

HttpHeaders Sign(const Request& request, const std::string& path, const std::string& query,
                 const HttpHeaders& headers, const SigningContext& signing) {
  switch (signing.signature) {
    case S3Signature::kBearer:
      return {{"Authorization", "Bearer " + signing.credentials.session_token}};
    case S3Signature::kV2:
      return SignV2({.method = request.method,
                     .canonical_path = fmt::format("/{}/{}", signing.bucket, PercentEncodePath(request.key)),
                     .query = request.query,
                     .headers = headers,
                     .date = HttpDate(signing.time),
                     .credentials = signing.credentials});
    case S3Signature::kV4:
      break;
  }
  std::string payload(request.body.empty() ? kEmptySha256 : request.sha256_hex);
  if (payload.empty()) payload = Sha256Hex(request.body);
  return SignV4(SigningInput{.method = request.method,
                             .canonical_path = path,
                             .canonical_query = query,
                             .headers = headers,
                             .payload_sha256_hex = payload,
                             .region = signing.region,
                             .service = "s3",
                             .time = signing.time,
                             .credentials = signing.credentials},
                signing.keys);
}

}  // namespace

bool PrefersVirtualHost(std::string_view host, bool use_ssl, std::string_view bucket) {
  if (use_ssl && bucket.find('.') != std::string_view::npos) return false;
  return host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn") ||
         host == "storage.googleapis.com" || host.ends_with(".aliyuncs.com");
}

Result<BucketAddress> AddressBucket(const S3Options& options) {
  MBK_TRY(CheckBucketName(options.bucket));
  Endpoint endpoint{.use_ssl = options.use_ssl, .host = options.host, .port = options.port};
  BucketAddress address;
  if (UseVirtualHost(options)) {
    if (IsIpAddress(options.host)) {
      return InvalidArgument(fmt::format(
          "the bucket cannot stand before the IP address {}: set pathStyle to path, or address to a name",
          options.host));
    }
    endpoint.host = options.bucket + "." + options.host;
    address.base_path = "/";
  } else {
    address.base_path = "/" + options.bucket + "/";
  }
  address.origin = endpoint.Origin();
  address.authority = endpoint.Authority();
  return address;
}

HttpRequest BuildHttpRequest(const BucketAddress& address, const Request& request,
                             const SigningContext& signing) {
  std::string path = address.base_path + PercentEncodePath(request.key);
  std::string query = CanonicalQuery(request.query);
  HttpHeaders headers =
      signing.signature == S3Signature::kBearer ? GoogleHeaders(request.headers) : request.headers;
  headers.Add("Host", address.authority);
  HttpHeaders signature = Sign(request, path, query, headers, signing);
  for (const auto& [name, value] : signature) headers.Add(name, value);
  return HttpRequest{.method = std::string(request.method),
                     .url = address.origin + path + (query.empty() ? "" : "?" + query),
                     .headers = std::move(headers),
                     .body = request.body};
}

std::string CopySourceHeader(std::string_view bucket, std::string_view key) {
  return fmt::format("{}/{}", bucket, PercentEncodePath(key));
}

}  // namespace mbk::s3
