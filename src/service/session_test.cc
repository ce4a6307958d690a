#include "service/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/testing/http_imposter.h"
#include "store/testing/temp_directory.h"

namespace mbk::service {
namespace {

constexpr const char* kEmptyListing =
    "<?xml version=\"1.0\"?><ListBucketResult><Name>bucket</Name><Prefix></Prefix><KeyCount>0</KeyCount>"
    "<MaxKeys>1</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>";

config::Loaded LoadedOf(const std::string& text, const std::string& file = "b.yaml") {
  config::LoadOptions options{.file = file, .env = [](const std::string&) { return std::nullopt; }};
  auto loaded = config::LoadText(text, options);
  EXPECT_TRUE(loaded.ok()) << loaded.status().message();
  return loaded.ok() ? *std::move(loaded) : config::Loaded{};
}

// Field case 66a: a policy whose condition is s3:prefix.
TEST(Session, AWriterLooksAtTheBucketBelowItsRootOnly) {
  nettest::HttpImposter store([](const nettest::SeenRequest& request) {
    if (request.target.find("prefix=mine%2Fbackups%2F") != std::string::npos)
      return nettest::Answer(200, kEmptyListing);
    return nettest::Answer(403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>");
  });
  const config::Loaded loaded =
      LoadedOf("minio: {address: 127.0.0.1, region: us-east-1, bucketName: bucket, port: " +
               std::to_string(store.port()) + ", backupRootPath: mine/backups}");
  const auto session = Session::Open(loaded, {.backups = BackupAccess::kWrite}, {});
  EXPECT_TRUE(session.ok()) << session.status().message();
}

TEST(Session, AWriterMakesABucketThatIsNotThere) {
  nettest::HttpImposter store([](const nettest::SeenRequest& request) {
    if (request.method == "PUT") return nettest::Answer(200, "");
    return nettest::Answer(404, "<Error><Code>NoSuchBucket</Code><Message>no</Message></Error>");
  });
  const config::Loaded loaded =
      LoadedOf("minio: {address: 127.0.0.1, region: us-east-1, bucketName: bucket, port: " +
               std::to_string(store.port()) + "}");
  EXPECT_TRUE(Session::Open(loaded, {.backups = BackupAccess::kWrite}, {}).ok());
  EXPECT_FALSE(Session::Open(loaded, {.backups = BackupAccess::kRead}, {}).ok());
}

TEST(Session, SaysHowItsSidesAreReached) {
  const TempDirectory directory;
  const config::Loaded loaded =
      LoadedOf("minio: {storageType: local, rootPath: " + directory.path() + "}", "other file.yaml");
  auto session = Session::Open(loaded, {.backups = BackupAccess::kRead}, {});
  ASSERT_TRUE(session.ok()) << session.status().message();
  EXPECT_EQ(CommandFor((*session)->backup().reach, "list").as_typed,
            "milvus-backup list --config 'other file.yaml'");
}

// Field case 57: only who gave an address for pausing is warned that it does not answer, by the name he gave
// it.
TEST(Session, NamesTheKeyOfTheAddressForPausingOnlyWhereItWasGiven) {
  const TempDirectory directory;
  const std::string store = "minio: {storageType: local, rootPath: " + directory.path() + "}\n";
  const auto run_of = [](const config::Loaded& loaded) {
    Progress progress;
    return (*Session::Open(loaded, {}, {}))->run(progress).settings;
  };
  EXPECT_EQ(run_of(LoadedOf(store)).gc_address_setting, "");
  EXPECT_TRUE(run_of(LoadedOf(store)).pause_gc);
  const auto given = run_of(LoadedOf(store + "backup: {gcPause: {address: 'http://h:9091'}}"));
  EXPECT_EQ(given.gc_address_setting, "backup.gcPause.address");
  const auto v2 = run_of(LoadedOf("configVersion: v2\nmilvus: {management: {endpoint: 'http://h:9091'}}"));
  EXPECT_EQ(v2.gc_address_setting, "milvus.management.endpoint");
  EXPECT_FALSE(run_of(LoadedOf(store + "backup: {gcPause: {address: ''}}")).pause_gc);
}

}  // namespace
}  // namespace mbk::service
