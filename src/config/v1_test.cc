#include "config/v1.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/testing/config_testing.h"

namespace mbk::config {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// A v1 file that says so, which keeps the general warning out of the way.
std::string V1(std::string_view content) { return "configVersion: v1\n" + std::string(content); }

// The file of the Milvus documentation, "Migrate between instances across S3 environments".
constexpr std::string_view kDocumentedFile = R"(
milvus:
  address: milvus_A
  port: 19530
  authorizationEnabled: false
  tlsMode: 0
  user: "root"
  password: "Milvus"
minio:
  storageType: "minio"
  address: minio_A
  port: 9000
  accessKeyID: minioadmin
  secretAccessKey: minioadmin
  useSSL: false
  useIAM: false
  iamEndpoint: ""
  bucketName: "bucket_A"
  rootPath: "files"
  backupAccessKeyID: minioadmin
  backupSecretAccessKey: minioadmin
  backupBucketName: "bucket_A"
  backupRootPath: "backup"
)";

TEST(V1, TheDocumentedFileLoads) {
  const auto loaded = MustLoad(kDocumentedFile);
  EXPECT_EQ(loaded.config.milvus.address, "milvus_A");
  EXPECT_EQ(loaded.config.milvus.user, "root");
  EXPECT_EQ(loaded.config.milvus.tls_mode, TlsMode::kDisabled);
  EXPECT_EQ(loaded.config.milvus.storage.bucket_name, "bucket_A");
  EXPECT_EQ(loaded.config.backup_storage.address, "minio_A");
  EXPECT_EQ(loaded.config.backup_storage.root_path, "backup");
  EXPECT_EQ(loaded.config.backup_storage.auth.type, AuthType::kStatic);
  EXPECT_THAT(loaded.warnings, IsEmpty());
}

TEST(V1, TheTableShowsTheTrueSourceAndTheV1Key) {
  const auto loaded = MustLoad(kDocumentedFile, {.env = Env({{"MINIO_ADDRESS", "other"}})});
  const auto port = ParameterOf(loaded, "Milvus.Grpc.Port");
  EXPECT_EQ(port.source, Source::kConfig);
  EXPECT_EQ(port.source_key, "milvus.port");
  EXPECT_EQ(ParameterOf(loaded, "Milvus.Storage.Address").source, Source::kEnv);
  EXPECT_EQ(ParameterOf(loaded, "Milvus.Storage.Provider").source_key, "minio.storagetype");
  EXPECT_EQ(ParameterOf(loaded, "Backup.Storage.Address").source, Source::kDefault);
}

TEST(V1, ProviderHasThreeKeysAndAliases) {
  const auto provider = [](const std::string& content) {
    return MustLoad(V1(content)).config.milvus.storage.provider;
  };
  EXPECT_EQ(provider("minio: {cloudProvider: aws}"), Provider::kAws);
  EXPECT_EQ(provider("minio: {cloudProvider: aws, storageType: S3}"), Provider::kS3);
  EXPECT_EQ(provider("minio: {storageType: s3}\nstorage: {storageType: tc}"), Provider::kTencent);
  for (const char* alias : {"ali", "AliBaba", "alicloud", "aliyun"}) {
    EXPECT_EQ(provider("minio: {storageType: " + std::string(alias) + "}"), Provider::kAliyun) << alias;
  }
  EXPECT_THAT(MustFail(V1("minio: {storageType: floppy}")),
              AllOf(HasSubstr("minio.storageType (line 2): \"floppy\""), HasSubstr("want one of local"),
                    Not(HasSubstr("problems"))));
}

