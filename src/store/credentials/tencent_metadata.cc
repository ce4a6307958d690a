#include "store/credentials/ask.h"
#include "store/credentials/instance_metadata.h"

namespace mbk::credentials {

Source TencentMetadata(const Tools& tools, const std::string& endpoint) {
  constexpr char kName[] = "Tencent CVM metadata";
  Result<std::string> origin =
      OriginAndPath(endpoint.empty() ? "http://metadata.tencentyun.com" : endpoint, "iamEndpoint");
  if (!origin.ok()) return Unusable(kName, origin.status());
  return InstanceSource(tools,
                        {.name = kName,
                         .origin = *origin,
                         .roles_path = "/latest/meta-data/cam/security-credentials/",
                         .fields = {.access_key_id = "TmpSecretId", .secret_access_key = "TmpSecretKey"}});
}

}  // namespace mbk::credentials
