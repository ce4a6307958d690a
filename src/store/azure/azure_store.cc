#include "store/azure/azure_store.h"

#include <fmt/core.h>

#include "base/hash.h"
#include "net/azure_sas.h"
#include "net/url.h"
#include "store/azure/azure_object_store.h"
#include "store/azure/azure_request.h"
#include "store/azure/azure_xml.h"

namespace mbk {
namespace azure {
namespace {

// The service's limits: Copy Blob From URL takes 256 MiB, a blob has 50,000 blocks, which may be of any size.
constexpr std::int64_t kMaxSingleCopyBytes = 256LL << 20;
constexpr std::int64_t kMinBlockBytes = 1;
constexpr int kMaxBlocks = 50'000;

Status CheckAccountKey(const std::string& key) {
  Result<std::string> bytes = Base64Decode(key);
  if (bytes.ok() && !bytes->empty()) return {};
  return InvalidArgument("accountKey is no key of a storage account: those are base64");
}

Status CheckCredentials(AzureOptions& options, std::string_view origin) {
  AzureCredentials& credentials = options.credentials;
  const int given =
      !credentials.account_key.empty() + !credentials.sas_token.empty() + (credentials.tokens != nullptr);
  if (given != 1) return InvalidArgument("want an account key, a shared access signature or an identity");
  if (!credentials.account_key.empty()) return CheckAccountKey(credentials.account_key);
  if (!credentials.sas_token.empty()) {
    MBK_TRY_ASSIGN(credentials.sas_token, CheckSasToken(credentials.sas_token));
    return {};
  }
  if (origin.starts_with("https://") || IsLoopback(options.host)) return {};
  return InvalidArgument(
      "an identity's token may not go over an unencrypted link: set useSSL, or pathStyle virtualHost");
}

}  // namespace

AzureStore::AzureStore(AzureOptions options, AccountAddress address, std::shared_ptr<HttpClient> http)
    : client_(std::move(options), std::move(address), std::move(http)),
      copy_sources_(client_),
      identity_{.service = "azure",
                .endpoint = fmt::format("{} {}", client_.address().origin, client_.options().account),
                .bucket = BucketName(client_.options().container)},
      capabilities_{.max_single_copy_bytes = kMaxSingleCopyBytes,
                    .min_part_bytes = kMinBlockBytes,
                    .max_parts = kMaxBlocks} {}

WriteResult Written(const HttpHeaders& headers) {
  return {.etag = Unquoted(headers.Get("etag")), .digest = DigestOfMd5(headers.Get("content-md5"))};
}

}  // namespace azure

Result<std::unique_ptr<ObjectStore>> MakeAzureStore(AzureOptions options, std::shared_ptr<HttpClient> http) {
  MBK_TRY_ASSIGN(azure::AccountAddress address, azure::AddressAccount(options));
  MBK_TRY(azure::CheckCredentials(options, address.origin));
  if (http == nullptr) {
    http = std::make_shared<HttpClient>(HttpClientOptions{.tls = options.tls,
                                                          .stall_timeout = options.stall_timeout,
                                                          .settings = options.settings,
                                                          .resolve = options.resolve});
  }
  return std::unique_ptr<ObjectStore>(
      std::make_unique<azure::AzureStore>(std::move(options), std::move(address), std::move(http)));
}

}  // namespace mbk
