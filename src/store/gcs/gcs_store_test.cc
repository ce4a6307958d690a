// The store against a scripted server: what it sends, byte by byte, and what it makes of the answers. A
// server of the API is asked by the conformance suite.
#include "store/gcs/gcs_store.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <mutex>

#include "base/crc32c.h"
#include "net/testing/http_imposter.h"

namespace mbk {
namespace {

using nettest::Answer;
using nettest::Reply;
using nettest::SeenRequest;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::size_t kQuantum = 256 << 10;

std::string ObjectJson(std::string_view name, std::size_t size, std::uint32_t crc,
                       std::string_view generation = "7") {
  return fmt::format(R"({{"name":"{}","size":"{}","generation":"{}","crc32c":"{}"}})", name, size, generation,
                     Crc32cBase64(crc));
}

std::string ErrorJson(int code, std::string_view reason, std::string_view message = "words") {
  return fmt::format(R"({{"error":{{"code":{},"message":"{}","errors":[{{"reason":"{}"}}]}}}})", code,
                     message, reason);
}

class GcsStoreTest : public testing::Test {
 protected:
  /// Answers come in this order; what is asked beyond them gets 500.
  void Script(Reply reply) {
    std::lock_guard lock(mutex_);
    script_.push_back(std::move(reply));
  }

  std::unique_ptr<ObjectStore> Open() {
    auto fetch = [this](const CallContext&) -> Result<Expiring<std::string>> {
      return Expiring<std::string>{"token-" + std::to_string(++tokens_)};
    };
    auto store = MakeGcsStore({.host = "127.0.0.1",
                               .port = server_.port(),
                               .use_ssl = false,
                               .bucket = "bucket",
                               .location = "EU",
                               .credentials = {.tokens = std::make_shared<GoogleTokens>(fetch),
                                               .project = [](const CallContext&) -> Result<std::string> {
                                                 return std::string("proj");
                                               },
                                               .quota_project = "payer",
                                               .account = "service account sa@p"}});
    EXPECT_TRUE(store.ok()) << store.status().message();
    return *std::move(store);
  }

  std::vector<SeenRequest> seen() const { return server_.seen(); }
  std::vector<std::string> Ranges() const {
    std::vector<std::string> ranges;
    for (const SeenRequest& request : seen()) {
      if (request.headers.Has("content-range")) ranges.emplace_back(request.headers.Get("content-range"));
    }
    return ranges;
  }
  void ScriptSession() {
    Script(Answer(200, "{}",
                  {{"Location", "https://elsewhere.example/upload/storage/v1/b/bucket/o?upload_id=SECRET"}}));
  }

  const CallContext context_;

 private:
  Reply Next() {
    std::lock_guard lock(mutex_);
    if (script_.empty()) return Answer(500, "nothing scripted");
    Reply reply = std::move(script_.front());
    script_.pop_front();
    return reply;
  }

