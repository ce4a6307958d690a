#include "net/azure_sas.h"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <algorithm>
#include <initializer_list>

#include "base/hash.h"
#include "net/azure_shared_key.h"
#include "net/url.h"

namespace mbk {
namespace {

constexpr std::string_view kReadAndList = "rl";

std::string_view Protocols(bool plain_http) { return plain_http ? "https,http" : "https"; }

std::string Signature(std::string_view key, std::string_view text) {
  const Sha256Bytes signature = HmacSha256(key, text);
  return Base64Encode({reinterpret_cast<const char*>(signature.data()), signature.size()});
}

std::string Lines(std::initializer_list<std::string_view> fields) {
  std::string text;
  for (std::string_view field : fields) text.append(field).append("\n");
  return text;
}

}  // namespace

std::string AccountReadSas(std::string_view account, std::string_view key, const SasPeriod& period,
                           bool plain_http) {
  constexpr std::string_view kBlob = "b", kContainersAndObjects = "co", kAnyAddress, kNoEncryptionScope;
  const std::string start = SasTime(period.start), expiry = SasTime(period.expiry);
  const std::string_view protocols = Protocols(plain_http);
  const std::string text = Lines({account, kReadAndList, kBlob, kContainersAndObjects, start, expiry,
                                  kAnyAddress, protocols, kAzureVersion, kNoEncryptionScope});
  return CanonicalQuery({{"sv", std::string(kAzureVersion)},
                         {"ss", std::string(kBlob)},
                         {"srt", std::string(kContainersAndObjects)},
                         {"sp", std::string(kReadAndList)},
                         {"st", start},
                         {"se", expiry},
                         {"spr", std::string(protocols)},
                         {"sig", Signature(key, text)}});
}

std::string ContainerReadSas(std::string_view account, std::string_view container,
                             const UserDelegationKey& key, bool plain_http) {
  constexpr std::string_view kContainer = "c", kNone;
  const std::string resource = fmt::format("/blob/{}/{}", account, container);
  const std::string_view protocols = Protocols(plain_http);
  std::string text = Lines(
      {kReadAndList, key.start,     key.expiry,  resource,    key.object_id, key.tenant_id,
       key.start,    key.expiry,    key.service, key.version, kNone,         kNone,
       kNone,  // authorized and unauthorized user, correlation id
       kNone,  // addresses
       protocols,    kAzureVersion, kContainer,  kNone,
       kNone,                                                           // snapshot, encryption scope
       kNone,        kNone,         kNone,       kNone,       kNone});  // headers that answers would carry
  text.pop_back();                                                      // the last field ends the text
  return CanonicalQuery({{"sv", std::string(kAzureVersion)},
                         {"sr", std::string(kContainer)},
                         {"sp", std::string(kReadAndList)},
                         {"st", key.start},
                         {"se", key.expiry},
                         {"spr", std::string(protocols)},
                         {"skoid", key.object_id},
                         {"sktid", key.tenant_id},
                         {"skt", key.start},
                         {"ske", key.expiry},
                         {"sks", key.service},
                         {"skv", key.version},
                         {"sig", Signature(key.key, text)}});
}

std::string SasTime(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

Result<std::string> CheckSasToken(std::string_view token) {
  if (token.starts_with('?')) token.remove_prefix(1);
  const bool signed_token = token.starts_with("sig=") || token.find("&sig=") != std::string_view::npos;
  if (!signed_token) {
    return InvalidArgument("the shared access signature has no sig=: want the token, sv=…&sig=…, not a URL");
  }
  const bool fits = std::all_of(token.begin(), token.end(), [](unsigned char c) {
    return c > 0x20 && c < 0x7f && c != '#' && c != '?' && c != '"' && c != '<' && c != '>';
  });
  if (!fits) return InvalidArgument("the shared access signature has a character that no URL can hold");
  return std::string(token);
}

}  // namespace mbk
