#include "net/sigv4.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace mbk {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

// The examples of the S3 documentation share these.
const AwsCredentials kExampleCredentials{.access_key_id = "AKIAIOSFODNN7EXAMPLE",
                                         .secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
const std::chrono::system_clock::time_point kExampleTime{
    std::chrono::seconds(1369353600)};  // 2013-05-24T00:00:00Z
constexpr std::string_view kExampleHost = "examplebucket.s3.amazonaws.com";

std::string Authorization(std::string_view method, std::string_view path, std::string_view query,
                          const HttpHeaders& headers, std::string_view payload) {
  SigningKeyCache keys;
  HttpHeaders added = SignV4(SigningInput{.method = method,
                                          .canonical_path = path,
                                          .canonical_query = query,
                                          .headers = headers,
                                          .payload_sha256_hex = payload,
                                          .region = "us-east-1",
                                          .time = kExampleTime,
                                          .credentials = kExampleCredentials},
                             keys);
  EXPECT_EQ(added.Get("x-amz-date"), "20130524T000000Z");
  EXPECT_EQ(added.Get("x-amz-content-sha256"), payload);
  return std::string(added.Get("authorization"));
}

TEST(SignV4, GetObjectOfTheS3Documentation) {
  HttpHeaders headers{{"Host", std::string(kExampleHost)}, {"Range", "bytes=0-9"}};
  EXPECT_EQ(Authorization("GET", "/test.txt", "", headers, kEmptySha256),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(SignV4, PutObjectOfTheS3Documentation) {
  HttpHeaders headers{{"Host", std::string(kExampleHost)},
                      {"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                      {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
  EXPECT_THAT(Authorization("PUT", PercentEncodePath("/test$file.text"), "", headers,
                            Sha256Hex("Welcome to Amazon S3.")),
              EndsWith("Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"));
}

TEST(SignV4, LifecycleOfTheS3Documentation) {
  HttpHeaders headers{{"Host", std::string(kExampleHost)}};
  EXPECT_THAT(Authorization("GET", "/", CanonicalQuery({{"lifecycle", ""}}), headers, kEmptySha256),
              EndsWith("Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"));
}

TEST(SignV4, ListObjectsOfTheS3Documentation) {
  HttpHeaders headers{{"Host", std::string(kExampleHost)}};
  EXPECT_THAT(
      Authorization("GET", "/", CanonicalQuery({{"prefix", "J"}, {"max-keys", "2"}}), headers, kEmptySha256),
      EndsWith("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
}

TEST(SignV4, BlanksInHeaderValuesDoNotMatter) {
  HttpHeaders plain{{"Host", "h"}, {"x-amz-meta-a", "b c"}};
  HttpHeaders blanks{{"X-Amz-Meta-A", "  b \t c "}, {"host", "h"}};
  EXPECT_EQ(Authorization("GET", "/", "", plain, kEmptySha256),
            Authorization("GET", "/", "", blanks, kEmptySha256));
}

TEST(SignV4, SessionTokenIsSentAndSigned) {
  AwsCredentials credentials = kExampleCredentials;
  credentials.session_token = "token/with+signs=";
  HttpHeaders headers{{"Host", "h"}};
  SigningKeyCache keys;
  HttpHeaders added = SignV4(SigningInput{.method = "GET",
                                          .canonical_path = "/",
                                          .headers = headers,
                                          .payload_sha256_hex = kEmptySha256,
                                          .region = "us-east-1",
                                          .time = kExampleTime,
                                          .credentials = credentials},
                             keys);
  EXPECT_EQ(added.Get("X-Amz-Security-Token"), "token/with+signs=");
  EXPECT_THAT(std::string(added.Get("Authorization")),
              HasSubstr("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,"));
}

TEST(SigningKeyCache, FollowsEveryInput) {
  SigningKeyCache keys;
  Sha256Bytes key = keys.Get("secret", "20130524", "us-east-1", "s3");
  EXPECT_NE(keys.Get("secret", "20130525", "us-east-1", "s3"), key);
  EXPECT_NE(keys.Get("secret", "20130524", "eu-west-1", "s3"), key);
  EXPECT_NE(keys.Get("other", "20130524", "us-east-1", "s3"), key);
  EXPECT_EQ(keys.Get("secret", "20130524", "us-east-1", "s3"), key);
}

}  // namespace
}  // namespace mbk
