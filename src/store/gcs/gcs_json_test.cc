#include "store/gcs/gcs_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/gcs/gcs_batch.h"

namespace mbk::gcs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(GcsJson, ReadsAnObject) {
  auto object = ParseObject(
      R"({"kind":"storage#object","name":"a/b","size":"7","generation":"1700000000000001",
          "md5Hash":"mgNkuembtIDdJeHwKEyFVQ==","crc32c":"4waSgw==","metadata":{"x":"y"}})");
  ASSERT_TRUE(object.ok()) << object.status().message();
  EXPECT_EQ(object->info.key, ObjectKey("a/b"));
  EXPECT_EQ(object->info.size, 7);
  EXPECT_EQ(object->info.etag, "1700000000000001");
  EXPECT_EQ(object->info.digest, (Digest{Digest::Kind::kMd5, "9a0364b9e99bb480dd25e1f0284c8555"}));
  EXPECT_EQ(object->crc32c, 0xE3069283u);
}

TEST(GcsJson, AComposedObjectHasItsCrcForADigest) {
  auto object = ParseObject(R"({"name":"k","size":"0","generation":"1","crc32c":"AAAAAQ=="})");
  ASSERT_TRUE(object.ok()) << object.status().message();
  EXPECT_EQ(object->info.digest, (Digest{Digest::Kind::kCrc32c, "00000001"}));
}

TEST(GcsJson, RefusesWhatIsNoObject) {
  for (const char* json :
       {"", "[]", "{}", "null", R"({"name":"k","size":7,"generation":"1"})",
        R"({"name":"k","size":"-7","generation":"1"})", R"({"name":"k","size":"7x","generation":"1"})",
        R"({"name":"","size":"7","generation":"1"})", R"({"name":"k","size":"7"})",
        R"({"name":["k"],"size":"7","generation":"1"})",
        R"({"name":"k","size":"99999999999999999999","generation":"1"})",
        R"({"name":"k","size":"7","generation":"1")"}) {
    EXPECT_EQ(ParseObject(json).status().code(), Code::kDataLoss) << json;
  }
}

TEST(GcsJson, ReadsAPage) {
  auto page = ParseListPage(
      R"({"items":[{"name":"a/1","size":"1","generation":"5"}],"prefixes":["a/b/"],"nextPageToken":"t"})");
  ASSERT_TRUE(page.ok()) << page.status().message();
  ASSERT_EQ(page->objects.size(), 1u);
  EXPECT_EQ(page->objects[0].key, ObjectKey("a/1"));
  EXPECT_THAT(page->common_prefixes, ElementsAre("a/b/"));
  EXPECT_EQ(page->next_page_token, "t");
}

