#include "net/sigv4.h"

#include <fmt/core.h>

#include <algorithm>
#include <ctime>
#include <vector>

namespace mbk {
namespace {

// YYYYMMDD'T'HHMMSS'Z'; the first eight characters are the day of the credential scope.
std::string AmzDate(std::chrono::system_clock::time_point time) {
  std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec);
}

// Trimmed, runs of blanks made one.
std::string CanonicalValue(std::string_view value) {
  std::string out;
  out.reserve(value.size());
  for (char c : value) {
    bool blank = c == ' ' || c == '\t';
    if (!blank) {
      out.push_back(c);
    } else if (!out.empty() && out.back() != ' ') {
      out.push_back(' ');
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

struct CanonicalHeaders {
  std::string block;         // "name:value\n" each
  std::string signed_names;  // "a;b;c"
};

CanonicalHeaders Canonicalize(const HttpHeaders& given, const HttpHeaders& added) {
  std::vector<std::pair<std::string, std::string>> lines;
  lines.reserve(given.size() + added.size());
  for (const HttpHeaders* headers : {&given, &added}) {
    for (const auto& [name, value] : *headers) lines.emplace_back(AsciiLower(name), CanonicalValue(value));
  }
  std::sort(lines.begin(), lines.end());
  CanonicalHeaders canonical;
  for (const auto& [name, value] : lines) {
    canonical.block.append(name).append(":").append(value).append("\n");
    if (!canonical.signed_names.empty()) canonical.signed_names.push_back(';');
    canonical.signed_names.append(name);
  }
  return canonical;
}

std::string CanonicalRequest(const SigningInput& input, const CanonicalHeaders& headers) {
  std::string request;
  request.reserve(256 + input.canonical_path.size() + input.canonical_query.size() + headers.block.size());
  request.append(input.method).append("\n");
  request.append(input.canonical_path).append("\n");
  request.append(input.canonical_query).append("\n");
  request.append(headers.block).append("\n");
  request.append(headers.signed_names).append("\n");
  request.append(input.payload_sha256_hex);
  return request;
}

}  // namespace

Sha256Bytes SigningKeyCache::Get(std::string_view secret, std::string_view day, std::string_view region,
                                 std::string_view service) {
  std::string fingerprint = fmt::format("{}\n{}\n{}\n{}", day, region, service, secret);
  std::lock_guard lock(mutex_);
  if (fingerprint != fingerprint_) {
    Sha256Bytes day_key = HmacSha256(fmt::format("AWS4{}", secret), day);
    Sha256Bytes region_key = HmacSha256(day_key, region);
    Sha256Bytes service_key = HmacSha256(region_key, service);
    key_ = HmacSha256(service_key, "aws4_request");
    fingerprint_ = std::move(fingerprint);
  }
  return key_;
}

HttpHeaders SignV4(const SigningInput& input, SigningKeyCache& keys) {
  const AwsCredentials& credentials = input.credentials;
  std::string date = AmzDate(input.time);
  std::string_view day = std::string_view(date).substr(0, 8);

  HttpHeaders added;
  added.Add("x-amz-content-sha256", std::string(input.payload_sha256_hex));
  added.Add("x-amz-date", date);
  if (!credentials.session_token.empty()) added.Add("x-amz-security-token", credentials.session_token);

  CanonicalHeaders headers = Canonicalize(input.headers, added);
  std::string scope = fmt::format("{}/{}/{}/aws4_request", day, input.region, input.service);
  std::string to_sign =
      fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", date, scope, Sha256Hex(CanonicalRequest(input, headers)));
  Sha256Bytes key = keys.Get(credentials.secret_access_key, day, input.region, input.service);
  added.Add("Authorization", fmt::format("AWS4-HMAC-SHA256 Credential={}/{},SignedHeaders={},Signature={}",
                                         credentials.access_key_id, scope, headers.signed_names,
                                         HexEncode(HmacSha256(key, to_sign))));
  return added;
}

}  // namespace mbk
