#include "transfer/copier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <memory>
#include <set>

#include "base/hash.h"
#include "store/content_hash.h"
#include "store/local/local_store.h"
#include "store/memory/memory_store.h"
#include "store/testing/faulty_store.h"
#include "store/testing/temp_directory.h"

namespace mbk {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// Parts of a few bytes, so that small objects go in many.
constexpr std::int64_t kPart = 8;

MemoryOptions Bucket(const std::string& name, std::shared_ptr<MemoryService> service) {
  return {.bucket = BucketName(name), .service = std::move(service), .capabilities = {.min_part_bytes = 1}};
}

// A source and a target bucket, of one service or of two; every call of either can be made to fail.
struct Pair {
  explicit Pair(bool same_service)
      : Pair(std::make_shared<MemoryService>(), same_service ? nullptr : std::make_shared<MemoryService>()) {}
  Pair(std::shared_ptr<MemoryService> one, std::shared_ptr<MemoryService> other)
      : source_memory(std::make_shared<MemoryStore>(Bucket("from", one))),
        target_memory(std::make_shared<MemoryStore>(Bucket("to", other ? other : one))),
        source(source_memory),
        target(target_memory) {}

  std::shared_ptr<MemoryStore> source_memory, target_memory;
  FaultyStore source, target;
};

CopyTask TaskOf(const std::string& key, std::int64_t size) {
  return {ObjectKey(key), ObjectKey("copy/" + key), size};
}

CopyOptions SmallParts() {
  return {.concurrency = 4, .part_size_bytes = kPart, .memory_budget_bytes = 3 * kPart};
}

// Gives `tasks` one after the other.
CopyTaskSource Each(std::vector<CopyTask> tasks) {
  return [tasks = std::move(tasks), at = std::size_t{0}]() mutable -> Result<std::optional<CopyTask>> {
    if (at == tasks.size()) return std::optional<CopyTask>();
    return std::optional(tasks[at++]);
  };
}

const CopyDone kIgnoreDone = [](const CopyTask&, const CopyResult&) { return Status(); };

TEST(PartSize, IsTheWantedOneUnlessThatMakesTooManyParts) {
  EXPECT_EQ(PartSize(100, 8, 10'000), 8);
  EXPECT_EQ(PartSize(0, 8, 10'000), 8);
  EXPECT_EQ(PartSize(80, 8, 10), 8);
  EXPECT_EQ(PartSize(81, 8, 10), 9);
}

RC_GTEST_PROP(PartSize, NeverNeedsMoreThanMaxParts, ()) {
  const auto size = *rc::gen::inRange<std::int64_t>(1, 50LL << 40);
  const auto wanted = *rc::gen::inRange<std::int64_t>(1, 1LL << 30);
  const auto max_parts = *rc::gen::inRange(1, 10'001);
  const std::int64_t part = PartSize(size, wanted, max_parts);
  RC_ASSERT(part >= wanted);
  RC_ASSERT((size + part - 1) / part <= max_parts);
}

TEST(ObjectCopier, CopiesInsideOneServiceWithoutReadingTheBytes) {
  Pair pair(/*same_service=*/true);
  pair.source_memory->Set("a", "hello");
  pair.source.Inject({.operation = StoreOperation::kGet, .times = 100});
  ObjectCopier copier(pair.source, pair.target, SmallParts());
  Result<CopyResult> copied = copier.CopyOne(TaskOf("a", 5), {});
  ASSERT_TRUE(copied.ok()) << copied.status().message();
  EXPECT_EQ(copied->method, CopyMethod::kServerSide);
  EXPECT_EQ(copied->digest.hex, Md5Hex("hello"));
  EXPECT_EQ(pair.target_memory->Contents().at("copy/a"), "hello");
  EXPECT_EQ(pair.source.fired(), 0);
}

TEST(ObjectCopier, CopiesLargeObjectsInsideOneServiceInParts) {
  Pair pair(/*same_service=*/true);
  pair.source_memory->Set("a", "0123456789");
  CopyOptions options = SmallParts();
  options.multipart_copy_threshold_bytes = 10;
  ObjectCopier copier(pair.source, pair.target, options);
  Result<CopyResult> copied = copier.CopyOne(TaskOf("a", 10), {});
  ASSERT_TRUE(copied.ok()) << copied.status().message();
  EXPECT_EQ(copied->method, CopyMethod::kServerSideMultipart);
  EXPECT_EQ(pair.target_memory->Contents().at("copy/a"), "0123456789");
  EXPECT_EQ(pair.target_memory->OpenUploads(), 0);
}

TEST(ObjectCopier, CopiesInPartsFromLessOnWhereNoDigestIsWanted) {
  Pair pair(/*same_service=*/true);
  const std::string content(64 << 20, 'x');
  pair.source_memory->Set("a", content);
  pair.source_memory->Set("b", content.substr(1));
  ObjectCopier lasting(pair.source, pair.target, {}),
      passing(pair.source, pair.target, {.wants_digests = false});
  const auto size = static_cast<std::int64_t>(content.size());
  EXPECT_EQ(lasting.CopyOne(TaskOf("a", size), {}).value().method, CopyMethod::kServerSide);
  EXPECT_EQ(passing.CopyOne(TaskOf("b", size - 1), {}).value().method, CopyMethod::kServerSide);
  EXPECT_EQ(passing.CopyOne(TaskOf("a", size), {}).value().method, CopyMethod::kServerSideMultipart);
  EXPECT_TRUE(pair.target_memory->Contents().at("copy/a") == content);
}

// Field case 36: the kernel copies, and tells nothing of what it copied.
TEST(ObjectCopier, ReadsWhatALocalStoreCopiedForTheDigestThatIsWanted) {
  TempDirectory directory;
  std::shared_ptr<ObjectStore> store = MakeLocalStore({.base_directory = directory.path()});
  ASSERT_TRUE(store->Put({.key = ObjectKey("a"), .body = "0123456789"}, {}).ok());
  for (const std::int64_t threshold : {1LL << 20, 5LL}) {
    ObjectCopier copier(*store, *store, {.multipart_copy_threshold_bytes = threshold});
    const Result<CopyResult> copied = copier.CopyOne(TaskOf("a", 10), {});
    ASSERT_TRUE(copied.ok()) << copied.status().message();
    EXPECT_NE(copied->method, CopyMethod::kStreamed);
    EXPECT_EQ(copied->digest.kind, Digest::Kind::kXxh128);
    EXPECT_EQ(copied->digest.hex, Xxh128Hex("0123456789"));
  }
  ObjectCopier passing(*store, *store, {.wants_digests = false});
  EXPECT_EQ(passing.CopyOne(TaskOf("a", 10), {}).value().digest, Digest());
}

// Writes into the memory of whoever asks, as a directory does, and nothing else.
class InPlaceStore : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  Result<ObjectInfo> Get(const GetRequest& request, const ByteSink& sink,
                         const CallContext& context) override {
    return ForwardingStore::Get(
        request,
        [&](std::string_view bytes) -> Status {
          for (; !bytes.empty(); bytes.remove_prefix(1)) {
            request.room().front() = bytes.front();
            MBK_TRY(sink({request.room().data(), 1}));
          }
          return {};
        },
        context);
  }
};

TEST(ObjectCopier, TakesBytesThatWereReadIntoItsOwnMemory) {
  Pair pair(/*same_service=*/false);
  pair.source_memory->Set("small", "hello");
  pair.source_memory->Set("large", "0123456789abcdefghij");
  InPlaceStore source(pair.source_memory);
  ObjectCopier copier(source, pair.target, SmallParts());
  ASSERT_TRUE(copier.CopyOne(TaskOf("small", 5), {}).ok());
  ASSERT_TRUE(copier.CopyOne(TaskOf("large", 20), {}).ok());
  EXPECT_EQ(pair.target_memory->Contents().at("copy/small"), "hello");
  EXPECT_EQ(pair.target_memory->Contents().at("copy/large"), "0123456789abcdefghij");
}

TEST(ObjectCopier, StreamsBetweenServices) {
  Pair pair(/*same_service=*/false);
  pair.source_memory->Set("a", "hello");
  pair.source_memory->Set("empty", "");
  ObjectCopier copier(pair.source, pair.target, SmallParts());
  Result<CopyResult> copied = copier.CopyOne(TaskOf("a", 5), {});
  ASSERT_TRUE(copied.ok()) << copied.status().message();
  EXPECT_EQ(copied->method, CopyMethod::kStreamed);
  EXPECT_EQ(copied->digest.hex, Md5Hex("hello"));
  ASSERT_TRUE(copier.CopyOne(TaskOf("empty", 0), {}).ok());
  EXPECT_THAT(pair.target_memory->Contents(),
              UnorderedElementsAre(std::pair("copy/a", "hello"), std::pair("copy/empty", "")));
  EXPECT_THAT(copier.streaming_reason(), HasSubstr("are two services"));
  EXPECT_EQ(ObjectCopier(pair.source, pair.target, SmallParts()).streaming_reason(), "")
      << "it copied nothing";
}

TEST(ObjectCopier, StreamsInsideOneServiceWhenToldTo) {
  Pair pair(/*same_service=*/true);
  pair.source_memory->Set("a", "hello");
  CopyOptions options = SmallParts();
  options.mode = CopyMode::kStreaming;
  ObjectCopier copier(pair.source, pair.target, options);
  EXPECT_EQ(copier.CopyOne(TaskOf("a", 5), {}).value().method, CopyMethod::kStreamed);
}

RC_GTEST_PROP(ObjectCopier, StreamsAnyContentWithItsDigest, ()) {
  const auto content = *rc::gen::arbitrary<std::string>();
  Pair pair(/*same_service=*/false);
  pair.source_memory->Set("a", content);
  ObjectCopier copier(pair.source, pair.target, SmallParts());
  Result<CopyResult> copied = copier.CopyOne(TaskOf("a", static_cast<std::int64_t>(content.size())), {});
  RC_ASSERT(copied.status().message() == "");
  RC_ASSERT(copied->digest.hex == Md5Hex(content));
  RC_ASSERT(pair.target_memory->Contents().at("copy/a") == content);
  RC_ASSERT(pair.target_memory->OpenUploads() == 0);
}

// Each row: a way to copy ten bytes, and what is refused in it.
struct Way {
  std::string name;
  bool same_service = false;
  std::int64_t threshold = 1000;
};
class EveryWay : public testing::TestWithParam<Way> {
 protected:
  EveryWay() : pair_(GetParam().same_service) {}
  CopyOptions Options(std::int64_t part_size) const {
    return {.concurrency = 2,
            .multipart_copy_threshold_bytes = GetParam().threshold,
            .part_size_bytes = part_size,
            .memory_budget_bytes = 64};
  }
  Pair pair_;
};

TEST_P(EveryWay, SaysNotFoundOfAnObjectThatVanished) {
  for (std::int64_t part : {4, 100}) {
    ObjectCopier copier(pair_.source, pair_.target, Options(part));
    Status copied = copier.CopyOne(TaskOf("gone", 10), {}).status();
    EXPECT_EQ(copied.code(), Code::kNotFound) << copied.message();
    EXPECT_THAT(copied.message(), HasSubstr("gone"));
  }
  EXPECT_EQ(pair_.target_memory->OpenUploads(), 0);
  EXPECT_THAT(pair_.target_memory->Keys(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(ObjectCopier, EveryWay,
                         testing::Values(Way{"Streamed"}, Way{"ServerSide", true},
                                         Way{"ServerSideMultipart", true, 5}),
                         [](const auto& info) { return info.param.name; });

TEST(ObjectCopier, RefusesASourceOfAnotherSizeWhenItSeesTheBytes) {
  Pair pair(/*same_service=*/false);
  pair.source_memory->Set("a", "0123456789");
  for (std::int64_t part : {4, 100}) {
    for (std::int64_t planned : {9, 11}) {
      CopyOptions options = SmallParts();
      options.part_size_bytes = part;
      ObjectCopier copier(pair.source, pair.target, options);
      Status copied = copier.CopyOne(TaskOf("a", planned), {}).status();
      EXPECT_EQ(copied.code(), Code::kFailedPrecondition) << copied.message();
    }
  }
  EXPECT_THAT(pair.target_memory->Keys(), IsEmpty());
  EXPECT_EQ(pair.target_memory->OpenUploads(), 0);
}

TEST(ObjectCopier, RefusesASourceOfAnotherSizeInAServerSideMultipartCopy) {
  Pair pair(/*same_service=*/true);
  pair.source_memory->Set("a", "0123456789");
  CopyOptions options = SmallParts();
  options.multipart_copy_threshold_bytes = 5;
  ObjectCopier copier(pair.source, pair.target, options);
  Status copied = copier.CopyOne(TaskOf("a", 9), {}).status();
  EXPECT_EQ(copied.code(), Code::kFailedPrecondition);
  EXPECT_THAT(copied.message(), HasSubstr("the source has 10 bytes, expected 9"));
  EXPECT_THAT(pair.target_memory->Keys(), IsEmpty());
}

// Whatever kind of digest the way by itself would compute.
TEST(ObjectCopier, WritesNoOtherBytesThanAreOnRecord) {
  for (const std::string& content : {std::string("short"), std::string("longer than one part")}) {
    for (const Digest::Kind kind : {Digest::Kind::kMd5, Digest::Kind::kSha256, Digest::Kind::kXxh128}) {
      Pair pair(false);
      pair.source_memory->Set("a", content);
      CopyTask task = TaskOf("a", static_cast<std::int64_t>(content.size()));
      task.recorded = DigestOf(content + "?", kind);
      ObjectCopier copier(pair.source, pair.target, SmallParts());
      const Status copied = copier.CopyOne(task, {}).status();
      EXPECT_EQ(copied.code(), Code::kDataLoss);
      EXPECT_THAT(copied.message(), HasSubstr("a has other bytes than were written"));
      EXPECT_THAT(pair.target_memory->Keys(), IsEmpty());
      EXPECT_EQ(pair.target_memory->OpenUploads(), 0);
      task.recorded = DigestOf(content, kind);
      const Result<CopyResult> whole = copier.CopyOne(task, {});
      ASSERT_TRUE(whole.ok()) << whole.status().message();
      EXPECT_EQ(whole->digest, task.recorded);
      EXPECT_EQ(pair.target_memory->Contents().at("copy/a"), content);
    }
  }
}

TEST(ObjectCopier, HoldsWhatAStoreTellsOfItsCopyAgainstTheRecord) {
  Pair pair(true);
  pair.source_memory->Set("a", "content");
  ObjectCopier copier(pair.source, pair.target, SmallParts());
  CopyTask task = TaskOf("a", 7);
  task.recorded = DigestOf("contend", Digest::Kind::kMd5);
  EXPECT_EQ(copier.CopyOne(task, {}).status().code(), Code::kDataLoss);
  task.recorded = DigestOf("contend", Digest::Kind::kXxh128);  // of another kind: nobody has read the bytes
  EXPECT_TRUE(copier.CopyOne(task, {}).ok());
}

TEST(ObjectCopier, RefusesToCopyAnObjectOntoItself) {
  MemoryStore store;
  store.Set("a", "hello");
  ObjectCopier copier(store, store, {});
  Status copied = copier.CopyOne({ObjectKey("a"), ObjectKey("a"), 5}, {}).status();
  EXPECT_EQ(copied.code(), Code::kInvalidArgument);
  EXPECT_THAT(copied.message(), HasSubstr("onto itself"));
  EXPECT_EQ(store.Contents().at("a"), "hello");
}

TEST(ObjectCopier, StreamsFromThenOnWhenAServerSideCopyIsRefusedAndRemembersWhy) {
  for (Code refusal : {Code::kPermissionDenied, Code::kUnimplemented}) {
    Pair pair(/*same_service=*/true);
    pair.source_memory->Set("a", "hello");
    pair.source_memory->Set("b", "world");
    pair.target.Inject(
        {.operation = StoreOperation::kCopy, .status = {refusal, "CopyObject: AccessDenied (request 7F)"}});
    ObjectCopier copier(pair.source, pair.target, SmallParts());
    EXPECT_EQ(copier.CopyOne(TaskOf("a", 5), {}).value().method, CopyMethod::kStreamed);
    EXPECT_EQ(copier.CopyOne(TaskOf("b", 5), {}).value().method, CopyMethod::kStreamed);
    EXPECT_THAT(copier.streaming_reason(), HasSubstr("CopyObject: AccessDenied (request 7F)"));
    EXPECT_EQ(pair.target.fired(), 1);
  }
}

TEST(ObjectCopier, DoesNotStreamWhenOnlyServerSideCopiesAreWanted) {
  Pair pair(/*same_service=*/true);
  pair.source_memory->Set("a", "hello");
  pair.target.Inject(
      {.operation = StoreOperation::kCopy, .status = {Code::kPermissionDenied, "AccessDenied"}});
  CopyOptions options = SmallParts();
  options.mode = CopyMode::kDirect;
  ObjectCopier copier(pair.source, pair.target, options);
  Status copied = copier.CopyOne(TaskOf("a", 5), {}).status();
  EXPECT_EQ(copied.code(), Code::kPermissionDenied);
  EXPECT_THAT(copied.message(), testing::AllOf(HasSubstr("copy "), HasSubstr("from/a"),
                                               HasSubstr("to/copy/a"), HasSubstr("AccessDenied")));
  EXPECT_EQ(copier.streaming_reason(), "");
}

TEST(ObjectCopier, AnotherFailureOfAServerSideCopyIsNoReasonToStream) {
  Pair pair(/*same_service=*/true);
  pair.source_memory->Set("a", "hello");
  pair.target.Inject({.operation = StoreOperation::kCopy});
  ObjectCopier copier(pair.source, pair.target, SmallParts());
  EXPECT_EQ(copier.CopyOne(TaskOf("a", 5), {}).status().code(), Code::kUnavailable);
  EXPECT_EQ(copier.CopyOne(TaskOf("a", 5), {}).value().method, CopyMethod::kServerSide);
}

// Every write of a copy in parts fails in turn: nothing of it may stay behind.
TEST(ObjectCopier, AbortsAnUploadThatFails) {
  const std::string content = "0123456789abcdefghij";
  for (bool same_service : {false, true}) {
    const StoreOperation part = same_service ? StoreOperation::kUploadPartCopy : StoreOperation::kUploadPart;
    for (StoreOperation operation : {StoreOperation::kStartUpload, part, StoreOperation::kCompleteUpload}) {
      Pair pair(same_service);
      pair.source_memory->Set("a", content);
      pair.target.Inject({.operation = operation});
      CopyOptions options = SmallParts();
      options.multipart_copy_threshold_bytes = 10;
      ObjectCopier copier(pair.source, pair.target, options);
      EXPECT_EQ(copier.CopyOne(TaskOf("a", 20), {}).status().code(), Code::kUnavailable);
      EXPECT_EQ(pair.target.fired(), 1) << StoreOperationName(operation);
      EXPECT_EQ(pair.target_memory->OpenUploads(), 0) << StoreOperationName(operation);
      EXPECT_THAT(pair.target_memory->Keys(), IsEmpty());
    }
  }
}

TEST(ObjectCopier, AbortsItsUploadAlsoWhenTheRunWasStopped) {
  Pair pair(/*same_service=*/false);
  pair.source_memory->Set("a", "0123456789abcdefghij");
  std::stop_source stop;
  pair.source.Inject({.operation = StoreOperation::kGet, .nth = 2, .status = {Code::kCancelled, "stopped"}});
  ObjectCopier copier(pair.source, pair.target, SmallParts());
  stop.request_stop();
  EXPECT_FALSE(copier.CopyOne(TaskOf("a", 20), {.stop = stop.get_token()}).ok());
  EXPECT_EQ(pair.target_memory->OpenUploads(), 0);
}

// Replaces the object after its first part was read.
class ChangingStore : public ForwardingStore {
 public:
  explicit ChangingStore(std::shared_ptr<MemoryStore> memory)
      : ForwardingStore(memory), memory_(std::move(memory)) {}
  Status After(const StoreCall& call, Status outcome) override {
    if (call.operation == StoreOperation::kGet) memory_->Set("a", "ABCDEFGHIJKLMNOPQRST");
    return outcome;
  }

 private:
  std::shared_ptr<MemoryStore> memory_;
};

TEST(ObjectCopier, NeverMixesPartsOfTwoVersionsOfAnObject) {
  Pair pair(/*same_service=*/false);
  pair.source_memory->Set("a", "0123456789abcdefghij");
  ChangingStore changing(pair.source_memory);
  ObjectCopier copier(changing, pair.target, SmallParts());
  EXPECT_EQ(copier.CopyOne(TaskOf("a", 20), {}).status().code(), Code::kFailedPrecondition);
  EXPECT_THAT(pair.target_memory->Keys(), IsEmpty());
  EXPECT_EQ(pair.target_memory->OpenUploads(), 0);
}

// A store that says it holds other bytes than it was sent.
class LyingStore : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  Result<WriteResult> Put(const PutRequest& request, const CallContext& context) override {
    MBK_TRY_ASSIGN(WriteResult written, ForwardingStore::Put(request, context));
    written.digest = {Digest::Kind::kMd5, Md5Hex("other bytes")};
    return written;
  }
};

TEST(ObjectCopier, NoticesWhenTheStoreHoldsOtherBytesThanWereSent) {
  Pair pair(/*same_service=*/false);
  pair.source_memory->Set("a", "hello");
  LyingStore lying(pair.target_memory);
  ObjectCopier copier(pair.source, lying, SmallParts());
  Status copied = copier.CopyOne(TaskOf("a", 5), {}).status();
  EXPECT_EQ(copied.code(), Code::kDataLoss);
  EXPECT_THAT(copied.message(), testing::AllOf(HasSubstr(Md5Hex("hello")), HasSubstr(Md5Hex("other bytes"))));
}

// A store that refuses what arrives altered, by its hash or because nothing lies between, and notes which
// digests it was handed.
class CheckingStore : public ForwardingStore {
 public:
  CheckingStore(std::shared_ptr<ObjectStore> inner, bool signs_bodies) : ForwardingStore(std::move(inner)) {
    capabilities_ = ForwardingStore::capabilities();
    capabilities_.refuses_altered_bodies = true;
    capabilities_.signs_bodies = signs_bodies;
  }
  const StoreCapabilities& capabilities() const override { return capabilities_; }
  Result<WriteResult> Put(const PutRequest& request, const CallContext& context) override {
    handed.emplace_back(request.sha256_hex);
    return ForwardingStore::Put(request, context);
  }
  std::vector<std::string> handed;

 private:
  StoreCapabilities capabilities_;
};

TEST(ObjectCopier, HashesNothingTwiceOnTheWayIntoADirectory) {
  Pair pair(/*same_service=*/false);
  const std::string large(20, 'x');
  pair.source_memory->Set("small", "hello");
  pair.source_memory->Set("large", large);
  CheckingStore directory(pair.target_memory, /*signs_bodies=*/false);
  ObjectCopier copier(pair.source, directory, SmallParts());
  EXPECT_EQ(copier.CopyOne(TaskOf("small", 5), {}).value().digest,
            (Digest{Digest::Kind::kMd5, Md5Hex("hello")}));
  EXPECT_EQ(copier.CopyOne(TaskOf("large", 20), {}).value().digest,
            (Digest{Digest::Kind::kXxh128, Xxh128Hex(large)}));
  EXPECT_THAT(directory.handed, testing::ElementsAre(""));
}

TEST(ObjectCopier, SparesAStoreThatChecksBodiesTheirHash) {
  Pair pair(/*same_service=*/false);
  const std::string large(20, 'x');
  pair.source_memory->Set("small", "hello");
  pair.source_memory->Set("large", large);
  CheckingStore checking(pair.target_memory, /*signs_bodies=*/true);
  ObjectCopier copier(pair.source, checking, SmallParts());
  EXPECT_EQ(copier.CopyOne(TaskOf("small", 5), {}).value().digest,
            (Digest{Digest::Kind::kSha256, Sha256Hex("hello")}));
  EXPECT_EQ(copier.CopyOne(TaskOf("large", 20), {}).value().digest,
            (Digest{Digest::Kind::kXxh128, Xxh128Hex(large)}));
  EXPECT_THAT(checking.handed, testing::ElementsAre(Sha256Hex("hello")));
}

class ManyObjects : public testing::TestWithParam<int> {};

TEST_P(ManyObjects, AllArriveAndAreReportedOnce) {
  Pair pair(/*same_service=*/false);
  std::vector<CopyTask> tasks;
  std::int64_t bytes = 0;
  for (int i = 0; i < 60; ++i) {
    const std::string content(static_cast<std::size_t>(i), 'x');
    pair.source_memory->Set(std::to_string(i), content);
    tasks.push_back(TaskOf(std::to_string(i), i));
    bytes += i;
  }
  CopyOptions options = SmallParts();
  options.concurrency = GetParam();
  ObjectCopier copier(pair.source, pair.target, options);
  Progress progress;
  std::multiset<std::string> done;
  Status copied = copier.CopyAll(Each(tasks), progress, {}, [&](const CopyTask& task, const CopyResult&) {
    done.insert(task.source.str());
    return Status();
  });
  ASSERT_TRUE(copied.ok()) << copied.message();
  EXPECT_EQ(done.size(), 60u);
  EXPECT_EQ(std::set<std::string>(done.begin(), done.end()).size(), 60u);
  EXPECT_EQ(pair.target_memory->Keys().size(), 60u);
  EXPECT_EQ(progress.Get().objects_done, 60);
  EXPECT_EQ(progress.Get().bytes_done, bytes);
}

INSTANTIATE_TEST_SUITE_P(AtAnyConcurrency, ManyObjects, testing::Values(0, 1, 3, 64));

TEST(ObjectCopier, GoesOnWithoutAnObjectWhenItsCallerSaysSo) {
  Pair pair(/*same_service=*/false);
  pair.source_memory->Set("a", "1");
  pair.source_memory->Set("c", "3");
  ObjectCopier copier(pair.source, pair.target, SmallParts());
  Progress progress;
  std::vector<std::string> vanished;
  Status copied = copier.CopyAll(Each({TaskOf("a", 1), TaskOf("b", 1), TaskOf("c", 1)}), progress, {},
                                 kIgnoreDone, [&](const CopyTask& task, Status failure) {
                                   EXPECT_EQ(failure.code(), Code::kNotFound);
                                   vanished.push_back(task.source.str());
                                   return Status();
                                 });
  ASSERT_TRUE(copied.ok()) << copied.message();
  EXPECT_THAT(vanished, ElementsAre("b"));
  EXPECT_THAT(pair.target_memory->Keys(), UnorderedElementsAre("copy/a", "copy/c"));
  EXPECT_EQ(progress.Get().objects_done, 2);
}

TEST(ObjectCopier, TheFirstErrorEndsTheRun) {
  Pair pair(/*same_service=*/false);
  pair.source_memory->Set("a", "1");
  ObjectCopier copier(pair.source, pair.target, SmallParts());
  Progress progress;
  EXPECT_EQ(copier.CopyAll(Each({TaskOf("gone", 1)}), progress, {}, kIgnoreDone).code(), Code::kNotFound);
  auto no_plan = []() -> Result<std::optional<CopyTask>> { return DataLoss("the listing broke"); };
  EXPECT_EQ(copier.CopyAll(no_plan, progress, {}, kIgnoreDone).code(), Code::kDataLoss);
  auto refuses = [](const CopyTask&, const CopyResult&) { return Internal("cannot be written down"); };
  EXPECT_EQ(copier.CopyAll(Each({TaskOf("a", 1)}), progress, {}, refuses).code(), Code::kInternal);
}

TEST(ObjectCopier, AStopEndsTheRunBeforeTheNextObject) {
  Pair pair(/*same_service=*/false);
  for (const std::string key : {"a", "b"}) pair.source_memory->Set(key, "1");
  CopyOptions options = SmallParts();
  options.concurrency = 1;
  ObjectCopier copier(pair.source, pair.target, options);
  Progress progress;
  std::stop_source stop;
  Status copied = copier.CopyAll(Each({TaskOf("a", 1), TaskOf("b", 1)}), progress, {.stop = stop.get_token()},
                                 [&](const CopyTask&, const CopyResult&) {
                                   stop.request_stop();
                                   return Status();
                                 });
  EXPECT_EQ(copied.code(), Code::kCancelled);
  EXPECT_THAT(pair.target_memory->Keys(), ElementsAre("copy/a"));
}

}  // namespace
}  // namespace mbk
