#include "store/azure/azure_client.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/hash.h"
#include "store/azure/azure_error.h"

namespace mbk::azure {

bool Succeeded(const HttpResponse& response) { return response.status >= 200 && response.status < 300; }

Client::Client(AzureOptions options, AccountAddress address, std::shared_ptr<HttpClient> http)
    : options_(std::move(options)),
      address_(std::move(address)),
      http_(std::move(http)),
      account_key_(Base64Decode(options_.credentials.account_key).value()) {}

std::string Client::Url(std::string_view key) const {
  std::string url = fmt::format("azure://{}{}{}", options_.container, key.empty() ? "" : "/", key);
  std::replace_if(url.begin(), url.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return url;
}

Result<std::string> Client::BearerToken(const CallContext& context) {
  if (options_.credentials.tokens == nullptr) return std::string();
  return options_.credentials.tokens->Get(context);
}

Result<HttpResponse> Client::SendOnce(const Request& request, const CallContext& context,
                                      const AnswerOptions& answer, const std::string& token) {
  HttpRequest http = BuildHttpRequest(
      options_, address_, request,
      {.account_key = account_key_, .sas_token = options_.credentials.sas_token, .bearer_token = token});
  http.on_headers = answer.on_headers;
  http.sink = answer.sink;
  http.stall_timeout = answer.stall_timeout;
  return http_->Send(http, context);
}

Result<HttpResponse> Client::Send(const Request& request, const CallContext& context, AnswerOptions answer) {
  auto with_context = [&](Status failure) {
    return std::move(failure).WithContext(fmt::format("{} {}", request.operation, Url(request.key)));
  };
  for (bool first = true;; first = false) {
    Result<std::string> token = BearerToken(context);
    if (!token.ok()) return with_context(token.status());
    Result<HttpResponse> response = SendOnce(request, context, answer, *token);
    if (!response.ok()) return with_context(response.status());
    if (Succeeded(*response)) return response;
    Refusal refusal = RefusalOf(*response);
    if (!refusal.code.empty() && refusal.code == answer.welcome_refusal) return response;
    if (first && response->status == 401 && !token->empty()) {
      options_.credentials.tokens->Drop(*token);
      continue;
    }
    return NamingProxy(*response, ToStatus(request.operation, Url(request.key), response->status, refusal,
                                           answer.precondition_failed));
  }
}

}  // namespace mbk::azure
