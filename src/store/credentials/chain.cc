#include "store/credentials/chain.h"

#include <fmt/core.h>

namespace mbk::credentials {
namespace {

bool IsSilence(Code code) { return code == Code::kUnavailable || code == Code::kDeadlineExceeded; }

bool HasNothing(const Source& source, const Status& status) {
  return status.code() == Code::kNotFound || (source.silence_is_absence && IsSilence(status.code()));
}

// Without the advice behind it, which is for addresses that somebody configured.
std::string_view Fact(std::string_view message) { return message.substr(0, message.find("; ")); }

class Search {
 public:
  explicit Search(std::vector<Source> sources) : sources_(std::move(sources)) {}

  Result<Keys> operator()(const CallContext& context) {
    if (chosen_ != nullptr) return Ask(*chosen_, context);
    std::string tried;
    for (const Source& source : sources_) {
      Result<Keys> keys = source.fetch(context);
      if (keys.ok()) {
        chosen_ = &source;
        return keys;
      }
      MBK_TRY(context.Check());
      const Status why = std::move(keys).status();
      if (!HasNothing(source, why)) return why.WithContext(fmt::format("credentials from {}", source.name));
      tried += fmt::format("{}{}: {}", tried.empty() ? "" : "; ", source.name, Fact(why.message()));
    }
    return Status(Code::kPermissionDenied, fmt::format("no credentials found ({})", tried));
  }

 private:
  static Result<Keys> Ask(const Source& source, const CallContext& context) {
    Result<Keys> keys = source.fetch(context);
    if (keys.ok()) return keys;
    Status why = std::move(keys).status();
    // To callers "not found" is the word of a store about an object.
    if (why.code() == Code::kNotFound) why = Status(Code::kPermissionDenied, why.message());
    return std::move(why).WithContext(fmt::format("credentials from {}", source.name));
  }

  const std::vector<Source> sources_;
  const Source* chosen_ = nullptr;
};

std::vector<Source> AwsSources(const std::string& endpoint, const Tools& tools) {
  if (!endpoint.empty()) {
    return {WebIdentity(tools, endpoint), Container(tools, endpoint), Ec2Metadata(tools, endpoint)};
  }
  return {Environment(tools, {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", {"AWS_SESSION_TOKEN"}}),
          WebIdentity(tools, ""), Profile(tools), Container(tools, ""), Ec2Metadata(tools, "")};
}

// The others have keys in variables or a role of the machine; their OpenID Connect is not in this version.
struct OtherCloud {
  std::string_view service;
  KeyVariables variables;
  std::string oidc_variable;
  Source (*metadata)(const Tools& tools, const std::string& endpoint);
};

OtherCloud Describe(Cloud cloud) {
  switch (cloud) {
    case Cloud::kTencent:
      return {"Tencent Cloud",
              {"TENCENTCLOUD_SECRET_ID",
               "TENCENTCLOUD_SECRET_KEY",
               {"TENCENTCLOUD_TOKEN", "TENCENTCLOUD_SECURITY_TOKEN"}},
              "TKE_WEB_IDENTITY_TOKEN_FILE",
              TencentMetadata};
    case Cloud::kHuawei:
      return {"Huawei Cloud",
              {"HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", {"HUAWEICLOUD_SDK_SECURITY_TOKEN"}},
              "HUAWEICLOUD_SDK_ID_TOKEN_FILE",
              HuaweiMetadata};
    case Cloud::kAliyun:
    case Cloud::kAws:
      break;
  }
  return {
      "Alibaba Cloud",
      {"ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", {"ALIBABA_CLOUD_SECURITY_TOKEN"}},
      "ALIBABA_CLOUD_OIDC_TOKEN_FILE",
      AliyunMetadata};
}

}  // namespace

std::vector<Source> SourcesOf(Cloud cloud, const std::string& endpoint, const Tools& tools) {
  if (cloud == Cloud::kAws) return AwsSources(endpoint, tools);
  const OtherCloud other = Describe(cloud);
  if (!endpoint.empty()) return {other.metadata(tools, endpoint)};
  return {Environment(tools, other.variables), NoOidc(tools, other.service, other.oidc_variable),
          other.metadata(tools, "")};
}

Fetch Chain(std::vector<Source> sources) {
  // std::function copies what it holds; the search is one.
  auto search = std::make_shared<Search>(std::move(sources));
  return [search](const CallContext& context) { return (*search)(context); };
}

Fetch SystemChain(Cloud cloud, const std::string& endpoint, const std::string& ca_file) {
  return Chain(SourcesOf(cloud, endpoint, SystemTools(endpoint.empty() ? "" : ca_file)));
}

}  // namespace mbk::credentials
