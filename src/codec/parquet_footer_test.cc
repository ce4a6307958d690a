#include "codec/parquet_footer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>

#include "codec/memory_source.h"

namespace mbk::codec {
namespace {

using ::testing::HasSubstr;

std::string FileWith(const std::string& footer) {
  const auto length = static_cast<std::uint32_t>(footer.size());
  std::string bytes = "PAR1" + footer;
  bytes.append(reinterpret_cast<const char*>(&length), 4);
  return bytes + "PAR1";
}

Status Check(const std::string& bytes) {
  MemorySource file("s3://b/f", "head" + bytes);
  return ReadParquetTail(file, 4, file.size() - 4).status();
}

/// A struct with one list of structs, of which `claimed` are claimed and `count` are there, all empty.
std::string ListOfStructs(std::uint32_t claimed, std::size_t count) {
  std::string footer = "\x19\xFC";  // field 1, a list; length behind, structs
  for (std::uint32_t rest = claimed;; rest >>= 7) {
    footer += static_cast<char>(rest < 0x80 ? rest : rest | 0x80);
    if (rest < 0x80) break;
  }
  return footer + std::string(count, '\0') + std::string(1, '\0');
}

TEST(ParquetFooter, AnEmptyStructIsOne) {
  EXPECT_TRUE(Check(FileWith(std::string(1, '\0'))).ok());
  EXPECT_TRUE(Check(FileWith(ListOfStructs(1000, 1000))).ok());
}

TEST(ParquetFooter, ASmallFileIsReadWhole) {
  MemorySource file("f", FileWith(std::string(1, '\0')));
  EXPECT_EQ(ReadParquetTail(file, 0, file.size())->offset, 0);
  EXPECT_EQ(ReadParquetTail(file, 0, file.size())->bytes.size(), static_cast<std::size_t>(file.size()));
}

TEST(ParquetFooter, ALongFooterIsReadWhole) {
  MemorySource file("f", std::string(100000, 'x') + FileWith(ListOfStructs(100000, 100000)));
  const Result<ParquetTail> tail = ReadParquetTail(file, 100000, file.size() - 100000);
  ASSERT_TRUE(tail.ok()) << tail.status().message();
  EXPECT_EQ(tail->offset, 4);
}

TEST(ParquetFooter, LengthsThatLeadOutsideAreDamage) {
  for (const std::uint32_t length : {2u, 100u, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
    std::string bytes = FileWith(std::string(1, '\0'));
    std::memcpy(bytes.data() + bytes.size() - 8, &length, 4);
    EXPECT_THAT(Check(bytes).message(), HasSubstr("s3://b/f: offset"));
  }
  EXPECT_EQ(Check("PAR1PAR1").code(), Code::kDataLoss);
  EXPECT_EQ(Check("").code(), Code::kDataLoss);
  EXPECT_THAT(Check(FileWith("").replace(0, 1, "Q")).message(), HasSubstr("no Parquet file"));
}

TEST(ParquetFooter, ClaimsThatCostMoreThanTheyAreWorthAreRefused) {
  EXPECT_THAT(Check(FileWith(ListOfStructs(0x7FFFFFFF, 10))).message(), HasSubstr("damaged"));
  EXPECT_THAT(Check(FileWith(ListOfStructs(300000, 300000))).message(),
              HasSubstr("claims more than it can hold"));
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += '\x1C';  // field 1, a struct
  EXPECT_THAT(Check(FileWith(deep)).message(), HasSubstr("damaged"));
}

RC_GTEST_PROP(ParquetFooter, AnyBytesAreTakenOrRefused, (const std::string& footer)) {
  const Status status = Check(FileWith(footer));
  RC_ASSERT(status.ok() || status.code() == Code::kDataLoss);
}

}  // namespace
}  // namespace mbk::codec
