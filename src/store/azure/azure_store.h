#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/refreshing.h"
#include "base/status.h"
#include "net/http_client.h"
#include "store/object_store.h"

/// One container of Azure Blob Storage, or of an emulator of it (Azurite).
namespace mbk {

/// How an account is addressed. kHost: https://<account>.blob.<host>/<container>/<key>, always with TLS;
/// kPath: http[s]://<host>/<account>/<container>/<key>, as emulators have it; kAuto: kPath when the host is
/// an IP address, else kHost.
enum class AzureAddressing { kAuto, kPath, kHost };

/// Bearer tokens of Microsoft Entra ID that may read and write blobs; secret.
using AzureTokens = Refreshing<std::string>;

/// Exactly one is set.
struct AzureCredentials {
  std::string account_key;              ///< secret; base64, as the portal shows it
  std::string sas_token;                ///< secret; "sv=…&sig=…", with or without a '?' before it
  std::shared_ptr<AzureTokens> tokens;  ///< sent over TLS only, or to this machine
};

struct AzureOptions {
  std::string host;      ///< without scheme, port and brackets: "core.windows.net", "127.0.0.1"
  int port = 0;          ///< 0: 80 or 443
  bool use_ssl = false;  ///< counts with kPath only
  AzureAddressing addressing = AzureAddressing::kAuto;
  std::string account;
  std::string container;
  AzureCredentials credentials;
  TlsFiles tls;
  std::string settings;  ///< that name the server, in the words of the user's file: for warnings
  std::chrono::seconds stall_timeout =
      HttpClientOptions().stall_timeout;  ///< for a connection without a byte
  std::vector<std::string> resolve;       ///< "host:port:address" each, before DNS is asked
  /// The clock of the signatures.
  std::function<std::chrono::system_clock::time_point()> now = [] {
    return std::chrono::system_clock::now();
  };
};

/// kInvalidArgument when host, account, container or credentials cannot be used; nothing is asked of the
/// service. Requests go through `http`; null: a client of the store's own, made from tls and resolve.
Result<std::unique_ptr<ObjectStore>> MakeAzureStore(AzureOptions options,
                                                    std::shared_ptr<HttpClient> http = nullptr);

}  // namespace mbk
