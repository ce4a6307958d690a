#pragma once

#include <string>
#include <string_view>

#include "net/http_client.h"
#include "net/url.h"
#include "store/azure/azure_store.h"

/// Building requests, apart from sending them. Internal to store/azure/.
namespace mbk::azure {

/// What a request is about. The empty key of a kBlob request would make it one about the container.
enum class Resource { kBlob, kContainer, kService };

/// One call of the Blob service's REST API, before it is authorized.
struct Request {
  std::string_view operation;  ///< the API's name, for messages: "PutBlob"
  std::string_view method;
  Resource resource = Resource::kBlob;
  std::string_view key;  ///< of a blob
  QueryPairs query;      ///< names in lower case
  HttpHeaders headers;
  std::string_view body;
};

/// Where an account is: the constant part of every URL.
struct AccountAddress {
  std::string origin;     ///< "https://account.blob.core.windows.net"
  std::string base_path;  ///< "/", or "/account/"
};

/// kInvalidArgument when account or host cannot stand in a URL; naming the setting.
Result<AccountAddress> AddressAccount(const AzureOptions& options);

/// The encoded path of a container or of a blob in it.
std::string ContainerPath(const AccountAddress& address, std::string_view container);
std::string BlobPath(const AccountAddress& address, std::string_view container, std::string_view key);

/// How one request proves who it comes from; one is set.
struct Authorization {
  std::string_view account_key;  ///< bytes, not base64
  std::string_view sas_token;
  std::string_view bearer_token;
};

/// The request as HTTP sends it, authorized. `request.body` must outlive it.
HttpRequest BuildHttpRequest(const AzureOptions& options, const AccountAddress& address,
                             const Request& request, const Authorization& authorization);

}  // namespace mbk::azure
