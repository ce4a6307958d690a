#include "store/credentials/ask.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/retry.h"
#include "net/url.h"
#include "store/credentials/answer.h"

namespace mbk::credentials {
namespace {

constexpr RetryPolicy kOnceMore{.max_attempts = 2};
constexpr std::size_t kMaxAnswerBytes = 64 << 10;

Deadline Sooner(const Deadline& deadline, Milliseconds timeout) {
  return deadline.IsNever() || deadline.Remaining() > timeout ? Deadline::After(timeout) : deadline;
}

}  // namespace

Result<HttpResponse> AskMetadata(const Tools& tools, const HttpRequest& request, const CallContext& context) {
  HttpRequest bounded = request;
  bounded.max_body_bytes = kMaxAnswerBytes;
  return Retry(kOnceMore, Idempotency::kIdempotent, *tools.sleeper, context, [&]() -> Result<HttpResponse> {
    const CallContext patience{.stop = context.stop,
                               .deadline = Sooner(context.deadline, tools.metadata_timeout)};
    Result<HttpResponse> response = tools.metadata->Send(bounded, patience);
    const bool may_pass = response.ok() && (response->status >= 500 || response->status == 429);
    return may_pass ? Result<HttpResponse>(RefusalOf(*response)) : response;
  });
}

Status RefusalOf(const HttpResponse& response) {
  const std::string words = WordsOfRefusal(response.body);
  std::string message = fmt::format("{}{}{}", response.status, words.empty() ? "" : " ", words);
  switch (response.status) {
    case 401:
    case 403:
      return {Code::kPermissionDenied, std::move(message)};
    case 404:
      return {Code::kNotFound, std::move(message)};
    case 429:
      return {Code::kThrottled, std::move(message)};
    default:
      return {response.status >= 500 ? Code::kUnavailable : Code::kInvalidArgument, std::move(message)};
  }
}

std::string Stripped(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1));
}

bool IsHeaderValue(std::string_view text) {
  return std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

Result<std::string> OriginAndPath(std::string_view endpoint, std::string_view setting) {
  Result<ParsedUrl> url = ParseUrl(endpoint);
  if (!url.ok()) return std::move(url).status().WithContext(setting);
  while (url->path.ends_with('/')) url->path.pop_back();
  return url->endpoint.Origin() + url->path;
}

}  // namespace mbk::credentials
