#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "net/http_headers.h"
#include "net/url.h"

/// Shared Key, the signature of a request with the key of an Azure storage account.
/// https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
namespace mbk {

/// The version of the Blob service that requests speak (x-ms-version) and SAS tokens are signed for (sv):
/// from it on nothing is used that an older one lacks, and what is signed does not depend on the service's
/// newest.
inline constexpr std::string_view kAzureVersion = "2021-08-06";

/// What is signed. The views and references must outlive the call.
struct SharedKeyInput {
  std::string_view method;
  std::string_view account;
  std::string_view path;    ///< as it stands in the URL: encoded, leading '/'
  const QueryPairs& query;  ///< not encoded; names in lower case, each once
  const HttpHeaders&
      headers;  ///< must hold x-ms-date; those of other names than Shared Key knows are not signed
  std::size_t body_bytes = 0;
};

/// The text that is signed.
std::string SharedKeyStringToSign(const SharedKeyInput& input);
/// The value of the header Authorization. `key` is the account's key as bytes, not in base64.
std::string SharedKeyAuthorization(const SharedKeyInput& input, std::string_view key);

}  // namespace mbk
