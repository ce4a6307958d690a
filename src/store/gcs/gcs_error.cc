#include "store/gcs/gcs_error.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "store/gcs/gcs_json.h"
#include "store/http_store.h"

namespace mbk::gcs {
namespace {

bool IsAbout(std::string_view reason, std::initializer_list<std::string_view> reasons) {
  return std::ranges::find(reasons, reason) != reasons.end();
}

bool IsAboutRate(std::string_view reason) {
  return IsAbout(reason, {"rateLimitExceeded", "userRateLimitExceeded"});
}

// The bytes did not arrive as they were sent: the network's fault, not the request's.
bool IsAboutChecksum(const ErrorBody& refusal) {
  return refusal.message.find("doesn't match calculated") != std::string::npos;
}

Code MeaningOf(int status, const ErrorBody& refusal, Code precondition_failed) {
  if (IsAboutRate(refusal.reason)) return Code::kThrottled;
  switch (status) {
    case 400:
      return IsAboutChecksum(refusal) ? Code::kUnavailable : Code::kInvalidArgument;
    case 401:
      return Code::kPermissionDenied;
    case 403:
      return IsAbout(refusal.reason, {"quotaExceeded", "dailyLimitExceeded"}) ? Code::kFailedPrecondition
                                                                              : Code::kPermissionDenied;
    case 404:
      return refusal.reason.empty() ? Code::kInvalidArgument : Code::kNotFound;
    case 408:
      return Code::kUnavailable;
    case 409:
      return Code::kAlreadyExists;
    case 412:
      return precondition_failed;
    case 410:
    case 416:
      return Code::kFailedPrecondition;
    case 429:
      return Code::kThrottled;
    case 501:
      return Code::kUnimplemented;
    default:
      return status >= 500 ? Code::kUnavailable : Code::kInvalidArgument;
  }
}

std::string Remedy(int status, const ErrorBody& refusal, std::string_view account) {
  if (status == 401) return fmt::format("the token of {} is not taken: check the credentials", account);
  if (status == 403 && !IsAboutRate(refusal.reason))
    return fmt::format("grant {} the role roles/storage.objectAdmin on the bucket", account);
  if (status == 404 && refusal.reason.empty())
    return "check address and port: this is not what Google Cloud Storage says";
  if (status >= 300 && status < 400) return "check address and port: the service redirects elsewhere";
  return {};
}

}  // namespace

Status ToStatus(const HttpResponse& response, const ErrorContext& context) {
  const ErrorBody refusal = ParseError(response.body);
  std::string message = fmt::format("{} {}: {}", context.operation, context.url, response.status);
  if (!refusal.reason.empty()) message += " " + OneLine(refusal.reason);
  // Google's name for a request, which its support asks for.
  if (std::string_view id = response.headers.Get("x-guploader-uploadid"); !id.empty())
    message += fmt::format(" (request {})", OneLine(id));
  const std::string& words = refusal.message.empty() ? response.body : refusal.message;
  message += ": " + (words.empty() ? std::string("no reason given") : OneLine(words));
  if (std::string remedy = Remedy(response.status, refusal, context.account); !remedy.empty())
    message += "; " + remedy;
  return {MeaningOf(response.status, refusal, context.precondition_failed), std::move(message)};
}

}  // namespace mbk::gcs
