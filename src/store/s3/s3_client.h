#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include "base/call_context.h"
#include "net/http_client.h"
#include "net/sigv4.h"
#include "store/s3/s3_request.h"
#include "store/s3/s3_store.h"
#include "store/s3/s3_xml.h"

namespace mbk::s3 {

/// How one answer is taken; see HttpRequest.
struct AnswerOptions {
  std::function<Status(const HttpResponse&)> on_headers;
  std::function<Status(std::string_view)> sink;
  std::chrono::seconds stall_timeout{0};
  Code precondition_failed = Code::kFailedPrecondition;  ///< what 412 means here
  /// A refusal with this code is as good as success: what should go is gone, what should be is there.
  std::string_view welcome_refusal;
};

/// For calls in which the service copies or joins gigabytes before it answers.
inline constexpr std::chrono::seconds kPatience{600};

/// Signs, sends, and turns refusals into errors. Knows nothing of what operations mean. Thread-safe.
/// Internal to store/s3/.
class Client {
 public:
  Client(S3Options options, BucketAddress address, std::shared_ptr<HttpClient> http);

  /// The answer if it is a 2xx or a welcome refusal, else the service's refusal as an error (s3_error.h). One
  /// request; one more, once in the client's life, when no region is configured and the service names the
  /// right one; one more when temporary credentials are refused with 401.
  Result<HttpResponse> Send(const Request& request, const CallContext& context, AnswerOptions answer = {});

  const S3Options& options() const { return options_; }
  /// The region that requests are signed for.
  std::string region() const;
  /// "s3://bucket/key", for messages.
  std::string Url(std::string_view key) const;
  /// The refusal in a 200 answer: copies and completions are answered before they are done, and may fail
  /// after that. Ok when `response` holds none.
  Status LateRefusal(const Request& request, const HttpResponse& response) const;

 private:
  Result<HttpResponse> SendOnce(const Request& request, const CallContext& context,
                                const AnswerOptions& answer, const std::string& region,
                                const AwsCredentials& credentials);
  Status Refused(const Request& request, int http_status, const ErrorBody& refusal,
                 Code precondition_failed) const;
  bool AdoptRegion(const std::string& used, const ErrorBody& refusal);

  const S3Options options_;
  const BucketAddress address_;
  const std::shared_ptr<HttpClient> http_;
  Refreshing<AwsCredentials> credentials_;
  SigningKeyCache keys_;
  mutable std::mutex region_mutex_;
  std::string region_;
};

}  // namespace mbk::s3
