#include "store/retrying_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/memory/memory_store.h"
#include "store/metered_store.h"
#include "store/testing/conformance.h"
#include "store/testing/empty_pages.h"
#include "store/testing/faulty_store.h"
#include "store/testing/recording_sleeper.h"

namespace mbk {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// retrying → faulty → metered → memory
class RetryingStoreTest : public testing::Test {
 protected:
  Status Get(const GetRequest& request, std::string& received) {
    auto append = [&](std::string_view bytes) {
      received += bytes;
      return Status();
    };
    return store_.Get(request, append, {}).status();
  }
  StoreCounts counts(StoreOperation operation) const { return metered_->Snapshot().of(operation); }

  const ObjectKey key_{"k"};
  const std::string content_ = conformance::Content(300'000);
  std::shared_ptr<MemoryStore> memory_ =
      std::make_shared<MemoryStore>(MemoryOptions{.capabilities = {.min_part_bytes = 1}});
  std::shared_ptr<MeteredStore> metered_ = std::make_shared<MeteredStore>(memory_);
  std::shared_ptr<FaultyStore> faulty_ = std::make_shared<FaultyStore>(metered_);
  RecordingSleeper sleeper_;
  RetryingStore store_{faulty_, RetryPolicy{.max_attempts = 3}, sleeper_};
};

TEST_F(RetryingStoreTest, EveryOperationIsTriedAgain) {
  for (int i = 0; i < kStoreOperations; ++i) faulty_->Inject({.operation = static_cast<StoreOperation>(i)});
  const std::vector<ObjectKey> keys = {ObjectKey("absent")};
  const CopySource source{.bucket = memory_->identity().bucket, .key = key_};
  std::string received;

  EXPECT_TRUE(store_.EnsureBucket({}).ok());
  EXPECT_TRUE(store_.Put({.key = key_, .body = "content"}, {}).ok());
  EXPECT_TRUE(store_.Head(key_, {}).ok());
  EXPECT_TRUE(store_.List({}, {}).ok());
  EXPECT_TRUE(Get({.key = key_}, received).ok());
  EXPECT_TRUE(store_.Copy(source, ObjectKey("copy"), {}).ok());
  EXPECT_TRUE(store_.Delete(keys, {}).ok());
  const UploadId upload = store_.StartUpload(ObjectKey("large"), {}).value();
  const std::vector<UploadedPart> parts = {
      store_.UploadPart(upload, 1, "a", {}).value(),
      store_.UploadPartCopy(upload, 2, source, {.offset = 0, .length = 3}, {}).value()};
  EXPECT_TRUE(store_.CompleteUpload(upload, parts, {}).ok());
  EXPECT_TRUE(store_.AbortUpload(upload, {}).ok());
  EXPECT_TRUE(store_.ListUploads("", {}).ok());
  EXPECT_TRUE(store_.ListOthers("", {}).ok());
  EXPECT_TRUE(store_.WhyKept(key_, {}).ok());
  EXPECT_TRUE(store_.RemoveEmptyDirectories("", [](std::string_view) { return true; }, {}).ok());

  EXPECT_EQ(faulty_->fired(), kStoreOperations);
  EXPECT_THAT(sleeper_.slept(), SizeIs(kStoreOperations));
  EXPECT_EQ(received, "content");
  EXPECT_EQ(memory_->Contents().at("large"), "acon");
}

// Whoever looks at one page takes one without anything for the end.
TEST_F(RetryingStoreTest, AnEmptyPageIsOnlyEverTheLast) {
  for (const char* key : {"p/1", "p/2", "q/1"}) memory_->Set(key, "x");
  RetryingStore store(std::make_shared<EmptyPages>(faulty_), RetryPolicy{}, sleeper_);
  faulty_->Inject({.operation = StoreOperation::kList});
  const ListPage first = store.List({.prefix = "p/"}, {}).value();
  EXPECT_THAT(first.objects, SizeIs(1));
  EXPECT_FALSE(first.next_page_token.empty());
  EXPECT_EQ(faulty_->fired(), 1) << "each page has its attempts";
  EXPECT_THAT(store.List({.delimiter = "/"}, {}).value().common_prefixes, SizeIs(1));
  const ListPage none = store.List({.prefix = "r/"}, {}).value();
  EXPECT_THAT(none.objects, IsEmpty());
  EXPECT_EQ(none.next_page_token, "");
}

// Gives an empty page after the other, and stops the run on the way.
class EndlessPages : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  Result<ListPage> List(const ListRequest&, const CallContext&) override {
    if (++pages == stop_at) stop.request_stop();
    return ListPage{.next_page_token = circles ? "round" : std::to_string(pages)};
  }
  std::stop_source stop;
  int pages = 0, stop_at = 0;
  bool circles = false;
};

TEST_F(RetryingStoreTest, EmptyPagesWithoutAnEndEndAllTheSame) {
  for (const bool circles : {false, true}) {
    auto pages = std::make_shared<EndlessPages>(memory_);
    pages->circles = circles;
    RetryingStore store(pages, RetryPolicy{}, sleeper_);
    EXPECT_EQ(store.List({}, {}).status().code(), Code::kDataLoss);
    EXPECT_LE(pages->pages, circles ? 2 : 10'000);
  }
  auto pages = std::make_shared<EndlessPages>(memory_);
  pages->stop_at = 3;
  RetryingStore store(pages, RetryPolicy{}, sleeper_);
  EXPECT_EQ(store.List({}, {.stop = pages->stop.get_token()}).status().code(), Code::kCancelled);
  EXPECT_EQ(pages->pages, 3);
}

TEST_F(RetryingStoreTest, GivesUpAfterTheLastAttempt) {
  faulty_->Inject({.operation = StoreOperation::kHead, .times = 10});
  const Status status = store_.Head(key_, {}).status();
  EXPECT_EQ(status.code(), Code::kUnavailable);
  EXPECT_EQ(status.message(), "injected fault (after 3 attempts)");
  EXPECT_EQ(faulty_->fired(), 3);
}

TEST_F(RetryingStoreTest, PermanentErrorsAreFinal) {
  EXPECT_EQ(store_.Head(ObjectKey("absent"), {}).status().code(), Code::kNotFound);
  EXPECT_EQ(counts(StoreOperation::kHead).calls, 1);
  EXPECT_THAT(sleeper_.slept(), IsEmpty());
}

TEST_F(RetryingStoreTest, ABrokenGetResumesBehindTheLastByte) {
  memory_->Set("k", content_);
  faulty_->Inject({.kind = Fault::Kind::kCutAfter, .cut_after_bytes = 100'000});
  faulty_->Inject({.kind = Fault::Kind::kCutAfter, .nth = 2, .cut_after_bytes = 150'000});
  std::string received;
  ASSERT_EQ(Get({.key = key_}, received), Status());
  EXPECT_TRUE(received == content_);
  EXPECT_EQ(faulty_->fired(), 2);
  EXPECT_EQ(counts(StoreOperation::kGet).calls, 3);
}

TEST_F(RetryingStoreTest, ABrokenRangeResumesInsideTheRange) {
  memory_->Set("k", content_);
  faulty_->Inject({.kind = Fault::Kind::kCutAfter, .cut_after_bytes = 70'000});
  std::string received;
  ASSERT_EQ(Get({.key = key_, .range = {.offset = 1'000, .length = 200'000}}, received), Status());
  EXPECT_TRUE(received == content_.substr(1'000, 200'000));
  EXPECT_EQ(faulty_->fired(), 1);
}

TEST_F(RetryingStoreTest, AGetThatBrokeBehindTheLastByteIsComplete) {
  memory_->Set("k", content_);
  faulty_->Inject({.kind = Fault::Kind::kCutAfter, .cut_after_bytes = 300'000});
  std::string received;
  ASSERT_EQ(Get({.key = key_}, received), Status());
  EXPECT_TRUE(received == content_);
  EXPECT_EQ(faulty_->fired(), 1);
  EXPECT_EQ(counts(StoreOperation::kGet).calls, 1);
}

TEST_F(RetryingStoreTest, BytesThatWereRefusedAreNotTakenForComplete) {
  memory_->Set("k", content_);
  faulty_->Inject({.kind = Fault::Kind::kCutAfter,
                   .status = {Code::kDataLoss, "another checksum"},
                   .cut_after_bytes = 300'000});
  std::string received;
  EXPECT_EQ(Get({.key = key_}, received), Status(Code::kDataLoss, "another checksum"));
  EXPECT_EQ(faulty_->fired(), 1);
}

TEST_F(RetryingStoreTest, AnObjectThatCameInPiecesHasNoDigest) {
  memory_->Set("k", content_);
  auto ignore = [](std::string_view) { return Status(); };
  EXPECT_EQ(store_.Get({.key = key_}, ignore, {}).value().digest.kind, Digest::Kind::kMd5);
  for (std::int64_t cut : {100'000, 300'000}) {
    faulty_->Inject({.kind = Fault::Kind::kCutAfter, .cut_after_bytes = cut});
    EXPECT_EQ(store_.Get({.key = key_}, ignore, {}).value().digest, Digest{}) << cut;
  }
  EXPECT_EQ(faulty_->fired(), 2);
}

TEST_F(RetryingStoreTest, NeverMixesTwoVersionsOfAnObject) {
  memory_->Set("k", content_);
  faulty_->Inject({.kind = Fault::Kind::kCutAfter, .cut_after_bytes = 100'000});
  std::string received;
  auto overwrite_at_once = [&](std::string_view bytes) {
    received += bytes;
    memory_->Set("k", "another");
    return Status();
  };
  EXPECT_EQ(store_.Get({.key = key_}, overwrite_at_once, {}).status().code(), Code::kFailedPrecondition);
  EXPECT_TRUE(received == content_.substr(0, 100'000));
  EXPECT_EQ(faulty_->fired(), 1);
}

TEST_F(RetryingStoreTest, ToldOnceThatAGetBegins) {
  memory_->Set("k", content_);
  faulty_->Inject({.kind = Fault::Kind::kCutAfter, .cut_after_bytes = 1});
  int calls = 0;
  std::string received;
  ASSERT_EQ(Get({.key = key_, .on_start = [&](const ObjectInfo&) { ++calls; }}, received), Status());
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(faulty_->fired(), 1);
}

TEST_F(RetryingStoreTest, AnErrorOfTheSinkIsFinalWhateverItsCode) {
  memory_->Set("k", content_);
  const Status error(Code::kUnavailable, "the other end is away");
  EXPECT_EQ(store_.Get({.key = key_}, [&](std::string_view) { return error; }, {}).status(), error);
  EXPECT_EQ(counts(StoreOperation::kGet).calls, 1);
}

TEST_F(RetryingStoreTest, AConditionalPutRecognisesItsOwnObject) {
  faulty_->Inject({.operation = StoreOperation::kPut, .kind = Fault::Kind::kAnswerLost});
  const PutRequest request{.key = key_, .body = "owner 1", .condition = PutCondition::kIfAbsent};
  auto written = store_.Put(request, {});
  ASSERT_EQ(written.status(), Status());
  EXPECT_EQ(written->etag, memory_->Head(key_, {}).value().etag);
  EXPECT_EQ(faulty_->fired(), 1);
}

TEST_F(RetryingStoreTest, AConditionalPutLosesToAnotherOwner) {
  faulty_->Inject({.operation = StoreOperation::kPut});
  memory_->Set("k", "owner 2");
  const PutRequest request{.key = key_, .body = "owner 1", .condition = PutCondition::kIfAbsent};
  EXPECT_EQ(store_.Put(request, {}).status().code(), Code::kAlreadyExists);
  EXPECT_EQ(memory_->Contents().at("k"), "owner 2");
  EXPECT_EQ(faulty_->fired(), 1);
}

TEST_F(RetryingStoreTest, EqualContentIsNotOursWithoutAnAttemptInDoubt) {
  memory_->Set("k", "owner 1");
  const PutRequest request{.key = key_, .body = "owner 1", .condition = PutCondition::kIfAbsent};
  EXPECT_EQ(store_.Put(request, {}).status().code(), Code::kAlreadyExists);
}

TEST_F(RetryingStoreTest, ACompletionWhoseAnswerWasLostIsFound) {
  const UploadId upload = store_.StartUpload(key_, {}).value();
  const std::vector<UploadedPart> parts = {store_.UploadPart(upload, 1, "a", {}).value(),
                                           store_.UploadPart(upload, 2, "b", {}).value()};
  faulty_->Inject({.operation = StoreOperation::kCompleteUpload, .kind = Fault::Kind::kAnswerLost});
  auto written = store_.CompleteUpload(upload, parts, {});
  ASSERT_EQ(written.status(), Status());
  EXPECT_EQ(written->etag, memory_->Head(key_, {}).value().etag);
  EXPECT_EQ(faulty_->fired(), 1);
}

TEST_F(RetryingStoreTest, AnOlderObjectIsNotTakenForTheCompletedOne) {
  memory_->Set("k", "older");
  const UploadId upload = store_.StartUpload(key_, {}).value();
  const std::vector<UploadedPart> parts = {store_.UploadPart(upload, 1, "a", {}).value()};
  faulty_->Inject({.operation = StoreOperation::kCompleteUpload, .times = 3});
  const Status status = store_.CompleteUpload(upload, parts, {}).status();
  EXPECT_EQ(status.code(), Code::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("unanswered"));
  EXPECT_EQ(memory_->Contents().at("k"), "older");
  EXPECT_EQ(faulty_->fired(), 3);
}

// Whoever was never reached is more likely spelled wrong than restarting.
TEST(FirstContact, GivesUpAStoreThatHasNeverAnsweredAfterTenSeconds) {
  auto faulty = std::make_shared<FaultyStore>(std::make_shared<MemoryStore>());
  RecordingSleeper sleeper;
  const RetryPolicy patient{.max_attempts = 20, .initial_backoff = Milliseconds(3'000)};
  RetryingStore store(faulty, patient, sleeper, "minio.address and minio.port");
  faulty->Inject({.operation = StoreOperation::kHead, .times = 100});
  EXPECT_EQ(store.Head(ObjectKey("k"), {}).status().code(), Code::kUnavailable);
  EXPECT_EQ(faulty->fired(), 4) << "3 s, 5 s and 5 s, each up to a fifth less";
}

TEST(FirstContact, IsOverOnceTheStoreHasSaidAnything) {
  auto faulty = std::make_shared<FaultyStore>(std::make_shared<MemoryStore>());
  RecordingSleeper sleeper;
  const RetryPolicy patient{.max_attempts = 20, .initial_backoff = Milliseconds(3'000)};
  RetryingStore store(faulty, patient, sleeper, "minio.address and minio.port");
  EXPECT_EQ(store.Head(ObjectKey("k"), {}).status().code(), Code::kNotFound);
  faulty->Inject({.operation = StoreOperation::kHead, .times = 100});
  testing::internal::CaptureStderr();
  EXPECT_FALSE(store.Head(ObjectKey("k"), {}).ok());
  EXPECT_EQ(faulty->fired(), 20);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, testing::HasSubstr("minio.address and minio.port"));
  EXPECT_THAT(said, testing::HasSubstr(faulty->identity().endpoint));
}

}  // namespace
}  // namespace mbk
