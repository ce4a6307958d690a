// The store against a scripted server: what it sends, byte by byte, and what it makes of the answers.
// Real servers are asked by the conformance suite.
#include "store/s3/s3_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <mutex>

#include "base/hash.h"
#include "net/testing/http_imposter.h"

namespace mbk {
namespace {

using nettest::Answer;
using nettest::Reply;
using nettest::SeenRequest;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr char kSecret[] = "very-secret-key";

std::string ErrorXml(const std::string& code, const std::string& more = "") {
  return "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>words</Message>" + more +
         "<RequestId>17F</RequestId></Error>";
}

class S3StoreTest : public testing::Test {
 protected:
  /// Answers come in this order; what is asked beyond them gets 500.
  void Script(Reply reply) {
    std::lock_guard lock(mutex_);
    script_.push_back(std::move(reply));
  }

  std::unique_ptr<ObjectStore> Open(std::string region = "us-east-1") {
    auto store = MakeS3Store(
        {.service = "minio",
         .host = "127.0.0.1",
         .port = server_.port(),
         .region = std::move(region),
         .bucket = "bucket",
         .credentials = {.access_key_id = "ak", .secret_access_key = kSecret, .session_token = "token"},
         .now = [] { return std::chrono::system_clock::time_point(std::chrono::seconds(1369353600)); }});
    EXPECT_TRUE(store.ok()) << store.status().message();
    return *std::move(store);
  }

