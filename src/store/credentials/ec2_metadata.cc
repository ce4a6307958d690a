#include "net/http_headers.h"
#include "store/credentials/ask.h"
#include "store/credentials/instance_metadata.h"

namespace mbk::credentials {
namespace {

constexpr char kName[] = "EC2 metadata";

// The configured endpoint, AWS's variables, or the address that EC2 has everywhere.
Result<std::string> OriginOf(const Tools& tools, const std::string& endpoint) {
  if (!endpoint.empty()) return OriginAndPath(endpoint, "iamEndpoint");
  constexpr char kVariable[] = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
  if (const std::string given = tools.Env(kVariable); !given.empty()) return OriginAndPath(given, kVariable);
  const bool ipv6 = AsciiLower(tools.Env("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")) == "ipv6";
  return std::string(ipv6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254");
}

bool IsTrue(const Tools& tools, const std::string& variable) {
  return AsciiLower(tools.Env(variable)) == "true";
}

}  // namespace

Source Ec2Metadata(const Tools& tools, const std::string& endpoint) {
  if (endpoint.empty() && IsTrue(tools, "AWS_EC2_METADATA_DISABLED"))
    return Unusable(kName, NotFound("AWS_EC2_METADATA_DISABLED is true"));
  Result<std::string> origin = OriginOf(tools, endpoint);
  if (!origin.ok()) return Unusable(kName, origin.status());
  return InstanceSource(tools, {.name = kName,
                                .origin = *origin,
                                .session_path = "/latest/api/token",
                                .session_ttl_header = "X-aws-ec2-metadata-token-ttl-seconds",
                                .session_token_header = "X-aws-ec2-metadata-token",
                                .session_is_optional = !IsTrue(tools, "AWS_EC2_METADATA_V1_DISABLED"),
                                .roles_path = "/latest/meta-data/iam/security-credentials/"});
}

}  // namespace mbk::credentials
