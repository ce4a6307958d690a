// Conformance: copies inside the service and uploads in parts.
#include <gmock/gmock.h>

#include "base/hash.h"
#include "store/testing/conformance.h"

namespace mbk::conformance {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t kPart = 5 << 20;  // the least that S3 takes for a part that is not the last

std::string Piece(const std::string& content, std::int64_t from, std::int64_t to) {
  return content.substr(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from));
}

TEST_P(StoreConformance, CopiesInsideTheBucket) {
  const std::string content = Content(6 << 20);
  Put(Key("from"), content);
  Put(Key("to/k"), "old");
  auto copied = store().Copy(Source(Key("from")), Key("to/k"), context_);
  ASSERT_EQ(copied.status(), Status());
  EXPECT_TRUE(Read(Key("to/k")) == content);
  EXPECT_TRUE(Read(Key("from")) == content);
  EXPECT_EQ(Head(Key("to/k")).etag, copied->etag);
  EXPECT_TRUE(copied->digest == Digest{} || copied->digest.hex == Md5Hex(content));
}

TEST_P(StoreConformance, CopiesFromAnotherBucket) {
  Put(Key("k"), "content");
  auto copied = other().Copy(Source(Key("k")), Key("copied/k"), context_);
  ASSERT_EQ(copied.status(), Status());
  auto read = ReadObject(other(), Key("copied/k"), 100, context_);
  ASSERT_EQ(read.status(), Status());
  EXPECT_EQ(*read, "content");
  EXPECT_FALSE(Exists(Key("copied/k")));
}

TEST_P(StoreConformance, CopiesAnEmptyObject) {
  Put(Key("empty"), "");
  EXPECT_EQ(store().Copy(Source(Key("empty")), Key("copy"), context_).status(), Status());
  EXPECT_EQ(Read(Key("copy")), "");
}

TEST_P(StoreConformance, CopiesFromAndToKeysThatNeedEscaping) {
  for (const char* name : {"two words", "a+b=c", "50%", "%2B", "Zoë/数据", "<&>\"'", ".hidden", "a?b#c"}) {
    const ObjectKey from = Key(std::string("from/") + name);
    const ObjectKey to = Key(std::string("to/") + name);
    Put(from, name);
    EXPECT_EQ(store().Copy(Source(from), to, context_).status(), Status()) << name;
    EXPECT_EQ(Read(to), name);
  }
}

TEST_P(StoreConformance, ACopyOfAnAbsentObjectIsNotFound) {
  EXPECT_EQ(store().Copy(Source(Key("absent")), Key("k"), context_).status().code(), Code::kNotFound);
  EXPECT_FALSE(Exists(Key("k")));
}

TEST_P(StoreConformance, ACopyTakesOnlyTheVersionAskedFor) {
  if (!traits().compares_versions_of_sources) GTEST_SKIP() << "the server copies whatever is there";
  const std::string etag = Put(Key("from"), "one").etag;
  EXPECT_EQ(store().Copy(Source(Key("from"), etag), Key("to"), context_).status(), Status());
  Put(Key("from"), "another");
  EXPECT_EQ(store().Copy(Source(Key("from"), etag), Key("to"), context_).status().code(),
            Code::kFailedPrecondition);
  EXPECT_EQ(Read(Key("to")), "one");
}

class Uploading {
 public:
  Uploading(ObjectStore& store, const ObjectKey& key) : store_(store) {
    auto upload = store_.StartUpload(key, {});
    EXPECT_EQ(upload.status(), Status());
    if (upload.ok()) id_ = *upload;
  }

  void Send(int number, std::string_view body) { Keep(store_.UploadPart(id_, number, body, {})); }
  void CopyFrom(int number, const CopySource& source, ByteRange range) {
    Keep(store_.UploadPartCopy(id_, number, source, range, {}));
  }
  Result<WriteResult> Complete() { return store_.CompleteUpload(id_, parts_, {}); }

  const UploadId& id() const { return id_; }
  std::vector<UploadedPart>& parts() { return parts_; }

 private:
  void Keep(Result<UploadedPart> part) {
    EXPECT_EQ(part.status(), Status());
    if (part.ok()) parts_.push_back(*std::move(part));
  }

  ObjectStore& store_;
  UploadId id_;
  std::vector<UploadedPart> parts_;
};

TEST_P(StoreConformance, PartsBecomeOneObject) {
  const std::string content = Content(2 * kPart + 1);
  Uploading upload(store(), Key("dir/k"));
  upload.Send(1, Piece(content, 0, kPart));
  upload.Send(2, Piece(content, kPart, 2 * kPart));
  upload.Send(3, Piece(content, 2 * kPart, 2 * kPart + 1));
  auto written = upload.Complete();
  ASSERT_EQ(written.status(), Status());

  EXPECT_TRUE(Read(Key("dir/k")) == content);
  const ObjectInfo info = Head(Key("dir/k"));
  EXPECT_EQ(info.size, 2 * kPart + 1);
  EXPECT_EQ(info.etag, written->etag);
  if (traits().knows_md5_of_uploads) {
    EXPECT_EQ(info.digest, (Digest{.kind = Digest::Kind::kMd5, .hex = Md5Hex(content)}));
  } else {
    EXPECT_EQ(info.digest, Digest{});
  }
  if (traits().vouches_md5_of_uploads) {
    EXPECT_EQ(written->digest, (Digest{.kind = Digest::Kind::kMd5, .hex = Md5Hex(content)}));
  } else {
    EXPECT_EQ(written->digest, Digest{});
  }
}

