// The store against a scripted server: what it sends, byte by byte, and what it makes of the answers. Azurite
// is asked by the conformance suite; here is what it cannot do (copies in parts, copies under way) or checks
// less strictly than Azure does (signatures of a copy's source).
#include "store/azure/azure_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <mutex>

#include "base/hash.h"
#include "net/azure_sas.h"
#include "net/azure_shared_key.h"
#include "net/testing/http_imposter.h"
#include "store/retrying_store.h"

namespace mbk {
namespace {

using nettest::Answer;
using nettest::Reply;
using nettest::SeenRequest;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr char kKey[] = "aHVzaCBodXNoIGh1c2ggaHVzaA==";
constexpr char kSas[] = "sv=2021-08-06&sp=rl&sig=hush%3D";
const std::chrono::system_clock::time_point kNow(std::chrono::seconds(1795759200));  // 2026-11-27T06:00:00Z

std::string ErrorXml(const std::string& code) {
  return "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>" + code +
         "</Code><Message>words\nRequestId:7f\nTime:now</Message></Error>";
}

Reply Refused(int status, const std::string& code) {
  return Answer(status, ErrorXml(code), {{"x-ms-error-code", code}, {"x-ms-request-id", "7f"}});
}

// As HEAD is refused: without a body.
Reply RefusedHead(int status, const std::string& code) {
  return Answer(status, "", {{"x-ms-error-code", code}, {"x-ms-request-id", "7f"}});
}

std::string Page(const std::string& blobs, const std::string& next) {
  return "<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults ContainerName=\"c\"><Blobs>" + blobs +
         "</Blobs><NextMarker>" + next + "</NextMarker></EnumerationResults>";
}

std::string Blob(const std::string& name) {
  return "<Blob><Name>" + name +
         "</Name><Properties><Etag>0x8D</Etag><Content-Length>3</Content-Length>"
         "<Content-MD5>kAFQmDzST7DWlj99KOF/cg==</Content-MD5></Properties></Blob>";
}

class AzureStoreTest : public testing::Test {
 protected:
  /// Answers come in this order; what is asked beyond them gets 500.
  void Script(Reply reply) {
    std::lock_guard lock(mutex_);
    script_.push_back(std::move(reply));
  }

  std::unique_ptr<ObjectStore> Open(AzureCredentials credentials = {.account_key = kKey}) {
    auto store = MakeAzureStore({.host = "127.0.0.1",
                                 .port = server_.port(),
                                 .account = "acct",
                                 .container = "c",
                                 .credentials = std::move(credentials),
                                 .now = [] { return kNow; }});
    EXPECT_TRUE(store.ok()) << store.status().message();
    return *std::move(store);
  }

  /// Tokens "token-1", "token-2" … as they are asked for.
  std::shared_ptr<AzureTokens> Tokens() {
    return std::make_shared<AzureTokens>(
        [this](const CallContext&) -> Result<Expiring<std::string>> {
          return Expiring<std::string>{.value = "token-" + std::to_string(++fetched_)};
        },
        [] { return kNow; });
  }

  std::vector<SeenRequest> Seen() const { return server_.seen(); }
  SeenRequest Only() const {
    EXPECT_EQ(Seen().size(), 1u);
    return Seen().at(0);
  }
  std::string Origin() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }
  std::string SourceUrl(const std::string& sas) const { return Origin() + "/acct/from/a%20b?" + sas; }
  SasPeriod Period() const {
    return {.start = kNow - std::chrono::seconds(10), .expiry = kNow + std::chrono::hours(48)};
  }

