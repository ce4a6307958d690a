#include "service/settings.h"

#include <fmt/core.h>

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

}  // namespace

StoreSettings SettingsOf(Side side, int schema_version, config::AuthType auth) {
  StoreSettings settings = NamesOf(side, schema_version);
  if (auth != config::AuthType::kIam && auth != config::AuthType::kDefault) return settings;
  const bool milvus = side == Side::kMilvus;
  if (schema_version == 1) {
    settings.access_key = milvus ? "minio.useIAM" : "minio.backupUseIAM";
    settings.secret_key = milvus ? "minio.iamEndpoint" : "minio.backupIamEndpoint";
  } else {
    settings.access_key = milvus ? "milvus.storage.auth.type" : "backup.storage.auth.type";
    settings.secret_key = milvus ? "milvus.storage.auth.endpoint" : "backup.storage.auth.endpoint";
  }
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
