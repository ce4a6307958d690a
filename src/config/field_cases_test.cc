// What people really write, and what they are told: the cases of configuration that came from reports.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/addresses.h"
#include "config/nearest_key.h"
#include "config/testing/config_testing.h"

namespace mbk::config {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

// 01
TEST(FieldCase, AFileOfWhichNoKeyNamesAStoreIsRefusedWithTheKeysThatWereMeant) {
  const std::string error = MustFail(R"(
milvus: {address: 10.20.30.40, port: 19530, use_tls: false, username: root, password: secret}
storage:
  type: local
  local: {path: /data/backup/milvus}
log: {level: info, file_path: /data/backup/logs}
)");
  EXPECT_THAT(error, HasSubstr("no key that says where the data and the backups lie is known"));
  EXPECT_THAT(error, HasSubstr("milvus.username (line 2): unknown key, ignored; did you mean milvus.user?"));
  EXPECT_THAT(error,
              HasSubstr("milvus.use_tls (line 2): unknown key, ignored; did you mean milvus.tlsMode?"));
  EXPECT_THAT(error,
              HasSubstr("storage.type (line 4): unknown key, ignored; did you mean storage.storageType?"));
  EXPECT_THAT(error, HasSubstr("storage.local.path (line 5): unknown key, ignored; did you mean"));
  EXPECT_THAT(error,
              HasSubstr("log.file_path (line 6): unknown key, ignored; did you mean log.file.filename?"));
  EXPECT_THAT(error, Not(HasSubstr("secret")));
}

TEST(FieldCase, UnknownKeysBesideAStoreFromElsewhereOnlyWarn) {
  const std::string file = "milvus: {username: root}\n";
  EXPECT_THAT(MustFail(file), HasSubstr("milvus.user"));
  EXPECT_THAT(MustLoad(file, {.overrides = {"minio.address=m"}}).warnings,
              Contains(HasSubstr("milvus.username")));
  EXPECT_THAT(MustLoad(file, {.env = Env({{"MINIO_ADDRESS", "m"}})}).warnings,
              Contains(HasSubstr("milvus.username")));
  EXPECT_THAT(MustLoad("milvus: {address: m}\n").warnings, IsEmpty()) << "defaults are no mistake";
}

// 03
TEST(FieldCase, EachKeyThatDoesNothingIsWarnedOfWithTheOneThatDoes) {
  const auto loaded = MustLoad(R"(
milvus: {authorization: "root:Milvus"}
minio: {bucketName: a-bucket}
backup: {storageType: local, rootPath: /var/lib/milvus-backup}
)");
  EXPECT_THAT(
      loaded.warnings,
      UnorderedElementsAre(
          AllOf(HasSubstr("milvus.authorization (line 2)"), HasSubstr("milvus.user and milvus.password")),
          AllOf(HasSubstr("backup.storageType (line 4)"), HasSubstr("backupStorageType")),
          AllOf(HasSubstr("backup.rootPath (line 4)"), HasSubstr("minio.backupRootPath"))));
}

// 05
TEST(FieldCase, AnAbsoluteRootOnAnObjectStoreIsSaidToBeAKey) {
  const auto loaded =
      MustLoad("minio: {bucketName: b, backupBucketName: bb, backupRootPath: /data/05//backup/}");
  EXPECT_EQ(loaded.config.backup_storage.root_path, "data/05/backup");
  EXPECT_THAT(loaded.warnings,
              ElementsAre(AllOf(HasSubstr("minio.backupRootPath (line 1)"),
                                HasSubstr("no URL and no directory of this machine"),
                                HasSubstr("bucket \"bb\""), HasSubstr("backups lie below data/05/backup/"),
                                HasSubstr("backupStorageType to local"))));
  EXPECT_THAT(MustLoad("minio: {backupStorageType: local, backupRootPath: /data/05}").warnings, IsEmpty());
  EXPECT_THAT(MustLoad("minio: {rootPath: /}").warnings, IsEmpty());
  for (const std::string root : {"file:///backup", "s3://bb/backup", "'C:\\backup'"})
    EXPECT_THAT(MustLoad("minio: {backupRootPath: " + root + "}").warnings,
                ElementsAre(HasSubstr("no URL and no directory")))
        << root;
}

// 06, 07, 09
struct Address {
  std::string text, host;
  std::optional<int> port;
  std::optional<bool> tls;
};

TEST(FieldCase, AddressesAreTakenApartWhereTheMeaningIsPlain) {
  for (const Address& a :
       {Address{"minio", "minio"}, Address{"minio:9001", "minio", 9001},
        Address{" minio.a_b-c.svc. ", "minio.a_b-c.svc."}, Address{"[::1]:9001", "::1", 9001},
        Address{"[::1]", "::1"}, Address{"fe80::1%eth0", "fe80::1%eth0"},
        Address{"http://m:80/", "m", 80, false}, Address{"HTTPS://m", "m", std::nullopt, true}}) {
    const auto parsed = ParseAddress(a.text);
    ASSERT_TRUE(parsed.ok()) << a.text << ": " << parsed.status().message();
    EXPECT_EQ(parsed->host, a.host) << a.text;
    EXPECT_EQ(parsed->port, a.port) << a.text;
    EXPECT_EQ(parsed->tls, a.tls) << a.text;
  }
}

TEST(FieldCase, WhatIsNoHostIsRefused) {
  for (const char* text : {"",
                           "  ",
                           "minio/path",
                           "127.0.0.1/path",
                           "http://m/path",
                           "m?x",
                           "m#x",
                           "u:p@m",
                           "m:0",
                           "m:70000",
                           "m:",
                           "m:90a",
                           ":9000",
                           "[::1",
                           "[::1]9000",
                           "[minio]:9000",
                           "a b",
                           "a\nb",
                           "ftp://m",
                           "tcp://1.2.3.4:9000",
                           "${S3_ENDPOINT}",
                           "<nil>",
                           "<no value>",
                           "m,n",
                           "a:b:c",
                           "\xe2\x80\x8bminio",
                           "m\\n"})
    EXPECT_FALSE(ParseAddress(text).ok()) << text;
}

// Case 12, 13.
TEST(FieldCase, ATemplateThatWasNotFilledInIsRefused) {
  for (const std::string key :
       {"bucketName", "rootPath", "backupBucketName", "backupRootPath", "accessKeyID", "region"})
    for (const std::string leftover :
         {"${BUCKET}", "$(BUCKET)", "<no value>", "<nil>", "{{ .Values.bucket }}"})
      EXPECT_THAT(MustFail("minio: {" + key + ": '" + leftover + "'}"),
                  AllOf(HasSubstr("minio." + key), HasSubstr(leftover), HasSubstr("template")));
  EXPECT_THAT(MustFail("minio: {storageType: local, rootPath: '/data/${TENANT}'}"), HasSubstr("template"));
  for (const std::string key : {"user", "serverName", "caCertPath", "mtlsCertPath", "mtlsKeyPath"})
    EXPECT_THAT(MustFail("milvus: {" + key + ": '${X}'}"),
                AllOf(HasSubstr("milvus." + key), HasSubstr("template")));
  EXPECT_EQ(MustLoad("milvus: {password: '${X}'}").config.milvus.password, "${X}")
      << "a password may be anything";
}

TEST(FieldCase, APasswordInAnAddressIsNotShown) {
  EXPECT_THAT(MustFail("minio: {address: 'u:hunter2@m'}"),
              AllOf(HasSubstr("minio.address"), Not(HasSubstr("hunter"))));
  EXPECT_THAT(MustLoad("backup: {gcPause: {address: 'u:hunter2@m:1/<x>'}}").warnings,
              ElementsAre(Not(HasSubstr("hunter"))));
}

TEST(FieldCase, APortInTheAddressGoesToThePort) {
  const auto loaded =
      MustLoad("milvus: {port: 19530}\nminio: {bucketName: b}",
               {.env = Env({{"MILVUS_ADDRESS", "localhost:19530"}, {"MINIO_ADDRESS", "minio:9001"}})});
  EXPECT_EQ(loaded.config.milvus.address, "localhost");
  EXPECT_EQ(loaded.config.milvus.storage.address, "minio");
  EXPECT_EQ(loaded.config.milvus.storage.port, 9001);
  EXPECT_EQ(loaded.config.backup_storage.address, "minio") << "inherited";
  EXPECT_EQ(loaded.config.backup_storage.port, 9001);
  EXPECT_EQ(ParameterOf(loaded, "Milvus.Storage.Port").source_key, "MINIO_ADDRESS");
}

// 08: what Kubernetes injects for services "milvus", "minio", "minio-backup" and "backup".
TEST(FieldCase, ServiceLinksOfKubernetesAreIgnoredWithAWarningEachAndTheFileCounts) {
  const std::string file = "milvus: {address: milvus, port: 19530}\nminio: {address: minio, port: 9000}\n";
  const auto loaded = MustLoad(file, {.env = Env({{"MILVUS_SERVICE_HOST", "10.96.1.1"},
                                                  {"MILVUS_SERVICE_PORT", "19531"},
                                                  {"MILVUS_PORT", "tcp://10.96.1.1:19531"},
                                                  {"MILVUS_PORT_19531_TCP", "tcp://10.96.1.1:19531"},
                                                  {"MILVUS_PORT_19531_TCP_ADDR", "10.96.1.1"},
                                                  {"MINIO_SERVICE_HOST", "10.96.2.2"},
                                                  {"MINIO_PORT", "tcp://10.96.2.2:9001"},
                                                  {"MINIO_BACKUP_PORT", "udp://10.96.3.3:9001"},
                                                  {"BACKUP_PORT", "udp://10.96.4.4:53"}})});
  EXPECT_EQ(loaded.config.milvus.address, "milvus");
  EXPECT_EQ(loaded.config.milvus.port, 19530);
  EXPECT_EQ(loaded.config.milvus.storage.address, "minio");
  EXPECT_EQ(loaded.config.milvus.storage.port, 9000);
  EXPECT_EQ(loaded.config.backup_storage.port, 9000);
  EXPECT_THAT(loaded.warnings,
              UnorderedElementsAre(HasSubstr("MILVUS_PORT=tcp://10.96.1.1:19531 is ignored"),
                                   HasSubstr("MINIO_PORT=tcp://10.96.2.2:9001 is ignored"),
                                   HasSubstr("MINIO_BACKUP_PORT=udp://10.96.3.3:9001 is ignored")));
  EXPECT_EQ(ParameterOf(loaded, "Milvus.Grpc.Port").source_key, "milvus.port");
  for (const std::string protocol : {"tcp", "udp", "sctp"}) {
    const auto one = MustLoad(file, {.env = Env({{"MILVUS_PORT", protocol + "://10.96.1.1:19530"}})});
    EXPECT_EQ(one.config.milvus.port, 19530) << protocol;
    EXPECT_THAT(one.warnings, ElementsAre(AllOf(HasSubstr("MILVUS_PORT=" + protocol), HasSubstr("ignored"))));
  }
}

TEST(FieldCase, ASchemeInTheAddressSaysTls) {
  const auto loaded = MustLoad(
      "milvus: {address: 'https://m:443'}\nminio: {address: 'https://s3.example:443', backupAddress: "
      "'http://b:9000'}");
  EXPECT_EQ(loaded.config.milvus.tls_mode, TlsMode::kServer);
  EXPECT_EQ(loaded.config.milvus.port, 443);
  EXPECT_TRUE(loaded.config.milvus.storage.use_ssl);
  EXPECT_FALSE(loaded.config.backup_storage.use_ssl);
  EXPECT_EQ(loaded.config.backup_storage.port, 9000);
}

TEST(FieldCase, AnAddressThatContradictsItsPortOrTlsIsRefused) {
  EXPECT_THAT(MustFail("minio: {port: 9000}", {.env = Env({{"MINIO_ADDRESS", "minio:9001"}})}),
              AllOf(HasSubstr("environment variable MINIO_ADDRESS"),
                    HasSubstr("contradicts minio.port (line 1), and the environment wins over the file")));
  EXPECT_THAT(MustFail("minio: {address: 'https://m:1', useSSL: false}"),
              HasSubstr("contradicts minio.useSSL"));
  EXPECT_THAT(MustFail("minio: {address: 'http://m'}"), HasSubstr("its port as minio.port"));
}

TEST(FieldCase, EveryAddressKeyIsAHost) {
  for (const std::string key : {"minio.address", "minio.backupAddress", "milvus.address"}) {
    const std::string error = MustFail("minio: {bucketName: b}", {.overrides = {key + "=127.0.0.1/path"}});
    EXPECT_THAT(error, HasSubstr("--set " + key + ": \"127.0.0.1/path\" holds a path"));
  }
  EXPECT_THAT(MustFail(V2("milvus: {storage: {milvusAddress: a/b}}")),
              HasSubstr("milvus.storage.milvusAddress"));
  EXPECT_THAT(MustFail(V2("milvus: {rest: {endpoint: 'http://a b/'}}")), HasSubstr("milvus.rest.endpoint"));
}

TEST(FieldCase, TheAddressOfALocalStoreIsNotLookedAt) {
  EXPECT_EQ(MustLoad("minio: {storageType: local, address: 'http://none/x', rootPath: /d}")
                .config.milvus.storage.provider,
            Provider::kLocal);
  EXPECT_THAT(MustFail("minio: {storageType: local, address: 'a/x', backupStorageType: s3}"),
              HasSubstr("minio.backupAddress"));
}

// 11
TEST(FieldCase, AnEndpointForPausingWithoutASchemeIsTakenAsHttp) {
  const auto loaded = MustLoad("minio: {port: 9000}\nbackup: {gcPause: {address: 'localhost:9091'}}");
  EXPECT_EQ(loaded.config.milvus.management_endpoint, "http://localhost:9091");
  EXPECT_THAT(loaded.warnings, ElementsAre(AllOf(HasSubstr("backup.gcPause.address (line 2)"),
                                                 HasSubstr("taken as \"http://localhost:9091\""))));
}

TEST(FieldCase, AnEndpointForPausingThatIsNoUrlStopsNoCommand) {
  const auto loaded = MustLoad("backup: {gcPause: {address: 'http://'}}");
  EXPECT_EQ(loaded.config.milvus.management_endpoint, "");
  EXPECT_THAT(loaded.warnings,
              ElementsAre(AllOf(HasSubstr("backup.gcPause.address"), HasSubstr("not paused"))));
  EXPECT_THAT(MustLoad("backup: {gcPause: {enable: false, address: 'http://'}}").warnings, IsEmpty());
}

// 14
TEST(FieldCase, AFileOfAnotherProgramIsSaidToBeNone) {
  EXPECT_THAT(
      MustFail("minio: {enabled: false}\nexternalS3: {enabled: true, host: s3.us-west-2.amazonaws.com}\n"),
      AllOf(HasSubstr("no configuration of milvus-backup"), HasSubstr("Helm chart"), HasSubstr("line 2")));
  EXPECT_THAT(MustFail("apiVersion: v1\nkind: ConfigMap\n"), HasSubstr("an object of Kubernetes"));
  EXPECT_THAT(MustFail("services: {milvus: {image: x}}\n"), HasSubstr("a Compose file"));
  EXPECT_THAT(MustFail("minio: {address: m}\nrootCoord: {port: 1}\n"),
              HasSubstr("Milvus's own configuration"));
  EXPECT_EQ(
      MustLoad("milvus: {address: m}\nminio: {address: s}\nrootCoord: {port: 1}\n").config.milvus.address,
      "m")
      << "one file for both programs";
}

// 15
TEST(FieldCase, ABrokenQuoteIsNamedWhereItStands) {
  const std::string file =
      "minio:\n  accessKeyID: \"\"\n  address: s3.us-east-1.amazonaws.com\n  backupBucketName: redacted\n"
      "  iamEndpoint: ''\"\n  port: 443\n  secretAccessKey: null\n  storageType: s3\n";
  EXPECT_THAT(MustFail(file), AllOf(HasSubstr("test.yaml"), HasSubstr("line 5, column 18: more follows")));
  EXPECT_THAT(MustFail("minio:\n  address: \"m\n  port: 1\n  secretAccessKey: \"hunter2\"\n"),
              AllOf(HasSubstr("line 2, column 12"), HasSubstr("not closed"), Not(HasSubstr("hunter"))));
  EXPECT_THAT(MustFail("minio: {address: 'm', b: 'x'\nbackup: 1\n"), HasSubstr("line "));
  EXPECT_THAT(MustFail("a: 'it''s' # fine\nb: \"x\\\"y\"\nc: [\n"), HasSubstr("line 3"));
}

// 17
TEST(FieldCase, AnAzureAccountThatNobodyHasIsNamedAsTheFileHasIt) {
  EXPECT_THAT(MustFail("minio: {storageType: azure, accessKeyID: My_Account, secretAccessKey: Zm9v}"),
              AllOf(HasSubstr("minio.accessKeyID (line 1)"), HasSubstr("\"My_Account\""),
                    HasSubstr("lower-case letters"), HasSubstr("the store of Milvus")));
}

TEST(FieldCase, AnAzureKeyThatIsNoBase64IsNamedAsTheFileHasIt) {
  EXPECT_THAT(MustFail("minio: {storageType: azure, accessKeyID: a, secretAccessKey: minioadmin}"),
              AllOf(HasSubstr("minio.secretAccessKey (line 1)"), HasSubstr("base64"),
                    HasSubstr("store of Milvus"), Not(HasSubstr("minioadmin")), Not(HasSubstr("problems"))));
  EXPECT_THAT(
      MustFail("minio: {storageType: local, rootPath: /d, backupStorageType: azure, backupAccessKeyID: a, "
               "backupSecretAccessKey: minioadmin}"),
      AllOf(HasSubstr("minio.backupSecretAccessKey"), HasSubstr("backup store")));
  EXPECT_THAT(
      MustFail(
          V2("backup: {storage: {provider: azure, accountName: a, auth: {type: sharedKey, accountKey: k}}}")),
      HasSubstr("backup.storage.auth.accountKey"));
}

// 18
TEST(FieldCase, ACloudAtThePortOfMinioIsPointedOut) {
  EXPECT_THAT(MustLoad("minio: {storageType: s3, address: s3.amazonaws.com}").warnings,
              ElementsAre(AllOf(HasSubstr("s3.amazonaws.com is asked at port 9000 without TLS"),
                                HasSubstr("minio.port to 443"), HasSubstr("minio.useSSL to true"))));
  EXPECT_THAT(MustLoad("minio: {address: minio, backupAddress: s3.eu-west-1.amazonaws.com, backupPort: 443}")
                  .warnings,
              ElementsAre(HasSubstr("minio.backupUseSSL to true")));
  EXPECT_THAT(MustLoad("minio: {address: s3.amazonaws.com, port: 443, useSSL: true}").warnings, IsEmpty());
  const std::string azure =
      "storageType: azure, accessKeyID: a, secretAccessKey: Zm9v, address: core.windows.net";
  EXPECT_THAT(MustLoad("minio: {" + azure + "}").warnings,
              ElementsAre(AllOf(HasSubstr("core.windows.net is asked at port 9000 with TLS"),
                                HasSubstr("minio.port to 443"), Not(HasSubstr("useSSL")))));
  EXPECT_THAT(MustLoad("minio: {" + azure + ", port: 443}").warnings, IsEmpty());
}

// 19, 20
TEST(FieldCase, RootPathsHaveOneNormalFormWhichIsShown) {
  const auto root = [](const std::string& text) {
    return ParameterOf(MustLoad("minio: {rootPath: '" + text + "'}"), "Milvus.Storage.RootPath").value;
  };
  EXPECT_EQ(root("/"), "");
  EXPECT_EQ(root("//files//a/"), "files/a");
  EXPECT_EQ(root("."), "");
  EXPECT_EQ(root("./a/./b"), "a/b");
  EXPECT_EQ(root(""), "");
  const auto local = [](const std::string& text) {
    return MustLoad("minio: {backupStorageType: local, backupRootPath: '" + text + "'}")
        .config.backup_storage.root_path;
  };
  EXPECT_EQ(local("//mnt//a/"), "/mnt/a");
  EXPECT_EQ(local("./a b/"), "a b");
  EXPECT_EQ(local("./"), ".");
  EXPECT_EQ(local("/"), "/");
}

TEST(FieldCase, AnEmptyRootOnALocalDiskIsRefused) {
  EXPECT_THAT(MustFail("minio: {backupStorageType: local, backupRootPath: ''}"),
              AllOf(HasSubstr("minio.backupRootPath (line 1)"), HasSubstr("names no directory")));
}

TEST(FieldCase, ARootThatClimbsUpIsRefused) {
  for (const std::string root : {"../x", "a/../b", "/..", ".."}) {
    EXPECT_THAT(MustFail("minio: {rootPath: '" + root + "'}"),
                AllOf(HasSubstr("minio.rootPath (line 1)"), HasSubstr(".."), Not(HasSubstr("problems"))));
    EXPECT_THAT(MustFail("minio: {backupStorageType: local, backupRootPath: '" + root + "'}"),
                HasSubstr("minio.backupRootPath"));
  }
  EXPECT_EQ(MustLoad("minio: {rootPath: 'a..b/..c'}").config.milvus.storage.root_path, "a..b/..c");
}

TEST(FieldCase, ATildeIsSaidNotToBeExpanded) {
  EXPECT_THAT(MustLoad("minio: {backupStorageType: local, backupRootPath: ~/x}").warnings,
              ElementsAre(AllOf(HasSubstr("minio.backupRootPath"), HasSubstr("not expanded"))));
  EXPECT_THAT(MustLoad("minio: {caCertPath: ~/ca.pem}").warnings, ElementsAre(HasSubstr("minio.caCertPath")));
}

// 59
TEST(FieldCase, ALineBreakAtTheEndOfASecretIsPointedOut) {
  const auto loaded = MustLoad("minio: {port: 9000, secretAccessKey: ' x'}",
                               {.env = Env({{"MILVUS_PASSWORD", "hunter2\n"}})});
  EXPECT_EQ(loaded.config.milvus.password, "hunter2\n");
  EXPECT_THAT(loaded.warnings,
              ElementsAre(AllOf(HasSubstr("environment variable MILVUS_PASSWORD"),
                                HasSubstr("ends with a line break"), Not(HasSubstr("hunter"))),
                          AllOf(HasSubstr("minio.secretAccessKey"), HasSubstr("begins with a blank"))));
}

TEST(NearestKey, FindsWhatWasMeant) {
  EXPECT_EQ(NearestKey("minio.host", V1Rows()), "minio.address");
  EXPECT_EQ(NearestKey("minio.access_key", V1Rows()), "minio.accessKeyID");
  EXPECT_EQ(NearestKey("minio.bucket", V1Rows()), "minio.bucketName");
  EXPECT_EQ(NearestKey("backup.parallelism.importJobNum", V1Rows()), "backup.parallelism.importJob");
  EXPECT_EQ(NearestKey("milvus.storage.secretKey", V2Rows()), "milvus.storage.auth.secretAccessKey");
  EXPECT_EQ(NearestKey("colour", V1Rows()), "");
  EXPECT_EQ(NearestKey("x", V2Rows()), "");
}

}  // namespace
}  // namespace mbk::config
