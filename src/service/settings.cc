#include "service/settings.h"

#include <fmt/core.h>

#include <optional>
#include <string_view>
#include <utility>

namespace mbk::service {

namespace {

StoreSettings NamesOf(Side side, int schema_version) {
  if (schema_version == 1) {
    if (side == Side::kMilvus) {
      return {"minio.address",    "minio.port",     "minio.accessKeyID", "minio.secretAccessKey",
              "minio.bucketName", "minio.rootPath", "minio.caCertPath",  "minio.mtlsCertPath"};
    }
    return {"minio.backupAddress",         "minio.backupPort",        "minio.backupAccessKeyID",
            "minio.backupSecretAccessKey", "minio.backupBucketName",  "minio.backupRootPath",
            "minio.backupCaCertPath",      "minio.backupMtlsCertPath"};
  }
  const std::string section = side == Side::kMilvus ? "milvus.storage." : "backup.storage.";
  return {section + "address",          section + "port",
          section + "auth.accessKeyID", section + "auth.secretAccessKey",
          section + "bucketName",       section + "rootPath",
          section + "caCertPath",       section + "mtlsCertPath"};
}

// The two settings that hold what opens a store; the second may be empty.
struct CredentialNames {
  std::string first;
  std::string second;
};

// A v1 file has the account of Azure and its key under the names of an access key.
std::optional<CredentialNames> CredentialsV1(bool milvus, config::AuthType auth) {
  switch (auth) {
    case config::AuthType::kIam:
    case config::AuthType::kDefault:
      return milvus ? CredentialNames{"minio.useIAM", "minio.iamEndpoint"}
                    : CredentialNames{"minio.backupUseIAM", "minio.backupIamEndpoint"};
    case config::AuthType::kServiceAccount:
      return CredentialNames{milvus ? "minio.gcpCredentialJSON" : "minio.backupGcpCredentialJSON", ""};
    case config::AuthType::kSharedKey:
    case config::AuthType::kStatic:
      break;
  }
  return std::nullopt;
}

std::optional<CredentialNames> CredentialsV2(const std::string& section, config::AuthType auth) {
  switch (auth) {
    case config::AuthType::kIam:
    case config::AuthType::kDefault:
      return CredentialNames{section + "auth.type", section + "auth.endpoint"};
    case config::AuthType::kServiceAccount:
      return CredentialNames{section + "auth.credentialsFile", ""};
    case config::AuthType::kSharedKey:
      return CredentialNames{section + "accountName", section + "auth.accountKey"};
    case config::AuthType::kStatic:
      break;
  }
  return std::nullopt;
}

bool Mentions(const Status& failure, std::string_view name) {
  return failure.message().find(name) != std::string::npos;
}

std::string KeySettings(const StoreSettings& settings) {
  return fmt::format("{}{}{}", settings.access_key, settings.secret_key.empty() ? "" : " and ",
                     settings.secret_key);
}

}  // namespace

StoreSettings SettingsOf(Side side, int schema_version, const config::Storage& storage) {
  StoreSettings settings = NamesOf(side, schema_version);
  if (storage.provider == config::Provider::kLocal) {
    // The rights of this user on that directory are all that counts.
    settings.access_key = settings.bucket = settings.root;
    settings.secret_key.clear();
    return settings;
  }
  const bool milvus = side == Side::kMilvus;
  std::optional<CredentialNames> names =
      schema_version == 1 ? CredentialsV1(milvus, storage.auth.type)
                          : CredentialsV2(milvus ? "milvus.storage." : "backup.storage.", storage.auth.type);
  if (names) {
    settings.access_key = std::move(names->first);
    settings.secret_key = std::move(names->second);
  }
  return settings;
}

std::string AddressSettings(const StoreSettings& settings) {
  return fmt::format("{} and {}", settings.address, settings.port);
}

Status PointAtSettings(Status failure, const StoreSettings& settings) {
  std::string hint;
  Code code = failure.code();
  // Half of a pair of keys, a profile that is not there: to the user no other error than keys that are
  // refused. And where keys are fetched from is not the store.
  const bool is_of_keys = Mentions(failure, "credentials from ") && !Mentions(failure, "CertPath") &&
                          !Mentions(failure, "SSL_CERT_");
  if (code == Code::kInvalidArgument && is_of_keys) code = Code::kPermissionDenied;
  switch (code) {
    case Code::kOk:
    case Code::kCancelled:
      return failure;
    case Code::kUnavailable:
    case Code::kDeadlineExceeded:
      hint = "check " + (is_of_keys ? KeySettings(settings) : AddressSettings(settings));
      break;
    case Code::kPermissionDenied:
      hint = "check " + KeySettings(settings);
      break;
    case Code::kNotFound:
      // Exit codes keep "not found" for backups and collections; a missing bucket is a wrong setting.
      code = Code::kFailedPrecondition;
      hint = fmt::format("check {}", settings.bucket);
      break;
    case Code::kInvalidArgument:
      // A variable, and not a setting.
      if (Mentions(failure, "SSL_CERT_") && !Mentions(failure, "caCertPath")) return failure;
      // net/ names the setting of a certificate that is not trusted, without knowing whose it is.
      hint = fmt::format("check {}", Mentions(failure, "caCertPath")     ? settings.ca_cert
                                     : Mentions(failure, "mtlsCertPath") ? settings.client_cert
                                                                         : settings.bucket);
      break;
    default:
      hint = fmt::format("check {}", settings.bucket);
  }
  return {code, fmt::format("{}; {}", failure.message(), hint)};
}

}  // namespace mbk::service
