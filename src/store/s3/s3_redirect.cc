#include "store/s3/s3_redirect.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "net/http_headers.h"

namespace mbk::s3 {
namespace {

// Domains in which one company gives out all names.
constexpr auto kClouds = std::to_array<std::string_view>(
    {".amazonaws.com", ".amazonaws.com.cn", ".aliyuncs.com", ".myqcloud.com", ".myhuaweicloud.com"});

std::string_view CloudOf(std::string_view host) {
  for (std::string_view cloud : kClouds) {
    if (host.ends_with(cloud)) return cloud;
  }
  return {};
}

bool IsHostName(std::string_view host) {
  return std::ranges::all_of(
      host, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; });
}

// https://docs.aws.amazon.com/general/latest/gr/s3.html
std::string AmazonHost(std::string_view region) {
  return fmt::format("s3.{}.amazonaws.com{}", region, region.starts_with("cn-") ? ".cn" : "");
}

}  // namespace

bool IsAboutPlace(int http_status, const ErrorBody& refusal) {
  return http_status == 301 || http_status == 307 || refusal.code == "PermanentRedirect" ||
         refusal.code == "TemporaryRedirect" || refusal.code == "Redirect" ||
         refusal.code == "AuthorizationHeaderMalformed" ||
         refusal.code == "IllegalLocationConstraintException" || refusal.code == "InvalidRegion";
}

bool IsRegionName(std::string_view region) {
  return !region.empty() && region.size() <= 64 && std::ranges::all_of(region, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

std::string RedirectHost(std::string_view configured_host, std::string_view bucket,
                         const ErrorBody& refusal) {
  const std::string_view cloud = CloudOf(configured_host);
  if (cloud.empty()) return {};
  std::string host = AsciiLower(refusal.endpoint);
  const std::string prefix = fmt::format("{}.", bucket);
  if (host.starts_with(prefix)) host.erase(0, prefix.size());
  if (host.empty() && cloud.starts_with(".amazonaws.") && IsRegionName(refusal.region))
    host = AmazonHost(refusal.region);
  return CloudOf(host) == cloud && IsHostName(host) ? host : std::string();
}

}  // namespace mbk::s3