TEST(V1, AzureTakesAccountAndKeyFromTheKeyPair) {
  const auto loaded =
      MustLoad(V1("minio: {storageType: azure, accessKeyID: acc, secretAccessKey: a2V5, token: t}"));
  for (const Storage* storage : {&loaded.config.milvus.storage, &loaded.config.backup_storage}) {
    EXPECT_EQ(storage->account_name, "acc");
    EXPECT_EQ(storage->auth.type, AuthType::kSharedKey);
    EXPECT_EQ(storage->auth.account_key, "a2V5");
    EXPECT_EQ(storage->auth.access_key_id + storage->auth.secret_access_key + storage->auth.session_token,
              "");
  }
  EXPECT_EQ(ParameterOf(loaded, "Milvus.Storage.AccountName").source_key, "minio.accesskeyid");
  EXPECT_EQ(ParameterOf(loaded, "Milvus.Storage.Auth.AccountKey").value, "****");
}

TEST(V1, AzureTakesTheTokenAsASharedAccessSignatureWhereThereIsNoKey) {
  const auto loaded =
      MustLoad(V1("minio: {storageType: azure, accessKeyID: acc, secretAccessKey: '', token: 'sv=1&sig=x'}"));
  for (const Storage* storage : {&loaded.config.milvus.storage, &loaded.config.backup_storage}) {
    EXPECT_EQ(storage->auth.type, AuthType::kSharedKey);
    EXPECT_EQ(storage->auth.account_key, "");
    EXPECT_EQ(storage->auth.session_token, "sv=1&sig=x");
  }
}

TEST(V1, AzureWithIamUsesTheDefaultCredentials) {
  const auto loaded = MustLoad(V1("minio: {storageType: azure, accessKeyID: acc, useIAM: true}"));
  EXPECT_EQ(loaded.config.milvus.storage.auth.type, AuthType::kDefault);
  EXPECT_EQ(loaded.config.milvus.storage.account_name, "acc");
  EXPECT_EQ(loaded.config.milvus.storage.auth.account_key, "");
}

TEST(V1, IamIgnoresLeftOverKeys) {
  const auto loaded =
      MustLoad(V1("minio: {storageType: aws, useIAM: true, iamEndpoint: http://sts, accessKeyID: k}"));
  const Auth& auth = loaded.config.milvus.storage.auth;
  EXPECT_EQ(auth.type, AuthType::kIam);
  EXPECT_EQ(auth.endpoint, "http://sts");
  EXPECT_EQ(auth.access_key_id, "");
  EXPECT_EQ(loaded.config.backup_storage.auth.type, AuthType::kIam);
}

TEST(V1, GcpNativeNeedsACredentialsFileOnEachSide) {
  const std::string file = V1("minio: {storageType: gcpnative, gcpCredentialJSON: /a.json}");
  EXPECT_THAT(MustFail(file), AllOf(HasSubstr("minio.backupGcpCredentialJSON"), Not(HasSubstr("problems"))));
  const auto loaded = MustLoad(file, {.env = Env({{"BACKUP_GCP_KEY_JSON", "/b.json"}})});
  EXPECT_EQ(loaded.config.milvus.storage.auth.type, AuthType::kServiceAccount);
  EXPECT_EQ(loaded.config.milvus.storage.auth.credentials_file, "/a.json");
  EXPECT_EQ(loaded.config.backup_storage.auth.credentials_file, "/b.json");
}

TEST(V1, BackupToALocalDirectory) {
  const auto loaded = MustLoad(V1("minio: {backupStorageType: local, backupRootPath: /backups}"));
  EXPECT_EQ(loaded.config.backup_storage.provider, Provider::kLocal);
  EXPECT_EQ(loaded.config.backup_storage.root_path, "/backups");
}

TEST(V1, TlsNumbersBecomeModes) {
  const auto mode = [](const std::string& milvus) {
    return MustLoad(V1("milvus: {" + milvus + "}")).config.milvus.tls_mode;
  };
  EXPECT_EQ(mode("tlsMode: 0"), TlsMode::kDisabled);
  EXPECT_EQ(mode("tlsMode: '1'"), TlsMode::kServer);
  EXPECT_EQ(mode("tlsMode: 2, mtlsCertPath: c, mtlsKeyPath: k"), TlsMode::kMutual);
}

