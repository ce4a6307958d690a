#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include "base/call_context.h"
#include "base/refreshing.h"
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

/// Where requests go and what they are signed for. It changes when the service says that the bucket is
/// somewhere else.
struct Destination {
  BucketAddress address;
  std::string region;
};

/// Signs, sends, and turns refusals into errors. Knows nothing of what operations mean. Thread-safe.
/// Internal to store/s3/.
class Client {
 public:
  Client(S3Options options, BucketAddress address, std::shared_ptr<HttpClient> http);

  /// The answer if it is a 2xx or a welcome refusal, else the service's refusal as an error (s3_error.h). One
  /// request. A few more, once in the client's life, when the service says that the bucket is in another
  /// region than assumed or at another of its endpoints; one more when it refuses keys that can be fetched
  /// anew.
  Result<HttpResponse> Send(const Request& request, const CallContext& context, AnswerOptions answer = {});

  const S3Options& options() const { return options_; }
  /// The region that requests are signed for.
  std::string region() const { return destination()->region; }
  /// "s3://bucket/key", for messages.
  std::string Url(std::string_view key) const;
  /// The refusal in a 200 answer: copies and completions are answered before they are done, and may fail
  /// after that. Ok when `response` holds none.
  Status LateRefusal(const Request& request, const HttpResponse& response) const;

 private:
  std::shared_ptr<const Destination> destination() const;
  Result<HttpResponse> SendOnce(const Request& request, const CallContext& context,
                                const AnswerOptions& answer, const Destination& destination,
                                const AwsCredentials& credentials);
  Status Refused(const Request& request, int http_status, const ErrorBody& refusal,
                 Code precondition_failed) const;
  /// Whether `refusal` of what went to `used` told where to go instead; then destination() has it.
  bool Redirected(const Destination& used, int http_status, const ErrorBody& refusal,
                  const AwsCredentials& credentials, const CallContext& context);
  std::string AskRegion(const Destination& used, const AwsCredentials& credentials,
                        const CallContext& context);
  /// Whether other keys may help against `refusal`; then the ones used are forgotten.
  bool Renews(int http_status, const ErrorBody& refusal, const AwsCredentials& used);

  const S3Options options_;
  const std::shared_ptr<HttpClient> http_;
  SigningKeyCache keys_;
  Refreshing<AwsCredentials> credentials_;
  mutable std::mutex destination_mutex_;
  std::shared_ptr<const Destination> destination_;
};

}  // namespace mbk::s3
