#include "store/credentials/oauth.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "store/http_store.h"

namespace mbk::oauth {
namespace {

using std::chrono::seconds;

// A whole number above zero, written as such or as text.
std::optional<std::int64_t> PositiveNumber(const json& object, const char* name) {
  auto found = object.find(name);
  if (found == object.end()) return std::nullopt;
  std::int64_t number = 0;
  if (found->is_number_integer()) {
    number = found->get<std::int64_t>();
  } else if (found->is_string()) {
    const std::string& text = found->get_ref<const std::string&>();
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  }
  return number > 0 ? std::optional(number) : std::nullopt;
}

std::optional<seconds> LifeOf(const json& answer, Time now) {
  constexpr std::int64_t kLongest = seconds(kLongestLife).count();
  if (auto left = PositiveNumber(answer, "expires_in")) return seconds(std::min(*left, kLongest));
  auto at = PositiveNumber(answer, "expires_on");
  if (!at) return std::nullopt;
  const std::int64_t left = *at - std::chrono::duration_cast<seconds>(now.time_since_epoch()).count();
  return left > 0 ? std::optional(seconds(std::min(left, kLongest))) : std::nullopt;
}

}  // namespace

json ParseShallow(std::string_view text) {
  constexpr int kDeepest = 8;
  auto shallow = [](int depth, json::parse_event_t, json&) { return depth <= kDeepest; };
  return json::parse(text, shallow, /*allow_exceptions=*/false);
}

std::string Text(const json& object, const char* name) {
  if (!object.is_object()) return {};
  auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string WordsOf(const HttpResponse& response) {
  const json answer = ParseShallow(response.body);
  std::string code = Text(answer, "error"), words = Text(answer, "error_description");
  if (answer.is_object() && answer.contains("error") && answer["error"].is_object()) {
    code = Text(answer["error"], "status");
    words = Text(answer["error"], "message");
  }
  if (code.empty() && words.empty()) return OneLine(response.body);
  return OneLine(code) + (words.empty() ? "" : ": " + OneLine(words));
}

Code MeaningOf(int status) {
  if (status == 429) return Code::kThrottled;
  return status >= 500 || status == 408 ? Code::kUnavailable : Code::kPermissionDenied;
}

std::string OriginOf(const std::string& url) {
  Result<ParsedUrl> parsed = ParseUrl(std::string_view(url).substr(0, url.find('?')));
  return parsed.ok() ? OneLine(parsed->endpoint.Origin()) : "a malformed URL";
}

Status Failed(const TokenRequest& request, const std::string& url, Status why) {
  return std::move(why).WithContext(fmt::format("get a token for {} from {}", request.who, OriginOf(url)));
}

Result<json> Send(const TokenRequest& request, HttpRequest http, const CallContext& context) {
  http.max_body_bytes = kMostAnswerBytes;
  Result<HttpResponse> response = request.http.Send(http, context);
  if (!response.ok()) return Failed(request, http.url, std::move(response).status());
  if (response->status < 200 || response->status >= 300) {
    return Failed(request, http.url,
                  {MeaningOf(response->status), fmt::format("{} {}", response->status, WordsOf(*response))});
  }
  json answer = ParseShallow(response->body);
  if (!answer.is_object()) return Failed(request, http.url, DataLoss("the answer is no JSON object"));
  return answer;
}

Result<json> PostForm(const TokenRequest& request, const std::string& url, const QueryPairs& pairs,
                      const CallContext& context) {
  const std::string body = CanonicalQuery(pairs);
  return Send(
      request,
      {.method = "POST",
       .url = url,
       .headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}},
       .body = body},
      context);
}

bool IsBearerToken(std::string_view token) {
  return !token.empty() &&
         std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

Result<Token> TakeToken(const TokenRequest& request, const std::string& url, const json& answer) {
  std::string token = Text(answer, "access_token");
  if (!IsBearerToken(token)) return Failed(request, url, DataLoss("the answer has no usable access_token"));
  std::optional<seconds> life = LifeOf(answer, request.now);
  if (!life) return Failed(request, url, DataLoss("the answer has no usable expires_in"));
  return Token{.value = std::move(token), .expires = request.now + *life};
}

}  // namespace mbk::oauth
