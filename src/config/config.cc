#include "config/config.h"

#include <cstdlib>

#include "config/enum_names.h"

namespace mbk::config {
namespace {

constexpr EnumName<Provider> kProviders[] = {
    {"local", Provider::kLocal}, {"minio", Provider::kMinio},   {"s3", Provider::kS3},
    {"aws", Provider::kAws},     {"gcp", Provider::kGcp},       {"gcpnative", Provider::kGcpNative},
    {"azure", Provider::kAzure}, {"aliyun", Provider::kAliyun}, {"tencent", Provider::kTencent},
    {"hwc", Provider::kHuawei},
};
constexpr EnumName<AuthType> kAuthTypes[] = {
    {"static", AuthType::kStatic},
    {"sharedKey", AuthType::kSharedKey},
    {"serviceAccount", AuthType::kServiceAccount},
    {"iam", AuthType::kIam},
    {"default", AuthType::kDefault},
};
constexpr EnumName<TlsMode> kTlsModes[] = {
    {"disabled", TlsMode::kDisabled}, {"server", TlsMode::kServer}, {"mutual", TlsMode::kMutual}};
constexpr EnumName<TransferMode> kTransferModes[] = {{"auto", TransferMode::kAuto},
                                                     {"direct", TransferMode::kDirect},
                                                     {"streaming", TransferMode::kStreaming}};
constexpr EnumName<PathStyle> kPathStyles[] = {
    {"auto", PathStyle::kAuto}, {"path", PathStyle::kPath}, {"virtualHost", PathStyle::kVirtualHost}};
constexpr EnumName<Source> kSources[] = {{"default", Source::kDefault},
                                         {"config", Source::kConfig},
                                         {"env", Source::kEnv},
                                         {"override", Source::kOverride}};

}  // namespace

template <>
std::span<const EnumName<Provider>> NamesOf() {
  return kProviders;
}
template <>
std::span<const EnumName<AuthType>> NamesOf() {
  return kAuthTypes;
}
template <>
std::span<const EnumName<TlsMode>> NamesOf() {
  return kTlsModes;
}
template <>
std::span<const EnumName<TransferMode>> NamesOf() {
  return kTransferModes;
}
template <>
std::span<const EnumName<PathStyle>> NamesOf() {
  return kPathStyles;
}
template <>
std::span<const EnumName<Source>> NamesOf() {
  return kSources;
}

std::string_view ProviderName(Provider provider) { return NameOf(provider); }
std::string_view SourceName(Source source) { return NameOf(source); }

std::optional<std::string> ProcessEnv(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

}  // namespace mbk::config
