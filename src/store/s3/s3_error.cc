#include "store/s3/s3_error.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "store/s3/s3_redirect.h"

namespace mbk::s3 {
namespace {

// Our name for a 404 without body, which is how S3 answers HEAD.
constexpr std::string_view kNotFoundWithoutBody = "NotFound";

struct Known {
  std::string_view code;
  Code meaning;
  std::string_view remedy;
};

constexpr std::string_view kCheckKeys =
    "check accessKeyID/secretAccessKey and the policy that belongs to them";
constexpr std::string_view kBucketNameRules =
    "change bucketName: 3 to 63 lower-case letters, digits, '-' and '.'";

// Codes whose meaning their HTTP status does not tell, or for which there is advice.
constexpr auto kKnown = std::to_array<Known>({
    {"NoSuchBucket", Code::kNotFound, "check bucketName"},
    {"AccessDenied", Code::kPermissionDenied, kCheckKeys},
    {"AllAccessDisabled", Code::kPermissionDenied, kCheckKeys},
    {"InvalidAccessKeyId", Code::kPermissionDenied, "check accessKeyID"},
    {"XAdminUserNotFound", Code::kPermissionDenied, "check accessKeyID"},  // versitygw, with 404
    {"SignatureDoesNotMatch", Code::kPermissionDenied, "check secretAccessKey"},
    {"ExpiredToken", Code::kPermissionDenied, "renew sessionToken"},
    {"InvalidToken", Code::kPermissionDenied, "renew sessionToken"},
    {"InvalidTokenId", Code::kPermissionDenied, "renew sessionToken"},
    {"RequestTimeTooSkewed", Code::kInvalidArgument, "the clock of this machine is wrong: set it"},
    {"RequestExpired", Code::kInvalidArgument, "the clock of this machine is wrong: set it"},
    {"InvalidBucketName", Code::kInvalidArgument, kBucketNameRules},
    {"XMinioInvalidResourceName", Code::kInvalidArgument, ""},
    {"ConditionalRequestConflict", Code::kAlreadyExists, ""},
    {"BucketAlreadyExists", Code::kPermissionDenied,
     "the name belongs to another account: change bucketName"},
    {"InvalidRange", Code::kFailedPrecondition, ""},
    {"InvalidPart", Code::kFailedPrecondition, ""},
    {"EntityTooSmall", Code::kFailedPrecondition, ""},
    {"InvalidPartOrder", Code::kInternal, ""},
    {"SlowDown", Code::kThrottled, ""},
    {"SlowDownRead", Code::kThrottled, ""},
    {"SlowDownWrite", Code::kThrottled, ""},
    {"Throttling", Code::kThrottled, ""},
    {"ThrottlingException", Code::kThrottled, ""},
    {"RequestLimitExceeded", Code::kThrottled, ""},
    {"BandwidthLimitExceeded", Code::kThrottled, ""},
    {"TooManyRequests", Code::kThrottled, ""},
    {"InternalError", Code::kUnavailable, ""},
    {"ServiceUnavailable", Code::kUnavailable, ""},
    // Another call on the same bucket or key is under way; AWS says to try again.
    {"OperationAborted", Code::kUnavailable, ""},
    {"RequestTimeout", Code::kUnavailable, ""},
    // The bytes did not arrive as they were sent: the network's fault, not the request's.
    {"IncompleteBody", Code::kUnavailable, ""},
    {"BadDigest", Code::kUnavailable, ""},
    {"XAmzContentSHA256Mismatch", Code::kUnavailable, ""},
    {"XMinioStorageFull", Code::kFailedPrecondition, "the store is full: free space or add some"},
    {"QuotaExceeded", Code::kFailedPrecondition, "raise the quota of the bucket or free space in it"},
    {"XMinioAdminBucketQuotaExceeded", Code::kFailedPrecondition,
     "raise the quota of the bucket or free space in it"},
    {"NotImplemented", Code::kUnimplemented, ""},
});

const Known* FindKnown(std::string_view code) {
  auto found =
      std::find_if(kKnown.begin(), kKnown.end(), [&](const Known& known) { return known.code == code; });
  return found == kKnown.end() ? nullptr : &*found;
}

Code MeaningOfStatus(int status) {
  if (status < 300) return Code::kUnavailable;  // an error after "200 OK": the service had begun and gave up
  switch (status) {
    case 401:
    case 403:
      return Code::kPermissionDenied;
    case 408:
      return Code::kUnavailable;
    case 412:
    case 416:
      return Code::kFailedPrecondition;
    case 429:
      return Code::kThrottled;
    case 501:
      return Code::kUnimplemented;
    case 507:
      return Code::kFailedPrecondition;
    default:
      return status >= 500 ? Code::kUnavailable : Code::kInvalidArgument;
  }
}

Code MeaningOf(const Known* known, int http_status, const ErrorBody& refusal, const ErrorContext& context) {
  if (http_status == 412 || refusal.code == "PreconditionFailed") return context.precondition_failed;
  if (known != nullptr) return known->meaning;
  if (IsAboutPlace(http_status, refusal)) return Code::kInvalidArgument;
  // 404 alone may come from a proxy, or from a server that is no S3. "Not found" has to be the store's word:
  // whoever takes an object for absent may write over it.
  if (refusal.code.starts_with("NoSuch") || refusal.code == kNotFoundWithoutBody) return Code::kNotFound;
  return MeaningOfStatus(http_status);
}

std::string RegionRemedy(const ErrorBody& refusal, std::string_view configured) {
  if (!refusal.region.empty() && refusal.region != configured) {
    return fmt::format("the bucket is in {}, the request was signed for {}; set region (and address, at AWS)",
                       OneLine(refusal.region), configured);
  }
  if (!refusal.endpoint.empty()) return fmt::format("set address to {}", OneLine(refusal.endpoint));
  return fmt::format("check region (now {}) and address", configured);
}

std::string Remedy(const Known* known, int http_status, const ErrorBody& refusal,
                   const ErrorContext& context) {
  if (IsAboutPlace(http_status, refusal)) {
    return RegionRemedy(refusal, context.configured_region);
  }
  // What Go's servers say in plain text to a client that speaks no TLS.
  if (refusal.message.find("HTTP request to an HTTPS server") != std::string::npos) return "set useSSL";
  if (known != nullptr) return std::string(known->remedy);
  if (http_status == 401 || http_status == 403) return std::string(kCheckKeys);
  if (http_status == 404 && refusal.code.empty())
    return "check address and port: this is not what an S3 service says";
  return {};
}

// An answer to HEAD has no body; the status has to speak for it.
std::string_view WordsOf(int http_status) {
  switch (http_status) {
    case 301:
      return "the bucket is somewhere else";
    case 400:
      return "bad request";
    case 403:
      return "forbidden, or absent and the right to list is missing";
    case 404:
      return "no such key or bucket";
    case 412:
      return "the object has changed";
    case 503:
      return "service unavailable";
    default:
      return "no reason given";
  }
}

}  // namespace

ErrorBody RefusalOf(const HttpResponse& response) {
  ErrorBody refusal = ParseError(response.body);
  if (refusal.code.empty()) {
    refusal.message = response.body;
    // MinIO names the code of an answer without body here.
    refusal.code = response.headers.Get("x-minio-error-code");
    if (refusal.code.empty() && response.body.empty() && response.status == 404)
      refusal.code = kNotFoundWithoutBody;
  }
  if (refusal.message.empty()) {
    std::string_view described = response.headers.Get("x-minio-error-desc");
    refusal.message = described.empty() ? WordsOf(response.status) : Unquoted(described);
  }
  if (refusal.request_id.empty()) refusal.request_id = response.headers.Get("x-amz-request-id");
  if (refusal.region.empty()) refusal.region = response.headers.Get("x-amz-bucket-region");
  return refusal;
}

Status ToStatus(int http_status, const ErrorBody& refusal, const ErrorContext& context) {
  const Known* known = FindKnown(refusal.code);
  std::string message = fmt::format("{} {}: {}", context.operation, context.url, http_status);
  if (!refusal.code.empty()) message += " " + OneLine(refusal.code);
  if (!refusal.request_id.empty()) message += fmt::format(" (request {})", OneLine(refusal.request_id));
  message += ": " + OneLine(refusal.message);
  if (std::string remedy = Remedy(known, http_status, refusal, context); !remedy.empty())
    message += "; " + remedy;
  return {MeaningOf(known, http_status, refusal, context), std::move(message)};
}

}  // namespace mbk::s3
