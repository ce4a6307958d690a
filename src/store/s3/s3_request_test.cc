#include "store/s3/s3_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/http_store.h"

namespace mbk::s3 {
namespace {

using testing::HasSubstr;

S3Options Options(std::string host, bool use_ssl = false, int port = 0) {
  return {.host = std::move(host),
          .port = port,
          .use_ssl = use_ssl,
          .bucket = "bucket",
          .credentials = {.access_key_id = "AKIAIOSFODNN7EXAMPLE",
                          .secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}};
}

HttpRequest Build(const S3Options& options, const Request& request) {
  SigningKeyCache keys;
  const std::chrono::system_clock::time_point time{std::chrono::seconds(1369353600)};  // 2013-05-24T00:00:00Z
  auto address = AddressBucket(options);
  EXPECT_TRUE(address.ok()) << address.status().message();
  return BuildHttpRequest(
      *address, request,
      {.credentials = options.credentials, .region = "us-east-1", .time = time, .keys = keys});
}

std::string UrlOf(const S3Options& options, std::string_view key) {
  return Build(options, {.operation = "GetObject", .method = "GET", .key = key}).url;
}

TEST(S3Addressing, AutoPutsTheBucketInThePathOrTheHost) {
  EXPECT_EQ(UrlOf(Options("minio.local", false, 9000), "k"), "http://minio.local:9000/bucket/k");
  EXPECT_EQ(UrlOf(Options("s3.amazonaws.com", true), "k"), "https://bucket.s3.amazonaws.com/k");
  EXPECT_EQ(UrlOf(Options("s3.cn-north-1.amazonaws.com.cn", true), "k"),
            "https://bucket.s3.cn-north-1.amazonaws.com.cn/k");
  EXPECT_EQ(UrlOf(Options("storage.googleapis.com", true), "k"), "https://bucket.storage.googleapis.com/k");
  EXPECT_EQ(UrlOf(Options("oss-cn-hangzhou.aliyuncs.com", true), "k"),
            "https://bucket.oss-cn-hangzhou.aliyuncs.com/k");
  EXPECT_EQ(UrlOf(Options("amazonaws.com.evil.example", true), "k"),
            "https://amazonaws.com.evil.example/bucket/k");
}

TEST(S3Addressing, ADottedBucketUnderTlsGoesInThePath) {
  EXPECT_FALSE(PrefersVirtualHost("s3.amazonaws.com", true, "my.bucket"));
  EXPECT_TRUE(PrefersVirtualHost("s3.amazonaws.com", false, "my.bucket"));
}

TEST(S3Addressing, CanBeForced) {
  S3Options options = Options("minio.local", false, 9000);
  options.addressing = S3Addressing::kVirtualHost;
  EXPECT_EQ(UrlOf(options, "k"), "http://bucket.minio.local:9000/k");
  options = Options("s3.amazonaws.com", true);
  options.addressing = S3Addressing::kPath;
  EXPECT_EQ(UrlOf(options, "k"), "https://s3.amazonaws.com/bucket/k");
}

TEST(S3Addressing, TheSchemesOwnPortIsInNeitherUrlNorHost) {
  HttpRequest request =
      Build(Options("h", true, 443), {.operation = "GetObject", .method = "GET", .key = "k"});
  EXPECT_EQ(request.url, "https://h/bucket/k");
  EXPECT_EQ(request.headers.Get("host"), "h");
  EXPECT_EQ(UrlOf(Options("h", false, 80), "k"), "http://h/bucket/k");
  EXPECT_EQ(UrlOf(Options("::1", false, 9000), "k"), "http://[::1]:9000/bucket/k");
}

TEST(S3Addressing, RefusesBucketsThatCannotStandInAUrl) {
  for (const char* bucket : {"", "a/b", "a b", "a?b", "..", "a\r\nb", "bücket"}) {
    S3Options options = Options("h");
    options.bucket = bucket;
    auto address = AddressBucket(options);
    EXPECT_EQ(address.status().code(), Code::kInvalidArgument) << bucket;
    EXPECT_THAT(address.status().message(), HasSubstr("bucketName"));
  }
}

TEST(S3Request, KeysAreEncodedButTheirSlashes) {
  EXPECT_EQ(UrlOf(Options("h"), "a b+c=d%e/../ü//"), "http://h/bucket/a%20b%2Bc%3Dd%25e/../%C3%BC//");
}

TEST(S3Request, TheQueryIsSortedAndEncoded) {
  HttpRequest request =
      Build(Options("h"), {.operation = "ListObjectsV2",
                           .method = "GET",
                           .query = {{"prefix", "a b/ü"}, {"delimiter", "/"}, {"list-type", "2"}}});
  EXPECT_EQ(request.url, "http://h/bucket/?delimiter=%2F&list-type=2&prefix=a%20b%2F%C3%BC");
}

// The GET of the S3 documentation's examples, here through the whole builder.
TEST(S3Request, IsSignedAsInTheDocumentation) {
  S3Options options = Options("s3.amazonaws.com", true);
  options.bucket = "examplebucket";
  HttpRequest request = Build(
      options,
      {.operation = "GetObject", .method = "GET", .key = "test.txt", .headers = {{"Range", "bytes=0-9"}}});
  EXPECT_EQ(request.headers.Get("authorization"),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(S3Request, ThePayloadIsHashed) {
  HttpRequest request =
      Build(Options("h"), {.operation = "PutObject", .method = "PUT", .key = "k", .body = "abc"});
  EXPECT_EQ(request.headers.Get("x-amz-content-sha256"), Sha256Hex("abc"));
  EXPECT_EQ(request.body, "abc");
}

TEST(S3Request, CopySourceIsEncoded) {
  EXPECT_EQ(CopySourceHeader("b", "a b/ü+?"), "b/a%20b/%C3%BC%2B%3F");
  EXPECT_EQ(Quoted("etag"), "\"etag\"");
}

}  // namespace
}  // namespace mbk::s3
