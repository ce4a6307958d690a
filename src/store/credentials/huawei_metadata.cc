#include "store/credentials/ask.h"
#include "store/credentials/instance_metadata.h"

namespace mbk::credentials {

Source HuaweiMetadata(const Tools& tools, const std::string& endpoint) {
  constexpr char kName[] = "Huawei ECS metadata";
  Result<std::string> origin =
      OriginAndPath(endpoint.empty() ? "http://169.254.169.254" : endpoint, "iamEndpoint");
  if (!origin.ok()) return Unusable(kName, origin.status());
  return InstanceSource(tools, {.name = kName,
                                .origin = *origin,
                                .session_path = "/meta-data/latest/api/token",
                                .session_ttl_header = "X-Metadata-Token-Ttl-Seconds",
                                .session_token_header = "X-Metadata-Token",
                                .keys_path = "/openstack/latest/securitykey",
                                .fields = {.access_key_id = "access",
                                           .secret_access_key = "secret",
                                           .session_token = "securitytoken",
                                           .expiration = "expires_at",
                                           .within = "credential"}});
}

}  // namespace mbk::credentials
