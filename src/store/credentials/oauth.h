#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/refreshing.h"
#include "net/http_client.h"
#include "net/url.h"

/// Asking for bearer tokens, as OAuth 2.0 and its relatives have it. Internal to store/credentials/.
namespace mbk::oauth {

using Token = Expiring<std::string>;
using Time = Token::Time;
using nlohmann::json;

/// Tokens live an hour, those of machines a day at most; whoever names more is not believed.
inline constexpr std::chrono::hours kLongestLife{12};
inline constexpr std::size_t kMostAnswerBytes = 1 << 20;

/// Who is asked, and for whom: the functions below name both in their errors, and nothing of a good answer.
struct TokenRequest {
  HttpClient& http;
  std::string who;  ///< "service account sa@p.iam.gserviceaccount.com"
  Time now;
};

/// JSON of a few levels; a discarded value for anything else.
json ParseShallow(std::string_view text);
/// A field's text; empty when it is missing or no text.
std::string Text(const json& object, const char* name);

/// `why` with what was wanted from whom before it.
Status Failed(const TokenRequest& request, const std::string& url, Status why);
/// Scheme, host and port, for messages.
std::string OriginOf(const std::string& url);
/// What a refusal says: error and error_description, or those of Google's APIs. One line.
std::string WordsOf(const HttpResponse& response);
/// What an HTTP status that is no success means: kPermissionDenied, kUnavailable or kThrottled.
Code MeaningOf(int status);

/// Sends a request and takes the JSON object of its answer; a refusal is an error with the service's words.
Result<json> Send(const TokenRequest& request, HttpRequest http, const CallContext& context);
/// The same for a form.
Result<json> PostForm(const TokenRequest& request, const std::string& url, const QueryPairs& pairs,
                      const CallContext& context);

/// Whether `token` can stand in a header.
bool IsBearerToken(std::string_view token);
/// access_token with its life: expires_in, in seconds, or expires_on, in seconds since 1970. Azure's metadata
/// services write both as text.
Result<Token> TakeToken(const TokenRequest& request, const std::string& url, const json& answer);

}  // namespace mbk::oauth
