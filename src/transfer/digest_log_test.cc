#include "transfer/digest_log.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "base/hash.h"

namespace mbk {
namespace {

Digest Md5Of(std::string_view text) { return {Digest::Kind::kMd5, Md5Hex(text)}; }

RC_GTEST_PROP(DigestLog, FindsTheLatestDigestOfEachKeyAndNothingElse, ()) {
  const auto added = *rc::gen::container<std::vector<std::pair<std::string, int>>>(
      rc::gen::pair(rc::gen::element<std::string>("", "a", "b", "c/d", "e"), rc::gen::arbitrary<int>()));
  DigestLog log;
  std::map<std::string, Digest> expected;
  for (const auto& [key, content] : added) {
    expected[key] = Md5Of(std::to_string(content));
    log.Add(ObjectKey(key), expected[key]);
  }
  log.Seal();
  for (const std::string key : {"", "a", "b", "c/d", "e", "f"})
    RC_ASSERT(log.Find(ObjectKey(key)) == expected[key]);
}

TEST(DigestLog, KeepsSha256BesideMd5) {
  DigestLog log;
  const Digest sha256{Digest::Kind::kSha256, Sha256Hex("b")};
  log.Add(ObjectKey("a"), Md5Of("a"));
  log.Add(ObjectKey("b"), Md5Of("b"));
  log.Add(ObjectKey("b"), sha256);
  log.Seal();
  EXPECT_EQ(log.Find(ObjectKey("a")), Md5Of("a"));
  EXPECT_EQ(log.Find(ObjectKey("b")), sha256);
}

TEST(DigestLog, TellsXxh128FromMd5) {
  DigestLog log;
  const Digest xxh128{Digest::Kind::kXxh128, Md5Hex("as long as one")};
  log.Add(ObjectKey("a"), xxh128);
  log.Add(ObjectKey("a"), Md5Of("a"));
  log.Add(ObjectKey("b"), Md5Of("b"));
  log.Seal();
  EXPECT_EQ(log.Find(ObjectKey("a")), xxh128);
  EXPECT_EQ(log.Find(ObjectKey("b")), Md5Of("b"));
}

TEST(DigestLog, KeepsNoOtherKind) {
  DigestLog log;
  log.Add(ObjectKey("crc"), {Digest::Kind::kCrc32c, "0011223344556677889900aabbccddee"});
  log.Add(ObjectKey("none"), {});
  log.Seal();
  EXPECT_EQ(log.Find(ObjectKey("crc")), Digest());
  EXPECT_EQ(log.Find(ObjectKey("none")), Digest());
}

TEST(DigestLog, TakesNothingThatIsNotThirtyTwoHexDigits) {
  DigestLog log;
  for (const std::string hex : {"", "00", "zz112233445566778899aabbccddeeff",
                                "0g112233445566778899aabbccddeeff", "00112233445566778899aabbccddeeff00"}) {
    log.Add(ObjectKey("key"), {Digest::Kind::kMd5, hex});
  }
  log.Seal();
  EXPECT_EQ(log.Find(ObjectKey("key")), Digest());
}

}  // namespace
}  // namespace mbk