  SeenRequest Only() {
    EXPECT_EQ(server().seen().size(), 1u);
    return server().seen().at(0);
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
  nettest::HttpImposter server_{[this](const SeenRequest&) { return Next(); }};

 protected:
  const nettest::HttpImposter& server() const { return server_; }
};

Status Ignore(std::string_view) { return {}; }

// The signature of what arrived, computed anew: it covers method, path, query, headers and body as the
// server saw them.
void ExpectSignedAsSeen(const SeenRequest& seen) {
  std::string authorization(seen.headers.Get("authorization"));
  std::string names = authorization.substr(authorization.find("SignedHeaders=") + 14);
  names = names.substr(0, names.find(','));
  HttpHeaders headers;
  for (std::size_t at = 0; at <= names.size();) {
    std::size_t end = std::min(names.find(';', at), names.size());
    std::string name = names.substr(at, end - at);
    at = end + 1;
    if (name == "x-amz-date" || name == "x-amz-content-sha256" || name == "x-amz-security-token") continue;
    headers.Add(name, std::string(seen.headers.Get(name)));
  }
  std::size_t question = std::min(seen.target.find('?'), seen.target.size());
  std::string query = question < seen.target.size() ? seen.target.substr(question + 1) : "";
  AwsCredentials credentials{.access_key_id = "ak", .secret_access_key = kSecret, .session_token = "token"};
  SigningKeyCache keys;
  HttpHeaders expected =
      SignV4({.method = seen.method,
              .canonical_path = std::string_view(seen.target).substr(0, question),
              .canonical_query = query,
              .headers = headers,
              .payload_sha256_hex = Sha256Hex(seen.body),
              .region = "us-east-1",
              .time = std::chrono::system_clock::time_point(std::chrono::seconds(1369353600)),
              .credentials = credentials},
             keys);
  EXPECT_EQ(authorization, expected.Get("authorization"));
  EXPECT_EQ(seen.headers.Get("x-amz-content-sha256"), Sha256Hex(seen.body));
  EXPECT_EQ(seen.headers.Get("x-amz-security-token"), "token");
}

TEST_F(S3StoreTest, PutSendsTheObjectSigned) {
  Script(Answer(200, "", {{"ETag", "\"900150983cd24fb0d6963f7d28e17f72\""}}));
  auto written = Open()->Put({.key = ObjectKey("a b/+=%ü"), .body = "abc"}, context_);
  ASSERT_EQ(written.status(), Status());
  EXPECT_EQ(written->etag, "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(written->digest.kind, Digest::Kind::kMd5);
  SeenRequest seen = Only();
  EXPECT_EQ(seen.method, "PUT");
  EXPECT_EQ(seen.target, "/bucket/a%20b/%2B%3D%25%C3%BC");
  EXPECT_EQ(seen.body, "abc");
  ExpectSignedAsSeen(seen);
}

TEST_F(S3StoreTest, PutSignsTheHashThatItIsHandedSoThatTheServiceRefusesOtherBytes) {
  Script(Answer(400, ErrorXml("XAmzContentSHA256Mismatch")));
  const std::string hash = Sha256Hex("what was read");
  auto put = Open()->Put({.key = ObjectKey("k"), .body = "altered", .sha256_hex = hash}, context_);
  EXPECT_EQ(put.status().code(), Code::kUnavailable);
  EXPECT_EQ(Only().headers.Get("x-amz-content-sha256"), hash);
}

TEST_F(S3StoreTest, AnEtagOfAKmsObjectIsNoMd5) {
  Script(Answer(
      200, "",
      {{"ETag", "\"900150983cd24fb0d6963f7d28e17f72\""}, {"x-amz-server-side-encryption", "aws:kms"}}));
  EXPECT_EQ(Open()->Put({.key = ObjectKey("k"), .body = "abc"}, context_)->digest, Digest{});
}

TEST_F(S3StoreTest, PutIfAbsentLosesToAnotherObject) {
  Script(Answer(412, ErrorXml("PreconditionFailed")));
  Script(Answer(409, ErrorXml("ConditionalRequestConflict")));
  Script(Answer(507, ErrorXml("XMinioStorageFull")));
  auto store = Open();
  auto put = [&] {
    return store->Put({.key = ObjectKey("lock"), .body = "me", .condition = PutCondition::kIfAbsent},
                      context_);
  };
  EXPECT_EQ(put().status().code(), Code::kAlreadyExists);
  EXPECT_EQ(put().status().code(), Code::kAlreadyExists);
  EXPECT_EQ(put().status().code(), Code::kFailedPrecondition);
  EXPECT_EQ(server().seen().at(0).headers.Get("if-none-match"), "*");
  ExpectSignedAsSeen(server().seen().at(0));
}

TEST_F(S3StoreTest, GetAsksForTheRangeAndTheVersion) {
  Script(Answer(206, "cde", {{"Content-Range", "bytes 2-4/10"}, {"ETag", "\"e\""}}));
  std::string got;
  auto object = Open()->Get(
      {.key = ObjectKey("k"), .range = {.offset = 2, .length = 3}, .if_match = "e"},
      [&](std::string_view bytes) { return got.append(bytes), Status(); }, context_);
  ASSERT_EQ(object.status(), Status());
  EXPECT_EQ(got, "cde");
  EXPECT_EQ(object->size, 10);
  EXPECT_EQ(object->etag, "e");
  SeenRequest seen = Only();
  EXPECT_EQ(seen.headers.Get("range"), "bytes=2-4");
  EXPECT_EQ(seen.headers.Get("if-match"), "\"e\"");
  ExpectSignedAsSeen(seen);
}

TEST_F(S3StoreTest, GetTakesNoBytesThatItDidNotAskFor) {
  GetRequest part{.key = ObjectKey("k"), .range = {.offset = 2, .length = 3}};
  auto never = [](std::string_view) { return Internal("no byte should come"); };
  auto store = Open();
  auto code = [&](Reply reply) {
    Script(std::move(reply));
    return store->Get(part, never, context_).status().code();
  };
  EXPECT_EQ(code(Answer(200, "abcdefghij", {{"ETag", "\"e\""}})), Code::kUnimplemented);
  EXPECT_EQ(code(Answer(206, "abc", {{"Content-Range", "bytes 0-2/10"}})), Code::kDataLoss);
  EXPECT_EQ(code(Answer(206, "abc", {{"Content-Range", "nonsense"}})), Code::kDataLoss);
  EXPECT_EQ(code(Answer(206, "cdefg", {{"Content-Range", "bytes 2-6/10"}})), Code::kDataLoss);
  EXPECT_EQ(code(Answer(416, ErrorXml("InvalidRange"))), Code::kFailedPrecondition);
  part.if_match = "mine";
  EXPECT_EQ(code(Answer(206, "cde", {{"Content-Range", "bytes 2-4/10"}, {"ETag", "\"other\""}})),
            Code::kFailedPrecondition);
}

TEST_F(S3StoreTest, GetOfARangeShorterThanItsHeaderIsUnavailable) {
  Script(Answer(206, "cd", {{"Content-Range", "bytes 2-4/10"}}));
  auto got = Open()->Get({.key = ObjectKey("k"), .range = {.offset = 2, .length = 3}}, Ignore, context_);
  EXPECT_EQ(got.status().code(), Code::kUnavailable);
  EXPECT_THAT(got.status().message(), HasSubstr("2 of 3 bytes"));
}

TEST_F(S3StoreTest, AnObjectCutShortIsUnavailable) {
  Script({.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", .hang_up = true});
  auto got = Open()->Get({.key = ObjectKey("k")}, Ignore, context_);
  EXPECT_EQ(got.status().code(), Code::kUnavailable);
  EXPECT_THAT(got.status().message(), HasSubstr("GetObject s3://bucket/k"));
}

TEST_F(S3StoreTest, ABodyThatIsNotWhatItsEtagSaysIsRefused) {
  const std::string md5 = Md5Hex("abc");
  Script(Answer(200, "abX", {{"ETag", "\"" + md5 + "\""}}));
  const Status refused = Open()->Get({.key = ObjectKey("k")}, Ignore, context_).status();
  EXPECT_EQ(refused.code(), Code::kDataLoss);
  EXPECT_THAT(refused.message(), HasSubstr("GetObject s3://bucket/k"));
  EXPECT_THAT(refused.message(), HasSubstr(md5));
}

TEST_F(S3StoreTest, OnlyAnEtagThatIsTheMd5OfTheBodyIsHeldAgainstIt) {
  const std::string md5 = Md5Hex("abc");
  auto store = Open();
  Script(Answer(200, "abc", {{"ETag", "\"" + md5 + "\""}}));
  EXPECT_EQ(store->Get({.key = ObjectKey("k")}, Ignore, context_).value().digest.hex, md5);
  Script(Answer(206, "b", {{"ETag", "\"" + md5 + "\""}, {"Content-Range", "bytes 1-1/3"}}));
  EXPECT_EQ(store->Get({.key = ObjectKey("k"), .range = {1, 1}}, Ignore, context_).status(), Status());
  Script(
      Answer(200, "encrypted", {{"ETag", "\"" + md5 + "\""}, {"x-amz-server-side-encryption", "aws:kms"}}));
  EXPECT_EQ(store->Get({.key = ObjectKey("k")}, Ignore, context_).status(), Status());
  Script(Answer(200, "in parts", {{"ETag", "\"" + md5 + "-2\""}}));
  EXPECT_EQ(store->Get({.key = ObjectKey("k")}, Ignore, context_).status(), Status());
}

TEST_F(S3StoreTest, ListAsksForOnePageWithEncodedKeys) {
  Script(Answer(200,
                "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
                "<NextContinuationToken>t2</NextContinuationToken><Contents><Key>a+b/1</Key><Size>1</Size>"
                "<ETag>\"900150983cd24fb0d6963f7d28e17f72\"</ETag></Contents></ListBucketResult>"));
  auto page =
      Open()->List({.prefix = "a b/", .delimiter = "/", .page_token = "t1+", .max_keys = 5000}, context_);
  ASSERT_EQ(page.status(), Status());
  EXPECT_EQ(page->objects.at(0).key.str(), "a b/1");
  EXPECT_EQ(page->objects.at(0).digest.hex, "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(page->next_page_token, "t2");
  SeenRequest seen = Only();
  EXPECT_EQ(seen.target,
            "/bucket/?continuation-token=t1%2B&delimiter=%2F&encoding-type=url&list-type=2&max-keys=1000"
            "&prefix=a%20b%2F");
  ExpectSignedAsSeen(seen);
}

TEST_F(S3StoreTest, ListBelievesNoKeyOutsideThePrefix) {
  Script(Answer(
      200,
      "<ListBucketResult><Contents><Key>production/1</Key><Size>1</Size></Contents></ListBucketResult>"));
  auto page = Open()->List({.prefix = "backup/"}, context_);
  EXPECT_EQ(page.status().code(), Code::kDataLoss);
  EXPECT_THAT(page.status().message(), HasSubstr("production/1"));
}

TEST_F(S3StoreTest, ListGoesInNoCircle) {
  Script(Answer(
      200,
      "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"
      "</ListBucketResult>"));
  EXPECT_EQ(Open()->List({.page_token = "t"}, context_).status().code(), Code::kDataLoss);
}

TEST_F(S3StoreTest, CopyNamesItsSourceAndVersion) {
  Script(Answer(200, "<CopyObjectResult><ETag>&#34;e&#34;</ETag></CopyObjectResult>"));
  auto copied = Open()->Copy({.bucket = BucketName("from"), .key = ObjectKey("a b/ü"), .if_match = "v1"},
                             ObjectKey("to"), context_);
  ASSERT_EQ(copied.status(), Status());
  EXPECT_EQ(copied->etag, "e");
  SeenRequest seen = Only();
  EXPECT_EQ(seen.target, "/bucket/to");
  EXPECT_EQ(seen.headers.Get("x-amz-copy-source"), "from/a%20b/%C3%BC");
  EXPECT_EQ(seen.headers.Get("x-amz-copy-source-if-match"), "\"v1\"");
  EXPECT_EQ(seen.headers.Get("content-length"), "0");
  ExpectSignedAsSeen(seen);
}

TEST_F(S3StoreTest, AnErrorAfter200IsAnError) {
  auto store = Open();
  const UploadId upload{.key = ObjectKey("k"), .id = "u"};
  const CopySource source{.bucket = BucketName("b"), .key = ObjectKey("s")};
  const std::vector<UploadedPart> parts = {{.number = 1, .etag = "e"}};
  for (int i = 0; i < 3; ++i) Script(Answer(200, ErrorXml("InternalError")));
  Status copy = store->Copy(source, ObjectKey("k"), context_).status();
  EXPECT_EQ(copy.code(), Code::kUnavailable);
  EXPECT_EQ(copy.message(), "CopyObject s3://bucket/k: 200 InternalError (request 17F): words");
  EXPECT_EQ(store->UploadPartCopy(upload, 1, source, {}, context_).status().code(), Code::kUnavailable);
  EXPECT_EQ(store->CompleteUpload(upload, parts, context_).status().code(), Code::kUnavailable);
}

TEST_F(S3StoreTest, An200WithoutResultIsNoSuccess) {
  auto store = Open();
  for (const char* body : {"", "<html/>", "<CopyObjectResult/>", "<CopyObjectResult><ETag>"}) {
    Script(Answer(200, body));
    Status copied =
        store->Copy({.bucket = BucketName("b"), .key = ObjectKey("s")}, ObjectKey("k"), context_).status();
    EXPECT_EQ(copied.code(), Code::kDataLoss) << body;
    EXPECT_THAT(copied.message(), HasSubstr("CopyObject s3://bucket/k"));
  }
}

// As s3proxy 3.1.0 does.
TEST_F(S3StoreTest, ACopiedPartMayBeAnsweredAsACopiedObject) {
  const UploadId upload{.key = ObjectKey("k"), .id = "u"};
  const CopySource source{.bucket = BucketName("b"), .key = ObjectKey("s")};
  auto store = Open();
  Script(Answer(200, "<CopyObjectResult><ETag>\"p1\"</ETag></CopyObjectResult>"));
  EXPECT_EQ(store->UploadPartCopy(upload, 1, source, {}, context_).value().etag, "p1");
  Script(Answer(200, "<Another><ETag>\"p1\"</ETag></Another>"));
  EXPECT_EQ(store->UploadPartCopy(upload, 1, source, {}, context_).status().code(), Code::kDataLoss);
}

TEST_F(S3StoreTest, AnUploadIsStartedFilledAndCompleted) {
  Script(Answer(200,
                "<InitiateMultipartUploadResult><UploadId>u/1+</UploadId></InitiateMultipartUploadResult>"));
  Script(Answer(200, "", {{"ETag", "\"p1\""}}));
  Script(Answer(200, "<CopyPartResult><ETag>\"p2\"</ETag></CopyPartResult>"));
  Script(Answer(200,
                "<CompleteMultipartUploadResult><ETag>\"900150983cd24fb0d6963f7d28e17f72-2\"</ETag>"
                "</CompleteMultipartUploadResult>"));
  auto store = Open();
  auto upload = store->StartUpload(ObjectKey("k"), context_);
  ASSERT_EQ(upload.status(), Status());
  auto first = store->UploadPart(*upload, 1, "bytes", context_);
  ASSERT_EQ(first.status(), Status());
  auto second = store->UploadPartCopy(*upload, 2, {.bucket = BucketName("b"), .key = ObjectKey("s")},
                                      {.offset = 10, .length = 5}, context_);
  ASSERT_EQ(second.status(), Status());
  const std::vector<UploadedPart> parts = {*first, *second};
  auto written = store->CompleteUpload(*upload, parts, context_);
  ASSERT_EQ(written.status(), Status());
  EXPECT_EQ(written->digest, Digest{});

  std::vector<SeenRequest> seen = server().seen();
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_EQ(seen[0].method + " " + seen[0].target, "POST /bucket/k?uploads=");
  EXPECT_EQ(seen[1].method + " " + seen[1].target, "PUT /bucket/k?partNumber=1&uploadId=u%2F1%2B");
  EXPECT_EQ(seen[1].body, "bytes");
  EXPECT_EQ(seen[2].headers.Get("x-amz-copy-source-range"), "bytes=10-14");
  EXPECT_EQ(seen[3].method + " " + seen[3].target, "POST /bucket/k?uploadId=u%2F1%2B");
  EXPECT_THAT(seen[3].body, HasSubstr("<Part><PartNumber>2</PartNumber><ETag>\"p2\"</ETag></Part>"));
  for (const SeenRequest& request : seen) ExpectSignedAsSeen(request);
}

TEST_F(S3StoreTest, AbortingAnUnknownUploadIsNoError) {
  Script(Answer(404, ErrorXml("NoSuchUpload")));
  Script(Answer(403, ErrorXml("AccessDenied")));
  auto store = Open();
  const UploadId upload{.key = ObjectKey("k"), .id = "u"};
  EXPECT_EQ(store->AbortUpload(upload, context_), Status());
  EXPECT_EQ(store->AbortUpload(upload, context_).code(), Code::kPermissionDenied);
}

TEST_F(S3StoreTest, WithoutKeyOrUploadNothingIsAsked) {
  auto store = Open();
  const std::vector<ObjectKey> empty_key = {ObjectKey("a"), ObjectKey("")};
  EXPECT_EQ(store->Delete(empty_key, context_).code(), Code::kInvalidArgument);
  EXPECT_EQ(store->Put({.key = ObjectKey("")}, context_).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(store->AbortUpload({.key = ObjectKey("k")}, context_).code(), Code::kInvalidArgument);
  EXPECT_EQ(store->UploadPart({.key = ObjectKey("k"), .id = "u"}, 0, "", context_).status().code(),
            Code::kInvalidArgument);
  EXPECT_TRUE(server().seen().empty());
}

TEST_F(S3StoreTest, DeleteSendsAThousandKeysARequestWithTheirMd5) {
  std::vector<ObjectKey> keys;
  for (int i = 0; i < 1001; ++i) keys.emplace_back("k" + std::to_string(i));
  for (int i = 0; i < 2; ++i) Script(Answer(200, "<DeleteResult/>"));
  EXPECT_EQ(Open()->Delete(keys, context_), Status());
  std::vector<SeenRequest> seen = server().seen();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].method + " " + seen[0].target, "POST /bucket/?delete=");
  EXPECT_EQ(seen[0].headers.Get("content-md5"), Base64Encode(Md5Raw(seen[0].body)));
  EXPECT_THAT(seen[0].body, HasSubstr("<Key>k999</Key>"));
  EXPECT_THAT(seen[0].body, Not(HasSubstr("<Key>k1000</Key>")));
  EXPECT_THAT(seen[1].body, HasSubstr("<Key>k1000</Key>"));
  ExpectSignedAsSeen(seen[0]);
}

TEST_F(S3StoreTest, KeysThatXmlCannotHoldAreDeletedOneByOne) {
  Script(Answer(204));
  Script(Answer(200, "<DeleteResult/>"));
  const std::vector<ObjectKey> keys = {ObjectKey("a"), ObjectKey("b\x01"), ObjectKey("c")};
  EXPECT_EQ(Open()->Delete(keys, context_), Status());
  std::vector<SeenRequest> seen = server().seen();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].method + " " + seen[0].target, "DELETE /bucket/b%01");
  EXPECT_THAT(seen[1].body, HasSubstr("<Key>a</Key></Object><Object><Key>c</Key>"));
}

TEST_F(S3StoreTest, DeleteTellsWhichKeysWereRefused) {
  auto error = [](const std::string& key, const std::string& code) {
    return "<Error><Key>" + key + "</Key><Code>" + code + "</Code><Message>words</Message></Error>";
  };
  Script(Answer(200, "<DeleteResult>" + error("gone", "NoSuchKey") + error("busy", "SlowDown") +
                         error("held", "AccessDenied") + "</DeleteResult>"));
  const std::vector<ObjectKey> keys = {ObjectKey("gone"), ObjectKey("busy"), ObjectKey("held")};
  Status deleted = Open()->Delete(keys, context_);
  EXPECT_EQ(deleted.code(), Code::kPermissionDenied);
  EXPECT_THAT(deleted.message(), HasSubstr("s3://bucket/held: 200 AccessDenied"));
  EXPECT_THAT(deleted.message(), HasSubstr("and 1 more"));
}

TEST_F(S3StoreTest, DeletingOneAbsentKeyIsNoErrorButAnAbsentBucketIs) {
  Script(Answer(404, ErrorXml("NoSuchKey")));
  Script(Answer(404, ErrorXml("NoSuchBucket")));
  auto store = Open();
  const std::vector<ObjectKey> one = {ObjectKey("k")};
  EXPECT_EQ(store->Delete(one, context_), Status());
  EXPECT_EQ(store->Delete(one, context_).code(), Code::kNotFound);
}

TEST_F(S3StoreTest, EnsureBucketAsksBeforeItMakes) {
  Script(Answer(200, "<ListBucketResult/>"));
  EXPECT_EQ(Open()->EnsureBucket(context_), Status());
  EXPECT_THAT(Only().target, HasSubstr("max-keys=1&"));
}

TEST_F(S3StoreTest, EnsureBucketMakesAMissingOneInItsRegion) {
  Script(Answer(404, ErrorXml("NoSuchBucket")));
  Script(Answer(200));
  EXPECT_EQ(Open("eu-west-1")->EnsureBucket(context_), Status());
  SeenRequest create = server().seen().at(1);
  EXPECT_EQ(create.method + " " + create.target, "PUT /bucket/");
  EXPECT_THAT(create.body, HasSubstr("<LocationConstraint>eu-west-1</LocationConstraint>"));
}

TEST_F(S3StoreTest, UsEast1IsNotNamed) {
  Script(Answer(404, ErrorXml("NoSuchBucket")));
  Script(Answer(409, ErrorXml("BucketAlreadyOwnedByYou")));
  EXPECT_EQ(Open()->EnsureBucket(context_), Status());
  EXPECT_EQ(server().seen().at(1).body, "");
}

TEST_F(S3StoreTest, ABucketThatCannotBeMadeNamesTheSetting) {
  Script(Answer(404, ErrorXml("NoSuchBucket")));
  Script(Answer(409, ErrorXml("BucketAlreadyExists")));
  Status made = Open()->EnsureBucket(context_);
  EXPECT_EQ(made.code(), Code::kPermissionDenied);
  EXPECT_THAT(made.message(), HasSubstr("bucketName \"bucket\""));
  EXPECT_THAT(made.message(), HasSubstr("words"));
}

TEST_F(S3StoreTest, ARegionThatTheServiceNamesIsTakenWhenNoneIsConfigured) {
  Script(Answer(400, ErrorXml("AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>")));
  Script(Answer(204));
  Script(Answer(204));
  auto store = Open("");
  const std::vector<ObjectKey> one = {ObjectKey("k")};
  EXPECT_EQ(store->Delete(one, context_), Status());
  EXPECT_EQ(store->Delete(one, context_), Status());
  std::vector<SeenRequest> seen = server().seen();
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_THAT(std::string(seen[0].headers.Get("authorization")), HasSubstr("/us-east-1/s3/"));
  EXPECT_THAT(std::string(seen[1].headers.Get("authorization")), HasSubstr("/eu-west-1/s3/"));
  EXPECT_THAT(std::string(seen[2].headers.Get("authorization")), HasSubstr("/eu-west-1/s3/"));
}

TEST_F(S3StoreTest, AConfiguredRegionStaysAndTheErrorNamesTheRightOne) {
  Script(Answer(400, ErrorXml("AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>")));
  const std::vector<ObjectKey> one = {ObjectKey("k")};
  Status deleted = Open()->Delete(one, context_);
  EXPECT_EQ(deleted.code(), Code::kInvalidArgument);
  EXPECT_THAT(deleted.message(), HasSubstr("the bucket is in eu-west-1"));
  EXPECT_EQ(server().seen().size(), 1u);
}

/// Stores whose requests all reach the scripted server, whatever host they are for.
class S3PlaceTest : public S3StoreTest {
 protected:
  std::unique_ptr<ObjectStore> OpenAt(const std::string& host, std::string region = "",
                                      S3Addressing addressing = S3Addressing::kPath) {
    auto http = std::make_shared<HttpClient>(HttpClientOptions{
        .connect_to = {"::127.0.0.1:" + std::to_string(server().port())}, .obey_proxy_variables = false});
    auto store = MakeS3Store({.service = "aws",
                              .host = host,
                              .port = 80,
                              .region = std::move(region),
                              .bucket = "bucket",
                              .credentials = {.access_key_id = "ak", .secret_access_key = kSecret},
                              .addressing = addressing},
                             http);
    EXPECT_TRUE(store.ok()) << store.status().message();
    return *std::move(store);
  }
  std::vector<std::string> Asked() {
    std::vector<std::string> lines;
    for (const SeenRequest& seen : server().seen()) {
      const std::string authorization(seen.headers.Get("authorization"));
      const std::size_t region = authorization.find('/', authorization.find('/') + 1) + 1;
      lines.push_back(seen.method + " " + std::string(seen.headers.Get("host")) + seen.target + " for " +
                      authorization.substr(region, authorization.find('/', region) - region));
    }
    return lines;
  }
  const std::vector<ObjectKey> one_ = {ObjectKey("k")};
};

TEST_F(S3PlaceTest, ARedirectToAnotherEndpointOfAmazonIsFollowedForGood) {
  Script(Answer(301, ErrorXml("PermanentRedirect", "<Endpoint>bucket.s3-eu-west-1.amazonaws.com</Endpoint>"),
                {{"x-amz-bucket-region", "eu-west-1"}}));
  Script(Answer(204));
  Script(Answer(204));
  auto store = OpenAt("s3.amazonaws.com");
  EXPECT_EQ(store->Delete(one_, context_), Status());
  EXPECT_EQ(store->Delete(one_, context_), Status());
  EXPECT_THAT(Asked(), ElementsAre("DELETE s3.amazonaws.com/bucket/k for us-east-1",
                                   "DELETE s3-eu-west-1.amazonaws.com/bucket/k for eu-west-1",
                                   "DELETE s3-eu-west-1.amazonaws.com/bucket/k for eu-west-1"));
}

TEST_F(S3PlaceTest, AnAnswerWithoutBodyNamesTheRegionInAHeader) {
  Script({.bytes = "HTTP/1.1 301 X\r\nx-amz-bucket-region: cn-north-1\r\nContent-Length: 0\r\n\r\n"});
  Script({.bytes = "HTTP/1.1 200 X\r\nContent-Length: 3\r\n\r\n"});
  auto head = OpenAt("s3.amazonaws.com.cn", "", S3Addressing::kVirtualHost)->Head(ObjectKey("k"), context_);
  ASSERT_EQ(head.status(), Status());
  EXPECT_THAT(Asked(), ElementsAre("HEAD bucket.s3.amazonaws.com.cn/k for us-east-1",
                                   "HEAD bucket.s3.cn-north-1.amazonaws.com.cn/k for cn-north-1"));
}

TEST_F(S3PlaceTest, TheBucketIsAskedWhereTheRefusalNamesNoRegion) {
  Script(
      Answer(307, ErrorXml("TemporaryRedirect", "<Endpoint>bucket.s3-us-west-2.amazonaws.com</Endpoint>")));
  Script({.bytes = "HTTP/1.1 403 X\r\nx-amz-bucket-region: us-west-2\r\nContent-Length: 0\r\n\r\n"});
  Script(Answer(204));
  EXPECT_EQ(OpenAt("s3.amazonaws.com")->Delete(one_, context_), Status());
  EXPECT_THAT(Asked(), ElementsAre("DELETE s3.amazonaws.com/bucket/k for us-east-1",
                                   "HEAD s3.amazonaws.com/bucket/ for us-east-1",
                                   "DELETE s3-us-west-2.amazonaws.com/bucket/k for us-west-2"));
}

TEST_F(S3PlaceTest, NoRedirectLeadsOutOfTheCloud) {
  const std::string evil = ErrorXml("PermanentRedirect", "<Endpoint>evil.example</Endpoint>");
  Script(Answer(301, evil, {{"x-amz-bucket-region", "us-east-1"}}));
  Script(Answer(301, evil, {{"x-amz-bucket-region", "us-east-1"}}));
  for (const char* host : {"s3.amazonaws.com", "minio.example"}) {
    Status deleted = OpenAt(host, "us-east-1")->Delete(one_, context_);
    EXPECT_EQ(deleted.code(), Code::kInvalidArgument);
    EXPECT_THAT(deleted.message(), HasSubstr("set address to evil.example"));
  }
  EXPECT_EQ(server().seen().size(), 2u);
}

TEST_F(S3PlaceTest, RedirectsInACircleEnd) {
  for (const char* region : {"a", "b", "c", "d"}) {
    Script(Answer(301, ErrorXml("PermanentRedirect"), {{"x-amz-bucket-region", region}}));
  }
  EXPECT_EQ(OpenAt("s3.amazonaws.com")->Delete(one_, context_).code(), Code::kInvalidArgument);
  EXPECT_EQ(server().seen().size(), 3u);
}

TEST_F(S3PlaceTest, AnIpv6EndpointHasBracketsInUrlAndHost) {
  Script(Answer(204));
  auto http = std::make_shared<HttpClient>(
      HttpClientOptions{.connect_to = {"[::1]:9000:127.0.0.1:" + std::to_string(server().port())},
                        .obey_proxy_variables = false});
  auto store = MakeS3Store({.host = "::1",
                            .port = 9000,
                            .bucket = "bucket",
                            .credentials = {.access_key_id = "ak", .secret_access_key = kSecret}},
                           http);
  ASSERT_EQ(store.status(), Status());
  EXPECT_EQ((*store)->Delete(one_, context_), Status());
  EXPECT_THAT(Asked(), ElementsAre("DELETE [::1]:9000/bucket/k for us-east-1"));
  EXPECT_EQ((*store)->identity().endpoint, "http://[::1]:9000 us-east-1");
}

TEST(S3Addressing, ABucketCannotStandBeforeAnIpAddress) {
  for (const char* host : {"127.0.0.1", "::1"}) {
    Status made = MakeS3Store({.host = host,
                               .bucket = "bucket",
                               .credentials = {.access_key_id = "ak", .secret_access_key = kSecret},
                               .addressing = S3Addressing::kVirtualHost})
                      .status();
    EXPECT_EQ(made.code(), Code::kInvalidArgument);
    EXPECT_THAT(made.message(), HasSubstr("pathStyle"));
  }
}

/// A store with temporary keys: "key1", "key2" …, each good for an hour.
class S3KeysTest : public S3StoreTest {
 protected:
  std::unique_ptr<ObjectStore> OpenWithSource() {
    auto store = MakeS3Store({.host = "127.0.0.1",
                              .port = server().port(),
                              .bucket = "bucket",
                              .fetch_credentials = [this](const CallContext&) { return Fetch(); },
                              .now = [this] { return now_; }});
    EXPECT_TRUE(store.ok()) << store.status().message();
    return *std::move(store);
  }
  Result<Expiring<AwsCredentials>> Fetch() {
    if (!failure_.ok()) return failure_;
    return Expiring<AwsCredentials>{.value = {.access_key_id = "key" + std::to_string(++fetches_),
                                              .secret_access_key = kSecret,
                                              .session_token = "token" + std::to_string(fetches_)},
                                    .expires = now_ + std::chrono::hours(1)};
  }
  std::string KeyOf(std::size_t request) {
    const SeenRequest seen = server().seen().at(request);
    const std::string authorization(seen.headers.Get("authorization"));
    const std::size_t begin = authorization.find('=') + 1;
    return authorization.substr(begin, authorization.find('/') - begin) + " " +
           std::string(seen.headers.Get("x-amz-security-token"));
  }

  std::chrono::system_clock::time_point now_{std::chrono::seconds(1369353600)};
  int fetches_ = 0;
  Status failure_;
  const std::vector<ObjectKey> one_ = {ObjectKey("k")};
};

TEST_F(S3KeysTest, AreFetchedOnceAndAgainBeforeTheyExpire) {
  for (int i = 0; i < 3; ++i) Script(Answer(204));
  auto store = OpenWithSource();
  EXPECT_EQ(store->Delete(one_, context_), Status());
  EXPECT_EQ(store->Delete(one_, context_), Status());
  now_ += std::chrono::minutes(56);
  EXPECT_EQ(store->Delete(one_, context_), Status());
  EXPECT_EQ(KeyOf(1), "key1 token1");
  EXPECT_EQ(KeyOf(2), "key2 token2");
}

TEST_F(S3KeysTest, ThatAreRefusedAreFetchedAnewOnce) {
  Script(Answer(400, ErrorXml("ExpiredToken")));
  Script(Answer(204));
  Script(Answer(401));
  Script(Answer(403, ErrorXml("InvalidToken")));
  Script(Answer(403, ErrorXml("AccessDenied")));
  auto store = OpenWithSource();
  EXPECT_EQ(store->Delete(one_, context_), Status());
  EXPECT_EQ(KeyOf(1), "key2 token2");
  EXPECT_EQ(store->Delete(one_, context_).code(), Code::kPermissionDenied);
  EXPECT_EQ(server().seen().size(), 4u);
  EXPECT_EQ(store->Delete(one_, context_).code(), Code::kPermissionDenied);
  EXPECT_EQ(server().seen().size(), 5u) << "new keys do not help against a policy";
}

TEST_F(S3KeysTest, ThatCannotBeFetchedAreAnErrorOfTheCall) {
  failure_ = Status(Code::kPermissionDenied, "no credentials found (the environment: no AWS_ACCESS_KEY_ID)");
  Status deleted = OpenWithSource()->Delete(one_, context_);
  EXPECT_EQ(deleted.code(), Code::kPermissionDenied);
  EXPECT_EQ(deleted.message(),
            "DeleteObject s3://bucket/k: no credentials found (the environment: no AWS_ACCESS_KEY_ID)");
  EXPECT_TRUE(server().seen().empty());
}

TEST_F(S3StoreTest, KeysOfTheConfigurationAreNotFetchedAnew) {
  Script(Answer(400, ErrorXml("ExpiredToken")));
  const std::vector<ObjectKey> one = {ObjectKey("k")};
  EXPECT_EQ(Open()->Delete(one, context_).code(), Code::kPermissionDenied);
  EXPECT_EQ(server().seen().size(), 1u);
}

TEST_F(S3StoreTest, NoSecretIsInAnyError) {
  Script(Answer(403, ErrorXml("SignatureDoesNotMatch")));
  Status refused = Open()->Head(ObjectKey("k"), context_).status();
  EXPECT_THAT(refused.message(), Not(HasSubstr(kSecret)));
  EXPECT_THAT(refused.message(), Not(HasSubstr("token")));
}

TEST_F(S3StoreTest, RequestsShareOneConnection) {
  for (int i = 0; i < 5; ++i) Script(Answer(404, ErrorXml("NoSuchKey")));
  auto store = Open();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(store->Get({.key = ObjectKey("k")}, Ignore, context_).status().code(), Code::kNotFound);
  }
  for (const SeenRequest& seen : server().seen()) EXPECT_EQ(seen.connection, 1);
}

TEST(MakeS3Store, NamesTheSettingThatIsMissing) {
  S3Options good{.host = "h", .bucket = "b", .credentials = {.access_key_id = "a", .secret_access_key = "s"}};
  EXPECT_TRUE(MakeS3Store(good).ok());
  S3Options keyless = good;
  keyless.credentials.secret_access_key.clear();
  EXPECT_THAT(MakeS3Store(keyless).status().message(), HasSubstr("secretAccessKey"));
  S3Options nameless = good;
  nameless.bucket.clear();
  EXPECT_THAT(MakeS3Store(nameless).status().message(), HasSubstr("bucketName"));
}

TEST(MakeS3Store, StoresOfOneServiceAreRecognised) {
  S3Options one{.service = "minio",
                .host = "h",
                .port = 443,
                .use_ssl = true,
                .bucket = "a",
                .credentials = {.access_key_id = "a", .secret_access_key = "s"}};
  S3Options two = one;
  two.port = 0;
  two.region = "us-east-1";
  two.bucket = "b";
  S3Options elsewhere = one;
  elsewhere.region = "eu-west-1";
  auto identity = [](const S3Options& options) { return (*MakeS3Store(options))->identity(); };
  EXPECT_TRUE(identity(one).SameService(identity(two)));
  EXPECT_FALSE(identity(one).SameService(identity(elsewhere)));
  EXPECT_EQ(identity(one).Url(ObjectKey("k")), "s3://a/k");
}

// Google's XML API.
class GoogleXmlTest : public testing::Test {
 protected:
  std::unique_ptr<ObjectStore> Open(S3Options options) {
    options.service = "gcp";
    options.host = "127.0.0.1";
    options.port = server_.port();
    options.bucket = "bucket";
    options.batch_delete = false;
    options.now = [] { return std::chrono::system_clock::time_point(std::chrono::seconds(1175024202)); };
    auto store = MakeS3Store(std::move(options));
    EXPECT_TRUE(store.ok()) << store.status().message();
    return *std::move(store);
  }
  std::unique_ptr<ObjectStore> OpenWithToken() {
    return Open({.signature = S3Signature::kBearer, .credentials = {.session_token = "ya29.static"}});
  }

