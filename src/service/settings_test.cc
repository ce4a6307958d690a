#include "service/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mbk::service {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(StoreSettings, HaveTheNamesOfTheUsersFile) {
  EXPECT_EQ(SettingsOf(Side::kMilvus, 1).bucket, "minio.bucketName");
  EXPECT_EQ(SettingsOf(Side::kBackup, 1).bucket, "minio.backupBucketName");
  EXPECT_EQ(SettingsOf(Side::kMilvus, 2).bucket, "milvus.storage.bucketName");
  EXPECT_EQ(SettingsOf(Side::kBackup, 2).secret_key, "backup.storage.auth.secretAccessKey");
}

config::Storage With(config::AuthType auth) { return {.auth = {.type = auth}}; }

TEST(StoreSettings, SayWhereKeysComeFromWhenTheyAreNotInTheFile) {
  using config::AuthType;
  EXPECT_EQ(SettingsOf(Side::kMilvus, 1, With(AuthType::kIam)).access_key, "minio.useIAM");
  EXPECT_EQ(SettingsOf(Side::kBackup, 1, With(AuthType::kIam)).secret_key, "minio.backupIamEndpoint");
  EXPECT_EQ(SettingsOf(Side::kBackup, 2, With(AuthType::kDefault)).access_key, "backup.storage.auth.type");
}

TEST(StoreSettings, AreThoseThatTheServiceHasForItsCredentials) {
  using config::AuthType;
  EXPECT_EQ(SettingsOf(Side::kBackup, 1, With(AuthType::kSharedKey)).secret_key,
            "minio.backupSecretAccessKey");
  EXPECT_EQ(SettingsOf(Side::kMilvus, 2, With(AuthType::kSharedKey)).access_key,
            "milvus.storage.accountName");
  EXPECT_EQ(SettingsOf(Side::kBackup, 2, With(AuthType::kSharedKey)).secret_key,
            "backup.storage.auth.accountKey");
  EXPECT_EQ(SettingsOf(Side::kMilvus, 1, With(AuthType::kServiceAccount)).access_key,
            "minio.gcpCredentialJSON");
  const StoreSettings google = SettingsOf(Side::kBackup, 2, With(AuthType::kServiceAccount));
  EXPECT_EQ(PointAtSettings({Code::kPermissionDenied, "refused"}, google).message(),
            "refused; check backup.storage.auth.credentialsFile");
}

TEST(StoreSettings, OfADirectoryAreItsRoot) {
  const StoreSettings local = SettingsOf(Side::kBackup, 1, {.provider = config::Provider::kLocal});
  for (Code code : {Code::kPermissionDenied, Code::kNotFound, Code::kInternal})
    EXPECT_EQ(PointAtSettings({code, "refused"}, local).message(), "refused; check minio.backupRootPath");
}

class Hint : public testing::TestWithParam<int> {
 protected:
  Status Pointed(Code code) {
    return PointAtSettings({code, "ListObjectsV2: refused (request 7F)"}, settings_);
  }
  const StoreSettings settings_ = SettingsOf(Side::kBackup, GetParam());
};

TEST_P(Hint, NamesTheFileOfTheCertificateThatWasRefused) {
  const auto hint = [&](const char* words) {
    return PointAtSettings({Code::kInvalidArgument, words}, settings_).message();
  };
  EXPECT_THAT(hint("not trusted: set caCertPath"), testing::EndsWith("; check " + settings_.ca_cert));
  EXPECT_THAT(hint("refused: check mtlsCertPath"), testing::EndsWith("; check " + settings_.client_cert));
  EXPECT_THAT(hint("malformed"), testing::EndsWith("; check " + settings_.bucket));
}

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

TEST_P(Hint, IsTheKeysWhereThoseOfTheMachineAreNoUse) {
  const Status half = PointAtSettings(
      {Code::kInvalidArgument, "credentials from the environment: ID is set, SECRET is not"}, settings_);
  EXPECT_EQ(half.code(), Code::kPermissionDenied);
  EXPECT_THAT(half.message(), AllOf(HasSubstr(settings_.access_key), Not(HasSubstr(settings_.bucket))));
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
