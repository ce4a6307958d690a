#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "net/url.h"
#include "store/credentials/answer.h"
#include "store/credentials/ask.h"

namespace mbk::credentials {
namespace {

constexpr char kRelativeUri[] = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
constexpr char kFullUri[] = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
constexpr char kToken[] = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
constexpr char kTokenFile[] = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
constexpr char kEcsOrigin[] = "http://169.254.170.2";

// "127.0.0.1", and not the name "127.example.com".
bool IsLoopbackV4(std::string_view host) {
  return host.starts_with("127.") &&
         std::ranges::all_of(host, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

// Where the token of the container may be sent in the clear: to this machine, and to the agents of ECS and
// EKS, which have fixed link-local addresses.
bool MayBePlain(std::string_view host) {
  constexpr auto kAgents =
      std::to_array<std::string_view>({"169.254.170.2", "169.254.170.23", "fd00:ec2::23"});
  return host == "localhost" || host == "::1" || IsLoopbackV4(host) ||
         std::ranges::find(kAgents, host) != kAgents.end();
}

// ParseUrl takes no query, and an agent's URI may have one.
Result<ParsedUrl> ParseWithQuery(const std::string& url) {
  return ParseUrl(std::string_view(url).substr(0, url.find('?')));
}

Result<std::string> UrlToAsk(const Tools& tools, const std::string& endpoint) {
  const std::string relative = tools.Env(kRelativeUri), full = tools.Env(kFullUri);
  if (relative.empty() && full.empty()) return NotFound(fmt::format("no {}, no {}", kRelativeUri, kFullUri));
  if (!endpoint.empty()) return OriginAndPath(endpoint, "iamEndpoint");
  if (!relative.empty()) {
    if (!relative.starts_with('/'))
      return InvalidArgument(fmt::format("{} does not begin with '/'", kRelativeUri));
    return kEcsOrigin + relative;
  }
  Result<ParsedUrl> url = ParseWithQuery(full);
  if (!url.ok()) return std::move(url).status().WithContext(kFullUri);
  if (!url->endpoint.use_ssl && !MayBePlain(url->endpoint.host)) {
    return InvalidArgument(
        fmt::format("{} names the host {} without https; that is for this machine and the agents of ECS and "
                    "EKS only",
                    kFullUri, url->endpoint.host));
  }
  return full;
}

// The file is read each time: it is renewed while the program runs.
Result<std::string> AuthorizationToken(const Tools& tools) {
  std::string token = tools.Env(kToken);
  if (const std::string path = tools.Env(kTokenFile); !path.empty()) {
    Result<std::string> text = tools.read_file(path);
    if (!text.ok()) return InvalidArgument(fmt::format("{}: {}", kTokenFile, text.status().message()));
    token = Stripped(*text);
  }
  if (!IsHeaderValue(token)) return InvalidArgument("the container's authorization token has a line break");
  return token;
}

Result<HttpRequest> RequestFor(const Tools& tools, const std::string& endpoint) {
  HttpRequest request;
  MBK_TRY_ASSIGN(request.url, UrlToAsk(tools, endpoint));
  MBK_TRY_ASSIGN(std::string token, AuthorizationToken(tools));
  if (!token.empty()) request.headers.Add("Authorization", std::move(token));
  return request;
}

Result<Keys> AskContainer(const Tools& tools, const std::string& endpoint, const CallContext& context) {
  MBK_TRY_ASSIGN(HttpRequest get, RequestFor(tools, endpoint));
  MBK_TRY_ASSIGN(HttpResponse answer, AskMetadata(tools, get, context));
  if (answer.status != 200) {
    Status refusal = RefusalOf(answer);
    // The variables say that there are keys, so 404 is not "nothing here".
    return refusal.code() == Code::kNotFound ? InvalidArgument(refusal.message()) : refusal;
  }
  return ParseKeys(answer.body, {}, tools.now());
}

}  // namespace

Source Container(const Tools& tools, const std::string& endpoint) {
  return {.name = "the container's agent", .fetch = [tools, endpoint](const CallContext& context) {
            return AskContainer(tools, endpoint, context);
          }};
}

}  // namespace mbk::credentials