TEST(V1, TlsNumbersThatCannotHoldWarn) {
  const auto half_mutual = MustLoad(V1("milvus: {tlsMode: 2, mtlsCertPath: c}"));
  EXPECT_EQ(half_mutual.config.milvus.tls_mode, TlsMode::kServer);
  EXPECT_THAT(half_mutual.warnings,
              ElementsAre(AllOf(HasSubstr("milvus.tlsMode (line 2)"), HasSubstr("mtlsKeyPath"))));
  const auto unknown = MustLoad(V1("milvus: {tlsMode: 3}"));
  EXPECT_EQ(unknown.config.milvus.tls_mode, TlsMode::kDisabled);
  EXPECT_THAT(unknown.warnings, ElementsAre(HasSubstr("WITHOUT TLS")));
}

TEST(V1, BackupRootIsInheritedAndOnlyThenBackup) {
  const auto root = [](const std::string& minio) {
    return MustLoad(V1("minio: {" + minio + "}")).config.backup_storage.root_path;
  };
  EXPECT_EQ(root("rootPath: data"), "data");
  EXPECT_EQ(root("bucketName: b"), "files");
  EXPECT_EQ(root("rootPath: ''"), "backup");
  EXPECT_EQ(root("rootPath: data, backupRootPath: ''"), "");
  EXPECT_EQ(root("backupRootPath: mine"), "mine");
}

TEST(V1, AnExplicitlyEmptyBackupValueIsNotInherited) {
  const auto config =
      MustLoad(V1("minio: {region: eu, useSSL: true, backupRegion: '', backupUseSSL: false}")).config;
  EXPECT_EQ(config.backup_storage.region, "");
  EXPECT_FALSE(config.backup_storage.use_ssl);
}

TEST(V1, OurStorageKeysWork) {
  const auto config =
      MustLoad(V1("minio: {caCertPath: /ca, mtlsCertPath: /c, mtlsKeyPath: /k, pathStyle: true, "
                  "backupCaCertPath: /cb, backupMtlsKeyPath: /kb, backupPathStyle: virtualHost}"))
          .config;
  EXPECT_EQ(config.milvus.storage.ca_cert_path, "/ca");
  EXPECT_EQ(config.milvus.storage.path_style, PathStyle::kPath);
  EXPECT_EQ(config.milvus.storage.mtls_cert_path, "/c");
  EXPECT_EQ(config.milvus.storage.mtls_key_path, "/k");
  EXPECT_EQ(config.backup_storage.ca_cert_path, "/cb");
  EXPECT_EQ(config.backup_storage.mtls_cert_path, "/c");
  EXPECT_EQ(config.backup_storage.mtls_key_path, "/kb");
  EXPECT_EQ(config.backup_storage.path_style, PathStyle::kVirtualHost);
}

TEST(V1, CrossStorageAndEtcdAreTranslated) {
  const auto config =
      MustLoad(V1("minio: {crossStorage: \"true\"}\nmilvus: {etcd: {endpoints: 'a:1, b:2'}}")).config;
  EXPECT_EQ(config.transfer_mode, TransferMode::kStreaming);
  EXPECT_EQ(config.milvus.etcd_endpoints, (std::vector<std::string>{"a:1", "b:2"}));
  EXPECT_EQ(MustLoad(V1("")).config.transfer_mode, TransferMode::kAuto);
}

