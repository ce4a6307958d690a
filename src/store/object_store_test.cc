#include "store/object_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/byte_range.h"
#include "store/forwarding_store.h"
#include "store/list_first.h"
#include "store/memory/memory_store.h"
#include "store/readonly_store.h"
#include "store/testing/empty_pages.h"

namespace mbk {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(StoreIdentity, UrlsAreThoseOfTheServicesOwnTools) {
  auto url = [](const char* service, const char* bucket) {
    return StoreIdentity{.service = service, .bucket = BucketName(bucket)}.Url(ObjectKey("a/b"));
  };
  EXPECT_EQ(url("minio", "bucket"), "s3://bucket/a/b");
  EXPECT_EQ(url("aliyun", "bucket"), "s3://bucket/a/b");
  EXPECT_EQ(url("gcpnative", "bucket"), "gs://bucket/a/b");
  EXPECT_EQ(url("azure", "container"), "azure://container/a/b");
  EXPECT_EQ(url("local", "/data"), "file:///data/a/b");
  EXPECT_EQ(url("local", ""), "file://a/b");
  EXPECT_EQ(url("local", "a"), "file://a/b") << "keys are paths that begin with the root";
  EXPECT_EQ(StoreIdentity{.service = "s3"}.Url(ObjectKey()), "s3://");
}

TEST(StoreIdentity, ABucketDoesNotMakeAnotherService) {
  const StoreIdentity one{.service = "minio", .endpoint = "a:9000", .bucket = BucketName("one")};
  EXPECT_TRUE(one.SameService({.service = "minio", .endpoint = "a:9000", .bucket = BucketName("two")}));
  EXPECT_FALSE(one.SameService({.service = "minio", .endpoint = "b:9000", .bucket = BucketName("one")}));
  EXPECT_FALSE(one.SameService({.service = "s3", .endpoint = "a:9000", .bucket = BucketName("one")}));
}

TEST(ForEachObject, EndsWithTheErrorOfTheVisitor) {
  MemoryStore store;
  for (const char* key : {"p/1", "p/2", "p/3", "q"}) store.Set(key, "x");
  std::vector<std::string> seen;
  const Status status = ForEachObject(store, "p/", {}, [&](const ObjectInfo& object) -> Status {
    seen.push_back(object.key.str());
    return seen.size() == 2 ? DataLoss("enough") : Status();
  });
  EXPECT_EQ(status, DataLoss("enough"));
  EXPECT_THAT(seen, ElementsAre("p/1", "p/2"));
}

// Answers every listing with the same token.
class CirclingStore : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  Result<ListPage> List(const ListRequest&, const CallContext&) override {
    return ListPage{.next_page_token = "round"};
  }
};

TEST(ForEachObject, DoesNotGoInCirclesWithTheService) {
  CirclingStore store(std::make_shared<MemoryStore>());
  const Status status = ForEachObject(store, "", {}, [](const ObjectInfo&) { return Status(); });
  EXPECT_EQ(status.code(), Code::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr("in a circle"));
}

TEST(ListFirst, GivesWhatIsAskedForWhereverThePagesEnd) {
  auto memory = std::make_shared<MemoryStore>();
  for (const char* key : {"p/1", "p/2", "p/3", "p/d/1", "p/d/2", "q"}) memory->Set(key, "x");
  EmptyPages store(memory);
  EXPECT_EQ(ListFirst(store, {.prefix = "p/", .max_keys = 2}, {}).value().objects.size(), 2u);
  EXPECT_EQ(ListFirst(store, {.prefix = "p/"}, {}).value().objects.size(), 5u);
  const ListPage level = ListFirst(store, {.prefix = "p/", .delimiter = "/"}, {}).value();
  EXPECT_EQ(level.objects.size(), 3u);
  EXPECT_THAT(level.common_prefixes, ElementsAre("p/d/"));
  EXPECT_EQ(level.next_page_token, "");
  EXPECT_TRUE(ListFirst(store, {.prefix = "r"}, {}).value().objects.empty());
  CirclingStore circling(memory);
  EXPECT_EQ(ListFirst(circling, {}, {}).status().code(), Code::kDataLoss);
}

