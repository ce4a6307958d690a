#include "config/schema.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "config/testing/config_testing.h"
#include "config/text.h"

namespace mbk::config {
namespace {

// Tests run in the root of the checkout.
std::string ReadRepositoryFile(const std::string& name) {
  std::ifstream in(name);
  EXPECT_TRUE(in) << name;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// `config show` of the Go tool (main, August 2026) for a v1 file with these values. Our own rows are left
// out.
constexpr std::string_view kRecordedTable =
    R"(PARAMETER                            VALUE                         SOURCE   SOURCE_KEY
---------                            -----                         ------   ----------
Log.Level                            info                          default  
Log.Console                          true                          default  
Log.File.Path                        logs/backup.log               default  
Log.File.MaxSizeMiB                  300                           default  
Log.File.MaxDays                     0                             default  
Log.File.MaxBackups                  0                             default  
Server.DebugMode                     false                         default  
Server.SwaggerBasePath                                             default  
Milvus.User                          root                          default  
Milvus.Password                      Mi****us                      default  
Milvus.Grpc.Address                  127.0.0.1                     default  
Milvus.Grpc.Port                     19530                         default  
Milvus.Grpc.TLSMode                  disabled                      default  
Milvus.Grpc.CACertPath                                             default  
Milvus.Grpc.ServerName                                             default  
Milvus.Grpc.MTLSCertPath                                           default  
Milvus.Grpc.MTLSKeyPath                                            default  
Milvus.Rest.Endpoint                                               default  
Milvus.Management.Endpoint           http://127.0.0.1:9091         default  
Milvus.Replicate.RPCChannelName      by-dev-replicate-msg          default  
Milvus.Etcd.Endpoints                localhost:2379                default  
Milvus.Etcd.RootPath                 by-dev                        default  
Milvus.Storage.Provider              minio                         default  
Milvus.Storage.Address               127.0.0.1                     default  
Milvus.Storage.Port                  9000                          default  
Milvus.Storage.Region                                              default  
Milvus.Storage.UseSSL                false                         default  
Milvus.Storage.AccountName                                         default  
Milvus.Storage.BucketName            bucket-a                      default  
Milvus.Storage.RootPath              files                         default  
Milvus.Storage.LocalPath                                           default  
Milvus.Storage.MilvusAddress                                       default  
Milvus.Storage.MilvusPort            0                             default  
Milvus.Storage.Auth.Type             static                        default  
Milvus.Storage.Auth.AccessKeyID      minioadmin                    default  
Milvus.Storage.Auth.SecretAccessKey  mi****in                      default  
Milvus.Storage.Auth.SessionToken                                   default  
Milvus.Storage.Auth.AccountKey                                     default  
Milvus.Storage.Auth.CredentialsFile                                default  
Milvus.Storage.Auth.Endpoint                                       default  
Backup.Storage.Provider              minio                         default  
Backup.Storage.Address               127.0.0.1                     default  
Backup.Storage.Port                  9000                          default  
Backup.Storage.Region                                              default  
Backup.Storage.UseSSL                false                         default  
Backup.Storage.AccountName                                         default  
Backup.Storage.BucketName            bucket-a                      default  
Backup.Storage.RootPath              backup                        default  
Backup.Storage.LocalPath                                           default  
Backup.Storage.MilvusAddress                                       default  
Backup.Storage.MilvusPort            0                             default  
Backup.Storage.Auth.Type             static                        default  
Backup.Storage.Auth.AccessKeyID      minioadmin                    default  
Backup.Storage.Auth.SecretAccessKey  mi****in                      default  
Backup.Storage.Auth.SessionToken                                   default  
Backup.Storage.Auth.AccountKey                                     default  
Backup.Storage.Auth.CredentialsFile                                default  
Backup.Storage.Auth.Endpoint                                       default  
Backup.Concurrency.Collections       4                             default  
Backup.Concurrency.Segments          1024                          default  
Backup.PauseGC                       true                          default  
Restore.Concurrency.Collections      2                             default  
Restore.Concurrency.ImportJobs       768                           default  
Restore.MaxSegmentsPerImportJob      256                           default  
Restore.KeepTempFiles                false                         default  
Transfer.Mode                        auto                          default  
Transfer.Concurrency                 128                           default  
Transfer.MultipartCopyThresholdMiB   500                           default  
Transfer.SilenceSeconds              115                           default  
Cloud.Endpoint                       https://api.cloud.zilliz.com  default  
Cloud.APIKey                                                       default  
)";

bool IsOurs(const Parameter& parameter) {
  return parameter.path.ends_with(".Storage.CACertPath") ||
         parameter.path.ends_with(".Storage.MTLSCertPath") ||
         parameter.path.ends_with(".Storage.MTLSKeyPath") || parameter.path.ends_with(".PathStyle") ||
         parameter.path == "Cloud.CACertPath";
}

TEST(Schema, TheTableOfAV1FileIsTheRecordedOne) {
  Loaded loaded = MustLoad(R"(
milvus: {address: 127.0.0.1, user: root, password: Milvus}
minio: {address: 127.0.0.1, bucketName: bucket-a, backupRootPath: backup}
backup: {gcPause: {address: 'http://127.0.0.1:9091'}})");
  std::erase_if(loaded.parameters, IsOurs);
  for (Parameter& parameter : loaded.parameters) {  // the Go tool forgets the sources of a v1 file
    parameter.source = Source::kDefault;
    parameter.source_key.clear();
  }
  EXPECT_EQ(FormatTable(loaded.parameters), kRecordedTable);
}

TEST(Schema, OurRowsStandBehindUseSsl) {
  const auto& rows = V2Rows();
  for (std::string_view section : {kMilvusStorage, kBackupStorage}) {
    const auto row = std::ranges::find(rows, std::string(section) + ".UseSSL", &Row::path);
    ASSERT_NE(row, rows.end());
    EXPECT_EQ((row + 1)->path, std::string(section) + ".CACertPath");
    EXPECT_EQ((row + 2)->path, std::string(section) + ".MTLSCertPath");
    EXPECT_EQ((row + 3)->path, std::string(section) + ".MTLSKeyPath");
    EXPECT_EQ((row + 4)->path, std::string(section) + ".PathStyle");
  }
}

TEST(Schema, PathsKeysAndVariablesAreUnique) {
  for (const auto* rows : {&V1Rows(), &V2Rows()}) {
    std::set<std::string> names;
    for (const Row& row : *rows) {
      if (!row.path.empty()) {
        EXPECT_TRUE(names.insert(row.path).second) << row.path;
      }
      if (!row.env.empty()) {
        EXPECT_TRUE(names.insert(row.env).second) << row.env;
      }
      for (const std::string& key : row.keys) EXPECT_TRUE(names.insert(Lower(key)).second) << key;
    }
  }
}

TEST(Schema, RowsInheritFromRowsOfTheSameTypeBeforeThem) {
  for (const auto* rows : {&V1Rows(), &V2Rows()}) {
    for (auto row = rows->begin(); row != rows->end(); ++row) {
      if (row->inherits.empty()) continue;
      const auto from =
          std::find_if(rows->begin(), row, [&](const Row& r) { return r.path == row->inherits; });
      ASSERT_NE(from, row) << row->path;
      EXPECT_EQ(from->field.index(), row->field.index()) << row->path;
    }
  }
}

TEST(Schema, EveryParameterIsDocumented) {
  const std::string document = ReadRepositoryFile("docs/configuration.md");
  for (const auto* rows : {&V1Rows(), &V2Rows()}) {
    for (const Row& row : *rows) {
      for (const std::string& key : row.keys)
        EXPECT_NE(document.find("`" + key + "`"), std::string::npos) << key;
      EXPECT_TRUE(row.env.empty() || document.find("`" + row.env + "`") != std::string::npos) << row.env;
    }
  }
}

TEST(Schema, TheExamplesSpellOutTheDefaults) {
  const Loaded defaults = MustLoad("", {.file = ""});
  const Loaded v2 = MustLoad(ReadRepositoryFile("configs/backup.v2.yaml"));
  EXPECT_TRUE(v2.warnings.empty());
  const Loaded v1 = MustLoad(ReadRepositoryFile("configs/backup.yaml"));
  EXPECT_TRUE(v1.warnings.empty());
  for (std::size_t i = 0; i < defaults.parameters.size(); ++i) {
    EXPECT_EQ(v2.parameters[i].value, defaults.parameters[i].value) << defaults.parameters[i].path;
    EXPECT_EQ(v1.parameters[i].value, defaults.parameters[i].value) << defaults.parameters[i].path;
  }
}

TEST(Schema, TheExamplesNameEveryKey) {
  const auto last_part = [](const std::string& key) { return key.substr(key.rfind('.') + 1) + ":"; };
  const std::string v1 = ReadRepositoryFile("configs/backup.yaml");
  for (const Row& row : V1Rows()) {
    const bool named = std::ranges::any_of(
        row.keys, [&](const auto& key) { return v1.find(last_part(key)) != std::string::npos; });
    EXPECT_TRUE(named || row.path.empty()) << row.keys.front();
  }
  const std::string v2 = ReadRepositoryFile("configs/backup.v2.yaml");
  for (const Row& row : V2Rows())
    EXPECT_NE(v2.find(last_part(row.keys.front())), std::string::npos) << row.path;
}

}  // namespace
}  // namespace mbk::config