TEST_P(StoreConformance, PartsMayComeInAnyOrderAndAgain) {
  if (!store().capabilities().parts_in_any_order) GTEST_SKIP() << "the store takes parts in order";
  const std::string content = Content(kPart + 3);
  Uploading upload(store(), Key("k"));
  upload.Send(2, "xyz");
  upload.Send(1, Content(kPart, 7));
  upload.parts().clear();
  upload.Send(1, Piece(content, 0, kPart));
  upload.Send(2, Piece(content, kPart, kPart + 3));
  ASSERT_EQ(upload.Complete().status(), Status());
  EXPECT_TRUE(Read(Key("k")) == content);
}

TEST_P(StoreConformance, TheLastPartMayBeSentAgain) {
  // No multiple of any unit that a store may count parts in.
  constexpr std::int64_t kOdd = kPart + 4'321;
  const std::string content = Content(2 * kOdd + 99);
  Uploading upload(store(), Key("k"));
  upload.Send(1, Piece(content, 0, kOdd));
  upload.Send(2, Piece(content, kOdd, 2 * kOdd));
  upload.parts().pop_back();
  upload.Send(2, Piece(content, kOdd, 2 * kOdd));
  upload.Send(3, Piece(content, 2 * kOdd, 2 * kOdd + 99));
  ASSERT_EQ(upload.Complete().status(), Status());
  EXPECT_TRUE(Read(Key("k")) == content);
}

TEST_P(StoreConformance, PartsMayBeCopiedFromRanges) {
  if (!CopiesParts()) GTEST_SKIP() << "the store has no multipart copy";
  const std::string content = Content(2 * kPart + 100);
  const std::string etag = Put(Key("from + \u00fc"), content).etag;
  Uploading upload(store(), Key("to"));
  upload.CopyFrom(1, Source(Key("from + \u00fc"), etag), {.offset = 50, .length = kPart});
  upload.CopyFrom(2, Source(Key("from + \u00fc"), etag), {.offset = kPart + 50, .length = kPart});
  ASSERT_EQ(upload.Complete().status(), Status());
  EXPECT_TRUE(Read(Key("to")) == Piece(content, 50, 2 * kPart + 50));
}

TEST_P(StoreConformance, APartIsCopiedOnlyFromTheVersionAskedFor) {
  if (!CopiesParts()) GTEST_SKIP() << "the store has no multipart copy";
  if (!traits().compares_versions_of_sources) GTEST_SKIP() << "the server copies whatever is there";
  const std::string etag = Put(Key("from"), "one").etag;
  Put(Key("from"), "another");
  Uploading upload(store(), Key("to"));
  const ByteRange range{.offset = 0, .length = 3};
  auto part = store().UploadPartCopy(upload.id(), 1, Source(Key("from"), etag), range, context_);
  EXPECT_EQ(part.status().code(), Code::kFailedPrecondition) << part.status().message();
  EXPECT_EQ(store().AbortUpload(upload.id(), context_), Status());
}

TEST_P(StoreConformance, AnUploadIsInvisibleUntilItIsComplete) {
  Put(Key("dir/k"), "old");
  Uploading upload(store(), Key("dir/k"));
  Uploading fresh(store(), Key("new/k"));
  upload.Send(1, "new");
  fresh.Send(1, "new");
  EXPECT_EQ(Read(Key("dir/k")), "old");
  EXPECT_THAT(ListNames(), ElementsAre("dir/k"));
  EXPECT_THAT(List("", "/").common_prefixes, ElementsAre("dir/"));

  EXPECT_EQ(upload.Complete().status(), Status());
  EXPECT_EQ(fresh.Complete().status(), Status());
  EXPECT_EQ(Read(Key("dir/k")), "new");
  EXPECT_THAT(ListNames(), ElementsAre("dir/k", "new/k"));
}

TEST_P(StoreConformance, AnAbortedUploadLeavesNothing) {
  Uploading upload(store(), Key("dir/k"));
  upload.Send(1, "part");
  EXPECT_EQ(store().AbortUpload(upload.id(), context_), Status());
  EXPECT_EQ(store().AbortUpload(upload.id(), context_), Status()) << "unknown by now, which is no error";
  EXPECT_FALSE(upload.Complete().ok());
  if (traits().refuses_parts_of_aborted_uploads) {
    EXPECT_FALSE(store().UploadPart(upload.id(), 2, "late", context_).ok());
  }
  EXPECT_THAT(ListNames(), IsEmpty());
  EXPECT_FALSE(Exists(Key("dir/k")));
}

TEST_P(StoreConformance, ACompletionNamesOnlyPartsThatWereSent) {
  Uploading upload(store(), Key("k"));
  upload.Send(1, Content(kPart));
  upload.parts().push_back({.number = 2, .etag = upload.parts().front().etag});
  auto written = upload.Complete();
  EXPECT_EQ(written.status().code(), Code::kFailedPrecondition) << written.status().message();
  EXPECT_FALSE(Exists(Key("k")));
  EXPECT_EQ(store().AbortUpload(upload.id(), context_), Status());
}

}  // namespace
}  // namespace mbk::conformance
