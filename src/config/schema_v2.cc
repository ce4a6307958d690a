#include <fmt/format.h>

#include <cstdlib>
#include <set>

#include "config/field.h"
#include "config/schema.h"
#include "config/value.h"

namespace mbk::config {
namespace {

// One of the two storage sections of a draft; a template argument, so that fields stay plain functions.
using Section = Storage& (*)(Draft&);
Storage& MilvusSection(Draft& draft) { return draft.config.milvus.storage; }
Storage& BackupSection(Draft& draft) { return draft.config.backup_storage; }

#define MBK_STORAGE_FIELD(member) [](Draft& draft) -> auto& { return section(draft).member; }

// Rows of a section with names still relative to it. Only credentials have a variable: Kubernetes injects
// <SERVICE>_PORT=tcp://… for every service, which used to clobber ports (issues 197 and 617 of the Go tool).
template <Section section>
std::vector<Row> SectionRows(std::string root_path) {
  return {
      {"Provider", {"provider"}, "", "minio", MBK_STORAGE_FIELD(provider)},
      {"Address", {"address"}, "", "localhost", MBK_STORAGE_FIELD(address)},
      {"Port", {"port"}, "", "9000", MBK_STORAGE_FIELD(port)},
      {"Region", {"region"}, "", "", MBK_STORAGE_FIELD(region)},
      {"UseSSL", {"useSSL"}, "", "false", MBK_STORAGE_FIELD(use_ssl)},
      {"CACertPath", {"caCertPath"}, "", "", MBK_STORAGE_FIELD(ca_cert_path)},
      {"MTLSCertPath", {"mtlsCertPath"}, "", "", MBK_STORAGE_FIELD(mtls_cert_path)},
      {"MTLSKeyPath", {"mtlsKeyPath"}, "", "", MBK_STORAGE_FIELD(mtls_key_path)},
      {"PathStyle", {"pathStyle"}, "", "auto", MBK_STORAGE_FIELD(path_style)},
      {"AccountName", {"accountName"}, "ACCOUNT_NAME", "", MBK_STORAGE_FIELD(account_name)},
      {"BucketName", {"bucketName"}, "", "a-bucket", MBK_STORAGE_FIELD(bucket_name)},
      {"RootPath", {"rootPath"}, "", std::move(root_path), MBK_STORAGE_FIELD(root_path)},
      {"LocalPath", {"localPath"}, "", "", MBK_STORAGE_FIELD(local_path)},
      {"MilvusAddress", {"milvusAddress"}, "", "", MBK_STORAGE_FIELD(milvus_address)},
      {"MilvusPort", {"milvusPort"}, "", "0", MBK_STORAGE_FIELD(milvus_port)},
      {"Auth.Type", {"auth.type"}, "", "static", MBK_STORAGE_FIELD(auth.type)},
      {"Auth.AccessKeyID",
       {"auth.accessKeyID"},
       "AUTH_ACCESS_KEY_ID",
       "minioadmin",
       MBK_STORAGE_FIELD(auth.access_key_id)},
      {"Auth.SecretAccessKey",
       {"auth.secretAccessKey"},
       "AUTH_SECRET_ACCESS_KEY",
       "minioadmin",
       MBK_STORAGE_FIELD(auth.secret_access_key),
       true},
      {"Auth.SessionToken",
       {"auth.sessionToken"},
       "AUTH_SESSION_TOKEN",
       "",
       MBK_STORAGE_FIELD(auth.session_token),
       true},
      {"Auth.AccountKey",
       {"auth.accountKey"},
       "AUTH_ACCOUNT_KEY",
       "",
       MBK_STORAGE_FIELD(auth.account_key),
       true},
      {"Auth.CredentialsFile",
       {"auth.credentialsFile"},
       "AUTH_CREDENTIALS_FILE",
       "",
       MBK_STORAGE_FIELD(auth.credentials_file)},
      {"Auth.Endpoint", {"auth.endpoint"}, "", "", MBK_STORAGE_FIELD(auth.endpoint)},
  };
}

// The backup lies, unless told otherwise, in the same store as the data; these four say where in it, or how
// Milvus sees it, and are never the same.
bool IsInherited(const std::string& name) {
  static const std::set<std::string> kOwn = {"RootPath", "LocalPath", "MilvusAddress", "MilvusPort"};
  return !kOwn.contains(name);
}

void Append(std::vector<Row>& rows, std::vector<Row> more) {
  for (Row& row : more) rows.push_back(std::move(row));
}

std::vector<Row> MilvusStorageRows() {
  std::vector<Row> rows = SectionRows<MilvusSection>("files");
  for (Row& row : rows) {
    row.path = fmt::format("{}.{}", kMilvusStorage, row.path);
    row.keys.front() = "milvus.storage." + row.keys.front();
    if (!row.env.empty()) row.env = "MILVUS_STORAGE_" + row.env;
  }
  return rows;
}

std::vector<Row> BackupStorageRows() {
  std::vector<Row> rows = SectionRows<BackupSection>("backup");
  for (Row& row : rows) {
    if (IsInherited(row.path)) row.inherits = fmt::format("{}.{}", kMilvusStorage, row.path);
    row.path = fmt::format("{}.{}", kBackupStorage, row.path);
    row.keys.front() = "backup.storage." + row.keys.front();
    if (!row.env.empty()) row.env = "BACKUP_STORAGE_" + row.env;
  }
  return rows;
}

std::vector<Row> LogServerAndMilvusRows() {
  return {
      {"Log.Level", {"log.level"}, "", "info", MBK_FIELD(config.log.level)},
      {"Log.Console", {"log.console"}, "", "true", MBK_FIELD(config.log.console)},
      {"Log.File.Path", {"log.file.path"}, "", "logs/backup.log", MBK_FIELD(config.log.file_path)},
      {"Log.File.MaxSizeMiB", {"log.file.maxSizeMiB"}, "", "300", MBK_FIELD(config.log.file_max_size_mib)},
      {"Log.File.MaxDays", {"log.file.maxDays"}, "", "0", MBK_FIELD(config.log.file_max_days)},
      {"Log.File.MaxBackups", {"log.file.maxBackups"}, "", "0", MBK_FIELD(config.log.file_max_backups)},
      {"Server.DebugMode", {"server.debugMode"}, "", "false", MBK_FIELD(config.server_debug_mode)},
      {"Server.SwaggerBasePath",
       {"server.swaggerBasePath"},
       "",
       "",
       MBK_FIELD(config.server_swagger_base_path)},
      {"Milvus.User", {"milvus.user"}, "MILVUS_USER", "", MBK_FIELD(config.milvus.user)},
      {"Milvus.Password",
       {"milvus.password"},
       "MILVUS_PASSWORD",
       "",
       MBK_FIELD(config.milvus.password),
       true},
      {"Milvus.Grpc.Address", {"milvus.grpc.address"}, "", "localhost", MBK_FIELD(config.milvus.address)},
      {"Milvus.Grpc.Port", {"milvus.grpc.port"}, "", "19530", MBK_FIELD(config.milvus.port)},
      {"Milvus.Grpc.TLSMode", {"milvus.grpc.tlsMode"}, "", "disabled", MBK_FIELD(config.milvus.tls_mode)},
      {"Milvus.Grpc.CACertPath", {"milvus.grpc.caCertPath"}, "", "", MBK_FIELD(config.milvus.ca_cert_path)},
      {"Milvus.Grpc.ServerName", {"milvus.grpc.serverName"}, "", "", MBK_FIELD(config.milvus.server_name)},
      {"Milvus.Grpc.MTLSCertPath",
       {"milvus.grpc.mtlsCertPath"},
       "",
       "",
       MBK_FIELD(config.milvus.mtls_cert_path)},
      {"Milvus.Grpc.MTLSKeyPath",
       {"milvus.grpc.mtlsKeyPath"},
       "",
       "",
       MBK_FIELD(config.milvus.mtls_key_path)},
      {"Milvus.Rest.Endpoint", {"milvus.rest.endpoint"}, "", "", MBK_FIELD(config.milvus.rest_endpoint)},
      {"Milvus.Management.Endpoint",
       {"milvus.management.endpoint"},
       "",
       "http://localhost:9091",
       MBK_FIELD(config.milvus.management_endpoint)},
      {"Milvus.Replicate.RPCChannelName",
       {"milvus.replicate.rpcChannelName"},
       "",
       "by-dev-replicate-msg",
       MBK_FIELD(config.milvus.rpc_channel_name)},
      {"Milvus.Etcd.Endpoints",
       {"milvus.etcd.endpoints"},
       "",
       "localhost:2379",
       MBK_FIELD(config.milvus.etcd_endpoints)},
      {"Milvus.Etcd.RootPath",
       {"milvus.etcd.rootPath"},
       "",
       "by-dev",
       MBK_FIELD(config.milvus.etcd_root_path)},
  };
}

std::vector<Row> TaskAndCloudRows() {
  return {
      {"Backup.Concurrency.Collections",
       {"backup.concurrency.collections"},
       "",
       "4",
       MBK_FIELD(config.backup_concurrency_collections)},
      {"Backup.Concurrency.Segments",
       {"backup.concurrency.segments"},
       "",
       "1024",
       MBK_FIELD(config.backup_concurrency_segments)},
      {"Backup.PauseGC", {"backup.pauseGC"}, "", "true", MBK_FIELD(config.backup_pause_gc)},
      {"Restore.Concurrency.Collections",
       {"restore.concurrency.collections"},
       "",
       "2",
       MBK_FIELD(config.restore_concurrency_collections)},
      {"Restore.Concurrency.ImportJobs",
       {"restore.concurrency.importJobs"},
       "",
       "768",
       MBK_FIELD(config.restore_concurrency_import_jobs)},
      {"Restore.MaxSegmentsPerImportJob",
       {"restore.maxSegmentsPerImportJob"},
       "",
       "256",
       MBK_FIELD(config.restore_max_segments_per_import_job)},
      {"Restore.KeepTempFiles",
       {"restore.keepTempFiles"},
       "",
       "false",
       MBK_FIELD(config.restore_keep_temp_files)},
      {"Transfer.Mode", {"transfer.mode"}, "", "auto", MBK_FIELD(config.transfer_mode)},
      {"Transfer.Concurrency", {"transfer.concurrency"}, "", "128", MBK_FIELD(config.transfer_concurrency)},
      {"Transfer.MultipartCopyThresholdMiB",
       {"transfer.multipartCopyThresholdMiB"},
       "",
       "500",
       MBK_FIELD(config.transfer_multipart_copy_threshold_mib)},
      {"Transfer.SilenceSeconds",
       {"transfer.silenceSeconds"},
       "",
       "115",
       MBK_FIELD(config.transfer_silence_seconds)},
      // The Go tool shows the section zillizCloud as Cloud.
      {"Cloud.Endpoint",
       {"zillizCloud.endpoint"},
       "",
       "https://api.cloud.zilliz.com",
       MBK_FIELD(config.cloud_endpoint)},
      {"Cloud.APIKey",
       {"zillizCloud.apiKey"},
       "ZILLIZ_CLOUD_API_KEY",
       "",
       MBK_FIELD(config.cloud_api_key),
       true},
      {"Cloud.CACertPath", {"zillizCloud.caCertPath"}, "", "", MBK_FIELD(config.cloud_ca_cert_path)},
  };
}

}  // namespace

const std::vector<Row>& V2Rows() {
  static const std::vector<Row> rows = [] {
    std::vector<Row> all = LogServerAndMilvusRows();
    Append(all, MilvusStorageRows());
    Append(all, BackupStorageRows());
    Append(all, TaskAndCloudRows());
    return all;
  }();
  return rows;
}

const Row& V2Row(std::string_view path) {
  for (const Row& row : V2Rows()) {
    if (row.path == path) return row;
  }
  std::abort();
}

std::string FormatField(const Row& row, Draft& draft) {
  return std::visit([&](auto field) { return Format(field(draft)); }, row.field);
}

}  // namespace mbk::config