TEST(V1, RenamedKeysReachTheirParameters) {
  const auto config = MustLoad(V1(R"(
log: {file: {filename: x.log, maxSize: 7}}
http: {debugMode: true, enabled: false}
cloud: {address: https://c, apikey: k, caCertPath: /ca.pem}
backup:
  keepTempFiles: true
  parallelism: {copydata: 1, backupCollection: 2, backupSegment: 3, restoreCollection: 4, importJob: 5}
  gcPause: {enable: false, address: http://gc:1, seconds: 7200}
  maxSegmentGroupSize: 2G)"))
                          .config;
  EXPECT_EQ(config.log.file_path, "x.log");
  EXPECT_EQ(config.log.file_max_size_mib, 7);
  EXPECT_TRUE(config.server_debug_mode);
  EXPECT_EQ(config.cloud_endpoint, "https://c");
  EXPECT_EQ(config.cloud_api_key, "k");
  EXPECT_EQ(config.cloud_ca_cert_path, "/ca.pem");
  EXPECT_TRUE(config.restore_keep_temp_files);
  EXPECT_EQ(config.transfer_concurrency, 1);
  EXPECT_EQ(config.backup_concurrency_collections, 2);
  EXPECT_EQ(config.backup_concurrency_segments, 3);
  EXPECT_EQ(config.restore_concurrency_collections, 4);
  EXPECT_EQ(config.restore_concurrency_import_jobs, 5);
  EXPECT_FALSE(config.backup_pause_gc);
  EXPECT_EQ(config.milvus.management_endpoint, "http://gc:1");
}

TEST(V1, KubernetesServiceVariablesAreIgnoredWithAWarning) {
  const auto loaded =
      MustLoad(V1("milvus: {port: 19531}"), {.env = Env({{"MILVUS_PORT", "tcp://10.0.0.1:19530"},
                                                         {"MINIO_ADDRESS", "tcp://10.0.0.2:9000"},
                                                         {"MINIO_PORT", "9001"}})});
  EXPECT_EQ(loaded.config.milvus.port, 19531);
  EXPECT_EQ(loaded.config.milvus.storage.address, "localhost");
  EXPECT_EQ(loaded.config.milvus.storage.port, 9001);
  EXPECT_THAT(loaded.warnings, ElementsAre(HasSubstr("MILVUS_PORT=tcp://10.0.0.1:19530 is ignored"),
                                           HasSubstr("MINIO_ADDRESS")));
}

TEST(V1, KeysThatDoNothingWarnAndNameTheKeyThatDoes) {
  const auto loaded = MustLoad(V1("minio: {bucketNmae: b, colour: blue, port: 9000}"));
  EXPECT_THAT(
      loaded.warnings,
      ElementsAre(
          AllOf(HasSubstr("minio.bucketNmae (line 2)"), HasSubstr("did you mean minio.bucketName?")),
          AllOf(HasSubstr("minio.colour (line 2): unknown key, ignored"), Not(HasSubstr("did you mean")))));
}

TEST(V1, QuietOldKeysAreSilent) {
  EXPECT_THAT(
      MustLoad(V1("milvus: {authorizationEnabled: true}\nlog: {file: {rootPath: logs/backup.log}}")).warnings,
      IsEmpty());
  EXPECT_THAT(MustLoad(V1("minio: {port: 9000}\nlog: {file: {rootPath: /x}}")).warnings,
              ElementsAre(HasSubstr("did you mean log.file.filename?")));
}

TEST(V1, V2KeysInAV1FileAreWarnedOf) {
  EXPECT_THAT(MustLoad("milvus: {storage: {bucketName: b}}\nminio: {port: 9000}").warnings,
              Contains(AllOf(HasSubstr("milvus.storage.bucketName"), HasSubstr("\"configVersion: v2\""))));
}

TEST(V1, ProblemsNameV1Keys) {
  const std::string error =
      MustFail(V1("minio: {port: 0, secretAccessKey: '', backupPort: 70000}\nmilvus: {tlsMode: on}"));
  EXPECT_THAT(error, AllOf(HasSubstr("minio.port (line 2): 0 is no port"), HasSubstr("minio.secretAccessKey"),
                           HasSubstr("minio.backupPort"), HasSubstr("milvus.tlsMode (line 3): \"on\"")));
  EXPECT_THAT(error, Not(HasSubstr("milvus.storage")));
  EXPECT_THAT(error, HasSubstr("4 problems"));
}

}  // namespace
}  // namespace mbk::config
