#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/call_context.h"
#include "net/http_client.h"
#include "store/azure/azure_request.h"
#include "store/azure/azure_store.h"

namespace mbk::azure {

/// How one answer is taken; see HttpRequest.
struct AnswerOptions {
  std::function<Status(const HttpResponse&)> on_headers;
  std::function<Status(std::string_view)> sink;
  std::chrono::seconds stall_timeout{0};
  Code precondition_failed = Code::kFailedPrecondition;  ///< what 412 means here
  /// A refusal with this code is returned as an answer: as good as success, or the caller's to deal with.
  std::string_view welcome_refusal;
};

/// For calls in which the service copies or joins gigabytes before it answers.
inline constexpr std::chrono::seconds kPatience{600};

bool Succeeded(const HttpResponse& response);

/// Authorizes, sends, and turns refusals into errors. Knows nothing of what operations mean. Thread-safe.
/// Internal to store/azure/.
class Client {
 public:
  /// `options` have been checked: the account key is base64, a SAS token one.
  Client(AzureOptions options, AccountAddress address, std::shared_ptr<HttpClient> http);

  /// The answer if it is a 2xx or a welcome refusal, else the service's refusal as an error (azure_error.h).
  /// One request; one more, with a new token, when a bearer token is refused.
  Result<HttpResponse> Send(const Request& request, const CallContext& context, AnswerOptions answer = {});

  const AzureOptions& options() const { return options_; }
  const AccountAddress& address() const { return address_; }
  /// The account's key as bytes; empty with other credentials.
  const std::string& account_key() const { return account_key_; }
  /// "azure://container/key", for messages.
  std::string Url(std::string_view key) const;

 private:
  Result<HttpResponse> SendOnce(const Request& request, const CallContext& context,
                                const AnswerOptions& answer, const std::string& token);
  Result<std::string> BearerToken(const CallContext& context);

  const AzureOptions options_;
  const AccountAddress address_;
  const std::shared_ptr<HttpClient> http_;
  const std::string account_key_;
};

}  // namespace mbk::azure
