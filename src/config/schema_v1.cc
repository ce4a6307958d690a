#include <fmt/format.h>

#include "config/field.h"
#include "config/schema.h"

namespace mbk::config {
namespace {

struct V1Key {
  std::string path;
  std::vector<std::string> keys;
  std::string env;
};

// A key that means what a v2 parameter means: type, default and secrecy are that parameter's.
Row Renamed(V1Key key) {
  Row row = V2Row(key.path);
  row.keys = std::move(key.keys);
  row.env = std::move(key.env);
  row.inherits.clear();
  return row;
}

// The same, with the value of another parameter as its default.
Row Inheriting(std::string from, V1Key key) {
  Row row = Renamed(std::move(key));
  row.inherits = std::move(from);
  return row;
}

// A key with a meaning of its own; v1.cc translates it.
Row Translated(V1Key key, std::string default_text, Field field) {
  return {.path = std::move(key.path),
          .keys = std::move(key.keys),
          .env = std::move(key.env),
          .default_text = std::move(default_text),
          .field = field};
}

std::vector<Row> GeneralRows() {
  return {
      Renamed({"Log.Level", {"log.level"}}),
      Renamed({"Log.Console", {"log.console"}}),
      Renamed({"Log.File.Path", {"log.file.filename"}}),
      Renamed({"Log.File.MaxSizeMiB", {"log.file.maxSize"}}),
      Renamed({"Log.File.MaxDays", {"log.file.maxDays"}}),
      Renamed({"Log.File.MaxBackups", {"log.file.maxBackups"}}),
      Translated({"", {"http.enabled"}}, "true", MBK_FIELD(v1.http_enabled)),
      Renamed({"Server.DebugMode", {"http.debugMode"}}),
      Renamed({"Server.SwaggerBasePath", {"http.swaggerBasePath"}}),
      Renamed({"Cloud.Endpoint", {"cloud.address"}}),
      Renamed({"Cloud.APIKey", {"cloud.apikey"}}),
      Renamed({"Cloud.CACertPath", {"cloud.caCertPath"}}),
      Renamed({"Milvus.Grpc.Address", {"milvus.address"}, "MILVUS_ADDRESS"}),
      Renamed({"Milvus.Grpc.Port", {"milvus.port"}, "MILVUS_PORT"}),
      Renamed({"Milvus.User", {"milvus.user"}, "MILVUS_USER"}),
      Renamed({"Milvus.Password", {"milvus.password"}, "MILVUS_PASSWORD"}),
      Translated({"Milvus.Grpc.TLSMode", {"milvus.tlsMode"}, "MILVUS_TLS_MODE"}, "0", MBK_FIELD(v1.tls_mode)),
      Renamed({"Milvus.Grpc.CACertPath", {"milvus.caCertPath"}, "MILVUS_CA_CERT_PATH"}),
      Renamed({"Milvus.Grpc.ServerName", {"milvus.serverName"}, "MILVUS_SERVER_NAME"}),
      Renamed({"Milvus.Grpc.MTLSCertPath", {"milvus.mtlsCertPath"}, "MILVUS_MTLS_CERT_PATH"}),
      Renamed({"Milvus.Grpc.MTLSKeyPath", {"milvus.mtlsKeyPath"}, "MILVUS_MTLS_KEY_PATH"}),
      Renamed({"Milvus.Replicate.RPCChannelName", {"milvus.rpcChannelName"}, "MILVUS_RPC_CHANNEL_NAME"}),
      Translated({"Milvus.Etcd.Endpoints", {"milvus.etcd.endpoints"}}, "localhost:2379",
                 MBK_FIELD(v1.etcd_endpoints)),
      Renamed({"Milvus.Etcd.RootPath", {"milvus.etcd.rootPath"}}),
      Translated({"Transfer.Mode", {"minio.crossStorage"}}, "false", MBK_FIELD(v1.cross_storage)),
      Renamed({"Transfer.MultipartCopyThresholdMiB", {"minio.multipartCopyThresholdMiB"}}),
      Renamed({"Transfer.SilenceSeconds", {"minio.silenceSeconds"}}),
      Renamed({"Transfer.Concurrency", {"backup.parallelism.copydata"}, "BACKUP_PARALLELISM_COPYDATA"}),
      Renamed({"Backup.Concurrency.Collections",
               {"backup.parallelism.backupCollection"},
               "BACKUP_PARALLELISM_BACKUP_COLLECTION"}),
      Renamed({"Backup.Concurrency.Segments", {"backup.parallelism.backupSegment"}}),
      Renamed({"Restore.Concurrency.Collections",
               {"backup.parallelism.restoreCollection"},
               "BACKUP_PARALLELISM_RESTORE_COLLECTION"}),
      Renamed({"Restore.Concurrency.ImportJobs", {"backup.parallelism.importJob"}}),
      Renamed({"Restore.KeepTempFiles", {"backup.keepTempFiles"}, "BACKUP_KEEP_TEMP_FILES"}),
      Renamed({"Backup.PauseGC", {"backup.gcPause.enable"}, "BACKUP_GC_PAUSE_ENABLE"}),
      Renamed({"Milvus.Management.Endpoint", {"backup.gcPause.address"}, "BACKUP_GC_PAUSE_ADDRESS"}),
  };
}

std::vector<Row> V1MilvusStorageRows() {
  return {
      Translated(
          {"Milvus.Storage.Provider", {"storage.storageType", "minio.storageType", "minio.cloudProvider"}},
          "minio", MBK_FIELD(v1.milvus.storage_type)),
      Renamed({"Milvus.Storage.Address", {"minio.address"}, "MINIO_ADDRESS"}),
      Renamed({"Milvus.Storage.Port", {"minio.port"}, "MINIO_PORT"}),
      Renamed({"Milvus.Storage.Region", {"minio.region"}, "MINIO_REGION"}),
      Renamed({"Milvus.Storage.UseSSL", {"minio.useSSL"}, "MINIO_USE_SSL"}),
      Renamed({"Milvus.Storage.CACertPath", {"minio.caCertPath"}}),
      Renamed({"Milvus.Storage.MTLSCertPath", {"minio.mtlsCertPath"}}),
      Renamed({"Milvus.Storage.MTLSKeyPath", {"minio.mtlsKeyPath"}}),
      Renamed({"Milvus.Storage.PathStyle", {"minio.pathStyle"}}),
      Renamed({"Milvus.Storage.BucketName", {"minio.bucketName"}, "MINIO_BUCKET_NAME"}),
      Renamed({"Milvus.Storage.RootPath", {"minio.rootPath"}, "MINIO_ROOT_PATH"}),
      Translated({"Milvus.Storage.Auth.Type", {"minio.useIAM"}, "MINIO_USE_IAM"}, "false",
                 MBK_FIELD(v1.milvus.use_iam)),
      Renamed({"Milvus.Storage.Auth.AccessKeyID", {"minio.accessKeyID"}, "MINIO_ACCESS_KEY"}),
      Renamed({"Milvus.Storage.Auth.SecretAccessKey", {"minio.secretAccessKey"}, "MINIO_SECRET_KEY"}),
      Renamed({"Milvus.Storage.Auth.SessionToken", {"minio.token"}, "MINIO_TOKEN"}),
      Renamed({"Milvus.Storage.Auth.CredentialsFile", {"minio.gcpCredentialJSON"}, "GCP_KEY_JSON"}),
      Renamed({"Milvus.Storage.Auth.Endpoint", {"minio.iamEndpoint"}, "MINIO_IAM_ENDPOINT"}),
  };
}

// Unlike in v2 the backup's root path is inherited too, and the credentials file is not.
std::vector<Row> V1BackupStorageRows() {
  Row provider =
      Translated({"Backup.Storage.Provider", {"storage.backupStorageType", "minio.backupStorageType"}}, "",
                 MBK_FIELD(v1.backup.storage_type));
  provider.inherits = "Milvus.Storage.Provider";
  Row use_iam = Translated({"Backup.Storage.Auth.Type", {"minio.backupUseIAM"}, "MINIO_BACKUP_USE_IAM"}, "",
                           MBK_FIELD(v1.backup.use_iam));
  use_iam.inherits = "Milvus.Storage.Auth.Type";
  std::vector<Row> rows = {std::move(provider), std::move(use_iam)};
  const auto inherit = [&](std::string_view name, std::string key, std::string env) {
    rows.push_back(
        Inheriting(fmt::format("{}.{}", kMilvusStorage, name),
                   {fmt::format("{}.{}", kBackupStorage, name), {std::move(key)}, std::move(env)}));
  };
  inherit("Address", "minio.backupAddress", "MINIO_BACKUP_ADDRESS");
  inherit("Port", "minio.backupPort", "MINIO_BACKUP_PORT");
  inherit("Region", "minio.backupRegion", "MINIO_BACKUP_REGION");
  inherit("UseSSL", "minio.backupUseSSL", "MINIO_BACKUP_USE_SSL");
  inherit("CACertPath", "minio.backupCaCertPath", "");
  inherit("MTLSCertPath", "minio.backupMtlsCertPath", "");
  inherit("MTLSKeyPath", "minio.backupMtlsKeyPath", "");
  inherit("PathStyle", "minio.backupPathStyle", "");
  inherit("BucketName", "minio.backupBucketName", "MINIO_BACKUP_BUCKET_NAME");
  inherit("RootPath", "minio.backupRootPath", "MINIO_BACKUP_ROOT_PATH");
  inherit("Auth.AccessKeyID", "minio.backupAccessKeyID", "MINIO_BACKUP_ACCESS_KEY");
  inherit("Auth.SecretAccessKey", "minio.backupSecretAccessKey", "MINIO_BACKUP_SECRET_KEY");
  inherit("Auth.SessionToken", "minio.backupToken", "MINIO_BACKUP_TOKEN");
  inherit("Auth.Endpoint", "minio.backupIamEndpoint", "MINIO_BACKUP_IAM_ENDPOINT");
  rows.push_back(Renamed(
      {"Backup.Storage.Auth.CredentialsFile", {"minio.backupGcpCredentialJSON"}, "BACKUP_GCP_KEY_JSON"}));
  return rows;
}

}  // namespace

const std::vector<Row>& V1Rows() {
  static const std::vector<Row> rows = [] {
    std::vector<Row> all = GeneralRows();
    for (auto* part : {&V1MilvusStorageRows, &V1BackupStorageRows}) {
      for (Row& row : part()) all.push_back(std::move(row));
    }
    return all;
  }();
  return rows;
}

const std::vector<std::string>& QuietV1Keys() {
  static const std::vector<std::string> keys = {"milvus.authorizationenabled", "backup.maxsegmentgroupsize",
                                                "backup.gcpause.seconds",      "log.file.rootpath",
                                                "http.simpleresponse",         "log.http.simpleresponse"};
  return keys;
}

}  // namespace mbk::config
