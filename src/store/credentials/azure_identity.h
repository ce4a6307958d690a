#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/refreshing.h"
#include "net/http_client.h"

namespace mbk {

struct AzureIdentityOptions {
  std::function<std::optional<std::string>(const std::string& name)> environment;
  std::function<std::chrono::system_clock::time_point()> now = [] {
    return std::chrono::system_clock::now();
  };
};

/// Bearer tokens for Azure Storage of whoever this process is to Microsoft Entra ID, as
/// DefaultAzureCredential of Microsoft's SDKs finds it out. In this order:
///
///   environment        AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET
///   workload identity  AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE (Kubernetes)
///   managed identity   IDENTITY_ENDPOINT and IDENTITY_HEADER (App Service and its relatives), else the
///                      metadata service of the machine, at 169.254.169.254 or
///                      AZURE_POD_IDENTITY_AUTHORITY_HOST; AZURE_CLIENT_ID picks one of several identities
///
/// The first two ask AZURE_AUTHORITY_HOST, https://login.microsoftonline.com when it is not set. The tools
/// that the SDKs run (az, azd, PowerShell) are not run.
///
/// The first source that has an identity is the one asked from then on. One that is there and does not work
/// ends the search: its error is the answer. kPermissionDenied when nobody has an identity, naming each
/// source and what it lacks. Fetching costs one request. No token, secret or assertion appears in a message.
/// https://learn.microsoft.com/dotnet/azure/sdk/authentication/credential-chains
std::shared_ptr<Refreshing<std::string>> MakeAzureIdentity(const AzureIdentityOptions& options,
                                                           std::shared_ptr<HttpClient> http);

}  // namespace mbk
