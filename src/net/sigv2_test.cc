#include "net/sigv2.h"

#include <gtest/gtest.h>

namespace mbk {
namespace {

const AwsCredentials kKeys{.access_key_id = "AKIAIOSFODNN7EXAMPLE",
                           .secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};

struct Example {
  std::string method;
  std::string path;
  QueryPairs query;
  HttpHeaders headers;
  std::string date;
};

std::string SignatureOf(const Example& example) {
  return std::string(SignV2({.method = example.method,
                             .canonical_path = example.path,
                             .query = example.query,
                             .headers = example.headers,
                             .date = example.date,
                             .credentials = kKeys})
                         .Get("authorization"));
}

// The examples of https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html.
TEST(SigV2, SignsTheExamplesOfTheDocumentation) {
  EXPECT_EQ(SignatureOf({.method = "GET",
                         .path = "/awsexamplebucket1/photos/puppy.jpg",
                         .date = "Tue, 27 Mar 2007 19:36:42 +0000"}),
            "AWS AKIAIOSFODNN7EXAMPLE:qgk2+6Sv9/oM7G3qLEjTH1a1l1g=");
  EXPECT_EQ(SignatureOf({.method = "PUT",
                         .path = "/awsexamplebucket1/photos/puppy.jpg",
                         .headers = {{"Content-Type", "image/jpeg"}, {"Content-Length", "94328"}},
                         .date = "Tue, 27 Mar 2007 21:15:45 +0000"}),
            "AWS AKIAIOSFODNN7EXAMPLE:iqRzw+ileNPu1fhspnRs8nOjjIA=");
  EXPECT_EQ(SignatureOf({.method = "GET",
                         .path = "/awsexamplebucket1/",
                         .query = {{"prefix", "photos"}, {"max-keys", "50"}, {"marker", "puppy"}},
                         .date = "Tue, 27 Mar 2007 19:42:41 +0000"}),
            "AWS AKIAIOSFODNN7EXAMPLE:m0WP8eCtspQl5Ahe6L1SozdX9YA=");
  EXPECT_EQ(SignatureOf({.method = "GET",
                         .path = "/awsexamplebucket1/",
                         .query = {{"acl", ""}},
                         .date = "Tue, 27 Mar 2007 19:44:46 +0000"}),
            "AWS AKIAIOSFODNN7EXAMPLE:82ZHiFIjc+WbcwFKGUVEQspPn+0=");
  EXPECT_EQ(SignatureOf({.method = "DELETE",
                         .path = "/awsexamplebucket1/photos/puppy.jpg",
                         .date = "Tue, 27 Mar 2007 21:20:26 +0000"}),
            "AWS AKIAIOSFODNN7EXAMPLE:XbyTlbQdu9Xw5o8P4iMwPktxQd8=");
  EXPECT_EQ(SignatureOf({.method = "PUT",
                         .path = "/static.johnsmith.net/db-backup.dat.gz",
                         .headers = {{"x-amz-acl", "public-read"},
                                     {"content-type", "application/x-download"},
                                     {"Content-MD5", "4gJE4saaMU4BqNR0kLY+lw=="},
                                     {"X-Amz-Meta-ReviewedBy", "joe@johnsmith.net"},
                                     {"X-Amz-Meta-ReviewedBy", "jane@johnsmith.net"},
                                     {"X-Amz-Meta-FileChecksum", "0x02661779"},
                                     {"X-Amz-Meta-ChecksumAlgorithm", "crc32"}},
                         .date = "Tue, 27 Mar 2007 21:06:08 +0000"}),
            "AWS AKIAIOSFODNN7EXAMPLE:ilyl83RwaSoYIEdixDQcA4OnAnc=");
  EXPECT_EQ(SignatureOf({.method = "GET",
                         .path = "/dictionary/fran%C3%A7ais/pr%c3%a9f%c3%a8re",
                         .date = "Wed, 28 Mar 2007 01:49:49 +0000"}),
            "AWS AKIAIOSFODNN7EXAMPLE:DNEZGsoieTZ92F3bUfSPQcbGmlM=");
}

TEST(SigV2, SubResourcesAreSignedSortedAndTheRestOfTheQueryIsNot) {
  const Example sorted{.method = "PUT",
                       .path = "/b/k",
                       .query = {{"partNumber", "1"}, {"uploadId", "id/+"}},
                       .date = "Tue, 27 Mar 2007 21:06:08 +0000"};
  Example other = sorted;
  other.query = {{"uploadId", "id/+"}, {"x-id", "PutObject"}, {"partNumber", "1"}};
  EXPECT_EQ(SignatureOf(other), SignatureOf(sorted));
  other.query = {{"partNumber", "2"}, {"uploadId", "id/+"}};
  EXPECT_NE(SignatureOf(other), SignatureOf(sorted));
}

}  // namespace
}  // namespace mbk