  const CallContext context_;
  const CopySource source_{.bucket = BucketName("from"), .key = ObjectKey("a b"), .if_match = "0x8D"};
  int fetched_ = 0;

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
};

Status Ignore(std::string_view) { return {}; }

// The signature of what arrived, computed anew from the request as the server saw it.
void ExpectSignedAsSeen(const SeenRequest& seen) {
  const std::size_t question = std::min(seen.target.find('?'), seen.target.size());
  QueryPairs query;
  for (std::size_t at = question + 1; at < seen.target.size();) {
    const std::size_t end = std::min(seen.target.find('&', at), seen.target.size());
    const std::size_t equals = seen.target.find('=', at);
    query.emplace_back(seen.target.substr(at, equals - at),
                       *PercentDecode(seen.target.substr(equals + 1, end - equals - 1)));
    at = end + 1;
  }
  EXPECT_EQ(seen.headers.Get("authorization"),
            SharedKeyAuthorization({.method = seen.method,
                                    .account = "acct",
                                    .path = std::string_view(seen.target).substr(0, question),
                                    .query = query,
                                    .headers = seen.headers,
                                    .body_bytes = seen.body.size()},
                                   *Base64Decode(kKey)));
}

TEST_F(AzureStoreTest, PutSendsTheBlobSignedWithItsMd5) {
  Script(Answer(201, "", {{"ETag", "\"0x8D\""}, {"Content-MD5", "kAFQmDzST7DWlj99KOF/cg=="}}));
  auto written = Open()->Put({.key = ObjectKey("a b/+=%ü"), .body = "abc"}, context_);
  ASSERT_EQ(written.status(), Status());
  EXPECT_EQ(written->etag, "0x8D");
  EXPECT_EQ(written->digest, (Digest{.kind = Digest::Kind::kMd5, .hex = Md5Hex("abc")}));
  const SeenRequest seen = Only();
  EXPECT_EQ(seen.method, "PUT");
  EXPECT_EQ(seen.target, "/acct/c/a%20b/%2B%3D%25%C3%BC");
  EXPECT_EQ(seen.body, "abc");
  EXPECT_EQ(seen.headers.Get("x-ms-blob-type"), "BlockBlob");
  EXPECT_EQ(seen.headers.Get("x-ms-version"), "2021-08-06");
  EXPECT_EQ(seen.headers.Get("x-ms-date"), "Fri, 27 Nov 2026 06:00:00 GMT");
  EXPECT_EQ(seen.headers.Get("content-md5"), "kAFQmDzST7DWlj99KOF/cg==");
  EXPECT_FALSE(seen.headers.Has("if-none-match"));
  ExpectSignedAsSeen(seen);
}

TEST_F(AzureStoreTest, APutThatMustNotOverwriteSaysSoAndLosesWithAlreadyExists) {
  Script(Refused(409, "BlobAlreadyExists"));
  Script(Refused(412, "ConditionNotMet"));
  auto store = Open();
  for (int i = 0; i < 2; ++i) {
    auto lost = store->Put({.key = ObjectKey("k"), .condition = PutCondition::kIfAbsent}, context_);
    EXPECT_EQ(lost.status().code(), Code::kAlreadyExists) << lost.status().message();
  }
  EXPECT_EQ(Seen()[0].headers.Get("if-none-match"), "*");
  ExpectSignedAsSeen(Seen()[0]);
}

TEST_F(AzureStoreTest, ListingIsSignedWithItsQuery) {
  Script(Answer(200, Page(Blob("p/1") + "<BlobPrefix><Name>p/d/</Name></BlobPrefix>", "next")));
  auto page = Open()->List({.prefix = "p/", .delimiter = "/", .page_token = "a!b", .max_keys = 7}, context_);
  ASSERT_EQ(page.status(), Status());
  EXPECT_EQ(page->objects.at(0).digest.hex, Md5Hex("abc"));
  EXPECT_THAT(page->common_prefixes, ElementsAre("p/d/"));
  EXPECT_EQ(page->next_page_token, "next");
  EXPECT_EQ(Only().target,
            "/acct/c?comp=list&delimiter=%2F&marker=a%21b&maxresults=7&prefix=p%2F&restype=container");
  ExpectSignedAsSeen(Only());
}

// As every store is wrapped.
TEST_F(AzureStoreTest, EmptyPagesAreSkippedUntilOneHoldsSomethingOrTheListingEnds) {
  RetryingStore store(std::shared_ptr<ObjectStore>(Open()), RetryPolicy{});
  Script(Answer(200, Page("", "one")));
  Script(Answer(200, Page("", "two")));
  Script(Answer(200, Page(Blob("k"), "three")));
  auto page = store.List({}, context_);
  ASSERT_EQ(page.status(), Status());
  EXPECT_EQ(page->objects.size(), 1u);
  EXPECT_THAT(Seen()[2].target, HasSubstr("marker=two"));
  Script(Answer(200, Page("", "four")));
  Script(Answer(200, Page("", "")));
  page = store.List({.page_token = "three"}, context_);
  ASSERT_EQ(page.status(), Status());
  EXPECT_THAT(page->objects, IsEmpty());
  EXPECT_EQ(page->next_page_token, "");
}

TEST_F(AzureStoreTest, AListingThatLeadsToItselfOrOutsideThePrefixIsNotBelieved) {
  Script(Answer(200, Page(Blob("k"), "same")));
  EXPECT_EQ(Open()->List({.page_token = "same"}, context_).status().code(), Code::kDataLoss);
  Script(Answer(200, Page(Blob("q/1"), "")));
  EXPECT_EQ(Open()->List({.prefix = "p/"}, context_).status().code(), Code::kDataLoss);
}

TEST_F(AzureStoreTest, ABodyWhoseMd5DiffersIsRefused) {
  Script(Answer(200, "abX", {{"ETag", "\"0x8D\""}, {"Content-MD5", "kAFQmDzST7DWlj99KOF/cg=="}}));
  auto got = Open()->Get({.key = ObjectKey("k")}, Ignore, context_);
  EXPECT_EQ(got.status().code(), Code::kDataLoss);
  EXPECT_THAT(got.status().message(), HasSubstr(Md5Hex("abc")));
}

TEST_F(AzureStoreTest, ARangeTellsTheMd5OfTheWholeBlobAndNotItsOwn) {
  Script(Answer(206, "b",
                {{"ETag", "\"0x8D\""},
                 {"Content-Range", "bytes 1-1/3"},
                 {"Content-MD5", "kutf/uauL+w61xx3dTFXjw=="},
                 {"x-ms-blob-content-md5", "kAFQmDzST7DWlj99KOF/cg=="}}));
  auto got = Open()->Get({.key = ObjectKey("k"), .range = {1, 1}, .if_match = "0x8D"}, Ignore, context_);
  ASSERT_EQ(got.status(), Status());
  EXPECT_EQ(got->digest.hex, Md5Hex("abc"));
  EXPECT_EQ(got->size, 3);
  EXPECT_EQ(Only().headers.Get("range"), "bytes=1-1");
  EXPECT_EQ(Only().headers.Get("if-match"), "\"0x8D\"");
  ExpectSignedAsSeen(Only());
}

TEST_F(AzureStoreTest, ACopyNamesItsSourceWithASignatureOfTheAccount) {
  Script(Answer(202, "", {{"ETag", "\"0x9\""}, {"x-ms-copy-status", "success"}}));
  auto copied = Open()->Copy(source_, ObjectKey("to"), context_);
  ASSERT_EQ(copied.status(), Status());
  EXPECT_EQ(copied->etag, "0x9");
  const SeenRequest seen = Only();
  EXPECT_EQ(seen.target, "/acct/c/to");
  EXPECT_EQ(seen.headers.Get("x-ms-copy-source"),
            SourceUrl(AccountReadSas("acct", *Base64Decode(kKey), Period(), /*plain_http=*/true)));
  EXPECT_EQ(seen.headers.Get("x-ms-requires-sync"), "true");
  EXPECT_EQ(seen.headers.Get("x-ms-source-if-match"), "\"0x8D\"");
  ExpectSignedAsSeen(seen);
}

TEST_F(AzureStoreTest, ACopyThatIsAcceptedButNotDoneIsAnError) {
  Script(Answer(202, "", {{"ETag", "\"0x9\""}, {"x-ms-copy-status", "pending"}}));
  EXPECT_EQ(Open()->Copy(source_, ObjectKey("to"), context_).status().code(), Code::kUnavailable);
}

TEST_F(AzureStoreTest, ACopyUnderWayIsAbortedBeforeTheBlobIsWritten) {
  Script(Refused(409, "PendingCopyOperation"));
  Script(Answer(200, "", {{"x-ms-copy-status", "pending"}, {"x-ms-copy-id", "some-id"}}));
  Script(Answer(204));
  Script(Answer(202, "", {{"ETag", "\"0x9\""}, {"x-ms-copy-status", "success"}}));
  EXPECT_EQ(Open()->Copy(source_, ObjectKey("to"), context_).status(), Status());
  const auto seen = Seen();
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_EQ(seen[1].method, "HEAD");
  EXPECT_EQ(seen[2].target, "/acct/c/to?comp=copy&copyid=some-id");
  EXPECT_EQ(seen[2].headers.Get("x-ms-copy-action"), "abort");
  EXPECT_EQ(seen[3].headers.Get("x-ms-copy-source"), seen[0].headers.Get("x-ms-copy-source"));
  for (const SeenRequest& request : seen) ExpectSignedAsSeen(request);
}

TEST_F(AzureStoreTest, ACopyUnderWayThatCannotBeAbortedIsTold) {
  Script(Refused(409, "PendingCopyOperation"));
  Script(RefusedHead(403, "AuthorizationPermissionMismatch"));
  Script(Refused(409, "PendingCopyOperation"));
  auto put = Open()->Put({.key = ObjectKey("to"), .body = "x"}, context_);
  EXPECT_EQ(put.status().code(), Code::kUnavailable);
  EXPECT_THAT(put.status().message(), HasSubstr("PendingCopyOperation"));
}

TEST_F(AzureStoreTest, PartsAreCopiedByRangesIntoBlocksOfOneLength) {
  auto store = Open();
  auto upload = store->StartUpload(ObjectKey("to"), context_);
  ASSERT_EQ(upload.status(), Status());
  EXPECT_THAT(Seen(), IsEmpty());
  Script(Answer(201));
  Script(Answer(201));
  Script(Answer(201, "", {{"ETag", "\"0x9\""}, {"Content-MD5", "kAFQmDzST7DWlj99KOF/cg=="}}));
  std::vector<UploadedPart> parts;
  for (int number : {1, 12'345}) {
    auto part = store->UploadPartCopy(*upload, number, source_, {.offset = 10, .length = 5}, context_);
    ASSERT_EQ(part.status(), Status());
    parts.push_back(*part);
  }
  auto written = store->CompleteUpload(*upload, parts, context_);
  ASSERT_EQ(written.status(), Status());
  EXPECT_EQ(written->digest, Digest{}) << "the MD5 in the answer is that of the list";

  const auto seen = Seen();
  const std::string first = Base64Encode(upload->id + "-00001"), last = Base64Encode(upload->id + "-12345");
  EXPECT_EQ(first.size(), Base64Encode("block-00000001").size());
  EXPECT_EQ(seen[0].target, "/acct/c/to?blockid=" + PercentEncode(first) + "&comp=block");
  EXPECT_EQ(seen[0].headers.Get("x-ms-source-range"), "bytes=10-14");
  EXPECT_EQ(seen[0].headers.Get("x-ms-source-if-match"), "\"0x8D\"");
  EXPECT_THAT(std::string(seen[0].headers.Get("x-ms-copy-source")), HasSubstr("sig="));
  EXPECT_EQ(seen[0].headers.Get("content-length"), "0");
  EXPECT_EQ(seen[1].headers.Get("x-ms-copy-source"), seen[0].headers.Get("x-ms-copy-source"));
  EXPECT_EQ(seen[2].target, "/acct/c/to?comp=blocklist");
  EXPECT_EQ(seen[2].body, "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList><Latest>" + first +
                              "</Latest><Latest>" + last + "</Latest></BlockList>");
  for (const SeenRequest& request : seen) ExpectSignedAsSeen(request);
}

TEST_F(AzureStoreTest, ACompletionWhoseAnswerWasLostMayBeSentAgain) {
  auto store = Open();
  auto upload = store->StartUpload(ObjectKey("to"), context_);
  ASSERT_EQ(upload.status(), Status());
  const std::vector<UploadedPart> parts = {{.number = 1}};
  Script({.hang_up = true});
  Script(Answer(201, "", {{"ETag", "\"0x9\""}}));
  EXPECT_EQ(store->CompleteUpload(*upload, parts, context_).status().code(), Code::kUnavailable);
  EXPECT_EQ(store->CompleteUpload(*upload, parts, context_).status(), Status());
  EXPECT_EQ(store->CompleteUpload(*upload, parts, context_).status().code(), Code::kNotFound);
}

TEST_F(AzureStoreTest, PartsAreOfTheRangeThatTheServiceTakes) {
  auto store = Open();
  auto upload = store->StartUpload(ObjectKey("to"), context_);
  ASSERT_EQ(upload.status(), Status());
  for (int number : {0, 50'001})
    EXPECT_EQ(store->UploadPart(*upload, number, "x", context_).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(store->UploadPart({.key = ObjectKey("to"), .id = "other"}, 1, "x", context_).status().code(),
            Code::kNotFound);
  EXPECT_THAT(Seen(), IsEmpty());
}

TEST_F(AzureStoreTest, AGivenSignatureIsAppendedToEveryUrlAndToTheSourceOfCopies) {
  Script(Answer(200, Page("", "")));
  Script(Answer(202, "", {{"ETag", "\"0x9\""}, {"x-ms-copy-status", "success"}}));
  auto store = Open({.sas_token = std::string("?") + kSas});
  EXPECT_EQ(store->List({}, context_).status(), Status());
  EXPECT_EQ(store->Copy(source_, ObjectKey("to"), context_).status(), Status());
  EXPECT_EQ(Seen()[0].target,
            std::string("/acct/c?comp=list&maxresults=1000&prefix=&restype=container&") + kSas);
  EXPECT_FALSE(Seen()[0].headers.Has("authorization"));
  EXPECT_EQ(Seen()[1].target, std::string("/acct/c/to?") + kSas);
  EXPECT_EQ(Seen()[1].headers.Get("x-ms-copy-source"), SourceUrl(kSas));
}

TEST_F(AzureStoreTest, ARefusedTokenIsReplacedOnce) {
  Script(RefusedHead(401, "InvalidAuthenticationInfo"));
  Script(RefusedHead(404, "BlobNotFound"));
  Script(RefusedHead(401, "InvalidAuthenticationInfo"));
  Script(RefusedHead(401, "InvalidAuthenticationInfo"));
  auto store = Open({.tokens = Tokens()});
  EXPECT_EQ(store->Head(ObjectKey("k"), context_).status().code(), Code::kNotFound);
  EXPECT_EQ(store->Head(ObjectKey("k"), context_).status().code(), Code::kPermissionDenied);
  std::vector<std::string> sent;
  for (const SeenRequest& request : Seen()) sent.emplace_back(request.headers.Get("authorization"));
  EXPECT_THAT(sent, ElementsAre("Bearer token-1", "Bearer token-2", "Bearer token-2", "Bearer token-3"));
}

TEST_F(AzureStoreTest, WithTokensOneDelegationKeySignsTheSourcesOfAllCopies) {
  Script(
      Answer(200,
             "<?xml version=\"1.0\"?><UserDelegationKey><SignedOid>oid</SignedOid><SignedTid>tid</SignedTid>"
             "<SignedStart>2026-11-27T05:59:50Z</SignedStart><SignedExpiry>2026-11-29T06:00:00Z"
             "</SignedExpiry><SignedService>b</SignedService><SignedVersion>2021-08-06</SignedVersion>"
             "<Value>c2lnbmluZyBrZXk=</Value></UserDelegationKey>"));
  for (int i = 0; i < 2; ++i) Script(Answer(202, "", {{"ETag", "\"0x9\""}, {"x-ms-copy-status", "success"}}));
  auto store = Open({.tokens = Tokens()});
  EXPECT_EQ(store->Copy(source_, ObjectKey("to"), context_).status(), Status());
  EXPECT_EQ(store->Copy(source_, ObjectKey("too"), context_).status(), Status());
  const auto seen = Seen();
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0].method, "POST");
  EXPECT_EQ(seen[0].target, "/acct/?comp=userdelegationkey&restype=service");
  EXPECT_EQ(seen[0].body,
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><KeyInfo><Start>2026-11-27T05:59:50Z</Start>"
            "<Expiry>2026-11-29T06:00:00Z</Expiry></KeyInfo>");
  const UserDelegationKey key{.object_id = "oid",
                              .tenant_id = "tid",
                              .start = "2026-11-27T05:59:50Z",
                              .expiry = "2026-11-29T06:00:00Z",
                              .service = "b",
                              .version = "2021-08-06",
                              .key = "signing key"};
  const std::string url = SourceUrl(ContainerReadSas("acct", "from", key, /*plain_http=*/true));
  EXPECT_EQ(seen[1].headers.Get("x-ms-copy-source"), url);
  EXPECT_EQ(seen[2].headers.Get("x-ms-copy-source"), url);
}

TEST_F(AzureStoreTest, ARefusalTellsTheServicesWordsAndWhatToChangeButNoSecret) {
  Script(Refused(403, "AuthenticationFailed"));
  const Status refused = Open()->Copy(source_, ObjectKey("to"), context_).status();
  EXPECT_EQ(refused.code(), Code::kPermissionDenied);
  EXPECT_THAT(refused.message(),
              HasSubstr("CopyBlobFromURL azure://c/to: 403 AuthenticationFailed (request 7f): "
                        "words; check accountName and accountKey"));
  EXPECT_THAT(refused.message(), Not(HasSubstr("sig=")));
  EXPECT_THAT(refused.message(), Not(HasSubstr("aHVzaCB")));
}

TEST_F(AzureStoreTest, RefusalsMeanWhatTheContractSays) {
  const std::tuple<int, const char*, Code> kCases[] = {
      {404, "BlobNotFound", Code::kNotFound},
      {404, "ContainerNotFound", Code::kNotFound},
      {404, "CannotVerifyCopySource", Code::kNotFound},
      {403, "CannotVerifyCopySource", Code::kPermissionDenied},
      {403, "KeyBasedAuthenticationNotPermitted", Code::kPermissionDenied},
      {412, "SourceConditionNotMet", Code::kFailedPrecondition},
      {412, "LeaseIdMissing", Code::kFailedPrecondition},
      {409, "BlobArchived", Code::kFailedPrecondition},
      {409, "ContainerBeingDeleted", Code::kUnavailable},
      {400, "Md5Mismatch", Code::kUnavailable},
      {400, "InvalidHeaderValue", Code::kInvalidArgument},
      {500, "OperationTimedOut", Code::kUnavailable},
      {501, "APINotImplemented", Code::kUnimplemented},
      {503, "ServerBusy", Code::kThrottled},
  };
  auto store = Open();
  for (const auto& [status, code, meaning] : kCases) {
    Script(Refused(status, code));
    EXPECT_EQ(store->Copy(source_, ObjectKey("to"), context_).status().code(), meaning)
        << status << " " << code;
  }
}

TEST_F(AzureStoreTest, AMissingContainerIsMade) {
  Script(Refused(404, "ContainerNotFound"));
  Script(Refused(409, "ContainerAlreadyExists"));
  EXPECT_EQ(Open()->EnsureBucket(context_), Status());
  EXPECT_EQ(Seen()[1].method, "PUT");
  EXPECT_EQ(Seen()[1].target, "/acct/c?restype=container");
  ExpectSignedAsSeen(Seen()[1]);
}

TEST_F(AzureStoreTest, AContainerThatCannotBeLookedIntoIsNotMade) {
  Script(Refused(403, "AuthorizationFailure"));
  const Status refused = Open()->EnsureBucket(context_);
  EXPECT_EQ(refused.code(), Code::kPermissionDenied);
  EXPECT_THAT(refused.message(), HasSubstr("bucketName \"c\""));
  EXPECT_EQ(Seen().size(), 1u);
}

TEST(MakeAzureStore, AddressesTheAccountInTheHostNameOrInThePath) {
  auto endpoint = [](std::string host, int port, bool use_ssl, AzureAddressing addressing) {
    auto store = MakeAzureStore({.host = std::move(host),
                                 .port = port,
                                 .use_ssl = use_ssl,
                                 .addressing = addressing,
                                 .account = "acct",
                                 .container = "c",
                                 .credentials = {.account_key = kKey}});
    EXPECT_TRUE(store.ok()) << store.status().message();
    return (*store)->identity().endpoint;
  };
  EXPECT_EQ(endpoint("core.windows.net", 443, false, AzureAddressing::kAuto),
            "https://acct.blob.core.windows.net acct");
  EXPECT_EQ(endpoint("azurite.localhost", 10000, false, AzureAddressing::kHost),
            "https://acct.blob.azurite.localhost:10000 acct");
  EXPECT_EQ(endpoint("127.0.0.1", 10000, false, AzureAddressing::kAuto), "http://127.0.0.1:10000 acct");
  EXPECT_EQ(endpoint("::1", 10000, true, AzureAddressing::kAuto), "https://[::1]:10000 acct");
  EXPECT_EQ(endpoint("azurite", 443, true, AzureAddressing::kPath), "https://azurite acct");
}

TEST(MakeAzureStore, RefusesWhatCannotBeUsedAndNamesTheSetting) {
  auto refusal = [](AzureOptions options) {
    auto store = MakeAzureStore(std::move(options));
    EXPECT_EQ(store.status().code(), Code::kInvalidArgument);
    return store.status().message();
  };
  const AzureOptions good{
      .host = "core.windows.net", .account = "acct", .container = "c", .credentials = {.account_key = kKey}};
  AzureOptions bad = good;
  bad.account = "acct.evil/";
  EXPECT_THAT(refusal(bad), HasSubstr("accountName"));
  bad = good;
  bad.container = "a/b";
  EXPECT_THAT(refusal(bad), HasSubstr("bucketName"));
  bad = good;
  bad.credentials = {.account_key = "hush, not base64"};
  EXPECT_THAT(refusal(bad), HasSubstr("accountKey"));
  EXPECT_THAT(refusal(bad), Not(HasSubstr("hush")));
  bad.credentials = {.sas_token = "https://acct.blob.core.windows.net/c?sig=hush"};
  EXPECT_THAT(refusal(bad), Not(HasSubstr("hush")));
  bad = good;
  bad.addressing = AzureAddressing::kPath;
  bad.credentials = {
      .tokens = std::make_shared<AzureTokens>(
          [](const CallContext&) -> Result<Expiring<std::string>> { return Internal("asked"); })};
  EXPECT_THAT(refusal(bad), HasSubstr("unencrypted"));
}

}  // namespace
}  // namespace mbk
