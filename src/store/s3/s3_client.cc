#include "store/s3/s3_client.h"

#include <fmt/core.h>

#include <algorithm>

#include "store/s3/s3_error.h"

namespace mbk::s3 {
namespace {

constexpr std::string_view kDefaultRegion = "us-east-1";

bool Success(const HttpResponse& response) { return response.status >= 200 && response.status < 300; }

// It becomes part of the next signature, so it must look like one.
bool IsRegionName(std::string_view region) {
  return !region.empty() && region.size() <= 64 && std::all_of(region.begin(), region.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

Refreshing<AwsCredentials>::Fetch SourceOf(const S3Options& options) {
  if (options.fetch_credentials) return options.fetch_credentials;
  return [keys = options.credentials](const CallContext&) -> Result<Expiring<AwsCredentials>> {
    return Expiring<AwsCredentials>{.value = keys};
  };
}

}  // namespace

Client::Client(S3Options options, BucketAddress address, std::shared_ptr<HttpClient> http)
    : options_(std::move(options)),
      address_(std::move(address)),
      http_(std::move(http)),
      credentials_(SourceOf(options_), options_.now),
      region_(options_.region.empty() ? kDefaultRegion : options_.region) {}

std::string Client::region() const {
  std::lock_guard lock(region_mutex_);
  return region_;
}

std::string Client::Url(std::string_view key) const {
  std::string url = fmt::format("s3://{}{}{}", options_.bucket, key.empty() ? "" : "/", key);
  std::replace_if(url.begin(), url.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return url;
}

Status Client::Refused(const Request& request, int http_status, const ErrorBody& refusal,
                       Code precondition_failed) const {
  std::string url = Url(request.key);
  std::string signed_for = region();
  return ToStatus(http_status, refusal,
                  {.operation = request.operation,
                   .url = url,
                   .configured_region = signed_for,
                   .precondition_failed = precondition_failed});
}

Status Client::LateRefusal(const Request& request, const HttpResponse& response) const {
  // The answers of thousands of copies are parsed for their etag; parsing them for an error too is a waste.
  if (response.body.find("<Error") == std::string::npos) return {};
  ErrorBody refusal = ParseError(response.body);
  if (refusal.code.empty()) return {};
  if (refusal.request_id.empty()) refusal.request_id = response.headers.Get("x-amz-request-id");
  return Refused(request, response.status, refusal, Code::kFailedPrecondition);
}

// The Go tool asks GetBucketLocation when no region is configured, which takes a right of its own. The
// refusal of a request that was signed for the wrong region says the same.
bool Client::AdoptRegion(const std::string& used, const ErrorBody& refusal) {
  if (!options_.region.empty() || refusal.region == used || !IsRegionName(refusal.region)) return false;
  std::lock_guard lock(region_mutex_);
  region_ = refusal.region;
  return true;
}

Result<HttpResponse> Client::SendOnce(const Request& request, const CallContext& context,
                                      const AnswerOptions& answer, const std::string& region,
                                      const AwsCredentials& credentials) {
  HttpRequest http = BuildHttpRequest(address_, request,
                                      {.signature = options_.signature,
                                       .bucket = options_.bucket,
                                       .credentials = credentials,
                                       .region = region,
                                       .time = options_.now(),
                                       .keys = keys_});
  http.on_headers = answer.on_headers;
  http.sink = answer.sink;
  http.stall_timeout = answer.stall_timeout;
  return http_->Send(http, context);
}

Result<HttpResponse> Client::Send(const Request& request, const CallContext& context, AnswerOptions answer) {
  for (bool first = true;; first = false) {
    std::string signed_for = region();
    auto where = [&] { return fmt::format("{} {}", request.operation, Url(request.key)); };
    Result<AwsCredentials> credentials = credentials_.Get(context);
    if (!credentials.ok()) return std::move(credentials).status().WithContext(where());
    Result<HttpResponse> response = SendOnce(request, context, answer, signed_for, *credentials);
    if (!response.ok()) return std::move(response).status().WithContext(where());
    if (Success(*response)) return response;
    ErrorBody refusal = RefusalOf(*response);
    if (!refusal.code.empty() && refusal.code == answer.welcome_refusal) return response;
    if (first && AdoptRegion(signed_for, refusal)) continue;
    if (response->status == 401 && options_.fetch_credentials) {
      credentials_.Drop(*credentials);
      if (first) continue;
    }
    return Refused(request, response->status, refusal, answer.precondition_failed);
  }
}

}  // namespace mbk::s3