  const CallContext context_;
  std::vector<int> statuses_ = {200};  ///< the last one goes on
  nettest::HttpImposter server_{[this](const SeenRequest& request) {
    const int status = statuses_.front();
    if (statuses_.size() > 1) statuses_.erase(statuses_.begin());
    if (status != 200) return Answer(status, ErrorXml("AuthenticationRequired"));
    return Answer(200,
                  request.headers.Has("x-goog-copy-source")
                      ? "<CopyObjectResult><ETag>\"e\"</ETag></CopyObjectResult>"
                      : "",
                  {{"ETag", "\"900150983cd24fb0d6963f7d28e17f72\""}});
  }};
};

TEST_F(GoogleXmlTest, HmacKeysSignWithVersion2) {
  auto store = Open({.signature = S3Signature::kV2,
                     .credentials = {.access_key_id = "GOOGkey", .secret_access_key = kSecret},
                     .conditional_put = false});
  ASSERT_EQ(store->Put({.key = ObjectKey("a b"), .body = "abc"}, context_).status(), Status());
  const SeenRequest seen = server_.seen().at(0);
  EXPECT_EQ(seen.headers.Get("date"), "Tue, 27 Mar 2007 19:36:42 GMT");
  const std::string text = "PUT\n\n\nTue, 27 Mar 2007 19:36:42 GMT\n/bucket/a%20b";
  EXPECT_EQ(seen.headers.Get("authorization"), "AWS GOOGkey:" + Base64Encode(HmacSha1(kSecret, text)));
  EXPECT_FALSE(seen.headers.Has("x-amz-content-sha256"));
  EXPECT_FALSE(store->capabilities().multipart_copy);
  EXPECT_FALSE(store->capabilities().conditional_put);
}

TEST_F(GoogleXmlTest, ATokenGoesWithGooglesHeaders) {
  auto store = OpenWithToken();
  ASSERT_EQ(store->Copy({BucketName("from"), ObjectKey("k"), "e"}, ObjectKey("to"), context_).status(),
            Status());
  const SeenRequest seen = server_.seen().at(0);
  EXPECT_EQ(seen.headers.Get("authorization"), "Bearer ya29.static");
  EXPECT_EQ(seen.headers.Get("x-goog-copy-source"), "from/k");
  EXPECT_EQ(seen.headers.Get("x-goog-copy-source-if-match"), "\"e\"");
  for (const auto& [name, value] : seen.headers) EXPECT_FALSE(AsciiLower(name).starts_with("x-amz-")) << name;
}

TEST_F(GoogleXmlTest, ThereAGenerationOfZeroMeansAbsent) {
  const PutRequest put{.key = ObjectKey("k"), .body = "abc", .condition = PutCondition::kIfAbsent};
  ASSERT_EQ(OpenWithToken()->Put(put, context_).status(), Status());
  EXPECT_EQ(server_.seen().at(0).headers.Get("x-goog-if-generation-match"), "0");
  EXPECT_FALSE(server_.seen().at(0).headers.Has("if-none-match"));
}

TEST_F(GoogleXmlTest, KeysAreDeletedOneByOne) {
  const std::vector<ObjectKey> keys = {ObjectKey("a"), ObjectKey("b")};
  EXPECT_EQ(OpenWithToken()->Delete(keys, context_), Status());
  ASSERT_EQ(server_.seen().size(), 2u);
  EXPECT_EQ(server_.seen()[1].method, "DELETE");
  EXPECT_EQ(server_.seen()[1].target, "/bucket/b");
}

TEST_F(GoogleXmlTest, ATokenThatIsRefusedIsFetchedAnewOnce) {
  int fetches = 0;
  auto fetch = [&](const CallContext&) -> Result<Expiring<AwsCredentials>> {
    return Expiring<AwsCredentials>{.value = {.session_token = "ya29." + std::to_string(++fetches)}};
  };
  auto store = Open({.signature = S3Signature::kBearer, .fetch_credentials = fetch});
  statuses_ = {401, 200};
  EXPECT_EQ(store->Put({.key = ObjectKey("k"), .body = "x"}, context_).status(), Status());
  EXPECT_EQ(server_.seen().at(1).headers.Get("authorization"), "Bearer ya29.2");
  statuses_ = {401};
  const Status refused = store->Put({.key = ObjectKey("k"), .body = "x"}, context_).status();
  EXPECT_EQ(refused.code(), Code::kPermissionDenied);
  EXPECT_THAT(refused.message(), Not(HasSubstr("ya29")));
  EXPECT_EQ(fetches, 3);
}

}  // namespace
}  // namespace mbk
