#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/call_context.h"
#include "net/http_client.h"
#include "net/url.h"
#include "store/gcs/gcs_store.h"

namespace mbk::gcs {

/// Where the API is: the constant part of every URL.
struct ApiAddress {
  std::string origin;  ///< "https://storage.googleapis.com"

  std::string Bucket(std::string_view bucket) const;                        ///< …/storage/v1/b/BUCKET
  std::string Objects(std::string_view bucket) const;                       ///< …/b/BUCKET/o
  std::string Object(std::string_view bucket, std::string_view key) const;  ///< …/b/BUCKET/o/KEY, '/' as %2F
  std::string Upload(std::string_view bucket) const;  ///< …/upload/storage/v1/b/BUCKET/o
};

ApiAddress AddressOf(const GcsOptions& options);

/// One call of the API, before its token is added.
struct Request {
  std::string_view operation;  ///< the API's name, for messages: "objects.insert"
  std::string_view method = "GET";
  std::string url;  ///< without query
  QueryPairs query;
  HttpHeaders headers;
  std::string_view body;
  std::string_view key;  ///< for messages
};

/// How one answer is taken; see HttpRequest.
struct AnswerOptions {
  std::function<Status(const HttpResponse&)> on_headers;
  std::function<Status(std::string_view)> sink;
  std::chrono::seconds stall_timeout{0};
  Code precondition_failed = Code::kFailedPrecondition;  ///< what 412 means here
  /// Refusals that are as good as success.
  std::vector<int> welcome;
};

/// For calls in which the service copies or joins gigabytes before it answers.
inline constexpr std::chrono::seconds kPatience{600};

/// Adds the token, sends, and turns refusals into errors. Knows nothing of what operations mean. Thread-safe.
/// Internal to store/gcs/.
class Client {
 public:
  Client(GcsOptions options, std::shared_ptr<HttpClient> http);

  /// The answer if it is a 2xx or welcome, else the service's refusal as an error (gcs_error.h). One request;
  /// a token that is refused with 401 is fetched anew and the request made once more.
  Result<HttpResponse> Send(const Request& request, const CallContext& context, AnswerOptions answer = {});

  const GcsOptions& options() const { return options_; }
  const ApiAddress& address() const { return address_; }
  /// "gs://bucket/key", for messages.
  std::string Url(std::string_view key) const;

 private:
  Result<HttpResponse> SendOnce(const Request& request, const CallContext& context,
                                const AnswerOptions& answer, const std::string& token);

  const GcsOptions options_;
  const ApiAddress address_;
  const std::shared_ptr<HttpClient> http_;
};

}  // namespace mbk::gcs
