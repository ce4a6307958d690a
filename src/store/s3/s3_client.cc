#include "store/s3/s3_client.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "store/s3/s3_error.h"
#include "store/s3/s3_redirect.h"

namespace mbk::s3 {
namespace {

constexpr std::string_view kDefaultRegion = "us-east-1";

bool Success(const HttpResponse& response) { return response.status >= 200 && response.status < 300; }

// What services say of keys that were good and no longer are. Many say the same of keys that never were.
bool IsAboutOldKeys(std::string_view code) {
  constexpr auto kCodes = std::to_array<std::string_view>(
      {"ExpiredToken", "ExpiredTokenException", "InvalidToken", "InvalidTokenId", "TokenRefreshRequired",
       "InvalidAccessKeyId", "SecurityTokenExpired", "InvalidSecurityToken"});
  return std::ranges::find(kCodes, code) != kCodes.end();
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
      http_(std::move(http)),
      credentials_(SourceOf(options_), options_.now),
      destination_(std::make_shared<Destination>(
          Destination{.address = std::move(address),
                      .region = options_.region.empty() ? std::string(kDefaultRegion) : options_.region})) {}

std::shared_ptr<const Destination> Client::destination() const {
  std::lock_guard lock(destination_mutex_);
  return destination_;
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

// What HeadBucket says of the region, whether it is allowed or not; empty when it says nothing.
std::string Client::AskRegion(const Destination& used, const AwsCredentials& credentials,
                              const CallContext& context) {
  const Request head{.operation = "HeadBucket", .method = "HEAD"};
  Result<HttpResponse> response = SendOnce(head, context, {}, used, credentials);
  return response.ok() ? std::string(response->headers.Get("x-amz-bucket-region")) : std::string();
}

// The Go tool asks GetBucketLocation when no region is configured, which takes a right of its own. The
// refusal of a request that was signed for the wrong region says the same, mostly. A configured region is
// obeyed.
bool Client::Redirected(const Destination& used, int http_status, const ErrorBody& refusal,
                        const AwsCredentials& credentials, const CallContext& context) {
  ErrorBody known = refusal;
  if (known.region.empty() && IsAboutPlace(http_status, refusal))
    known.region = AskRegion(used, credentials, context);
  if (!options_.region.empty() && !known.region.empty() && known.region != options_.region) return false;

  Destination next = used;
  if (IsRegionName(known.region)) next.region = known.region;
  if (http_status == 301 || http_status == 307) {
    S3Options there = options_;
    there.host = RedirectHost(options_.host, options_.bucket, known);
    Result<BucketAddress> address = AddressBucket(there);
    if (!there.host.empty() && address.ok()) next.address = *std::move(address);
  }
  if (next.region == used.region && next.address.origin == used.address.origin) return false;
  std::lock_guard lock(destination_mutex_);
  destination_ = std::make_shared<const Destination>(std::move(next));
  return true;
}

bool Client::Renews(int http_status, const ErrorBody& refusal, const AwsCredentials& used) {
  const bool old = http_status == 401 || IsAboutOldKeys(refusal.code);
  if (!options_.fetch_credentials || !old) return false;
  credentials_.Drop(used);
  return true;
}

Result<HttpResponse> Client::SendOnce(const Request& request, const CallContext& context,
                                      const AnswerOptions& answer, const Destination& destination,
                                      const AwsCredentials& credentials) {
  HttpRequest http = BuildHttpRequest(destination.address, request,
                                      {.signature = options_.signature,
                                       .bucket = options_.bucket,
                                       .credentials = credentials,
                                       .region = destination.region,
                                       .time = options_.now(),
                                       .keys = keys_});
  http.on_headers = answer.on_headers;
  http.sink = answer.sink;
  http.stall_timeout = answer.stall_timeout;
  return http_->Send(http, context);
}

Result<HttpResponse> Client::Send(const Request& request, const CallContext& context, AnswerOptions answer) {
  // A region, then an endpoint: more answers about the place are a circle.
  int redirects_left = 2;
  bool may_renew = true;
  auto failed = [&](Status why) {
    return std::move(why).WithContext(fmt::format("{} {}", request.operation, Url(request.key)));
  };
  for (;;) {
    Result<AwsCredentials> credentials = credentials_.Get(context);
    if (!credentials.ok()) return failed(std::move(credentials).status());
    const std::shared_ptr<const Destination> there = destination();
    Result<HttpResponse> response = SendOnce(request, context, answer, *there, *credentials);
    if (!response.ok()) return failed(std::move(response).status());
    if (Success(*response)) return response;
    const ErrorBody refusal = RefusalOf(*response);
    if (!refusal.code.empty() && refusal.code == answer.welcome_refusal) return response;
    if (redirects_left-- > 0 && Redirected(*there, response->status, refusal, *credentials, context))
      continue;
    if (std::exchange(may_renew, false) && Renews(response->status, refusal, *credentials)) continue;
    return NamingProxy(*response, Refused(request, response->status, refusal, answer.precondition_failed));
  }
}

}  // namespace mbk::s3
