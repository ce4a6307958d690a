#include "store/s3/s3_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mbk::s3 {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

Status Refusal(int http_status, ErrorBody refusal) {
  return ToStatus(http_status, refusal,
                  {.operation = "PutObject", .url = "s3://bucket/key", .configured_region = "us-east-1"});
}

TEST(S3Error, SaysWhoWhatWhyAndWhatToDo) {
  Status status = Refusal(403, {.code = "AccessDenied", .message = "Access Denied.", .request_id = "17F"});
  EXPECT_EQ(status.code(), Code::kPermissionDenied);
  EXPECT_EQ(status.message(),
            "PutObject s3://bucket/key: 403 AccessDenied (request 17F): Access Denied.; check "
            "accessKeyID/secretAccessKey and the policy that belongs to them");
}

TEST(S3Error, CodesTellMoreThanTheirHttpStatus) {
  struct Case {
    int http_status;
    const char* code;
    Code meaning;
  };
  for (const Case& c : {Case{404, "NoSuchKey", Code::kNotFound},
                        {404, "NoSuchBucket", Code::kNotFound},
                        {403, "InvalidAccessKeyId", Code::kPermissionDenied},
                        {403, "SignatureDoesNotMatch", Code::kPermissionDenied},
                        {400, "ExpiredToken", Code::kPermissionDenied},
                        {403, "RequestTimeTooSkewed", Code::kInvalidArgument},
                        {412, "PreconditionFailed", Code::kFailedPrecondition},
                        {416, "InvalidRange", Code::kFailedPrecondition},
                        {503, "SlowDown", Code::kThrottled},
                        {429, "TooManyRequests", Code::kThrottled},
                        {503, "ServiceUnavailable", Code::kUnavailable},
                        {500, "InternalError", Code::kUnavailable},
                        {200, "InternalError", Code::kUnavailable},
                        {200, "Unheard", Code::kUnavailable},
                        {400, "RequestTimeout", Code::kUnavailable},
                        {400, "BadDigest", Code::kUnavailable},
                        {400, "AuthorizationHeaderMalformed", Code::kInvalidArgument},
                        {301, "PermanentRedirect", Code::kInvalidArgument},
                        {409, "BucketAlreadyExists", Code::kPermissionDenied},
                        {507, "XMinioStorageFull", Code::kFailedPrecondition},
                        {501, "NotImplemented", Code::kUnimplemented},
                        {400, "Unheard", Code::kInvalidArgument}}) {
    EXPECT_EQ(Refusal(c.http_status, {.code = c.code}).code(), c.meaning) << c.http_status << " " << c.code;
  }
}

TEST(S3Error, WithoutCodeTheHttpStatusSpeaks) {
  EXPECT_EQ(Refusal(403, {}).code(), Code::kPermissionDenied);
  EXPECT_EQ(Refusal(412, {}).code(), Code::kFailedPrecondition);
  EXPECT_EQ(Refusal(429, {}).code(), Code::kThrottled);
  EXPECT_EQ(Refusal(502, {}).code(), Code::kUnavailable);
  EXPECT_EQ(Refusal(301, {}).code(), Code::kInvalidArgument);
}

TEST(S3Error, NotFoundIsTheStoresWordNotAProxys) {
  EXPECT_EQ(Refusal(404, RefusalOf({.status = 404})).code(), Code::kNotFound);
  EXPECT_EQ(Refusal(404, {.code = "NoSuchVersion"}).code(), Code::kNotFound);
  Status proxy = Refusal(404, RefusalOf({.status = 404, .body = "404 page not found\n"}));
  EXPECT_EQ(proxy.code(), Code::kInvalidArgument);
  EXPECT_THAT(proxy.message(), HasSubstr("404 page not found"));
  EXPECT_THAT(proxy.message(), HasSubstr("check address and port"));
  EXPECT_EQ(Refusal(404, {.code = "XAdminUserNotFound"}).code(), Code::kPermissionDenied);
}

TEST(S3Error, WordsAreNotCutWithinACharacter) {
  EXPECT_EQ(OneLine(std::string(299, 'x') + "üü"), std::string(299, 'x') + "…");
  EXPECT_EQ(OneLine(std::string(298, 'x') + "ü"), std::string(298, 'x') + "ü");
}

TEST(S3Error, RemediesNameTheSetting) {
  EXPECT_THAT(Refusal(403, {.code = "SignatureDoesNotMatch"}).message(), EndsWith("check secretAccessKey"));
  EXPECT_THAT(Refusal(404, {.code = "NoSuchBucket"}).message(), EndsWith("check bucketName"));
  EXPECT_THAT(Refusal(400, {.code = "InvalidBucketName"}).message(), HasSubstr("bucketName"));
  EXPECT_THAT(Refusal(403, {.code = "RequestTimeTooSkewed"}).message(), HasSubstr("clock"));
  EXPECT_THAT(Refusal(400, {.code = "AuthorizationHeaderMalformed", .region = "eu-west-1"}).message(),
              HasSubstr("the bucket is in eu-west-1, the request was signed for us-east-1; set region"));
  EXPECT_THAT(
      Refusal(301, {.code = "PermanentRedirect", .endpoint = "b.s3.eu-west-1.amazonaws.com"}).message(),
      EndsWith("set address to b.s3.eu-west-1.amazonaws.com"));
  EXPECT_THAT(Refusal(400, {.message = "Client sent an HTTP request to an HTTPS server.\n"}).message(),
              EndsWith("set useSSL"));
}

TEST(S3Error, RefusalWithoutXmlIsReadFromTheHeaders) {
  HttpResponse head{.status = 404, .headers = {{"X-Amz-Request-Id", "17F"}}};
  EXPECT_EQ(Refusal(404, RefusalOf(head)).message(),
            "PutObject s3://bucket/key: 404 NotFound (request 17F): no such key or bucket");

  HttpResponse minio{.status = 404,
                     .headers = {{"X-Minio-Error-Code", "NoSuchBucket"},
                                 {"X-Minio-Error-Desc", "\"The specified bucket does not exist\""}}};
  EXPECT_THAT(Refusal(404, RefusalOf(minio)).message(),
              HasSubstr("404 NoSuchBucket: The specified bucket does not exist; check bucketName"));

  HttpResponse region{.status = 400, .headers = {{"x-amz-bucket-region", "eu-west-1"}}};
  EXPECT_EQ(RefusalOf(region).region, "eu-west-1");
}

TEST(S3Error, ForeignWordsStayOnOneLineAndShort) {
  HttpResponse proxy{.status = 502, .body = "<html>\r\n\x1b[31m" + std::string(5000, 'x')};
  std::string message = Refusal(502, RefusalOf(proxy)).message();
  EXPECT_LT(message.size(), 400u);
  EXPECT_THAT(message, Not(HasSubstr("\n")));
  EXPECT_THAT(message, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace mbk::s3
