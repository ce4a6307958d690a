#include "net/http_headers.h"
#include "store/credentials/ask.h"
#include "store/credentials/instance_metadata.h"

namespace mbk::credentials {
namespace {

bool IsTrue(const std::string& value) { return AsciiLower(value) == "true" || value == "1"; }

}  // namespace

Source AliyunMetadata(const Tools& tools, const std::string& endpoint) {
  constexpr char kName[] = "Alibaba ECS metadata";
  if (endpoint.empty() && IsTrue(tools.Env("ALIBABA_CLOUD_ECS_METADATA_DISABLED")))
    return Unusable(kName, NotFound("ALIBABA_CLOUD_ECS_METADATA_DISABLED is set"));
  Result<std::string> origin =
      OriginAndPath(endpoint.empty() ? "http://100.100.100.200" : endpoint, "iamEndpoint");
  if (!origin.ok()) return Unusable(kName, origin.status());
  return InstanceSource(
      tools, {.name = kName,
              .origin = *origin,
              .session_path = "/latest/api/token",
              .session_ttl_header = "X-aliyun-ecs-metadata-token-ttl-seconds",
              .session_token_header = "X-aliyun-ecs-metadata-token",
              .session_is_optional = !IsTrue(tools.Env("ALIBABA_CLOUD_IMDSV1_DISABLED")),
              .roles_path = "/latest/meta-data/ram/security-credentials/",
              .role = tools.Env("ALIBABA_CLOUD_ECS_METADATA"),
              .fields = {.secret_access_key = "AccessKeySecret", .session_token = "SecurityToken"}});
}

}  // namespace mbk::credentials
