#include <fmt/core.h>

#include <array>

#include "store/credentials/ini.h"
#include "store/credentials/web_identity.h"

namespace mbk::credentials {
namespace {

struct Files {
  std::string credentials;
  std::string config;
};

std::string PathOr(const Tools& tools, const std::string& variable, std::string_view below_home) {
  std::string path = tools.Env(variable);
  if (!path.empty()) return path;
  const std::string home = tools.Env("HOME");
  return home.empty() ? std::string() : fmt::format("{}/.aws/{}", home, below_home);
}

Result<IniFile> Read(const Tools& tools, const std::string& path) {
  if (path.empty()) return IniFile{};
  Result<std::string> text = tools.read_file(path);
  if (text.status().code() == Code::kNotFound) return IniFile{};
  if (!text.ok()) return std::move(text).status();
  Result<IniFile> parsed = ParseIni(*text);
  return parsed.ok() ? parsed : Result<IniFile>(parsed.status().WithContext(path));
}

void Overlay(IniSection& section, const IniFile& file, std::string_view name) {
  const auto found = file.find(name);
  if (found == file.end()) return;
  for (const auto& [property, value] : found->second) section[property] = value;
}

// The profile's properties from both files; the credentials file wins. In the config file a section is
// called "profile NAME", but for "default".
Result<IniSection> ReadProfile(const Tools& tools, const Files& files, const std::string& name) {
  MBK_TRY_ASSIGN(const IniFile config, Read(tools, files.config));
  MBK_TRY_ASSIGN(const IniFile credentials, Read(tools, files.credentials));
  IniSection profile;
  if (name == "default") Overlay(profile, config, name);
  Overlay(profile, config, fmt::format("profile {}", name));
  Overlay(profile, credentials, name);
  return profile;
}

std::string Get(const IniSection& profile, std::string_view property) {
  const auto found = profile.find(property);
  return found == profile.end() ? std::string() : found->second;
}

// What else a profile can hold keys by. Each is an identity that somebody chose, so none is passed over.
Status RefuseOtherKinds(const IniSection& profile) {
  constexpr auto kKinds = std::to_array<std::string_view>(
      {"credential_process", "sso_session", "sso_start_url", "sso_account_id", "login_session"});
  for (std::string_view kind : kKinds) {
    if (Get(profile, kind).empty()) continue;
    return InvalidArgument(
        fmt::format("it uses {}, which this version has not; put temporary keys into the environment", kind));
  }
  return {};
}

Result<Keys> FromRole(const Tools& tools, const IniSection& profile, const CallContext& context) {
  const WebIdentityRole role{.token_file = Get(profile, "web_identity_token_file"),
                             .role_arn = Get(profile, "role_arn"),
                             .session_name = Get(profile, "role_session_name"),
                             .region = Get(profile, "region")};
  if (role.token_file.empty()) {
    return InvalidArgument(
        "its role_arn comes without web_identity_token_file, and this version takes roles by web identity "
        "only (no source_profile, no credential_source)");
  }
  return AssumeRole(tools, role, context);
}

Result<Keys> FromProfile(const Tools& tools, const IniSection& profile, const CallContext& context) {
  if (!Get(profile, "role_arn").empty()) return FromRole(tools, profile, context);
  AwsCredentials keys{.access_key_id = Get(profile, "aws_access_key_id"),
                      .secret_access_key = Get(profile, "aws_secret_access_key"),
                      .session_token = Get(profile, "aws_session_token")};
  if (!keys.access_key_id.empty() && !keys.secret_access_key.empty()) return Keys{.value = std::move(keys)};
  if (!keys.access_key_id.empty())
    return InvalidArgument("it has aws_access_key_id without aws_secret_access_key");
  MBK_TRY(RefuseOtherKinds(profile));
  return NotFound("it holds no keys");
}

Result<Keys> FromFiles(const Tools& tools, const CallContext& context) {
  const Files files{.credentials = PathOr(tools, "AWS_SHARED_CREDENTIALS_FILE", "credentials"),
                    .config = PathOr(tools, "AWS_CONFIG_FILE", "config")};
  const std::string chosen = tools.Env("AWS_PROFILE");
  const std::string name = chosen.empty() ? "default" : chosen;
  MBK_TRY_ASSIGN(const IniSection profile, ReadProfile(tools, files, name));
  if (profile.empty()) {
    std::string message = fmt::format("no profile \"{}\" in {} or {}", name, files.credentials, files.config);
    return chosen.empty() ? NotFound(std::move(message)) : InvalidArgument(message + "; check AWS_PROFILE");
  }
  Result<Keys> keys = FromProfile(tools, profile, context);
  return keys.ok() ? keys : Result<Keys>(keys.status().WithContext(fmt::format("profile \"{}\"", name)));
}

}  // namespace

Source Profile(const Tools& tools) {
  return {.name = "the shared files",
          .fetch = [tools](const CallContext& context) { return FromFiles(tools, context); }};
}

}  // namespace mbk::credentials
