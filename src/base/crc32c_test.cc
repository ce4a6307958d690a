#include "base/crc32c.h"

#include <gtest/gtest.h>

#include <numeric>

namespace mbk {
namespace {

std::string Ascending() {
  std::string bytes(32, '\0');
  std::iota(bytes.begin(), bytes.end(), '\0');
  return bytes;
}

// RFC 3720, B.4.
TEST(Crc32c, HasThePublishedValues) {
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(Crc32c(std::string(32, '\xFF')), 0x62A8AB43u);
  EXPECT_EQ(Crc32c(Ascending()), 0x46DD794Eu);
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(Crc32c(""), 0u);
}

TEST(Crc32c, TablesAndInstructionAgreeAtEveryLength) {
  std::string bytes;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(Crc32c(bytes, 0x1234), crc32c_internal::FromTables(bytes, 0x1234)) << bytes.size();
    bytes.push_back(static_cast<char>(i * 37));
  }
}

TEST(Crc32c, GoesOnWhereItEnded) {
  const std::string bytes = Ascending();
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    const std::string_view all = bytes;
    EXPECT_EQ(Crc32c(all.substr(cut), Crc32c(all.substr(0, cut))), Crc32c(bytes)) << cut;
  }
}

// From https://cloud.google.com/storage/docs/json_api/v1/objects: the CRC32C of an object, big-endian.
TEST(Crc32c, IsWrittenBigEndianInBase64) {
  EXPECT_EQ(Crc32cBase64(0xE3069283u), "4waSgw==");
  EXPECT_EQ(Crc32cBase64(0), "AAAAAA==");
}

}  // namespace
}  // namespace mbk
