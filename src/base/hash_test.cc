#include "base/hash.h"

#include <gtest/gtest.h>

#include <string>

namespace mbk {
namespace {

TEST(Hash, KnownDigests) {
  EXPECT_EQ(Md5Hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(Md5Hex("abc"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

// What xxhsum -H2 of xxHash 0.8.1 prints: nothing, an input of each of the algorithm's lengths, and several
// blocks.
TEST(Hash, Xxh128IsThatOfXxhsum) {
  const auto of = [](std::size_t bytes) {
    Xxh128 hash;
    for (std::size_t i = 0; i < bytes; ++i) hash.Update(std::string(1, static_cast<char>(i % 251)));
    return hash.Hex();
  };
  EXPECT_EQ(of(0), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(of(3), "e3b55f57945a17cf5f4299fc161c9cbb");
  EXPECT_EQ(of(16), "72950631827607e2842812cc870dcae2");
  EXPECT_EQ(of(100), "da95ef16fd9566f329b20ba5f03ec01e");
  EXPECT_EQ(of(200), "cb0395310643ba0edd97e9af3609d9f5");
  EXPECT_EQ(of(1000), "18bf41bc8229e27733ef703fb2b20ed1");
  EXPECT_EQ(of(5000), "b92ec02c39d33ce7b418500fc42320ee");
}

TEST(Hash, StreamingGivesWhatOneCallGives) {
  Md5 md5;
  Sha256 sha256;
  Xxh128 xxh128;
  for (std::string_view piece : {"milvus", "", "-", "backup"}) {
    md5.Update(piece);
    sha256.Update(piece);
    xxh128.Update(piece);
  }
  EXPECT_EQ(md5.Hex(), Md5Hex("milvus-backup"));
  EXPECT_EQ(sha256.Hex(), Sha256Hex("milvus-backup"));
  EXPECT_EQ(xxh128.Hex(), Xxh128Hex("milvus-backup"));
}

// RFC 4231, test cases 1 and 6 (a key longer than a block).
TEST(Hash, HmacOfRfc4231) {
  EXPECT_EQ(HexEncode(HmacSha256(std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(HexEncode(HmacSha256(std::string(131, '\xaa'),
                                 "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Base64, RoundTripsEveryLengthOfPadding) {
  EXPECT_EQ(Base64Encode("foobar"), "Zm9vYmFy");
  for (const std::string& bytes : {std::string(), std::string("f"), std::string("fo"), std::string("foo"),
                                   std::string("\0\xff\x10", 3)}) {
    EXPECT_EQ(Base64Decode(Base64Encode(bytes)).value(), bytes);
  }
}

TEST(Base64, RefusesWhatIsNotBase64) {
  for (std::string_view text : {"Zg", "Zg=", "Z===", "Zm9 YmFy", "====", "Zm\n9YmFy", "Zg==Zg=="}) {
    EXPECT_EQ(Base64Decode(text).status().code(), Code::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace mbk
