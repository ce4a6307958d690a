#include "service/roots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "store/testing/temp_directory.h"

namespace mbk::service {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

config::Loaded With(const std::string& milvus_root, const std::string& backup_root,
                    config::Provider provider = config::Provider::kMinio) {
  config::Loaded loaded;
  config::Storage& milvus = loaded.config.milvus.storage;
  milvus = {.provider = provider, .address = "localhost", .port = 9000, .bucket_name = "a-bucket"};
  loaded.config.backup_storage = milvus;
  milvus.root_path = milvus_root;
  loaded.config.backup_storage.root_path = backup_root;
  loaded.schema_version = 1;
  loaded.parameters = {{.path = "Milvus.Storage.RootPath", .source_key = "minio.rootpath"},
                       {.path = "Backup.Storage.RootPath", .source_key = "minio.backuprootpath"}};
  return loaded;
}

// Field case 26.
TEST(WarningOfRoots, IsGivenWhereTheyAreOneOrNested) {
  EXPECT_THAT(WarningOfRoots(With("files", "backup")), IsEmpty());
  EXPECT_THAT(WarningOfRoots(With("files", "files2")), IsEmpty());
  EXPECT_THAT(
      WarningOfRoots(With("files", "/files/")),
      AllOf(HasSubstr("is the root path"), HasSubstr("minio.backupRootPath"), Not(HasSubstr("not set"))));
  EXPECT_THAT(WarningOfRoots(With("files", "files/backup")), HasSubstr("lies inside"));
  EXPECT_THAT(WarningOfRoots(With("data/files", "data")), HasSubstr("contains"));
  EXPECT_THAT(WarningOfRoots(With("files", "")), HasSubstr("contains"));
  EXPECT_THAT(WarningOfRoots(With("/mnt/m", "/mnt/m/b", config::Provider::kLocal)), HasSubstr("lies inside"));
}

TEST(WarningOfRoots, IsGivenByWhateverNameOnePlaceIsCalled) {
  config::Loaded loaded = With("files", "files");
  loaded.config.backup_storage.address = "127.0.0.1";
  EXPECT_THAT(WarningOfRoots(loaded), HasSubstr("is the root path"));
  const TempDirectory home;
  std::filesystem::create_directory(home.path() + "/milvus");
  std::filesystem::create_symlink(home.path() + "/milvus", home.path() + "/link");
  EXPECT_THAT(
      WarningOfRoots(With(home.path() + "/milvus", home.path() + "/link/b", config::Provider::kLocal)),
      HasSubstr("lies inside"));
}

TEST(WarningOfRoots, IsNotGivenForTwoStores) {
  config::Loaded loaded = With("files", "files");
  loaded.config.backup_storage.bucket_name = "another";
  EXPECT_THAT(WarningOfRoots(loaded), IsEmpty());
  loaded.config.backup_storage = loaded.config.milvus.storage;
  loaded.config.backup_storage.provider = config::Provider::kLocal;
  EXPECT_THAT(WarningOfRoots(loaded), IsEmpty());
}

TEST(WarningOfRoots, SaysWhenTheBackupRootIsInherited) {
  config::Loaded loaded = With("files", "files");
  loaded.parameters[1].source_key = "minio.rootpath";
  EXPECT_THAT(WarningOfRoots(loaded),
              HasSubstr("minio.backupRootPath is not set, and is then that of Milvus"));
}

TEST(MilvusRootAmongBackups, IsToldUnlessTheStoresAreCertainlyTwo) {
  config::Loaded loaded = With("/files/", "backup");
  EXPECT_EQ(MilvusRootAmongBackups(loaded), "files");
  loaded.config.backup_storage.address = "127.0.0.1";
  EXPECT_EQ(MilvusRootAmongBackups(loaded), "files") << "one store by two addresses";
  loaded.config.backup_storage.bucket_name = "another";
  EXPECT_EQ(MilvusRootAmongBackups(loaded), std::nullopt);
  loaded.config.backup_storage.provider = config::Provider::kLocal;
  EXPECT_EQ(MilvusRootAmongBackups(loaded), std::nullopt);
}

}  // namespace
}  // namespace mbk::service
