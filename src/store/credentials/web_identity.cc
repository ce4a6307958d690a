#include "store/credentials/web_identity.h"

#include <fmt/core.h>

#include "net/url.h"
#include "store/credentials/answer.h"
#include "store/credentials/ask.h"

namespace mbk::credentials {
namespace {

constexpr char kTokenFile[] = "AWS_WEB_IDENTITY_TOKEN_FILE";
constexpr char kRoleArn[] = "AWS_ROLE_ARN";
constexpr char kSessionName[] = "AWS_ROLE_SESSION_NAME";
constexpr std::size_t kMaxAnswerBytes = 64 << 10;

// It becomes part of a host's name.
bool IsRegionName(std::string_view region) {
  return !region.empty() && region.size() <= 64 && std::ranges::all_of(region, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

// https://docs.aws.amazon.com/general/latest/gr/sts.html
Result<std::string> StsUrl(const std::string& endpoint, const std::string& region) {
  if (!endpoint.empty()) return OriginAndPath(endpoint, "iamEndpoint");
  if (region.empty()) return std::string("https://sts.amazonaws.com");
  if (!IsRegionName(region)) return InvalidArgument("AWS_REGION is no region's name");
  return fmt::format("https://sts.{}.amazonaws.com{}", region, region.starts_with("cn-") ? ".cn" : "");
}

Result<std::string> ReadToken(const Tools& tools, const std::string& path) {
  Result<std::string> text = tools.read_file(path);
  if (!text.ok()) return InvalidArgument(fmt::format("the identity token: {}", text.status().message()));
  std::string token = Stripped(*text);
  if (token.empty()) return InvalidArgument(fmt::format("the identity token: {} is empty", path));
  return token;
}

// STS answers 400 where it cannot check the token now, and where the token is bad.
Status MeaningOf(const HttpResponse& response) {
  Status refusal = RefusalOf(response);
  const std::string code = CodeOfRefusal(response.body);
  if (code == "IDPCommunicationError") return {Code::kUnavailable, refusal.message()};
  if (code == "Throttling" || code == "ThrottlingException") return {Code::kThrottled, refusal.message()};
  if (response.status >= 500 || response.status == 429) return refusal;
  return {Code::kPermissionDenied, refusal.message()};
}

Result<Keys> FromVariables(const Tools& tools, const std::string& endpoint, const CallContext& context) {
  const std::string region = tools.Env("AWS_REGION");
  const WebIdentityRole role{.token_file = tools.Env(kTokenFile),
                             .role_arn = tools.Env(kRoleArn),
                             .session_name = tools.Env(kSessionName),
                             .region = region.empty() ? tools.Env("AWS_DEFAULT_REGION") : region,
                             .endpoint = endpoint};
  if (role.token_file.empty()) return NotFound(fmt::format("no {}", kTokenFile));
  // MinIO finds the policy in the token where no role is named.
  if (role.role_arn.empty() && endpoint.empty())
    return InvalidArgument(fmt::format("{} is set, {} is not", kTokenFile, kRoleArn));
  return AssumeRole(tools, role, context);
}

}  // namespace

Result<Keys> AssumeRole(const Tools& tools, const WebIdentityRole& role, const CallContext& context) {
  MBK_TRY_ASSIGN(const std::string url, StsUrl(role.endpoint, role.region));
  MBK_TRY_ASSIGN(std::string token, ReadToken(tools, role.token_file));
  QueryPairs form = {{"Action", "AssumeRoleWithWebIdentity"},
                     {"Version", "2011-06-15"},
                     {"RoleSessionName", role.session_name.empty() ? "milvus-backup" : role.session_name},
                     {"WebIdentityToken", std::move(token)}};
  if (!role.role_arn.empty()) form.emplace_back("RoleArn", role.role_arn);
  // In the body: URLs end up in the logs of proxies.
  const std::string body = CanonicalQuery(form);
  const HttpRequest post{
      .method = "POST",
      .url = url + "/",
      .headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "text/xml"}},
      .body = body,
      .max_body_bytes = kMaxAnswerBytes};
  const std::string action = fmt::format("AssumeRoleWithWebIdentity at {}", url);
  Result<HttpResponse> answer = tools.services->Send(post, context);
  if (!answer.ok()) return std::move(answer).status().WithContext(action);
  if (answer->status != 200) return MeaningOf(*answer).WithContext(action);
  Result<Keys> keys = ParseStsKeys(answer->body, tools.now());
  return keys.ok() ? keys : Result<Keys>(keys.status().WithContext(action));
}

Source WebIdentity(const Tools& tools, const std::string& endpoint) {
  return {.name = "web identity", .fetch = [tools, endpoint](const CallContext& context) {
            return FromVariables(tools, endpoint, context);
          }};
}

}  // namespace mbk::credentials
