#include "store/azure/azure_request.h"

#include <fmt/core.h>

#include <algorithm>

#include "net/azure_shared_key.h"
#include "net/http_date.h"

namespace mbk::azure {
namespace {

bool IsLetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// What may be part of a host name and of a path without encoding. Finer rules (length, case) are the
// service's to enforce, in its own words.
Status CheckAccountName(const std::string& account) {
  if (account.empty()) return InvalidArgument("the name of the storage account is empty; set accountName");
  const bool usable =
      std::all_of(account.begin(), account.end(), [](char c) { return IsLetterOrDigit(c) || c == '-'; });
  if (usable) return {};
  return InvalidArgument(fmt::format(
      "accountName \"{}\": the name of a storage account is made of lower-case letters and digits", account));
}

// "$root", "$web" and "$logs" are the service's own.
Status CheckContainerName(const std::string& container) {
  if (container.empty()) return InvalidArgument("bucketName, on Azure the container, is empty");
  const bool usable = std::all_of(container.begin(), container.end(),
                                  [](char c) { return IsLetterOrDigit(c) || c == '-' || c == '$'; });
  if (usable) return {};
  return InvalidArgument(fmt::format(
      "bucketName \"{}\": the name of a container is made of lower-case letters, digits and '-'", container));
}

bool IsIpAddress(std::string_view host) {
  return host.find(':') != std::string_view::npos ||
         std::all_of(host.begin(), host.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

bool UsesPath(const AzureOptions& options) {
  if (options.addressing != AzureAddressing::kAuto) return options.addressing == AzureAddressing::kPath;
  return IsIpAddress(options.host);
}

std::string PathOf(const AzureOptions& options, const AccountAddress& address, const Request& request) {
  switch (request.resource) {
    case Resource::kService:
      return address.base_path;
    case Resource::kContainer:
      return ContainerPath(address, options.container);
    case Resource::kBlob:
      break;
  }
  return BlobPath(address, options.container, request.key);
}

}  // namespace

Result<AccountAddress> AddressAccount(const AzureOptions& options) {
  if (options.host.empty()) return InvalidArgument("storage address is empty");
  MBK_TRY(CheckAccountName(options.account));
  MBK_TRY(CheckContainerName(options.container));
  if (UsesPath(options)) {
    const Endpoint endpoint{.use_ssl = options.use_ssl, .host = options.host, .port = options.port};
    return AccountAddress{.origin = endpoint.Origin(), .base_path = fmt::format("/{}/", options.account)};
  }
  const Endpoint endpoint{.use_ssl = true,
                          .host = fmt::format("{}.blob.{}", options.account, options.host),
                          .port = options.port};
  return AccountAddress{.origin = endpoint.Origin(), .base_path = "/"};
}

std::string ContainerPath(const AccountAddress& address, std::string_view container) {
  return address.base_path + PercentEncode(container);
}

std::string BlobPath(const AccountAddress& address, std::string_view container, std::string_view key) {
  return fmt::format("{}/{}", ContainerPath(address, container), PercentEncodePath(key));
}

HttpRequest BuildHttpRequest(const AzureOptions& options, const AccountAddress& address,
                             const Request& request, const Authorization& authorization) {
  const std::string path = PathOf(options, address, request);
  std::string query = CanonicalQuery(request.query);
  HttpHeaders headers = request.headers;
  headers.Add("x-ms-version", std::string(kAzureVersion));
  headers.Add("x-ms-date", HttpDate(options.now()));
  if (!authorization.account_key.empty()) {
    headers.Add("Authorization", SharedKeyAuthorization({.method = request.method,
                                                         .account = options.account,
                                                         .path = path,
                                                         .query = request.query,
                                                         .headers = headers,
                                                         .body_bytes = request.body.size()},
                                                        authorization.account_key));
  } else if (!authorization.bearer_token.empty()) {
    headers.Add("Authorization", fmt::format("Bearer {}", authorization.bearer_token));
  } else {
    query.append(query.empty() ? "" : "&").append(authorization.sas_token);
  }
  return HttpRequest{.method = std::string(request.method),
                     .url = address.origin + path + (query.empty() ? "" : "?" + query),
                     .headers = std::move(headers),
                     .body = request.body};
}

}  // namespace mbk::azure