  std::mutex mutex_;
  std::deque<Reply> script_;
  int tokens_ = 0;
  nettest::HttpImposter server_{[this](const SeenRequest&) { return Next(); }};
};

Status Ignore(std::string_view) { return {}; }

TEST_F(GcsStoreTest, PutSendsTheObjectWithItsCrc) {
  Script(Answer(200, ObjectJson("a b/ü", 9, 0xE3069283)));
  auto written = Open()->Put({.key = ObjectKey("a b/ü"), .body = "123456789"}, context_);
  ASSERT_EQ(written.status(), Status());
  EXPECT_EQ(written->etag, "7");
  ASSERT_EQ(seen().size(), 1u);
  EXPECT_EQ(seen()[0].method, "POST");
  EXPECT_EQ(seen()[0].target,
            "/upload/storage/v1/b/bucket/"
            "o?fields=name%2Csize%2Cgeneration%2Cmd5Hash%2Ccrc32c%2Cupdated&name=a%20b%2F%C3%BC&"
            "uploadType=media");
  EXPECT_EQ(seen()[0].body, "123456789");
  EXPECT_EQ(seen()[0].headers.Get("x-goog-hash"), "crc32c=4waSgw==");
  EXPECT_EQ(seen()[0].headers.Get("authorization"), "Bearer token-1");
  EXPECT_EQ(seen()[0].headers.Get("x-goog-user-project"), "payer");
}

TEST_F(GcsStoreTest, APutThatMustNotOverwriteAsksForNoGeneration) {
  Script(Answer(412, ErrorJson(412, "conditionNotMet")));
  auto written =
      Open()->Put({.key = ObjectKey("k"), .body = "x", .condition = PutCondition::kIfAbsent}, context_);
  EXPECT_EQ(written.status().code(), Code::kAlreadyExists);
  EXPECT_THAT(seen()[0].target, HasSubstr("ifGenerationMatch=0"));
}

TEST_F(GcsStoreTest, AnObjectThatIsStoredOtherwiseThanSentIsTakenAwayAndRefused) {
  Script(Answer(200, ObjectJson("k", 9, 0x12345678)));
  Script(Answer(204));
  auto written = Open()->Put({.key = ObjectKey("k"), .body = "123456789"}, context_);
  EXPECT_EQ(written.status().code(), Code::kDataLoss);
  EXPECT_THAT(written.status().message(), HasSubstr("CRC32C 12345678 there, e3069283 here"));
  ASSERT_EQ(seen().size(), 2u);
  EXPECT_EQ(seen()[1].method, "DELETE");
  EXPECT_EQ(seen()[1].target, "/storage/v1/b/bucket/o/k?generation=7");
}

TEST_F(GcsStoreTest, ATokenThatIsRefusedIsFetchedAnewOnce) {
  Script(Answer(401, ErrorJson(401, "authError")));
  Script(Answer(200, ObjectJson("k", 1, 0)));
  auto store = Open();
  EXPECT_EQ(store->Head(ObjectKey("k"), context_).status(), Status());
  ASSERT_EQ(seen().size(), 2u);
  EXPECT_EQ(seen()[1].headers.Get("authorization"), "Bearer token-2");

  Script(Answer(401, ErrorJson(401, "authError", "Invalid Credentials")));
  Script(Answer(401, ErrorJson(401, "authError", "Invalid Credentials")));
  const Status refused = store->Head(ObjectKey("k"), context_).status();
  EXPECT_EQ(refused.code(), Code::kPermissionDenied);
  EXPECT_THAT(refused.message(), HasSubstr("service account sa@p"));
  EXPECT_THAT(refused.message(), Not(HasSubstr("token-")));
}

TEST_F(GcsStoreTest, KeysStandInThePathEncodedInFull) {
  Script(Answer(200, ObjectJson("a/../b?c#%", 1, 0)));
  EXPECT_EQ(Open()->Head(ObjectKey("a/../b?c#%"), context_).status(), Status());
  EXPECT_THAT(seen()[0].target, testing::StartsWith("/storage/v1/b/bucket/o/a%2F..%2Fb%3Fc%23%25?"));
}

TEST_F(GcsStoreTest, GetReadsARangeOfTheVersionAskedFor) {
  Script(Answer(206, "234",
                {{"Content-Range", "bytes 1-3/9"},
                 {"X-Goog-Generation", "7"},
                 {"X-Goog-Hash", "crc32c=4waSgw=="},
                 {"X-Goog-Hash", "md5=mgNkuembtIDdJeHwKEyFVQ=="}}));
  std::string got;
  auto info = Open()->Get(
      {.key = ObjectKey("k"), .range = {.offset = 1, .length = 3}, .if_match = "7"},
      [&](std::string_view bytes) {
        got += bytes;
        return Status();
      },
      context_);
  ASSERT_EQ(info.status(), Status());
  EXPECT_EQ(got, "234");
  EXPECT_EQ(info->size, 9);
  EXPECT_EQ(info->etag, "7");
  EXPECT_EQ(info->digest.kind, Digest::Kind::kMd5);
  EXPECT_EQ(seen()[0].target, "/storage/v1/b/bucket/o/k?alt=media&ifGenerationMatch=7");
  EXPECT_EQ(seen()[0].headers.Get("range"), "bytes=1-3");
}

TEST_F(GcsStoreTest, ABodyWithAnotherCrcIsRefused) {
  Script(Answer(200, "123456780", {{"X-Goog-Generation", "7"}, {"X-Goog-Hash", "crc32c=4waSgw=="}}));
  const Status got = Open()->Get({.key = ObjectKey("k")}, Ignore, context_).status();
  EXPECT_EQ(got.code(), Code::kDataLoss);
  EXPECT_THAT(got.message(), HasSubstr("CRC32C"));
}

TEST_F(GcsStoreTest, ADescriptionOfAnotherObjectIsNotBelieved) {
  Script(Answer(200, ObjectJson("other", 1, 0)));
  EXPECT_EQ(Open()->Head(ObjectKey("k"), context_).status().code(), Code::kDataLoss);
  Script(Answer(200, ObjectJson("other", 1, 0)));
  EXPECT_EQ(Open()->Put({.key = ObjectKey("k"), .body = "x"}, context_).status().code(), Code::kDataLoss);
  EXPECT_EQ(seen().size(), 2u) << "nor is another object deleted";
}

TEST_F(GcsStoreTest, OnlyTheApiItselfSaysThatAnObjectIsAbsent) {
  Script(Answer(404, "Not Found"));
  Script(Answer(404, ErrorJson(404, "notFound", "No such object: bucket/k")));
  EXPECT_EQ(Open()->Get({.key = ObjectKey("k")}, Ignore, context_).status().code(), Code::kNotFound);
  Script(Answer(404, "<html>nginx</html>"));
  const Status head = Open()->Head(ObjectKey("k"), context_).status();
  EXPECT_EQ(head.code(), Code::kInvalidArgument);
  EXPECT_THAT(head.message(), HasSubstr("check address and port"));
}

TEST_F(GcsStoreTest, RefusalsSayWhetherARetryHelps) {
  auto code_of = [&](int status, const std::string& body) {
    Script(Answer(status, body));
    return Open()->Head(ObjectKey("k"), context_).status().code();
  };
  EXPECT_EQ(code_of(403, ErrorJson(403, "forbidden")), Code::kPermissionDenied);
  EXPECT_EQ(code_of(403, ErrorJson(403, "rateLimitExceeded")), Code::kThrottled);
  EXPECT_EQ(code_of(403, ErrorJson(403, "quotaExceeded")), Code::kFailedPrecondition);
  EXPECT_EQ(code_of(429, ErrorJson(429, "rateLimitExceeded")), Code::kThrottled);
  EXPECT_EQ(code_of(503, ErrorJson(503, "backendError")), Code::kUnavailable);
  EXPECT_EQ(code_of(400, ErrorJson(400, "invalid",
                                   "Provided CRC32C \\\"a\\\" doesn't match calculated CRC32C \\\"b\\\".")),
            Code::kUnavailable);
  EXPECT_EQ(code_of(302, ""), Code::kInvalidArgument);
}

TEST_F(GcsStoreTest, ListAsksForOnePage) {
  Script(Answer(200, R"({"items":[{"name":"p/a","size":"1","generation":"3"}],"nextPageToken":"next"})"));
  auto page = Open()->List({.prefix = "p/", .delimiter = "/", .page_token = "t", .max_keys = 5}, context_);
  ASSERT_EQ(page.status(), Status());
  EXPECT_EQ(page->next_page_token, "next");
  EXPECT_EQ(seen()[0].target,
            "/storage/v1/b/bucket/"
            "o?delimiter=%2F&fields=items%28name%2Csize%2Cgeneration%2Cmd5Hash%2Ccrc32c%2Cupdated%29%"
            "2Cprefixes%2CnextPageToken&maxResults=5&pageToken=t&prefix=p%2F");
}

TEST_F(GcsStoreTest, AListingOfOtherThingsIsNotBelieved) {
  Script(Answer(200, R"({"items":[{"name":"q/a","size":"1","generation":"3"}]})"));
  EXPECT_EQ(Open()->List({.prefix = "p/"}, context_).status().code(), Code::kDataLoss);
}

TEST_F(GcsStoreTest, ACopyGoesOnUntilTheServiceIsDone) {
  Script(Answer(200, R"({"done":false,"rewriteToken":"t/1","totalBytesRewritten":"10","objectSize":"30"})"));
  Script(Answer(200, R"({"done":false,"rewriteToken":"t2","totalBytesRewritten":"20","objectSize":"30"})"));
  Script(Answer(200, R"({"done":true,"totalBytesRewritten":"30","objectSize":"30","resource":)" +
                         ObjectJson("to/k", 30, 1, "9") + "}"));
  auto copied = Open()->Copy({BucketName("other"), ObjectKey("a/b"), "5"}, ObjectKey("to/k"), context_);
  ASSERT_EQ(copied.status(), Status());
  EXPECT_EQ(copied->etag, "9");
  ASSERT_EQ(seen().size(), 3u);
  EXPECT_THAT(seen()[0].target,
              testing::StartsWith("/storage/v1/b/other/o/a%2Fb/rewriteTo/b/bucket/o/to%2Fk?"));
  EXPECT_THAT(seen()[0].target, HasSubstr("ifSourceGenerationMatch=5"));
  EXPECT_THAT(seen()[0].target, Not(HasSubstr("rewriteToken=")));
  EXPECT_THAT(seen()[1].target, HasSubstr("rewriteToken=t%2F1"));
  EXPECT_THAT(seen()[2].target, HasSubstr("rewriteToken=t2"));
}

TEST_F(GcsStoreTest, ACopyThatStandsStillEnds) {
  const std::string step =
      R"({"done":false,"rewriteToken":"t","totalBytesRewritten":"10","objectSize":"30"})";
  Script(Answer(200, step));
  Script(Answer(200, step));
  auto copied = Open()->Copy({BucketName("other"), ObjectKey("k"), ""}, ObjectKey("to"), context_);
  EXPECT_EQ(copied.status().code(), Code::kUnavailable);
  EXPECT_EQ(seen().size(), 2u);
}

TEST_F(GcsStoreTest, ManyKeysAreDeletedInOneRequest) {
  Script(Answer(200,
                "--x\r\nContent-ID: <response-0>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n\r\n"
                "--x\r\nContent-ID: <response-1>\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\n\r\n--x--\r\n",
                {{"Content-Type", "multipart/mixed; boundary=x"}}));
  auto store = Open();
  const std::vector<ObjectKey> keys = {ObjectKey("a"), ObjectKey("b")};
  EXPECT_EQ(store->Delete(keys, context_), Status());
  EXPECT_EQ(seen()[0].target, "/batch/storage/v1");
  Script(Answer(200,
                "--x\r\nContent-ID: <response-0>\r\n\r\nHTTP/1.1 503 X\r\n\r\n{}\r\n"
                "--x\r\nContent-ID: <response-1>\r\n\r\nHTTP/1.1 403 X\r\n\r\n{}\r\n--x--\r\n",
                {{"Content-Type", "multipart/mixed; boundary=x"}}));
  const Status failed = store->Delete(keys, context_);
  EXPECT_EQ(failed.code(), Code::kPermissionDenied);
  EXPECT_THAT(failed.message(), HasSubstr("gs://bucket/b"));
}

TEST_F(GcsStoreTest, AMissingBucketIsMadeInItsProject) {
  Script(Answer(404, ErrorJson(404, "notFound")));
  Script(Answer(200, "{}"));
  EXPECT_EQ(Open()->EnsureBucket(context_), Status());
  ASSERT_EQ(seen().size(), 2u);
  EXPECT_EQ(seen()[1].method, "POST");
  EXPECT_EQ(seen()[1].target, "/storage/v1/b?project=proj");
  EXPECT_EQ(seen()[1].body, R"({"location":"EU","name":"bucket"})");
}

TEST_F(GcsStoreTest, PartsGoOutInQuantaAndTheLastCarriesTheCrc) {
  const std::string first(kQuantum + 10, 'a'), second(kQuantum, 'b');
  const std::string all = first + second;
  ScriptSession();
  Script(Answer(308, "", {{"Range", fmt::format("bytes=0-{}", kQuantum - 1)}}));
  Script(Answer(308, "", {{"Range", fmt::format("bytes=0-{}", 2 * kQuantum - 1)}}));
  Script(Answer(200, ObjectJson("k", all.size(), Crc32c(all))));
  auto store = Open();
  auto upload = store->StartUpload(ObjectKey("k"), context_);
  ASSERT_EQ(upload.status(), Status());
  EXPECT_THAT(upload->id, Not(HasSubstr("SECRET")));
  auto one = store->UploadPart(*upload, 1, first, context_);
  auto two = store->UploadPart(*upload, 2, second, context_);
  ASSERT_EQ(one.status(), Status());
  ASSERT_EQ(two.status(), Status());
  const std::vector<UploadedPart> parts = {*one, *two};
  ASSERT_EQ(store->CompleteUpload(*upload, parts, context_).status(), Status());

  EXPECT_THAT(Ranges(),
              ElementsAre("bytes 0-262143/*", "bytes 262144-524287/*", "bytes 524288-524297/524298"));
  // The session's path, at our own host: the Location may name any.
  EXPECT_EQ(seen()[1].target, "/upload/storage/v1/b/bucket/o?upload_id=SECRET");
  EXPECT_EQ(seen()[1].body + seen()[2].body + seen()[3].body, all);
  EXPECT_FALSE(seen()[2].headers.Has("x-goog-hash"));
  EXPECT_EQ(seen()[3].headers.Get("x-goog-hash"), "crc32c=" + Crc32cBase64(Crc32c(all)));
}

TEST_F(GcsStoreTest, AChunkThatArrivedInPartIsSentOnFromThere) {
  const std::string body(3 * kQuantum, 'a');
  ScriptSession();
  Script(Answer(308, "", {{"Range", fmt::format("bytes=0-{}", kQuantum - 1)}}));
  Script(Answer(308, "", {{"Range", fmt::format("bytes=0-{}", 3 * kQuantum - 1)}}));
  auto store = Open();
  auto upload = store->StartUpload(ObjectKey("k"), context_);
  ASSERT_EQ(upload.status(), Status());
  EXPECT_EQ(store->UploadPart(*upload, 1, body, context_).status(), Status());
  EXPECT_THAT(Ranges(), ElementsAre("bytes 0-786431/*", "bytes 262144-786431/*"));
  EXPECT_EQ(seen()[2].body.size(), 2 * kQuantum);
}

TEST_F(GcsStoreTest, AfterABrokenConnectionTheServiceIsAskedHowFarItIs) {
  const std::string body = std::string(kQuantum, 'a') + std::string(kQuantum, 'b') + "rest";
  ScriptSession();
  Script({.bytes = "HTTP/1.1 3", .hang_up = true});
  Script(Answer(308, "", {{"Range", fmt::format("bytes=0-{}", kQuantum - 1)}}));
  Script(Answer(308, "", {{"Range", fmt::format("bytes=0-{}", 2 * kQuantum - 1)}}));
  Script(Answer(503, ErrorJson(503, "backendError")));
  Script(Answer(200, ObjectJson("k", body.size(), Crc32c(body))));
  auto store = Open();
  auto upload = store->StartUpload(ObjectKey("k"), context_);
  ASSERT_EQ(upload.status(), Status());
  EXPECT_EQ(store->UploadPart(*upload, 1, body, context_).status().code(), Code::kUnavailable);
  auto part = store->UploadPart(*upload, 1, body, context_);
  ASSERT_EQ(part.status(), Status());
  const std::vector<UploadedPart> parts = {*part};
  EXPECT_EQ(store->CompleteUpload(*upload, parts, context_).status().code(), Code::kUnavailable);
  // It was carried out, and only the answer was lost.
  EXPECT_EQ(store->CompleteUpload(*upload, parts, context_).status(), Status());
  EXPECT_THAT(Ranges(), ElementsAre("bytes 0-524287/*", "bytes */*", "bytes 262144-524287/*",
                                    "bytes 524288-524291/524292", "bytes */*"));
}

TEST_F(GcsStoreTest, AnUploadThatEndsOnAQuantumIsEndedWithoutBytes) {
  const std::string body(kQuantum, 'a');
  ScriptSession();
  Script(Answer(308, "", {{"Range", fmt::format("bytes=0-{}", kQuantum - 1)}}));
  Script(Answer(200, ObjectJson("k", body.size(), Crc32c(body))));
  auto store = Open();
  auto upload = store->StartUpload(ObjectKey("k"), context_);
  auto part = store->UploadPart(*upload, 1, body, context_);
  const std::vector<UploadedPart> parts = {*part};
  EXPECT_EQ(store->CompleteUpload(*upload, parts, context_).status(), Status());
  EXPECT_THAT(Ranges(), ElementsAre("bytes 0-262143/*", "bytes */262144"));
}

TEST_F(GcsStoreTest, AnUploadThatIsStoredOtherwiseThanSentIsTakenAwayAndRefused) {
  ScriptSession();
  Script(Answer(200, ObjectJson("k", 9, 0x12345678)));
  Script(Answer(204));
  auto store = Open();
  auto upload = store->StartUpload(ObjectKey("k"), context_);
  auto part = store->UploadPart(*upload, 1, "123456789", context_);
  const std::vector<UploadedPart> parts = {*part};
  EXPECT_EQ(store->CompleteUpload(*upload, parts, context_).status().code(), Code::kDataLoss);
  EXPECT_EQ(seen().back().method, "DELETE");
}

TEST_F(GcsStoreTest, PartsOutOfOrderAreRefusedBeforeTheyAreSent) {
  ScriptSession();
  auto store = Open();
  auto upload = store->StartUpload(ObjectKey("k"), context_);
  EXPECT_EQ(store->UploadPart(*upload, 2, "x", context_).status().code(), Code::kFailedPrecondition);
  ASSERT_EQ(store->UploadPart(*upload, 1, "x", context_).status(), Status());
  EXPECT_EQ(store->UploadPart(*upload, 1, "y", context_).status().code(), Code::kFailedPrecondition);
  EXPECT_EQ(seen().size(), 1u);
}

TEST_F(GcsStoreTest, AServiceThatForgetsConfirmedBytesIsNotTrusted) {
  const std::string body(2 * kQuantum, 'a');
  ScriptSession();
  Script(Answer(308, "", {{"Range", fmt::format("bytes=0-{}", 2 * kQuantum - 1)}}));
  Script({.bytes = "HTTP/1.1 3", .hang_up = true});
  Script(Answer(308, "", {{"Range", fmt::format("bytes=0-{}", kQuantum - 1)}}));
  auto store = Open();
  auto upload = store->StartUpload(ObjectKey("k"), context_);
  ASSERT_EQ(store->UploadPart(*upload, 1, body, context_).status(), Status());
  EXPECT_EQ(store->UploadPart(*upload, 2, body, context_).status().code(), Code::kUnavailable);
  EXPECT_EQ(store->UploadPart(*upload, 2, body, context_).status().code(), Code::kFailedPrecondition);
}

TEST_F(GcsStoreTest, AnAbortedUploadIsCancelledAtTheService) {
  ScriptSession();
  Script(Answer(499));
  auto store = Open();
  auto upload = store->StartUpload(ObjectKey("k"), context_);
  EXPECT_EQ(store->AbortUpload(*upload, context_), Status());
  EXPECT_EQ(seen().back().method, "DELETE");
  EXPECT_EQ(store->UploadPart(*upload, 1, "x", context_).status().code(), Code::kNotFound);
}

TEST_F(GcsStoreTest, ASessionElsewhereThanUnderUploadIsRefused) {
  for (const char* location :
       {"", "https://host", "https://host/other", "/upload/x", "https://host/upload/a b"}) {
    Script(Answer(200, "{}", {{"Location", location}}));
    EXPECT_EQ(Open()->StartUpload(ObjectKey("k"), context_).status().code(), Code::kDataLoss) << location;
  }
}

}  // namespace
}  // namespace mbk
