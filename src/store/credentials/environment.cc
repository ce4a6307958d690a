#include <fmt/core.h>

#include "store/credentials/source.h"

namespace mbk::credentials {
namespace {

Result<Keys> FromVariables(const Tools& tools, const KeyVariables& variables) {
  AwsCredentials keys{.access_key_id = tools.Env(variables.access_key_id),
                      .secret_access_key = tools.Env(variables.secret_access_key)};
  if (keys.access_key_id.empty()) return NotFound(fmt::format("no {}", variables.access_key_id));
  if (keys.secret_access_key.empty()) {
    return InvalidArgument(
        fmt::format("{} is set, {} is not", variables.access_key_id, variables.secret_access_key));
  }
  for (const std::string& name : variables.session_token) {
    if (keys.session_token.empty()) keys.session_token = tools.Env(name);
  }
  return Keys{.value = std::move(keys)};
}

}  // namespace

Source Environment(const Tools& tools, const KeyVariables& variables) {
  return {.name = "the environment",
          .fetch = [tools, variables](const CallContext&) { return FromVariables(tools, variables); }};
}

Source NoOidc(const Tools& tools, std::string_view service, const std::string& variable) {
  auto refuse = [tools, service = std::string(service), variable](const CallContext&) -> Result<Keys> {
    if (tools.Env(variable).empty()) return NotFound(fmt::format("no {}", variable));
    return InvalidArgument(
        fmt::format("{} is set, and this version has no OpenID Connect for {}; unset it to use the role of "
                    "the instance, or configure static keys",
                    variable, service));
  };
  return {.name = "OpenID Connect", .fetch = std::move(refuse)};
}

}  // namespace mbk::credentials