TEST(ReadObject, RefusesWhatIsLargerThanExpected) {
  MemoryStore store;
  store.Set("k", "12345");
  EXPECT_EQ(ReadObject(store, ObjectKey("k"), 5, {}).value(), "12345");
  const Status status = ReadObject(store, ObjectKey("k"), 4, {}).status();
  EXPECT_EQ(status.code(), Code::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr("memory://memory/k"));
}

TEST(ResolveRange, CutsAtTheEndAndRefusesTheRest) {
  EXPECT_EQ(ResolveRange({.offset = 2, .length = 100}, 10).value().length, 8);
  EXPECT_EQ(ResolveRange({}, 0).value().length, 0);
  EXPECT_EQ(ResolveRange({.offset = 10}, 10).status().code(), Code::kFailedPrecondition);
  EXPECT_EQ(ResolveRange({.offset = 1, .length = INT64_MAX}, 10).value().length, 9);
  EXPECT_EQ(ResolveRange({.length = -2}, 10).status().code(), Code::kInvalidArgument);
}

TEST(ReadonlyStore, ReadsAndOffersNoWayToWrite) {
  auto inner = std::make_shared<MemoryStore>();
  inner->Set("k", "content");
  ReadonlyStore store(inner);
  EXPECT_EQ(ReadObject(store, ObjectKey("k"), 10, {}).value(), "content");
  EXPECT_EQ(store.Head(ObjectKey("k"), {}).value().size, 7);
  EXPECT_EQ(store.List({}, {}).value().objects.size(), 1u);
  ObjectReader* reader = &store;
  EXPECT_EQ(dynamic_cast<ObjectStore*>(reader), nullptr);
}

TEST(MemoryStore, AMissingBucketIsNotFoundUntilItIsMade) {
  MemoryStore store({.create_bucket = false});
  EXPECT_EQ(store.List({}, {}).status().code(), Code::kNotFound);
  EXPECT_EQ(store.Put({.key = ObjectKey("k")}, {}).status().code(), Code::kNotFound);
  EXPECT_TRUE(store.EnsureBucket({}).ok());
  EXPECT_TRUE(store.Put({.key = ObjectKey("k")}, {}).ok());
  EXPECT_THAT(store.Keys(), ElementsAre("k"));
}

TEST(MemoryStore, ObeysItsCapabilities) {
  MemoryStore store({.capabilities = {.max_single_copy_bytes = 3, .min_part_bytes = 2}});
  store.Set("large", "1234");
  const CopySource source{.bucket = store.identity().bucket, .key = ObjectKey("large")};
  EXPECT_EQ(store.Copy(source, ObjectKey("to"), {}).status().code(), Code::kInvalidArgument);

  const UploadId upload = store.StartUpload(ObjectKey("k"), {}).value();
  std::vector<UploadedPart> parts = {store.UploadPart(upload, 1, "a", {}).value(),
                                     store.UploadPart(upload, 2, "b", {}).value()};
  EXPECT_EQ(store.CompleteUpload(upload, parts, {}).status().code(), Code::kInvalidArgument);
  parts[0] = store.UploadPart(upload, 1, "aa", {}).value();
  EXPECT_EQ(store.OpenUploads(), 1);
  EXPECT_TRUE(store.CompleteUpload(upload, parts, {}).ok());
  EXPECT_EQ(store.OpenUploads(), 0);
  EXPECT_EQ(store.Contents().at("k"), "aab");
}

TEST(MemoryStore, MultipartEtagsAreThoseOfS3) {
  MemoryStore store({.capabilities = {.min_part_bytes = 1}});
  const UploadId upload = store.StartUpload(ObjectKey("k"), {}).value();
  const std::vector<UploadedPart> parts = {store.UploadPart(upload, 1, "a", {}).value(),
                                           store.UploadPart(upload, 2, "b", {}).value()};
  // MD5 of the two parts' MD5s, 16 bytes each.
  EXPECT_EQ(store.CompleteUpload(upload, parts, {}).value().etag, "96e024ba2074fe77e8e965ba43a704be-2");
}

}  // namespace
}  // namespace mbk
