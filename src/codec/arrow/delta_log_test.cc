#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "codec/arrow/arrow_codec.h"
#include "codec/envelope.h"
#include "codec/memory_source.h"
#include "codec/testing/columns.h"

namespace mbk::codec {
namespace {

using testing::Bytes;
using testing::ColumnOf;
using testing::Field;
using ::testing::HasSubstr;
using testing::TimestampsOf;
using testing::Values;
using Format = RowCodec::DeltaFormat;

struct Delete {
  std::int64_t number = 0;
  std::string text;
  std::uint64_t timestamp = 0;
  friend bool operator==(const Delete&, const Delete&) = default;
};

Result<std::vector<Delete>> Read(const std::string& bytes, DataType type) {
  MemorySource file("s3://b/delta", bytes);
  std::vector<Delete> deletes;
  MBK_TRY(ArrowCodec()->ReadDeltaLog(file, type, [&](const DeletedKey& key) {
    deletes.push_back({.number = key.number, .text = std::string(key.text), .timestamp = key.timestamp});
    return Status();
  }));
  return deletes;
}

Result<std::string> Written(const std::vector<Delete>& deletes, DataType type, Format format) {
  Values keys;
  std::vector<std::uint64_t> timestamps;
  for (const Delete& one : deletes) {
    keys.emplace_back(type == DataType::kInt64 ? Bytes(one.number) : one.text);
    timestamps.push_back(one.timestamp);
  }
  return ArrowCodec()->EncodeDeltaLog({.collection_id = 1, .partition_id = -1, .segment_id = 3},
                                      ColumnOf(Field(100, type), keys), TimestampsOf(timestamps), format, {});
}

RC_GTEST_PROP(DeltaLog, EveryFormatReturnsWhatWentIn, ()) {
  const DataType type = *rc::gen::element(DataType::kInt64, DataType::kVarChar);
  const Format format = *rc::gen::element(Format::kJson, Format::kMultiField, Format::kBareParquet);
  std::vector<Delete> deletes(*rc::gen::inRange<std::size_t>(1, 50));
  for (Delete& one : deletes) {
    one.timestamp = *rc::gen::arbitrary<std::uint64_t>();
    if (type == DataType::kInt64) {
      one.number = *rc::gen::arbitrary<std::int64_t>();
    } else {
      one.text = *rc::gen::element<std::string>("", "k", "中文", "<\"\\\n\x01>", "a,b");
    }
  }
  Result<std::string> file = Written(deletes, type, format);
  RC_ASSERT(file.status().message() == "");
  Result<std::vector<Delete>> read = Read(*file, type);
  RC_ASSERT(read.status().message() == "");
  RC_ASSERT(*read == deletes);
}

TEST(DeltaLog, TheDescriptorIsThatOfMilvus) {
  MemorySource file("f", *Written({{.number = 1, .timestamp = 5}, {.number = 2, .timestamp = 3}},
                                  DataType::kInt64, Format::kJson));
  Result<EnvelopeReader> envelope = EnvelopeReader::Open(file);
  ASSERT_TRUE(envelope.ok());
  EXPECT_EQ(envelope->descriptor().field_id, -1);
  EXPECT_EQ(envelope->descriptor().payload_type, DataType::kString);
  EXPECT_EQ(envelope->descriptor().start_timestamp, 3u);
  EXPECT_EQ(envelope->descriptor().end_timestamp, 5u);
  EXPECT_EQ(envelope->descriptor().original_size, 2 * 26);
}

TEST(DeltaLog, AKeyOfTheOtherKindIsDamage) {
  for (const Format format : {Format::kJson, Format::kMultiField, Format::kBareParquet}) {
    const std::string file = *Written({{.number = 1, .timestamp = 5}}, DataType::kInt64, format);
    const Status status = Read(file, DataType::kVarChar).status();
    EXPECT_EQ(status.code(), Code::kDataLoss);
    EXPECT_THAT(status.message(), HasSubstr("s3://b/delta: offset"));
  }
}

TEST(DeltaLog, MoreThanABatch) {
  std::vector<Delete> deletes(20000);
  for (std::size_t i = 0; i < deletes.size(); ++i)
    deletes[i] = {.number = static_cast<std::int64_t>(i), .timestamp = i};
  for (const Format format : {Format::kJson, Format::kMultiField})
    EXPECT_EQ(*Read(*Written(deletes, DataType::kInt64, format), DataType::kInt64), deletes);
}

TEST(DeltaLog, WhatTheSinkSaysEndsTheReading) {
  const std::string bytes = *Written({{.number = 1, .timestamp = 5}}, DataType::kInt64, Format::kJson);
  MemorySource file("f", bytes);
  const Status status = ArrowCodec()->ReadDeltaLog(file, DataType::kInt64,
                                                   [](const DeletedKey&) { return Cancelled("enough"); });
  EXPECT_EQ(status, Cancelled("enough"));
  EXPECT_EQ(ArrowCodec()->ReadDeltaLog(file, DataType::kFloat, nullptr).code(), Code::kInvalidArgument);
}

TEST(DeltaLog, TruncatedOrFlippedItIsDamageOrRead) {
  for (const Format format : {Format::kJson, Format::kMultiField, Format::kBareParquet}) {
    const std::string whole =
        *Written({{.number = 1, .timestamp = 5}, {.number = 2, .timestamp = 6}}, DataType::kInt64, format);
    for (std::size_t length = 0; length < whole.size(); ++length)
      EXPECT_EQ(Read(whole.substr(0, length), DataType::kInt64).status().code(), Code::kDataLoss) << length;
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
      std::string bytes = whole;
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
      const Code code = Read(bytes, DataType::kInt64).status().code();
      EXPECT_TRUE(code == Code::kOk || code == Code::kDataLoss) << bit;
    }
  }
}

}  // namespace
}  // namespace mbk::codec
