#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/status.h"
#include "net/jwt.h"

/// The JSON files in which Google's tools keep credentials. https://google.aip.dev/auth/4110
/// Internal to store/credentials/.
namespace mbk::google {

/// "service_account"
struct ServiceAccountKey {
  std::string project_id;
  std::string client_email;
  std::string private_key_id;
  RsaPrivateKey private_key;
  std::string token_uri;
};

/// "authorized_user": a person who logged in.
struct AuthorizedUser {
  std::string client_id;
  std::string client_secret;  ///< secret
  std::string refresh_token;  ///< secret
  std::string token_uri;
  std::string quota_project_id;
};

/// Where the token of another identity provider is found: in a file, or at a URL.
struct SubjectTokenSource {
  std::string file;
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;  ///< for `url`; secret
  std::string json_field;                                    ///< empty: the whole text is the token
};

/// "external_account": workload identity federation. https://google.aip.dev/auth/4117
struct ExternalAccount {
  std::string audience;
  std::string subject_token_type;
  std::string token_url;
  SubjectTokenSource source;
  std::string impersonation_url;  ///< empty: the federated token is used itself
  std::string quota_project_id;
};

/// "impersonated_service_account": another file's identity that acts as a service account.
struct ImpersonatedAccount {
  std::variant<ServiceAccountKey, AuthorizedUser> source;
  std::string impersonation_url;
  std::vector<std::string> delegates;
  std::string quota_project_id;
};

using KeyFile = std::variant<ServiceAccountKey, AuthorizedUser, ExternalAccount, ImpersonatedAccount>;

/// kInvalidArgument for anything that cannot be used, naming the field. Every URL must be https, or http on
/// loopback. The message holds no values but the type's name and URLs.
Result<KeyFile> ParseKeyFile(std::string_view json);
/// The same from a file of at most 1 MiB.
Result<KeyFile> ReadKeyFile(const std::string& path);

/// kInvalidArgument unless tokens and keys may be sent there: https, or http on loopback.
Status CheckSafeUrl(std::string_view field, const std::string& url);

}  // namespace mbk::google
