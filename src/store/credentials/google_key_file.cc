#include "store/credentials/google_key_file.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "net/url.h"
#include "store/credentials/small_file.h"
#include "store/http_store.h"

namespace mbk::google {
namespace {

using nlohmann::json;

constexpr char kTokenUri[] = "https://oauth2.googleapis.com/token";

/// Reads text fields and remembers the first one that is missing or no text.
class Fields {
 public:
  explicit Fields(const json& object) : object_(object) {}

  std::string Required(const char* name) {
    std::string text = Optional(name);
    if (text.empty() && status_.ok()) status_ = InvalidArgument(fmt::format("it has no \"{}\"", name));
    return text;
  }
  std::string Optional(const char* name, std::string otherwise = "") {
    auto found = object_.find(name);
    if (found == object_.end() || found->is_null()) return otherwise;
    if (!found->is_string()) {
      if (status_.ok()) status_ = InvalidArgument(fmt::format("its \"{}\" is no text", name));
      return otherwise;
    }
    return found->get<std::string>();
  }
  std::string Url(const char* name, std::string otherwise = "") {
    std::string url = otherwise.empty() ? Required(name) : Optional(name, std::move(otherwise));
    if (status_.ok()) status_ = CheckSafeUrl(name, url);
    return url;
  }
  std::string OptionalUrl(const char* name) {
    std::string url = Optional(name);
    if (status_.ok() && !url.empty()) status_ = CheckSafeUrl(name, url);
    return url;
  }
  const Status& status() const { return status_; }

