// Conformance: single objects, read, written and deleted.
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>

#include "base/hash.h"
#include "base/parallel.h"
#include "store/store_clock.h"
#include "store/testing/conformance.h"

namespace mbk::conformance {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::size_t kLarge = 6 << 20;

std::vector<std::string> KeysThatNeedEscaping() {
  return {"two words",        "a+b",   "a=b", "50%", "%41",   "Zoë/数据/😀", "<&>\"'",
          ".hidden/.profile", "a?b#c", "a,b", "~;:", "@!$*(", "[{}]",        "back\\slash"};
}

TEST_P(StoreConformance, ReturnsWhatWasPut) {
  for (std::size_t size : {std::size_t{0}, std::size_t{1}, kLarge}) {
    const std::string content = Content(size);
    const ObjectKey key = Key(std::to_string(size));
    Put(key, content);
    EXPECT_TRUE(Read(key) == content) << size << " bytes";
    EXPECT_EQ(Head(key).size, static_cast<std::int64_t>(size));
    EXPECT_EQ(Head(key).key, key);
  }
}

TEST_P(StoreConformance, EtagsOfHeadGetAndPutAgreeAndChangeWithTheContent) {
  const WriteResult first = Put(Key("k"), "one");
  EXPECT_FALSE(first.etag.empty());
  EXPECT_EQ(Head(Key("k")).etag, first.etag);
  auto got = store().Get({.key = Key("k")}, [](std::string_view) { return Status(); }, context_);
  ASSERT_EQ(got.status(), Status());
  EXPECT_EQ(got->etag, first.etag);
  EXPECT_EQ(got->size, 3);

  EXPECT_NE(Put(Key("k"), "two").etag, first.etag);
  EXPECT_EQ(Read(Key("k")), "two");
}

TEST_P(StoreConformance, ABodyThatIsNotWhatWasHashedIsRefusedWhereThatIsClaimed) {
  if (!store().capabilities().signs_bodies) GTEST_SKIP() << "the store compares no hashes of bodies";
  if (!traits().server_compares_hashes) GTEST_SKIP() << "the server believes the hash";
  const std::string hash = Sha256Hex("what was read");
  const PutRequest altered{.key = Key("k"), .body = "what was sent", .sha256_hex = hash};
  EXPECT_FALSE(store().Put(altered, context_).ok());
  EXPECT_FALSE(Exists(Key("k")));
}

TEST_P(StoreConformance, DigestsAreTheMd5WhereTheyAreClaimed) {
  const Digest md5{.kind = Digest::Kind::kMd5, .hex = Md5Hex("content")};
  const WriteResult written = Put(Key("k"), "content");
  const Digest seen = Head(Key("k")).digest;
  if (traits().vouches_md5) {
    EXPECT_EQ(written.digest, md5);
    EXPECT_EQ(seen, md5);
  } else {
    EXPECT_TRUE(written.digest == Digest{} || written.digest == md5);
    EXPECT_EQ(seen, Digest{});
  }
}

TEST_P(StoreConformance, ReadsRanges) {
  const std::string content = Content(100'000);
  Put(Key("k"), content);
  EXPECT_EQ(Read(Key("k"), {.offset = 70'000, .length = 1'000}), content.substr(70'000, 1'000));
  EXPECT_EQ(Read(Key("k"), {.offset = 0, .length = 1}), content.substr(0, 1));
  EXPECT_EQ(Read(Key("k"), {.offset = 99'999}), content.substr(99'999));
  EXPECT_EQ(Read(Key("k"), {.offset = 99'990, .length = 1'000}), content.substr(99'990));
}

TEST_P(StoreConformance, DescribesTheWholeObjectWhenARangeIsRead) {
  Put(Key("k"), "0123456789");
  auto got = store().Get(
      {.key = Key("k"), .range = {.offset = 3, .length = 2}}, [](std::string_view) { return Status(); },
      context_);
  ASSERT_EQ(got.status(), Status());
  EXPECT_EQ(got->size, 10);
}

TEST_P(StoreConformance, RefusesRangesOutsideTheObject) {
  Put(Key("k"), "0123456789");
  Put(Key("empty"), "");
  auto code = [&](const char* name, ByteRange range) {
    auto sink = [](std::string_view) { return Internal("no byte should come"); };
    return store().Get({.key = Key(name), .range = range}, sink, context_).status().code();
  };
  EXPECT_EQ(code("k", {.offset = 10}), Code::kFailedPrecondition);
  EXPECT_EQ(code("k", {.offset = 11, .length = 5}), Code::kFailedPrecondition);
  EXPECT_EQ(code("empty", {.offset = 0, .length = 5}), Code::kFailedPrecondition);
  EXPECT_EQ(code("k", {.offset = -1}), Code::kInvalidArgument);
  EXPECT_EQ(code("k", {.offset = 2, .length = 0}), Code::kInvalidArgument);
}

TEST_P(StoreConformance, AbsentObjectsAreNotFound) {
  Put(Key("dir/k"), "x");
  for (const char* name : {"absent", "dir", "dir/k/below", "dir/absent", "di"}) {
    EXPECT_EQ(store().Head(Key(name), context_).status().code(), Code::kNotFound) << name;
    auto sink = [](std::string_view) { return Internal("no byte should come"); };
    EXPECT_EQ(store().Get({.key = Key(name)}, sink, context_).status().code(), Code::kNotFound) << name;
  }
}

TEST_P(StoreConformance, IfMatchReadsOnlyThatVersion) {
  const std::string etag = Put(Key("k"), "one").etag;
  auto read = [&] {
    return store().Get(
        {.key = Key("k"), .if_match = etag}, [](std::string_view) { return Status(); }, context_);
  };
  EXPECT_EQ(read().status(), Status());
  Put(Key("k"), "another");
  EXPECT_EQ(read().status().code(), Code::kFailedPrecondition);
}

TEST_P(StoreConformance, TellsTheObjectBeforeItsFirstByte) {
  const WriteResult written = Put(Key("k"), "content");
  ObjectInfo told;
  int calls = 0;
  const GetRequest request{.key = Key("k"), .range = {.offset = 2}, .on_start = [&](const ObjectInfo& info) {
                             told = info;
                             ++calls;
                           }};
  auto sink = [&](std::string_view) { return calls == 1 ? Status() : Internal("a byte came first"); };
  EXPECT_EQ(store().Get(request, sink, context_).status(), Status());
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(told.etag, written.etag);
  EXPECT_EQ(told.size, 7);
}

TEST_P(StoreConformance, PutIfAbsentTakesOnlyAFreeKey) {
  if (!store().capabilities().conditional_put) GTEST_SKIP() << "the store has no conditional put";
  auto put = [&](std::string_view body) {
    return store()
        .Put({.key = Key("lock"), .body = body, .condition = PutCondition::kIfAbsent}, context_)
        .status();
  };
  EXPECT_EQ(put("first"), Status());
  EXPECT_EQ(put("second").code(), Code::kAlreadyExists);
  EXPECT_EQ(Read(Key("lock")), "first");
}

TEST_P(StoreConformance, PutIfMatchReplacesOnlyThatVersion) {
  if (!store().capabilities().conditional_replace) GTEST_SKIP() << "the store replaces without conditions";
  if (!traits().replaces_by_etag) GTEST_SKIP() << "the server passes over If-Match";
  const std::string first = Put(Key("lock"), "first").etag;
  auto replace = [&](const ObjectKey& key, std::string_view body, std::string_view etag) {
    return store().Put({.key = key, .body = body, .if_match = etag}, context_);
  };
  auto second = replace(Key("lock"), "second", first);
  ASSERT_EQ(second.status(), Status());
  EXPECT_EQ(Read(Key("lock")), "second");
  EXPECT_EQ(replace(Key("lock"), "third", first).status().code(), Code::kFailedPrecondition);
  EXPECT_EQ(Read(Key("lock")), "second");
  EXPECT_EQ(replace(Key("lock"), "third", second->etag).status(), Status());
  EXPECT_EQ(Read(Key("lock")), "third");
}

TEST_P(StoreConformance, PutIfMatchDoesNotBringAnObjectBack) {
  if (!store().capabilities().conditional_replace) GTEST_SKIP() << "the store replaces without conditions";
  if (!traits().replaces_by_etag) GTEST_SKIP() << "the server passes over If-Match";
  if (!traits().replaces_only_what_is_there) GTEST_SKIP() << "the server brings it back";
  const std::string etag = Put(Key("lock"), "first").etag;
  const std::vector<ObjectKey> keys = {Key("lock")};
  ASSERT_EQ(store().Delete(keys, context_), Status());
  auto replaced = store().Put({.key = Key("lock"), .body = "second", .if_match = etag}, context_);
  EXPECT_EQ(replaced.status().code(), Code::kFailedPrecondition) << replaced.status().message();
  EXPECT_FALSE(Exists(Key("lock")));
}

TEST_P(StoreConformance, OneOfManyWhoReplaceAVersionSucceeds) {
  if (!store().capabilities().conditional_replace) GTEST_SKIP() << "the store replaces without conditions";
  if (!traits().replaces_by_etag) GTEST_SKIP() << "the server passes over If-Match";
  if (!traits().replaces_in_one_step) GTEST_SKIP() << "the server compares first and replaces then";
  const std::string etag = Put(Key("lock"), "first").etag;
  std::atomic<int> winners{0};
  auto replace = [&](std::size_t i, const CallContext& context) -> Status {
    const std::string body = "from " + std::to_string(i);
    Status replaced = store().Put({.key = Key("lock"), .body = body, .if_match = etag}, context).status();
    if (replaced.ok()) ++winners;
    // A store may also say that two were at it at once.
    const bool lost = replaced.code() == Code::kFailedPrecondition || IsRetryable(replaced.code());
    return replaced.ok() || lost ? Status() : replaced;
  };
  EXPECT_EQ(ParallelFor(8, 8, context_, replace), Status());
  EXPECT_EQ(winners, 1);
}

TEST_P(StoreConformance, DeleteIfMatchTakesOnlyThatVersion) {
  if (!store().capabilities().conditional_delete) {
    EXPECT_EQ(store().DeleteIfMatch(Key("lock"), "etag", context_).code(), Code::kUnimplemented);
    return;
  }
  const std::string first = Put(Key("lock"), "first").etag;
  const std::string second = Put(Key("lock"), "second").etag;
  if (traits().deletes_by_etag) {
    EXPECT_EQ(store().DeleteIfMatch(Key("lock"), first, context_).code(), Code::kFailedPrecondition);
    EXPECT_EQ(Read(Key("lock")), "second");
  }
  EXPECT_EQ(store().DeleteIfMatch(Key("lock"), second, context_), Status());
  EXPECT_FALSE(Exists(Key("lock")));
  EXPECT_EQ(store().DeleteIfMatch(Key("lock"), second, context_), Status()) << "gone is gone";
}

TEST_P(StoreConformance, TellsWhenAnObjectWasWrittenByItsOwnClock) {
  Put(Key("old"), "x");
  const std::int64_t old = Head(Key("old")).last_modified_ms;
  auto now = StoreNow(store(), Key("now"), context_);
  ASSERT_EQ(now.status(), Status());
  EXPECT_GT(old, 1'700'000'000'000) << "milliseconds, not seconds";
  EXPECT_GE(*now, old);
  EXPECT_LT(*now, old + 120'000);
  EXPECT_FALSE(Exists(Key("now")));
  auto got = store().Get({.key = Key("old")}, [](std::string_view) { return Status(); }, context_);
  ASSERT_EQ(got.status(), Status());
  auto page = store().List({.prefix = Key("old").str()}, context_);
  ASSERT_EQ(page.status(), Status());
  // Headers say whole seconds where a listing may say more. The answer with the bytes need not say it.
  if (got->last_modified_ms != 0) {
    EXPECT_EQ(got->last_modified_ms / 1'000, old / 1'000);
  }
  EXPECT_EQ(page->objects.at(0).last_modified_ms / 1'000, old / 1'000);
}

TEST_P(StoreConformance, KeepsKeysThatNeedEscaping) {
  for (const std::string& name : KeysThatNeedEscaping()) {
    Put(Key(name), name);
    EXPECT_EQ(Read(Key(name)), name);
    EXPECT_EQ(Head(Key(name)).key, Key(name));
  }
  std::vector<std::string> expected = KeysThatNeedEscaping();
  if (!traits().keeps_backslashes) {
    for (std::string& name : expected) std::replace(name.begin(), name.end(), '\\', '/');
  }
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(ListNames(), expected);
}

TEST_P(StoreConformance, DeletesKeysThatNeedEscaping) {
  std::vector<ObjectKey> keys;
  for (const std::string& name : KeysThatNeedEscaping()) keys.push_back(Key(name));
  PutAll(keys);
  EXPECT_EQ(store().Delete(keys, context_), Status());
  EXPECT_THAT(ListNames(), IsEmpty());
}

TEST_P(StoreConformance, KeepsKeysOf1024Bytes) {
  std::string name(1'024 - prefix().size(), 'k');
  for (std::size_t i = 200; i < name.size(); i += 200) name[i] = '/';
  Put(Key(name), "content");
  EXPECT_EQ(Read(Key(name)), "content");
  EXPECT_THAT(ListNames(), ElementsAre(name));
}

TEST_P(StoreConformance, AnObjectMayLieBesideADirectoryOfItsNameOrIsRefused) {
  Put(Key("a"), "file");
  auto below = store().Put({.key = Key("a/b"), .body = "below"}, context_);
  EXPECT_EQ(Read(Key("a")), "file");
  if (traits().beside_directory == BesideDirectory::kRefused) {
    EXPECT_FALSE(below.ok());
    EXPECT_FALSE(IsRetryable(below.status().code())) << below.status().message();
    return;
  }
  EXPECT_EQ(below.status(), Status());
  EXPECT_EQ(Read(Key("a/b")), "below");
  const std::vector<ObjectKey> keys = {Key("a/b")};
  if (traits().beside_directory == BesideDirectory::kUnlisted) {
    EXPECT_THAT(ListNames(), ElementsAre("a"));
  } else {
    EXPECT_THAT(ListNames(), ElementsAre("a", "a/b"));
  }
  EXPECT_EQ(store().Delete(keys, context_), Status());
}

TEST_P(StoreConformance, KeepsDirectoryMarkers) {
  auto marker = store().Put({.key = Key("a/"), .body = ""}, context_);
  if (!traits().keeps_directory_markers) {
    EXPECT_EQ(marker.status().code(), Code::kInvalidArgument);
    return;
  }
  EXPECT_EQ(marker.status(), Status());
  Put(Key("a/b"), "x");
  EXPECT_THAT(ListNames(), ElementsAre("a/", "a/b"));
  EXPECT_EQ(Head(Key("a/")).size, 0);
}

TEST_P(StoreConformance, DeletesManyKeysAndPassesOverAbsentOnes) {
  std::vector<ObjectKey> keys;
  std::vector<ObjectKey> present;
  for (int i = 0; i < 1'500; ++i) {
    keys.push_back(Key("delete/" + std::to_string(i)));
    if (i % 10 == 0) present.push_back(keys.back());
  }
  PutAll(present);
  Put(Key("stay"), "x");
  EXPECT_EQ(store().Delete(keys, context_), Status());
  EXPECT_THAT(ListNames(), ElementsAre("stay"));
  EXPECT_EQ(store().Delete(keys, context_), Status());
  EXPECT_EQ(store().Delete({}, context_), Status());
}

TEST_P(StoreConformance, SinkErrorEndsTheGetAndComesBack) {
  Put(Key("k"), Content(kLarge));
  const Status error = DataLoss("the sink has seen enough");
  int calls = 0;
  auto sink = [&](std::string_view) {
    ++calls;
    return error;
  };
  EXPECT_EQ(store().Get({.key = Key("k")}, sink, context_).status(), error);
  EXPECT_EQ(calls, 1);
}

TEST_P(StoreConformance, StopEndsAGetMidway) {
  Put(Key("k"), Content(kLarge));
  std::stop_source source;
  std::size_t received = 0;
  auto sink = [&](std::string_view bytes) {
    received += bytes.size();
    source.request_stop();
    return Status();
  };
  auto got = store().Get({.key = Key("k")}, sink, {.stop = source.get_token()});
  EXPECT_EQ(got.status().code(), Code::kCancelled) << got.status().message();
  EXPECT_LT(received, kLarge);
}

TEST_P(StoreConformance, NothingIsDoneOnceAStopWasAskedFor) {
  std::stop_source source;
  source.request_stop();
  const CallContext stopped{.stop = source.get_token()};
  const std::vector<ObjectKey> keys = {Key("k")};
  Put(Key("k"), "old");
  EXPECT_EQ(store().Head(Key("k"), stopped).status().code(), Code::kCancelled);
  EXPECT_EQ(store().List({.prefix = prefix()}, stopped).status().code(), Code::kCancelled);
  EXPECT_EQ(store().Put({.key = Key("k"), .body = "new"}, stopped).status().code(), Code::kCancelled);
  EXPECT_EQ(store().Delete(keys, stopped).code(), Code::kCancelled);
  EXPECT_EQ(Read(Key("k")), "old");
}

TEST_P(StoreConformance, EnsureBucketMayBeCalledAgain) {
  Put(Key("k"), "x");
  EXPECT_EQ(store().EnsureBucket(context_), Status());
  EXPECT_EQ(store().EnsureBucket(context_), Status());
  EXPECT_EQ(Read(Key("k")), "x");
}

TEST_P(StoreConformance, ManyThreadsMayUseOneStore) {
  auto round_trip = [&](std::size_t i, const CallContext& context) -> Status {
    const ObjectKey key = Key("d" + std::to_string(i % 4) + "/" + std::to_string(i));
    const std::string content = Content(1'000 + i, static_cast<unsigned>(i));
    MBK_TRY(store().Put({.key = key, .body = content}, context).status());
    MBK_TRY_ASSIGN(std::string read, ReadObject(store(), key, 10'000, context));
    if (read != content) return Internal("another object's content");
    const std::vector<ObjectKey> keys = {key};
    return store().Delete(keys, context);
  };
  // A service that keeps objects as files may remove a directory with its last one while another is written
  // there.
  std::vector<std::string> stay;
  for (int i = 0; i < 4; ++i) Put(Key(stay.emplace_back("d" + std::to_string(i) + "/stays")), "x");
  const Status all = ParallelFor(64, 8, context_, round_trip);
  EXPECT_TRUE(all.ok()) << all.message();
  EXPECT_EQ(ListNames(), stay);
}

}  // namespace
}  // namespace mbk::conformance
