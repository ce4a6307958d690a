// Conformance: listings.
#include <fmt/core.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "base/hash.h"
#include "store/testing/conformance.h"

namespace mbk::conformance {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_P(StoreConformance, ListsManyKeysOnceAndInOrder) {
  std::vector<std::string> names;
  for (int i = 0; i < traits().many_keys; ++i) names.push_back(fmt::format("{}/{}", i % 7, i));
  PutNames(names);
  std::sort(names.begin(), names.end());

  EXPECT_EQ(List("").keys, names);
  const Listing in_small_pages = List("", "", 97);
  EXPECT_EQ(in_small_pages.keys, names);
  EXPECT_GE(in_small_pages.pages, traits().many_keys / 97);
}

TEST_P(StoreConformance, ListsSizesAndEtags) {
  const WriteResult written = Put(Key("k"), "content");
  auto page = store().List({.prefix = prefix()}, context_);
  ASSERT_EQ(page.status(), Status());
  ASSERT_EQ(page->objects.size(), 1u);
  const ObjectInfo& object = page->objects.front();
  EXPECT_EQ(object.key, Key("k"));
  EXPECT_EQ(object.size, 7);
  EXPECT_EQ(object.etag, written.etag);
  const Digest md5{.kind = Digest::Kind::kMd5, .hex = Md5Hex("content")};
  EXPECT_EQ(object.digest, traits().vouches_md5 ? md5 : Digest{});
}

TEST_P(StoreConformance, AMissingPrefixListsEmpty) {
  Put(Key("there"), "x");
  for (const char* below : {"absent", "absent/", "there/", "there/below"}) {
    EXPECT_THAT(List(below).keys, IsEmpty()) << below;
    EXPECT_THAT(List(below, "/").common_prefixes, IsEmpty()) << below;
  }
}

TEST_P(StoreConformance, APrefixIsAStringNotADirectory) {
  PutNames({"a-/x", "a.txt", "a/x", "a/y/z", "ab", "abc/x", "b"});
  EXPECT_THAT(List("a").keys, ElementsAre("a-/x", "a.txt", "a/x", "a/y/z", "ab", "abc/x"));
  EXPECT_THAT(List("ab").keys, ElementsAre("ab", "abc/x"));
  EXPECT_THAT(List("a/").keys, ElementsAre("a/x", "a/y/z"));
  EXPECT_THAT(List("a/y").keys, ElementsAre("a/y/z"));
  EXPECT_THAT(List("abc/x").keys, ElementsAre("abc/x"));
}

TEST_P(StoreConformance, ADelimiterFoldsWhatLiesBehindIt) {
  PutNames({"a-/x", "a.txt", "a/x", "a/y/z", "a/y/zz", "ab", "b"});
  const Listing top = List("", "/");
  EXPECT_THAT(top.keys, ElementsAre("a.txt", "ab", "b"));
  EXPECT_THAT(top.common_prefixes, ElementsAre("a-/", "a/"));

  const Listing below = List("a/", "/");
  EXPECT_THAT(below.keys, ElementsAre("a/x"));
  EXPECT_THAT(below.common_prefixes, ElementsAre("a/y/"));

  const Listing string_prefix = List("a", "/");
  EXPECT_THAT(string_prefix.keys, ElementsAre("a.txt", "ab"));
  EXPECT_THAT(string_prefix.common_prefixes, ElementsAre("a-/", "a/"));
}

TEST_P(StoreConformance, PagesCutBetweenKeysAndCommonPrefixes) {
  PutNames({"a/1", "a/2", "b", "c/1", "c/2", "c/3", "d", "e/1"});
  for (int max_keys : {1, 2, 3}) {
    const Listing listing = List("", "/", max_keys);
    EXPECT_THAT(listing.keys, ElementsAre("b", "d")) << max_keys;
    EXPECT_THAT(listing.common_prefixes, ElementsAre("a/", "c/", "e/")) << max_keys;
  }
}

TEST_P(StoreConformance, DirectoriesThatBecameEmptyDoNotShow) {
  PutNames({"a/b/1", "a/b/2", "c"});
  const std::vector<ObjectKey> keys = {Key("a/b/1"), Key("a/b/2")};
  EXPECT_EQ(store().Delete(keys, context_), Status());
  EXPECT_THAT(List("", "/").common_prefixes, IsEmpty());
  EXPECT_THAT(ListNames(), ElementsAre("c"));
}

}  // namespace
}  // namespace mbk::conformance
