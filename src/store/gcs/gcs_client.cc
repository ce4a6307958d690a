#include "store/gcs/gcs_client.h"

#include <fmt/core.h>

#include <algorithm>

#include "store/gcs/gcs_error.h"

namespace mbk::gcs {
namespace {

bool IsWelcome(const AnswerOptions& answer, int status) {
  return (status >= 200 && status < 300) || std::ranges::find(answer.welcome, status) != answer.welcome.end();
}

}  // namespace

ApiAddress AddressOf(const GcsOptions& options) {
  if (IsGoogleHost(options.host)) return {.origin = "https://" + options.host};
  return {.origin =
              Endpoint{.use_ssl = options.use_ssl, .host = options.host, .port = options.port}.Origin()};
}

std::string ApiAddress::Bucket(std::string_view bucket) const {
  return fmt::format("{}/storage/v1/b/{}", origin, PercentEncode(bucket));
}
std::string ApiAddress::Objects(std::string_view bucket) const { return Bucket(bucket) + "/o"; }
std::string ApiAddress::Object(std::string_view bucket, std::string_view key) const {
  return Objects(bucket) + "/" + PercentEncode(key);
}
std::string ApiAddress::Upload(std::string_view bucket) const {
  return fmt::format("{}/upload/storage/v1/b/{}/o", origin, PercentEncode(bucket));
}

Client::Client(GcsOptions options, std::shared_ptr<HttpClient> http)
    : options_(std::move(options)), address_(AddressOf(options_)), http_(std::move(http)) {}

std::string Client::Url(std::string_view key) const {
  std::string url = fmt::format("gs://{}{}{}", options_.bucket, key.empty() ? "" : "/", key);
  std::replace_if(url.begin(), url.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return url;
}

Result<HttpResponse> Client::SendOnce(const Request& request, const CallContext& context,
                                      const AnswerOptions& answer, const std::string& token) {
  HttpRequest http{.method = std::string(request.method),
                   .url = request.url,
                   .headers = request.headers,
                   .body = request.body,
                   .on_headers = answer.on_headers,
                   .sink = answer.sink,
                   .stall_timeout = answer.stall_timeout};
  if (!request.query.empty())
    http.url += (http.url.find('?') == std::string::npos ? "?" : "&") + CanonicalQuery(request.query);
  http.headers.Add("Authorization", "Bearer " + token);
  if (!options_.credentials.quota_project.empty())
    http.headers.Add("X-Goog-User-Project", options_.credentials.quota_project);
  return http_->Send(http, context);
}

Result<HttpResponse> Client::Send(const Request& request, const CallContext& context, AnswerOptions answer) {
  auto where = [&] { return fmt::format("{} {}", request.operation, Url(request.key)); };
  for (bool first = true;; first = false) {
    Result<std::string> token = options_.credentials.tokens->Get(context);
    if (!token.ok()) return std::move(token).status().WithContext(where());
    Result<HttpResponse> response = SendOnce(request, context, answer, *token);
    if (!response.ok()) return std::move(response).status().WithContext(where());
    if (IsWelcome(answer, response->status)) return response;
    if (response->status == 401) options_.credentials.tokens->Drop(*token);
    if (response->status == 401 && first) continue;
    const std::string url = Url(request.key);
    return NamingProxy(*response, ToStatus(*response, {.operation = request.operation,
                                                       .url = url,
                                                       .account = options_.credentials.account,
                                                       .precondition_failed = answer.precondition_failed}));
  }
}

}  // namespace mbk::gcs
