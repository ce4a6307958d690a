#include "service/settings.h"

#include <fmt/core.h>

#include <tuple>
#include <utility>

namespace mbk::service {

namespace {

StoreSettings NamesOf(Side side, int schema_version) {
  if (schema_version == 1) {
    if (side == Side::kMilvus) {
      return {"minio.address",    "minio.port",     "minio.accessKeyID", "minio.secretAccessKey",
              "minio.bucketName", "minio.rootPath", "minio.caCertPath"};
    }
    return {"minio.backupAddress",         "minio.backupPort",       "minio.backupAccessKeyID",
            "minio.backupSecretAccessKey", "minio.backupBucketName", "minio.backupRootPath",
            "minio.backupCaCertPath"};
  }
  const std::string section = side == Side::kMilvus ? "milvus.storage." : "backup.storage.";
  return {section + "address",          section + "port",
          section + "auth.accessKeyID", section + "auth.secretAccessKey",
          section + "bucketName",       section + "rootPath",
          section + "caCertPath"};
}

// What stands in the place of keys where there are none of S3's kind.
std::pair<std::string, std::string> CredentialNames(Side side, int schema_version, config::AuthType auth) {
  const bool milvus = side == Side::kMilvus;
  const std::string section = milvus ? "milvus.storage." : "backup.storage.";
  const bool v1 = schema_version == 1;
  switch (auth) {
    case config::AuthType::kIam:
    case config::AuthType::kDefault:
      if (!v1) return {section + "auth.type", section + "auth.endpoint"};
      return milvus ? std::pair{"minio.useIAM", "minio.iamEndpoint"}
                    : std::pair{"minio.backupUseIAM", "minio.backupIamEndpoint"};
    case config::AuthType::kSharedKey:
      if (!v1) return {section + "accountName", section + "auth.accountKey"};
      break;  // one pair of names for all
    case config::AuthType::kServiceAccount:
      if (!v1) return {section + "auth.type", section + "auth.credentialsFile"};
      return milvus ? std::pair{"minio.storageType", "minio.gcpCredentialJSON"}
                    : std::pair{"minio.backupStorageType", "minio.backupGcpCredentialJSON"};
    case config::AuthType::kStatic:
      break;
  }
  const StoreSettings names = NamesOf(side, schema_version);
  return {names.access_key, names.secret_key};
}

}  // namespace

StoreSettings SettingsOf(Side side, int schema_version, config::AuthType auth) {
  StoreSettings settings = NamesOf(side, schema_version);
  std::tie(settings.access_key, settings.secret_key) = CredentialNames(side, schema_version, auth);
  return settings;
}

Status PointAtSettings(Status failure, const StoreSettings& settings) {
  std::string hint;
  Code code = failure.code();
  switch (code) {
    case Code::kOk:
    case Code::kCancelled:
      return failure;
    case Code::kUnavailable:
    case Code::kDeadlineExceeded:
      hint = fmt::format("check {} and {}", settings.address, settings.port);
      break;
    case Code::kPermissionDenied:
      hint = fmt::format("check {} and {}", settings.access_key, settings.secret_key);
      break;
    case Code::kNotFound:
      // Exit codes keep "not found" for backups and collections; a missing bucket is a wrong setting.
      code = Code::kFailedPrecondition;
      hint = fmt::format("check {}", settings.bucket);
      break;
    case Code::kInvalidArgument:
      // net/ names the setting of a certificate that is not trusted, without knowing whose it is.
      hint = fmt::format("check {}", failure.message().find("caCertPath") != std::string::npos
                                         ? settings.ca_cert
                                         : settings.bucket);
      break;
    default:
      hint = fmt::format("check {}", settings.bucket);
  }
  return {code, fmt::format("{}; {}", failure.message(), hint)};
}

}  // namespace mbk::service
