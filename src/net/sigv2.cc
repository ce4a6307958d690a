#include "net/sigv2.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/hash.h"

namespace mbk {
namespace {

// Of the query, these alone are signed.
constexpr auto kSubResources = std::to_array<std::string_view>({"acl",
                                                                "cors",
                                                                "delete",
                                                                "lifecycle",
                                                                "location",
                                                                "logging",
                                                                "notification",
                                                                "partNumber",
                                                                "policy",
                                                                "requestPayment",
                                                                "response-cache-control",
                                                                "response-content-disposition",
                                                                "response-content-encoding",
                                                                "response-content-language",
                                                                "response-content-type",
                                                                "response-expires",
                                                                "restore",
                                                                "tagging",
                                                                "torrent",
                                                                "uploadId",
                                                                "uploads",
                                                                "versionId",
                                                                "versioning",
                                                                "versions",
                                                                "website"});

bool IsSubResource(std::string_view name) { return std::ranges::binary_search(kSubResources, name); }

// Name, colon, value, sorted by name; several lines of one name become one.
std::string CanonicalAmzHeaders(const HttpHeaders& headers) {
  std::map<std::string, std::string> sorted;
  for (const auto& [name, value] : headers) {
    std::string lower = AsciiLower(name);
    if (!lower.starts_with("x-amz-")) continue;
    auto [line, added] = sorted.emplace(std::move(lower), value);
    if (!added) line->second += "," + value;
  }
  std::string lines;
  for (const auto& [name, value] : sorted) lines += fmt::format("{}:{}\n", name, value);
  return lines;
}

std::string CanonicalResource(std::string_view path, const QueryPairs& query) {
  QueryPairs signed_pairs;
  std::ranges::copy_if(query, std::back_inserter(signed_pairs),
                       [](const auto& pair) { return IsSubResource(pair.first); });
  std::ranges::sort(signed_pairs);
  std::string resource(path);
  char separator = '?';
  for (const auto& [name, value] : signed_pairs) {
    resource += separator + name + (value.empty() ? "" : "=" + value);
    separator = '&';
  }
  return resource;
}

}  // namespace

HttpHeaders SignV2(const SigningInputV2& input) {
  HttpHeaders added{{"Date", std::string(input.date)}};
  HttpHeaders amz = input.headers;
  if (!input.credentials.session_token.empty()) {
    added.Add("x-amz-security-token", input.credentials.session_token);
    amz.Add("x-amz-security-token", input.credentials.session_token);
  }
  const std::string text =
      fmt::format("{}\n{}\n{}\n{}\n{}{}", input.method, input.headers.Get("content-md5"),
                  input.headers.Get("content-type"), input.date, CanonicalAmzHeaders(amz),
                  CanonicalResource(input.canonical_path, input.query));
  const std::string signature = Base64Encode(HmacSha1(input.credentials.secret_access_key, text));
  added.Add("Authorization", fmt::format("AWS {}:{}", input.credentials.access_key_id, signature));
  return added;
}

}  // namespace mbk
