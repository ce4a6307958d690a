#include "repository/object_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <istream>
#include <memory>
#include <sstream>
#include <vector>

#include "store/forwarding_store.h"
#include "store/memory/memory_store.h"
#include "store/testing/faulty_store.h"

namespace mbk {
namespace {

using testing::IsEmpty;

const ObjectKey kKey("meta/full_meta.json");
constexpr std::size_t kMiB = 1u << 20;

std::string ReadAll(ObjectReader& store, Status& status) {
  ObjectInputBuf buffer(store, kKey, {});
  std::istream stream(&buffer);
  std::ostringstream text;
  text << stream.rdbuf();
  status = buffer.status();
  return std::move(text).str();
}

// Each KiB begins with its number, so that a chunk read twice or from the wrong place shows.
std::string LongText(std::size_t size) {
  std::string text(size, '.');
  for (std::size_t at = 0; at + 16 < size; at += 1024) {
    const std::string number = std::to_string(at);
    text.replace(at, number.size(), number);
  }
  return text;
}

RC_GTEST_PROP(ObjectStreams, ReadBackWhatWasWrittenInAnyPieces, ()) {
  const auto pieces = *rc::gen::arbitrary<std::vector<std::string>>();
  MemoryStore store;
  ObjectOutput output(store, kKey, {});
  std::string whole;
  for (const std::string& piece : pieces) {
    RC_ASSERT(output.Write(piece).ok());
    whole += piece;
  }
  RC_ASSERT(output.Finish().ok());
  Status status;
  RC_ASSERT(ReadAll(store, status) == whole);
  RC_ASSERT(status.ok());
}

class LongObjects : public testing::TestWithParam<std::size_t> {};

TEST_P(LongObjects, PassThroughInParts) {
  const std::string text = LongText(GetParam());
  MemoryStore store;
  ObjectOutput output(store, kKey, {});
  for (std::size_t at = 0; at < text.size(); at += 100'000) {
    ASSERT_TRUE(output.Write(std::string_view(text).substr(at, 100'000)).ok());
  }
  ASSERT_TRUE(output.Finish().ok());
  EXPECT_EQ(store.OpenUploads(), 0);
  Status status;
  EXPECT_TRUE(ReadAll(store, status) == text);
  EXPECT_TRUE(status.ok()) << status.message();
}

INSTANTIATE_TEST_SUITE_P(AtPartAndChunkSizes, LongObjects,
                         testing::Values(4 * kMiB - 1, 4 * kMiB, 4 * kMiB + 1, 8 * kMiB, 17 * kMiB));

TEST(ObjectInputBuf, KnowsTheSizeOfTheObjectOnceItRead) {
  MemoryStore store;
  store.Set(kKey.str(), "hello");
  ObjectInputBuf buffer(store, kKey, {});
  EXPECT_EQ(buffer.object_size(), -1);
  std::istream stream(&buffer);
  EXPECT_EQ(stream.get(), 'h');
  EXPECT_EQ(buffer.object_size(), 5);
}

TEST(ObjectInputBuf, AnObjectThatIsNotThereIsNotFound) {
  MemoryStore store;
  Status status;
  EXPECT_EQ(ReadAll(store, status), "");
  EXPECT_EQ(status.code(), Code::kNotFound);
}

TEST(ObjectInputBuf, AnEmptyObjectIsNoError) {
  MemoryStore store;
  store.Set(kKey.str(), "");
  Status status;
  EXPECT_EQ(ReadAll(store, status), "");
  EXPECT_TRUE(status.ok()) << status.message();
}

TEST(ObjectInputBuf, AReadThatFailsMidwayEndsTheStreamWithItsError) {
  auto memory = std::make_shared<MemoryStore>();
  memory->Set(kKey.str(), LongText(9 * kMiB));
  FaultyStore store(memory);
  store.Inject(
      {.operation = StoreOperation::kGet, .nth = 2, .status = {Code::kUnavailable, "connection reset"}});
  Status status;
  EXPECT_EQ(ReadAll(store, status).size(), 4 * kMiB);
  EXPECT_EQ(status, Status(Code::kUnavailable, "connection reset"));
}

TEST(ObjectInputBuf, NeverMixesTwoVersionsOfAnObject) {
  MemoryStore store;
  store.Set(kKey.str(), LongText(9 * kMiB));
  ObjectInputBuf buffer(store, kKey, {});
  std::istream stream(&buffer);
  ASSERT_NE(stream.get(), EOF);
  store.Set(kKey.str(), std::string(9 * kMiB, 'x'));
  stream.ignore(9 * kMiB);
  EXPECT_EQ(static_cast<std::size_t>(stream.gcount()), 4 * kMiB - 1);
  EXPECT_EQ(buffer.status().code(), Code::kFailedPrecondition);
}

// Keeps the sizes of the parts.
class MeasuringStore : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  Result<UploadedPart> UploadPart(const UploadId& upload, int part_number, std::string_view body,
                                  const CallContext& context) override {
    part_sizes.push_back(body.size());
    return ForwardingStore::UploadPart(upload, part_number, body, context);
  }
  std::vector<std::size_t> part_sizes;
};

// A row group of Parquet comes as one piece of dozens of MiB: it is not held twice.
TEST(ObjectOutput, SendsAPieceThatIsLargerThanAPartInParts) {
  MeasuringStore store(std::make_shared<MemoryStore>());
  const std::string text = LongText(21 * kMiB);
  ObjectOutput output(store, kKey, {});
  ASSERT_TRUE(output.Write(std::string_view(text).substr(0, kMiB)).ok());
  ASSERT_TRUE(output.Write(std::string_view(text).substr(kMiB)).ok());
  ASSERT_TRUE(output.Finish().ok());
  EXPECT_THAT(store.part_sizes, testing::ElementsAre(8 * kMiB, 8 * kMiB, 5 * kMiB));
  Status status;
  EXPECT_TRUE(ReadAll(store, status) == text);
}

TEST(ObjectOutput, LeavesNothingBehindWhenItIsNotFinished) {
  MemoryStore store;
  {
    ObjectOutput output(store, kKey, {});
    ASSERT_TRUE(output.Write(LongText(9 * kMiB)).ok());
    EXPECT_EQ(store.OpenUploads(), 1);
  }
  EXPECT_EQ(store.OpenUploads(), 0);
  EXPECT_THAT(store.Keys(), IsEmpty());
}

TEST(ObjectOutput, LeavesNothingBehindWhenItsCompletionFails) {
  auto memory = std::make_shared<MemoryStore>();
  FaultyStore store(memory);
  store.Inject({.operation = StoreOperation::kCompleteUpload});
  {
    ObjectOutput output(store, kKey, {});
    ASSERT_TRUE(output.Write(LongText(9 * kMiB)).ok());
    EXPECT_EQ(output.Finish().code(), Code::kUnavailable);
  }
  EXPECT_EQ(store.fired(), 1);
  EXPECT_EQ(memory->OpenUploads(), 0);
  EXPECT_THAT(memory->Keys(), IsEmpty());
}

// Claims an MD5 for what it was sent.
class ClaimingStore : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  Result<WriteResult> Put(const PutRequest& request, const CallContext& context) override {
    MBK_TRY_ASSIGN(WriteResult written, ForwardingStore::Put(request, context));
    written.digest = claim;
    return written;
  }
  Digest claim;
};

TEST(ObjectOutput, NoticesWhenTheStoreHoldsOtherBytes) {
  ClaimingStore store(std::make_shared<MemoryStore>());
  store.claim = {Digest::Kind::kMd5, Md5Hex("other bytes")};
  ObjectOutput output(store, kKey, {});
  ASSERT_TRUE(output.Write("text").ok());
  Status finished = output.Finish();
  EXPECT_EQ(finished.code(), Code::kDataLoss);
  EXPECT_THAT(finished.message(), testing::HasSubstr(kKey.str()));
}

TEST(ObjectOutput, DoesNotHoldADigestOfAnotherKindAgainstTheStore) {
  ClaimingStore store(std::make_shared<MemoryStore>());
  store.claim = {Digest::Kind::kCrc32c, "00000000"};
  ObjectOutput output(store, kKey, {});
  ASSERT_TRUE(output.Write("text").ok());
  EXPECT_TRUE(output.Finish().ok());
}

}  // namespace
}  // namespace mbk
