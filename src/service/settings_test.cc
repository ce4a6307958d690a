#include "service/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mbk::service {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

TEST(StoreSettings, HaveTheNamesOfTheUsersFile) {
  EXPECT_EQ(SettingsOf(Side::kMilvus, 1).bucket, "minio.bucketName");
  EXPECT_EQ(SettingsOf(Side::kBackup, 1).bucket, "minio.backupBucketName");
  EXPECT_EQ(SettingsOf(Side::kMilvus, 2).bucket, "milvus.storage.bucketName");
  EXPECT_EQ(SettingsOf(Side::kBackup, 2).secret_key, "backup.storage.auth.secretAccessKey");
}

TEST(StoreSettings, SayWhereKeysComeFromWhenTheyAreNotInTheFile) {
  EXPECT_EQ(SettingsOf(Side::kMilvus, 1, config::AuthType::kIam).access_key, "minio.useIAM");
  EXPECT_EQ(SettingsOf(Side::kBackup, 1, config::AuthType::kIam).secret_key, "minio.backupIamEndpoint");
  EXPECT_EQ(SettingsOf(Side::kBackup, 2, config::AuthType::kDefault).access_key, "backup.storage.auth.type");
  EXPECT_EQ(SettingsOf(Side::kMilvus, 1, config::AuthType::kServiceAccount).secret_key,
            "minio.gcpCredentialJSON");
  EXPECT_EQ(SettingsOf(Side::kBackup, 2, config::AuthType::kServiceAccount).secret_key,
            "backup.storage.auth.credentialsFile");
}

TEST(StoreSettings, NameAccountAndKeyOnAzure) {
  EXPECT_EQ(SettingsOf(Side::kBackup, 1, config::AuthType::kSharedKey).access_key, "minio.backupAccessKeyID");
  EXPECT_EQ(SettingsOf(Side::kBackup, 2, config::AuthType::kSharedKey).access_key,
            "backup.storage.accountName");
  EXPECT_EQ(SettingsOf(Side::kBackup, 2, config::AuthType::kSharedKey).secret_key,
            "backup.storage.auth.accountKey");
}

class Hint : public testing::TestWithParam<int> {
 protected:
  Status Pointed(Code code) {
    return PointAtSettings({code, "ListObjectsV2: refused (request 7F)"}, settings_);
  }
  const StoreSettings settings_ = SettingsOf(Side::kBackup, GetParam());
};

TEST_P(Hint, KeepsTheStoresOwnWords) {
  for (Code code : {Code::kUnavailable, Code::kPermissionDenied, Code::kNotFound, Code::kInternal}) {
    EXPECT_THAT(Pointed(code).message(), StartsWith("ListObjectsV2: refused (request 7F); "));
  }
}

TEST_P(Hint, IsAddressAndPortWhenNothingAnswers) {
  for (Code code : {Code::kUnavailable, Code::kDeadlineExceeded}) {
    EXPECT_EQ(Pointed(code).code(), code);
    EXPECT_THAT(Pointed(code).message(), AllOf(HasSubstr(settings_.address), HasSubstr(settings_.port)));
  }
}

TEST_P(Hint, IsTheKeysWhenTheStoreRefuses) {
  EXPECT_EQ(Pointed(Code::kPermissionDenied).code(), Code::kPermissionDenied);
  EXPECT_THAT(Pointed(Code::kPermissionDenied).message(),
              AllOf(HasSubstr(settings_.access_key), HasSubstr(settings_.secret_key)));
}

TEST_P(Hint, IsTheBucketWhenItIsMissingAndThatIsNoMissingBackup) {
  EXPECT_EQ(Pointed(Code::kNotFound).code(), Code::kFailedPrecondition);
  EXPECT_THAT(Pointed(Code::kNotFound).message(), HasSubstr(settings_.bucket));
}

TEST_P(Hint, IsNoneWhereNoSettingIsToBlame) {
  EXPECT_TRUE(PointAtSettings({}, settings_).ok());
  EXPECT_EQ(Pointed(Code::kCancelled), Status(Code::kCancelled, "ListObjectsV2: refused (request 7F)"));
}

INSTANTIATE_TEST_SUITE_P(Schema, Hint, testing::Values(1, 2));

}  // namespace
}  // namespace mbk::service
