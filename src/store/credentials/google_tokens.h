#pragma once

#include <string>
#include <vector>

#include "base/refreshing.h"
#include "net/http_client.h"
#include "store/credentials/google_key_file.h"
#include "store/credentials/oauth.h"

/// One request for a token each. Internal to store/credentials/.
namespace mbk::google {

using oauth::Time;
using oauth::Token;
using oauth::TokenRequest;

/// May read and write objects and make buckets.
inline constexpr char kStorageScope[] = "https://www.googleapis.com/auth/devstorage.read_write";
/// For a token that is exchanged for another one.
inline constexpr char kPlatformScope[] = "https://www.googleapis.com/auth/cloud-platform";

/// RFC 7523: the signed assertion for an access token.
/// https://developers.google.com/identity/protocols/oauth2/service-account#httprest
Result<Token> ExchangeAssertion(const TokenRequest& request, const ServiceAccountKey& key,
                                const std::string& scope, const CallContext& context);

/// RFC 6749 §6.
Result<Token> RefreshUser(const TokenRequest& request, const AuthorizedUser& user,
                          const CallContext& context);

/// RFC 8693: the token of another provider for one of Google's. https://google.aip.dev/auth/4117
Result<Token> ExchangeSubject(const TokenRequest& request, const ExternalAccount& account,
                              const std::string& scope, const CallContext& context);

/// The token of a service account for one that may act as it.
/// https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken
Result<Token> Impersonate(const TokenRequest& request, const std::string& url,
                          const std::vector<std::string>& delegates, const std::string& bearer,
                          const CallContext& context);

/// A path of the metadata server, such as "instance/service-accounts/default/token"; its text. Who answers
/// without the header Metadata-Flavor is not Google.
/// https://cloud.google.com/compute/docs/metadata/querying-metadata
Result<std::string> AskMetadata(HttpClient& http, const std::string& host, const std::string& path,
                                const CallContext& context);
Result<Token> MetadataToken(const TokenRequest& request, const std::string& host, const CallContext& context);

}  // namespace mbk::google
