#include "store/credentials/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/credentials/testing/machine.h"

namespace mbk::credentials {
namespace {

using testing::HasSubstr;
using testing::Not;

const auto kNow = Machine().now();

TEST(ParseKeys, ReadsWhatEc2Answers) {
  Result<Keys> keys = ParseKeys(
      R"({"Code":"Success","LastUpdated":"2026-11-27T05:00:00Z","Type":"AWS-HMAC","AccessKeyId":"ASIA",)"
      R"("SecretAccessKey":"the-secret","Token":"the-token","Expiration":"2026-11-27T07:00:00Z"})",
      {}, kNow);
  ASSERT_TRUE(keys.ok()) << keys.status().message();
  EXPECT_EQ(keys->value, (AwsCredentials{"ASIA", kSecret, kToken}));
  EXPECT_EQ(keys->expires, kNow + std::chrono::hours(1));
}

TEST(ParseKeys, KeysWithoutExpirationStayGood) {
  Result<Keys> keys = ParseKeys(R"({"AccessKeyId":"AKIA","SecretAccessKey":"the-secret"})", {}, kNow);
  ASSERT_TRUE(keys.ok()) << keys.status().message();
  EXPECT_EQ(keys->expires, Keys::Time::max());
}

TEST(ParseKeys, RefusesWhatIsNoSetOfKeysAndRepeatsNothingOfIt) {
  const std::string broken[] = {"",
                                "the-secret",
                                "[]",
                                "{",
                                R"({"AccessKeyId":"a"})",
                                R"({"AccessKeyId":1,"SecretAccessKey":"the-secret"})",
                                R"({"AccessKeyId":"a","SecretAccessKey":"the-secret","Expiration":"soon"})",
                                R"({"AccessKeyId":"a","SecretAccessKey":"the-secret\r\nX-Header: 1"})",
                                std::string(50'000, '[')};
  for (const std::string& json : broken) {
    const Status refused = ParseKeys(json, {}, kNow).status();
    EXPECT_EQ(refused.code(), Code::kDataLoss) << json.substr(0, 80);
    EXPECT_THAT(refused.message(), Not(HasSubstr(kSecret)));
  }
  EXPECT_EQ(ParseKeys(R"({"credential":[]})", {.within = "credential"}, kNow).status().code(),
            Code::kDataLoss);
}

TEST(ParseKeys, ExpiredKeysMayBeFollowedByNewOnes) {
  const Status expired =
      ParseKeys(R"({"AccessKeyId":"a","SecretAccessKey":"b","Expiration":"2026-11-27T06:00:00Z"})", {}, kNow)
          .status();
  EXPECT_EQ(expired.code(), Code::kUnavailable);
  EXPECT_THAT(expired.message(), HasSubstr("2026-11-27T06:00:00Z"));
}

TEST(ParseKeys, ACodeOtherThanSuccessIsARefusal) {
  const Status refused =
      ParseKeys(R"({"Code":"AssumeRoleUnauthorizedAccess","Message":"EC2 cannot assume the role"})", {}, kNow)
          .status();
  EXPECT_EQ(refused.code(), Code::kPermissionDenied);
  EXPECT_THAT(refused.message(), HasSubstr("AssumeRoleUnauthorizedAccess: EC2 cannot assume the role"));
}

TEST(ParseStsKeys, ReadsWhatAwsDocuments) {
  // The example of the API reference, shortened.
  Result<Keys> keys = ParseStsKeys(
      "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
      "<AssumeRoleWithWebIdentityResult><SubjectFromWebIdentityToken>amzn1</SubjectFromWebIdentityToken>"
      "<Credentials><SessionToken>the-token</SessionToken><SecretAccessKey>the-secret</SecretAccessKey>"
      "<Expiration>2026-11-27T07:00:00Z</Expiration><AccessKeyId>ASgeIAIOSFODNN7EXAMPLE</AccessKeyId>"
      "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>",
      kNow);
  ASSERT_TRUE(keys.ok()) << keys.status().message();
  EXPECT_EQ(keys->value, (AwsCredentials{"ASgeIAIOSFODNN7EXAMPLE", kSecret, kToken}));
  EXPECT_EQ(keys->expires, kNow + std::chrono::hours(1));
}

TEST(ParseStsKeys, RefusesEverythingElse) {
  for (const char* xml : {"", "<html/>", "<AssumeRoleWithWebIdentityResponse/>", "<a", "{}"})
    EXPECT_EQ(ParseStsKeys(xml, kNow).status().code(), Code::kDataLoss) << xml;
}

TEST(WordsOfRefusal, AreFoundInEveryFormThatServicesUse) {
  const std::pair<const char*, const char*> answers[] = {
      {R"({"code":"NoIdInRequest","message":"no id"})", "NoIdInRequest: no id"},
      {R"({"Code":"Failed","Message":"why"})", "Failed: why"},
      {"<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredTokenException</Code><Message>Token expired\n"
       "</Message></Error></ErrorResponse>",
       "ExpiredTokenException: Token expired "},
      {"<Error><Code>AccessDenied</Code><Message>no</Message></Error>", "AccessDenied: no"},
      {"<html><body>404</body></html>", ""},
      {"not found", ""}};
  for (const auto& [body, words] : answers) EXPECT_EQ(WordsOfRefusal(body), words) << body;
  EXPECT_EQ(CodeOfRefusal(answers[2].first), "ExpiredTokenException");
}

}  // namespace
}  // namespace mbk::credentials
