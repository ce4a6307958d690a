#include "store/credentials/google_tokens.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/timestamp.h"
#include "net/url.h"
#include "store/credentials/oauth.h"
#include "store/credentials/small_file.h"
#include "store/http_store.h"

namespace mbk::google {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr seconds kAssertionLife{3600};  // the most that Google takes

using oauth::Failed;
using oauth::IsBearerToken;
using oauth::MeaningOf;
using oauth::OriginOf;
using oauth::ParseShallow;
using oauth::Send;
using oauth::TakeToken;
using oauth::Text;
using oauth::WordsOf;

Result<json> PostGrant(const TokenRequest& request, const std::string& url, const QueryPairs& pairs,
                       const CallContext& context) {
  Result<json> answer = oauth::PostForm(request, url, pairs, context);
  const Status failure = answer.status();
  if (failure.message().find("invalid_grant") == std::string::npos) return answer;
  return Status(
      failure.code(),
      failure.message() + "; check the key file (was the key deleted?) and the clock of this machine");
}

std::int64_t UnixSeconds(Time time) {
  return std::chrono::duration_cast<seconds>(time.time_since_epoch()).count();
}

std::string Trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// Read anew every time: the platform renews it.
Result<std::string> SubjectText(const TokenRequest& request, const SubjectTokenSource& source,
                                const CallContext& context) {
  if (!source.file.empty()) return credentials::ReadNamedFile(source.file);
  HttpRequest http{.url = source.url, .max_body_bytes = oauth::kMostAnswerBytes};
  for (const auto& [name, value] : source.headers) http.headers.Add(name, value);
  Result<HttpResponse> response = request.http.Send(http, context);
  if (!response.ok()) return std::move(response).status();
  if (response->status == 200) return std::move(response->body);
  return Status(MeaningOf(response->status),
                fmt::format("{} {}", response->status, OneLine(WordsOf(*response))));
}

Result<std::string> SubjectToken(const TokenRequest& request, const SubjectTokenSource& source,
                                 const CallContext& context) {
  const std::string where = source.file.empty() ? OriginOf(source.url) : OneLine(source.file);
  Result<std::string> text = SubjectText(request, source, context);
  if (!text.ok()) return std::move(text).status().WithContext("the subject token of " + where);
  std::string token =
      Trimmed(source.json_field.empty() ? *text : Text(ParseShallow(*text), source.json_field.c_str()));
  if (!token.empty()) return token;
  return InvalidArgument(fmt::format("the subject token of {}: there is none in it", where));
}

}  // namespace

Result<Token> ExchangeAssertion(const TokenRequest& request, const ServiceAccountKey& key,
                                const std::string& scope, const CallContext& context) {
  json header{{"alg", "RS256"}, {"typ", "JWT"}};
  if (!key.private_key_id.empty()) header["kid"] = key.private_key_id;
  const std::int64_t now = UnixSeconds(request.now);
  const json claims{{"iss", key.client_email},
                    {"scope", scope},
                    {"aud", key.token_uri},
                    {"iat", now},
                    {"exp", now + kAssertionLife.count()}};
  auto text = [](const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); };
  MBK_TRY_ASSIGN(std::string assertion, SignJwt(text(header), text(claims), key.private_key));
  MBK_TRY_ASSIGN(json answer, PostGrant(request, key.token_uri,
                                        {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                                         {"assertion", assertion}},
                                        context));
  return TakeToken(request, key.token_uri, answer);
}

Result<Token> RefreshUser(const TokenRequest& request, const AuthorizedUser& user,
                          const CallContext& context) {
  MBK_TRY_ASSIGN(json answer, PostGrant(request, user.token_uri,
                                        {{"grant_type", "refresh_token"},
                                         {"client_id", user.client_id},
                                         {"client_secret", user.client_secret},
                                         {"refresh_token", user.refresh_token}},
                                        context));
  return TakeToken(request, user.token_uri, answer);
}

Result<Token> ExchangeSubject(const TokenRequest& request, const ExternalAccount& account,
                              const std::string& scope, const CallContext& context) {
  MBK_TRY_ASSIGN(std::string subject, SubjectToken(request, account.source, context));
  MBK_TRY_ASSIGN(json answer,
                 PostGrant(request, account.token_url,
                           {{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
                            {"audience", account.audience},
                            {"scope", scope},
                            {"requested_token_type", "urn:ietf:params:oauth:token-type:access_token"},
                            {"subject_token", subject},
                            {"subject_token_type", account.subject_token_type}},
                           context));
  return TakeToken(request, account.token_url, answer);
}

Result<Token> Impersonate(const TokenRequest& request, const std::string& url,
                          const std::vector<std::string>& delegates, const std::string& bearer,
                          const CallContext& context) {
  json wanted{{"scope", {kStorageScope}}, {"lifetime", "3600s"}};
  if (!delegates.empty()) wanted["delegates"] = delegates;
  const std::string body = wanted.dump(-1, ' ', false, json::error_handler_t::replace);
  MBK_TRY_ASSIGN(
      json answer,
      Send(request,
           {.method = "POST",
            .url = url,
            .headers = {{"Authorization", "Bearer " + bearer}, {"Content-Type", "application/json"}},
            .body = body},
           context));
  std::string token = Text(answer, "accessToken");
  if (!IsBearerToken(token)) return Failed(request, url, DataLoss("the answer has no usable accessToken"));
  Result<Time> expires = ParseTimestamp(Text(answer, "expireTime"));
  if (!expires.ok()) return Failed(request, url, DataLoss("the answer has no usable expireTime"));
  return Token{.value = std::move(token), .expires = std::min(*expires, request.now + oauth::kLongestLife)};
}

Result<std::string> AskMetadata(HttpClient& http, const std::string& host, const std::string& path,
                                const CallContext& context) {
  HttpRequest request{.url = fmt::format("http://{}/computeMetadata/v1/{}", host, path),
                      .headers = {{"Metadata-Flavor", "Google"}},
                      .max_body_bytes = oauth::kMostAnswerBytes};
  Result<HttpResponse> response = http.Send(request, context);
  if (!response.ok()) {
    return Status(
        response.status().code(),
        fmt::format("no metadata server answers at {} ({}): outside of Google Cloud, name a key file "
                    "(auth.credentialsFile or GOOGLE_APPLICATION_CREDENTIALS)",
                    OneLine(host), response.status().message()));
  }
  if (response->headers.Get("Metadata-Flavor") != "Google") {
    return Status(Code::kPermissionDenied,
                  fmt::format("what answers at {} is not Google's metadata server", OneLine(host)));
  }
  if (response->status == 200) return std::move(response->body);
  return Status(response->status == 404 ? Code::kPermissionDenied : MeaningOf(response->status),
                fmt::format("the metadata server at {}: {} {}{}", OneLine(host), response->status,
                            OneLine(response->body),
                            response->status == 404 ? "; has this machine a service account?" : ""));
}

Result<Token> MetadataToken(const TokenRequest& request, const std::string& host,
                            const CallContext& context) {
  MBK_TRY_ASSIGN(std::string text,
                 AskMetadata(request.http, host, "instance/service-accounts/default/token", context));
  return TakeToken(request, "http://" + host, ParseShallow(text));
}

}  // namespace mbk::google