 private:
  const json& object_;
  Status status_;
};

Result<ServiceAccountKey> ParseServiceAccount(const json& object) {
  Fields fields(object);
  std::string pem = fields.Required("private_key");
  std::string email = fields.Required("client_email");
  std::string token_uri = fields.Url("token_uri", kTokenUri);
  std::string project = fields.Optional("project_id");
  std::string key_id = fields.Optional("private_key_id");
  MBK_TRY(fields.status());
  Result<RsaPrivateKey> key = RsaPrivateKey::FromPem(pem);
  if (!key.ok()) return key.status().WithContext("its \"private_key\"");
  return ServiceAccountKey{.project_id = std::move(project),
                           .client_email = std::move(email),
                           .private_key_id = std::move(key_id),
                           .private_key = *std::move(key),
                           .token_uri = std::move(token_uri)};
}

Result<AuthorizedUser> ParseAuthorizedUser(const json& object) {
  Fields fields(object);
  AuthorizedUser user{.client_id = fields.Required("client_id"),
                      .client_secret = fields.Required("client_secret"),
                      .refresh_token = fields.Required("refresh_token"),
                      .token_uri = fields.Url("token_uri", kTokenUri),
                      .quota_project_id = fields.Optional("quota_project_id")};
  MBK_TRY(fields.status());
  return user;
}

const json& MemberOrNull(const json& object, const char* name) {
  static const json kNull;
  auto found = object.find(name);
  return found == object.end() ? kNull : *found;
}

Result<SubjectTokenSource> ParseSource(const json& object) {
  if (!object.is_object()) return InvalidArgument("it has no \"credential_source\"");
  if (object.contains("environment_id") || object.contains("executable") || object.contains("certificate")) {
    return InvalidArgument(
        "its \"credential_source\" is of a kind that this version does not have (AWS, executable or "
        "certificate); a file or a url is needed");
  }
  Fields fields(object);
  SubjectTokenSource source{.file = fields.Optional("file"), .url = fields.OptionalUrl("url")};
  MBK_TRY(fields.status());
  if (source.file.empty() == source.url.empty())
    return InvalidArgument("its \"credential_source\" must name either a file or a url");
  const json& headers = MemberOrNull(object, "headers");
  for (const auto& [name, value] : headers.items()) {
    if (!value.is_string()) return InvalidArgument("its \"credential_source\" has a header that is no text");
    source.headers.emplace_back(name, value.get<std::string>());
  }
  const json& format = MemberOrNull(object, "format");
  if (!format.is_object()) return source;
  Fields format_fields(format);
  if (format_fields.Optional("type") == "json")
    source.json_field = format_fields.Required("subject_token_field_name");
  MBK_TRY(format_fields.status());
  return source;
}

Result<ExternalAccount> ParseExternalAccount(const json& object) {
  Fields fields(object);
  ExternalAccount account{.audience = fields.Required("audience"),
                          .subject_token_type = fields.Required("subject_token_type"),
                          .token_url = fields.Url("token_url"),
                          .impersonation_url = fields.OptionalUrl("service_account_impersonation_url"),
                          .quota_project_id = fields.Optional("quota_project_id")};
  MBK_TRY(fields.status());
  MBK_TRY_ASSIGN(account.source, ParseSource(MemberOrNull(object, "credential_source")));
  return account;
}

Result<ImpersonatedAccount> ParseImpersonated(const json& object) {
  const json& source = MemberOrNull(object, "source_credentials");
  if (!source.is_object()) return InvalidArgument("it has no \"source_credentials\"");
  Fields fields(object);
  std::string url = fields.Url("service_account_impersonation_url");
  std::string quota = fields.Optional("quota_project_id");
  std::string source_type = Fields(source).Optional("type");
  MBK_TRY(fields.status());
  std::vector<std::string> delegates;
  for (const auto& [index, name] : MemberOrNull(object, "delegates").items()) {
    if (!name.is_string()) return InvalidArgument("its \"delegates\" hold something that is no text");
    delegates.push_back(name.get<std::string>());
  }
  auto made = [&](auto parsed) -> Result<ImpersonatedAccount> {
    if (!parsed.ok()) return parsed.status().WithContext("its \"source_credentials\"");
    return ImpersonatedAccount{.source = *std::move(parsed),
                               .impersonation_url = std::move(url),
                               .delegates = std::move(delegates),
                               .quota_project_id = std::move(quota)};
  };
  if (source_type == "service_account") return made(ParseServiceAccount(source));
  if (source_type == "authorized_user") return made(ParseAuthorizedUser(source));
  return InvalidArgument("its \"source_credentials\" are neither a service_account nor an authorized_user");
}

template <class T>
Result<KeyFile> AsKeyFile(Result<T> parsed) {
  if (!parsed.ok()) return std::move(parsed).status();
  return KeyFile(*std::move(parsed));
}

}  // namespace

Status CheckSafeUrl(std::string_view field, const std::string& url) {
  // Queries are no part of what ParseUrl takes, and may hold secrets.
  Result<ParsedUrl> parsed = ParseUrl(std::string_view(url).substr(0, url.find('?')));
  if (!parsed.ok() || !(url.starts_with("https://") || url.starts_with("http://")))
    return InvalidArgument(fmt::format("its \"{}\" is no URL", field));
  if (parsed->endpoint.use_ssl || IsLoopback(parsed->endpoint.host)) return {};
  return InvalidArgument(fmt::format("its \"{}\" leads to {} without encryption; it must begin with https://",
                                     field, OneLine(parsed->endpoint.Origin())));
}

Result<KeyFile> ParseKeyFile(std::string_view text) {
  constexpr int kDeepest = 8;
  auto shallow = [](int depth, json::parse_event_t, json&) { return depth <= kDeepest; };
  const json object = json::parse(text, shallow, /*allow_exceptions=*/false);
  if (!object.is_object()) return InvalidArgument("it is no JSON object");
  Fields fields(object);
  const std::string type = fields.Required("type");
  MBK_TRY(fields.status());
  if (type == "service_account") return AsKeyFile(ParseServiceAccount(object));
  if (type == "authorized_user") return AsKeyFile(ParseAuthorizedUser(object));
  if (type == "external_account") return AsKeyFile(ParseExternalAccount(object));
  if (type == "impersonated_service_account") return AsKeyFile(ParseImpersonated(object));
  return InvalidArgument(
      fmt::format("its \"type\" is \"{}\"; want service_account, authorized_user, external_account or "
                  "impersonated_service_account",
                  OneLine(type)));
}

Result<KeyFile> ReadKeyFile(const std::string& path) {
  // Some set the key to the JSON itself, which must not end up in a message as a path would.
  if (path.find('{') != std::string::npos)
    return InvalidArgument(
        "credentialsFile (gcpCredentialJSON) holds JSON; it must be the path of a JSON file");
  MBK_TRY_ASSIGN(std::string text, credentials::ReadNamedFile(path));
  Result<KeyFile> parsed = ParseKeyFile(text);
  if (!parsed.ok()) return parsed.status().WithContext(OneLine(path));
  return parsed;
}

}  // namespace mbk::google
