#include "config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "config/testing/config_testing.h"

namespace mbk::config {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(V2, DefaultsWithoutAFile) {
  const Config config = MustLoad("", {.file = ""}).config;
  EXPECT_EQ(config.milvus.address, "localhost");
  EXPECT_EQ(config.milvus.port, 19530);
  EXPECT_EQ(config.milvus.etcd_endpoints, std::vector<std::string>{"localhost:2379"});
  EXPECT_EQ(config.milvus.storage.root_path, "files");
  EXPECT_EQ(config.backup_storage.root_path, "backup");
  EXPECT_EQ(config.backup_storage.bucket_name, "a-bucket");
  EXPECT_EQ(config.restore_max_segments_per_import_job, 256);
  EXPECT_EQ(config.transfer_multipart_copy_threshold_mib, 500);
}

TEST(V2, OverrideWinsOverVariableOverFileOverDefault) {
  const std::string file = V2("milvus: {user: from-file, password: p}");
  EXPECT_EQ(MustLoad(file, {}).config.milvus.user, "from-file");
  const EnvLookup env = Env({{"MILVUS_USER", "from-env"}});
  EXPECT_EQ(MustLoad(file, {.env = env}).config.milvus.user, "from-env");
  EXPECT_EQ(MustLoad(file, {.overrides = {"milvus.user=from-set"}, .env = env}).config.milvus.user,
            "from-set");
}

TEST(V2, AnOverrideMayNameTheVariableAndAnyCase) {
  const auto loaded = MustLoad(V2(""), {.overrides = {"milvus_user=a=b", "MILVUS.GRPC.PORT=1"}});
  EXPECT_EQ(loaded.config.milvus.user, "a=b");
  EXPECT_EQ(loaded.config.milvus.port, 1);
  EXPECT_EQ(ParameterOf(loaded, "Milvus.User").source, Source::kOverride);
}

TEST(V2, OfTwoEqualOverridesTheLastWins) {
  EXPECT_EQ(MustLoad(V2(""), {.overrides = {"milvus.user=a", "MILVUS_USER=b"}}).config.milvus.user, "b");
}

TEST(V2, AnEmptyVariableCountsAsSet) {
  const auto loaded = MustLoad(V2("milvus: {user: u}"), {.env = Env({{"MILVUS_USER", ""}})});
  EXPECT_EQ(loaded.config.milvus.user, "");
  EXPECT_EQ(ParameterOf(loaded, "Milvus.User").source, Source::kEnv);
}

TEST(V2, AnEmptyFileValueCountsAsSetAndNullDoesNot) {
  const auto loaded = MustLoad(V2("log: {file: {path: \"\"}, level: null}"), {});
  EXPECT_EQ(loaded.config.log.file_path, "");
  EXPECT_EQ(loaded.config.log.level, "info");
}

TEST(V2, OnlyCredentialsAreReadFromTheEnvironment) {
  const auto loaded = MustLoad(V2(""), {.env = Env({{"MILVUS_PORT", "tcp://10.0.0.1:19530"},
                                                    {"MILVUS_STORAGE_AUTH_SECRET_ACCESS_KEY", "s3cr3t"}})});
  EXPECT_EQ(loaded.config.milvus.port, 19530);
  EXPECT_EQ(loaded.config.milvus.storage.auth.secret_access_key, "s3cr3t");
  EXPECT_EQ(loaded.config.backup_storage.auth.secret_access_key, "s3cr3t");
  EXPECT_THAT(loaded.warnings, IsEmpty());
}

TEST(V2, BackupStorageInheritsTheEndpointButNotTheRoot) {
  const auto loaded = MustLoad(V2(R"(
milvus:
  storage: {provider: S3, address: s3.example, port: 443, useSSL: true, pathStyle: true, rootPath: data,
            milvusAddress: inner, auth: {accessKeyID: ak, secretAccessKey: sk}}
backup: {storage: {bucketName: other}})"),
                               {});
  const Storage& backup = loaded.config.backup_storage;
  EXPECT_EQ(backup.provider, Provider::kS3);
  EXPECT_EQ(backup.address, "s3.example");
  EXPECT_EQ(backup.port, 443);
  EXPECT_TRUE(backup.use_ssl);
  EXPECT_EQ(backup.path_style, PathStyle::kPath);
  EXPECT_EQ(backup.auth.secret_access_key, "sk");
  EXPECT_EQ(backup.bucket_name, "other");
  EXPECT_EQ(backup.root_path, "backup");
  EXPECT_EQ(backup.milvus_address, "");
  EXPECT_EQ(ParameterOf(loaded, "Backup.Storage.Address").source, Source::kDefault);
}

TEST(V2, InheritedCredentialsOfAnotherKindAreNotRefused) {
  const auto loaded = MustLoad(V2(R"(
milvus: {storage: {auth: {accessKeyID: ak, secretAccessKey: sk}}}
backup: {storage: {auth: {type: iam}}})"),
                               {});
  EXPECT_EQ(loaded.config.backup_storage.auth.type, AuthType::kIam);
}

TEST(V2, UnknownKeysWarnAndSuggest) {
  const auto loaded = MustLoad(V2("milvus: {storage: {bucketNam: b, port: 1}}\nfoo: 1"));
  EXPECT_THAT(loaded.warnings, Contains(AllOf(HasSubstr("milvus.storage.bucketNam (line 2)"),
                                              HasSubstr("did you mean milvus.storage.bucketName?"))));
  EXPECT_THAT(loaded.warnings, Contains(HasSubstr("foo (line 3): unknown key, ignored")));
}

// With it ignored a run would read or write elsewhere, and succeed.
TEST(Overrides, OfUnknownKeysAreAnErrorThatNamesTheNearest) {
  EXPECT_THAT(MustFail("minio: {bucketName: b}", {.overrides = {"minio.backupRotPath=/usb"}}),
              HasSubstr("--set minio.backupRotPath: unknown key; did you mean minio.backupRootPath?"));
  EXPECT_THAT(MustFail("minio: {bucketName: b}", {.overrides = {"milvus.pasword=hunter2"}}),
              Not(HasSubstr("hunter2")));
  EXPECT_THAT(MustFail(V2(""), {.overrides = {"minio.port=1"}}),
              AllOf(HasSubstr("--set minio.port: unknown key"), HasSubstr("milvus.storage.port")));
  EXPECT_THAT(MustFail("minio: {bucketName: b}", {.overrides = {"colour=red"}, .role = Role::kTo}),
              HasSubstr("--set-to colour: unknown key"));
}

TEST(Overrides, OfKeysOfTheGoToolThatChangeNothingAreAWarning) {
  EXPECT_THAT(MustLoad("minio: {bucketName: b}", {.overrides = {"backup.gcPause.seconds=1"}}).warnings,
              Contains(HasSubstr("--set backup.gcPause.seconds: ignored")));
}

TEST(V2, PastedV1KeysAreAnErrorThatNamesTheirSuccessors) {
  const std::string error = MustFail(V2(R"(
milvus: {address: a, user: root, authorizationEnabled: false}
minio: {bucketName: b, accessKeyID: k, useIAM: false})"));
  EXPECT_THAT(error, HasSubstr("4 problems"));
  EXPECT_THAT(error, AllOf(HasSubstr("milvus.address"), HasSubstr("write milvus.grpc.address")));
  EXPECT_THAT(error, HasSubstr("write milvus.storage.bucketName"));
  EXPECT_THAT(error, HasSubstr("write milvus.storage.auth.accessKeyID (azure: milvus.storage.accountName)"));
  EXPECT_THAT(error, HasSubstr("write milvus.storage.auth.type"));
}

TEST(V2, RemovedV1KeysAreOnlyWarned) {
  const auto loaded = MustLoad(V2("http: {enabled: false}"), {});
  EXPECT_THAT(loaded.warnings, ElementsAre(HasSubstr("http.enabled (line 2): ignored, v2 has no such key")));
}

TEST(Version, DecidesTheSchema) {
  EXPECT_EQ(MustLoad("configVersion: V2\nmilvus: {grpc: {port: 7}}", {}).config.milvus.port, 7);
  EXPECT_EQ(MustLoad("configversion: v1\nmilvus: {port: 8}", {}).config.milvus.port, 8);
  EXPECT_THAT(MustLoad("configVersion: v1", {}).warnings, IsEmpty());
  EXPECT_THAT(MustLoad("milvus: {port: 8}", {}).warnings, IsEmpty());
  EXPECT_EQ(MustLoad("milvus: {port: 8}", {}).schema_version, 1);
  EXPECT_EQ(MustLoad("configVersion: v2", {}).schema_version, 2);
}

TEST(Version, UnknownOnesAreRefused) {
  EXPECT_THAT(MustFail("configVersion: v3"), AllOf(HasSubstr("\"v3\""), HasSubstr("want \"v1\" or \"v2\"")));
  EXPECT_THAT(MustFail("configVersion: 2"), HasSubstr("\"2\""));
  EXPECT_THAT(MustFail("configVersion: [v2]"), HasSubstr("a list"));
}

TEST(Types, ValuesAreReadAsTheKeyWants) {
  const Config config = MustLoad(V2(R"(
milvus: {user: 12, password: 007, grpc: {port: "19531"}, etcd: {endpoints: [" a:1 ", "", 7]}}
log: {console: "f", file: {maxDays: 3.0}}
transfer: {mode: Direct, multipartCopyThresholdMiB: 1e3})"),
                                 {})
                            .config;
  EXPECT_EQ(config.milvus.user, "12");
  EXPECT_EQ(config.milvus.password, "007");
  EXPECT_EQ(config.milvus.port, 19531);
  EXPECT_EQ(config.milvus.etcd_endpoints, (std::vector<std::string>{"a:1", "7"}));
  EXPECT_FALSE(config.log.console);
  EXPECT_EQ(config.log.file_max_days, 3);
  EXPECT_EQ(config.transfer_mode, TransferMode::kDirect);
  EXPECT_EQ(config.transfer_multipart_copy_threshold_mib, 1000);
}

TEST(Types, ListsFromOverridesAreSplitAtCommas) {
  const auto loaded = MustLoad(V2(""), {.overrides = {"milvus.etcd.endpoints= a:1,,b:2 "}});
  EXPECT_EQ(loaded.config.milvus.etcd_endpoints, (std::vector<std::string>{"a:1", "b:2"}));
}

TEST(Types, PathStyleTakesWordsAndFlags) {
  const auto style = [](std::string_view word) {
    return MustLoad(V2("milvus: {storage: {pathStyle: " + std::string(word) + "}}"), {})
        .config.milvus.storage.path_style;
  };
  EXPECT_EQ(style("auto"), PathStyle::kAuto);
  EXPECT_EQ(style("true"), PathStyle::kPath);
  EXPECT_EQ(style("path"), PathStyle::kPath);
  EXPECT_EQ(style("false"), PathStyle::kVirtualHost);
  EXPECT_EQ(style("virtualHost"), PathStyle::kVirtualHost);
}

struct BadValue {
  std::string yaml;
  std::string key;
  std::string wanted;
};
class BadValues : public testing::TestWithParam<BadValue> {};

TEST_P(BadValues, NameTheKeyAndTheWantedForm) {
  EXPECT_THAT(MustFail(V2(GetParam().yaml)), AllOf(HasSubstr(GetParam().key), HasSubstr(GetParam().wanted)));
}

INSTANTIATE_TEST_SUITE_P(
    Config, BadValues,
    testing::Values(
        BadValue{"milvus: {grpc: {port: abc}}", "milvus.grpc.port (line 2): \"abc\"", "whole number"},
        BadValue{"milvus: {grpc: {port: 1.5}}", "milvus.grpc.port", "whole number"},
        BadValue{"milvus: {grpc: {port: 99999999999}}", "milvus.grpc.port", "whole number"},
        BadValue{"milvus: {grpc: {port: 65536}}", "milvus.grpc.port", "want 1 to 65535"},
        BadValue{"milvus: {grpc: {address: 'tcp://h:1'}}", "milvus.grpc.address", "scheme"},
        BadValue{"milvus: {grpc: {tlsMode: 1}}", "milvus.grpc.tlsMode", "write server"},
        BadValue{"milvus: {grpc: {tlsMode: mutual}}", "milvus.grpc.tlsMode", "milvus.grpc.mtlsCertPath"},
        BadValue{"milvus: {storage: {mtlsCertPath: c}}", "milvus.storage.mtlsKeyPath", "needs its key"},
        BadValue{"backup: {storage: {mtlsKeyPath: k}}", "backup.storage.mtlsCertPath", "needs its key"},
        BadValue{"milvus: {etcd: {endpoints: 'a:1,b:2'}}", "milvus.etcd.endpoints", "must be a YAML list"},
        BadValue{"milvus: {etcd: {endpoints: [a, null]}}", "milvus.etcd.endpoints", "plain value"},
        BadValue{"milvus: {etcd: {endpoints: []}}", "milvus.etcd.endpoints", "at least one"},
        BadValue{"milvus: {user: [a]}", "milvus.user", "not a list"},
        BadValue{"milvus: {rest: {endpoint: 'host:9091'}}", "milvus.rest.endpoint", "absolute URL"},
        BadValue{"log: {console: 1}", "log.console", "true or false"},
        BadValue{"log: {console: yes}", "log.console", "true or false"},
        BadValue{"log: {level: loud}", "log.level", "want one of debug"},
        BadValue{"log: {file: {maxDays: -1}}", "log.file.maxDays", "negative"},
        BadValue{"transfer: {mode: fast}", "transfer.mode", "auto, direct, streaming"},
        BadValue{"transfer: {concurrency: 0}", "transfer.concurrency", "positive"},
        BadValue{"backup: {concurrency: {segments: -1}}", "backup.concurrency.segments", "positive"},
        BadValue{"milvus: {storage: {provider: ali}}", "milvus.storage.provider", "want one of local"},
        BadValue{"milvus: {storage: {port: 0}}", "milvus.storage.port", "want 1 to 65535"},
        BadValue{"milvus: {storage: {address: 'a/b'}}", "milvus.storage.address", "holds a path"},
        BadValue{"milvus: {storage: {bucketName: ''}}", "milvus.storage.bucketName", "empty"},
        BadValue{"milvus: {storage: {milvusAddress: 'http://m'}}", "milvus.storage.milvusAddress",
                 "leaves the port open"},
        BadValue{"milvus: {storage: {milvusPort: 9}}", "milvus.storage.milvusPort",
                 "milvus.storage.milvusAddress"},
        BadValue{"milvus: {storage: {localPath: /x}}", "milvus.storage.localPath",
                 "only applies to the provider local"},
        BadValue{"milvus: {storage: {accountName: x}}", "milvus.storage.accountName", "provider azure"},
        BadValue{"milvus: {storage: {provider: local, milvusAddress: h}}", "milvus.storage.milvusAddress",
                 "local"},
        BadValue{"backup: {storage: {provider: azure, accountName: a}}", "backup.storage.auth.type",
                 "sharedKey, default"},
        BadValue{"backup: {storage: {provider: azure, auth: {type: default}}}", "backup.storage.accountName",
                 "account"},
        BadValue{"milvus: {storage: {provider: azure, accountName: a, auth: {type: sharedKey}}}",
                 "milvus.storage.auth.accountKey", "shared access signature"},
        BadValue{"milvus: {storage: {provider: azure, accountName: a, auth: {type: sharedKey, accountKey: k, "
                 "sessionToken: t}}}",
                 "milvus.storage.auth.sessionToken", "does not apply"},
        BadValue{"milvus: {storage: {auth: {secretAccessKey: ''}}}", "milvus.storage.auth.secretAccessKey",
                 "must not be empty"},
        BadValue{"milvus: {storage: {auth: {type: iam, accessKeyID: k}}}", "milvus.storage.auth.accessKeyID",
                 "does not apply"},
        BadValue{"milvus: {storage: {auth: {type: iam, endpoint: 'sts.example.com'}}}",
                 "milvus.storage.auth.endpoint", "absolute URL"},
        BadValue{"milvus: {storage: {provider: gcpnative, auth: {type: serviceAccount}}}",
                 "milvus.storage.auth.credentialsFile", "JSON file"}));

TEST(Config, AzureTakesASharedAccessSignatureInPlaceOfTheKey) {
  const auto loaded =
      MustLoad(V2("milvus: {storage: {provider: azure, accountName: a, auth: {type: sharedKey, sessionToken: "
                  "'sig=x'}}}"));
  EXPECT_EQ(loaded.config.milvus.storage.auth.session_token, "sig=x");
  EXPECT_EQ(loaded.config.backup_storage.auth.session_token, "sig=x");
}

TEST(Errors, AllProblemsAreInOneErrorAndInheritedOnesOnlyOnce) {
  const std::string error = MustFail(V2("milvus: {grpc: {port: x}, storage: {port: 0, address: 'ftp://h'}}"));
  EXPECT_THAT(error, HasSubstr("3 problems"));
  EXPECT_THAT(error, Not(HasSubstr("backup.storage")));
}

TEST(Errors, HoldTheWarningsThatMayExplainThem) {
  EXPECT_THAT(
      MustFail(
          "minio: {storageType: gcpnative, gcpCredentialJSN: /a.json, backupGcpCredentialJSON: /b.json}"),
      AllOf(HasSubstr("minio.gcpCredentialJSON: the path"), HasSubstr("\n  note: minio.gcpCredentialJSN")));
}

TEST(Errors, ABadOverrideOrVariableIsNamedAsSuch) {
  EXPECT_THAT(MustFail(V2(""), {.overrides = {"milvus.grpc.port=x"}}),
              HasSubstr("--set milvus.grpc.port: \"x\""));
  EXPECT_THAT(MustFail("", {.env = Env({{"MINIO_USE_SSL", "maybe"}})}),
              HasSubstr("environment variable MINIO_USE_SSL: \"maybe\": want true or false"));
}

TEST(Errors, NeverHoldASecret) {
  EXPECT_THAT(MustFail(V2("milvus: {password: [hunter2]}")),
              AllOf(HasSubstr("milvus.password"), Not(HasSubstr("hunter2"))));
  EXPECT_THAT(MustFail(V2("milvus: {password: *hunter2}")),
              AllOf(HasSubstr("quoted"), Not(HasSubstr("hunter2"))));
  EXPECT_THAT(MustFail(V2("milvus: {rest: {endpoint: 'ftp://u:hunter2@h'}}")), Not(HasSubstr("hunter2")));
  EXPECT_THAT(MustFail(V2(""), {.overrides = {"milvus.password=a", "hunter2"}}),
              AllOf(HasSubstr("invalid --set format, want KEY=VALUE"), HasSubstr("item 2"),
                    Not(HasSubstr("hunter2"))));
}

TEST(Table, SecretsAreMasked) {
  const auto loaded = MustLoad(V2("milvus: {password: Milvus}\nzillizCloud: {apiKey: abcd}"), {});
  EXPECT_EQ(ParameterOf(loaded, "Milvus.Password").value, "Mi****us");
  EXPECT_EQ(ParameterOf(loaded, "Cloud.APIKey").value, "****");
  EXPECT_EQ(ParameterOf(loaded, "Milvus.Storage.Auth.SessionToken").value, "");
  EXPECT_EQ(ParameterOf(loaded, "Milvus.Storage.Auth.AccessKeyID").value, "minioadmin");
}

TEST(Table, SourceKeysAreLowerCasedFileKeysOrNames) {
  const auto loaded = MustLoad(V2("milvus: {grpc: {tlsMode: server}}"),
                               {.overrides = {"Transfer.Mode=direct"}, .env = Env({{"MILVUS_USER", "u"}})});
  EXPECT_EQ(ParameterOf(loaded, "Milvus.Grpc.TLSMode").source_key, "milvus.grpc.tlsmode");
  EXPECT_EQ(ParameterOf(loaded, "Milvus.User").source_key, "MILVUS_USER");
  EXPECT_EQ(ParameterOf(loaded, "Transfer.Mode").source_key, "Transfer.Mode");
}

TEST(Table, ColumnsFitTheWidestValueInCharacters) {
  EXPECT_EQ(FormatTable({{.path = "A", .value = "größe", .source = Source::kEnv, .source_key = "X\nY"}}),
            "PARAMETER  VALUE  SOURCE  SOURCE_KEY\n"
            "---------  -----  ------  ----------\n"
            "A          größe  env     X\\x0aY\n");
}

}  // namespace
}  // namespace mbk::config