TEST(GcsJson, AnEmptyPageIsAPage) {
  auto page = ParseListPage(R"({"kind":"storage#objects"})");
  ASSERT_TRUE(page.ok()) << page.status().message();
  EXPECT_TRUE(page->objects.empty());
  EXPECT_EQ(page->next_page_token, "");
}

TEST(GcsJson, RefusesWhatIsNoPage) {
  for (const char* json :
       {"[]", R"({"items":{}})", R"({"items":[1]})", R"({"prefixes":[1]})", R"({"nextPageToken":1})"})
    EXPECT_EQ(ParseListPage(json).status().code(), Code::kDataLoss) << json;
}

TEST(GcsJson, DeepDocumentsAreCut) {
  EXPECT_FALSE(ParseListPage(std::string(100'000, '[')).ok());
  EXPECT_FALSE(ParseObject(R"({"name":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}").ok());
}

TEST(GcsJson, ReadsTheStepsOfARewrite) {
  auto step = ParseRewriteStep(
      R"({"done":false,"rewriteToken":"next","totalBytesRewritten":"10","objectSize":"30"})");
  ASSERT_TRUE(step.ok()) << step.status().message();
  EXPECT_FALSE(step->done);
  EXPECT_EQ(step->token, "next");
  EXPECT_EQ(step->rewritten, 10);
  auto last = ParseRewriteStep(R"({"done":true,"totalBytesRewritten":"30","objectSize":"30",
                                   "resource":{"name":"k","size":"30","generation":"2"}})");
  ASSERT_TRUE(last.ok()) << last.status().message();
  EXPECT_EQ(last->object->info.size, 30);
  EXPECT_FALSE(ParseRewriteStep(R"({"done":false,"totalBytesRewritten":"10","objectSize":"30"})").ok());
  EXPECT_FALSE(ParseRewriteStep(R"({"done":true,"totalBytesRewritten":"30","objectSize":"30"})").ok());
}

TEST(GcsJson, ReadsTheReasonOfARefusal) {
  const ErrorBody refusal = ParseError(
      R"({"error":{"code":404,"message":"No such object","errors":[{"domain":"global","reason":"notFound"}]}})");
  EXPECT_EQ(refusal.reason, "notFound");
  EXPECT_EQ(refusal.message, "No such object");
  EXPECT_EQ(ParseError("<html>404</html>").reason, "");
  EXPECT_EQ(ParseError(R"({"error":"not found"})").reason, "");
  EXPECT_EQ(ParseError(R"({"error":{"code":500}})").reason, "unknown");
}

TEST(GcsJson, ReadsHashesOfHeaders) {
  const HeaderHashes both = ParseHashHeader("crc32c=4waSgw==, md5=mgNkuembtIDdJeHwKEyFVQ==");
  EXPECT_EQ(both.crc32c, 0xE3069283u);
  EXPECT_EQ(both.md5_hex, "9a0364b9e99bb480dd25e1f0284c8555");
  EXPECT_EQ(ParseHashHeader("crc32c=?,md5=").crc32c, std::nullopt);
}

HttpResponse BatchAnswer(std::string body) {
  return {.status = 200,
          .headers = {{"Content-Type", "multipart/mixed; boundary=\"b\""}},
          .body = std::move(body)};
}

std::string Part(int index, const std::string& answer) {
  return "--b\r\nContent-Type: application/http\r\nContent-ID: <response-" + std::to_string(index) +
         ">\r\n\r\n" + answer + "\r\n";
}

TEST(GcsBatch, NamesEachKeyInFull) {
  const std::vector<ObjectKey> keys = {ObjectKey("a b/c"), ObjectKey("\u00fc")};
  const std::string body = DeleteBatchBody("bucket", keys, "b");
  EXPECT_THAT(body, HasSubstr("Content-ID: <0>\r\n\r\nDELETE /storage/v1/b/bucket/o/a%20b%2Fc HTTP/1.1\r\n"));
  EXPECT_THAT(body, HasSubstr("Content-ID: <1>\r\n\r\nDELETE /storage/v1/b/bucket/o/%C3%BC HTTP/1.1\r\n"));
  EXPECT_TRUE(body.ends_with("--b--\r\n"));
}

TEST(GcsBatch, FindsTheAnswerOfEachCall) {
  auto answers = ParseBatch(BatchAnswer(Part(1, "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}") +
                                        Part(0, "HTTP/1.1 204 No Content\r\n\r\n") + "--b--\r\n"),
                            2);
  ASSERT_TRUE(answers.ok()) << answers.status().message();
  EXPECT_EQ((*answers)[0].status, 204);
  EXPECT_EQ((*answers)[1].status, 404);
  EXPECT_THAT((*answers)[1].body, HasSubstr("{}"));
}

TEST(GcsBatch, RefusesAnswersThatAreMissingDoubleOrUncalledFor) {
  const std::string ok = "HTTP/1.1 204 No Content\r\n\r\n";
  for (const std::string& body :
       {std::string(), Part(0, ok) + "--b--", Part(0, ok) + Part(0, ok) + "--b--",
        Part(0, ok) + Part(2, ok) + "--b--", Part(0, ok) + Part(1, "no answer") + "--b--"}) {
    EXPECT_EQ(ParseBatch(BatchAnswer(body), 2).status().code(), Code::kDataLoss) << body;
  }
}

}  // namespace
}  // namespace mbk::gcs
