#include "codec/envelope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "codec/memory_source.h"

namespace mbk::codec {
namespace {

using ::testing::HasSubstr;

const Descriptor kDescriptor = {.origin = {.collection_id = 1, .partition_id = 2, .segment_id = 3},
                                .field_id = 101,
                                .start_timestamp = 5,
                                .end_timestamp = 0xFFFFFFFFFFFFFFFFu,
                                .payload_type = DataType::kVarChar,
                                .original_size = 1234};

std::string Written(const Descriptor& descriptor = kDescriptor, const EnvelopeOptions& options = {}) {
  return WriteEnvelope(descriptor, "payload", options).value();
}

Result<EnvelopeReader> Open(ByteSource& file) { return EnvelopeReader::Open(file); }

Status FirstError(const std::string& bytes) {
  MemorySource file("s3://b/log", bytes);
  MBK_TRY_ASSIGN(EnvelopeReader reader, EnvelopeReader::Open(file));
  while (true) {
    MBK_TRY_ASSIGN(const std::optional<Payload> payload, reader.Next(EventType::kInsert));
    if (!payload) return {};
  }
}

void Overwrite(std::string& bytes, std::size_t at, std::int32_t value) {
  std::memcpy(bytes.data() + at, &value, 4);
}

TEST(Envelope, WhatIsWrittenIsRead) {
  MemorySource file("log", Written());
  Result<EnvelopeReader> reader = Open(file);
  ASSERT_TRUE(reader.ok()) << reader.status().message();
  const Descriptor& read = reader->descriptor();
  EXPECT_EQ(read.origin, kDescriptor.origin);
  EXPECT_EQ(read.field_id, 101);
  EXPECT_EQ(read.start_timestamp, 5u);
  EXPECT_EQ(read.end_timestamp, 0xFFFFFFFFFFFFFFFFu);
  EXPECT_EQ(read.payload_type, DataType::kVarChar);
  EXPECT_EQ(read.original_size, 1234);
  EXPECT_FALSE(read.nullable);

  const std::optional<Payload> payload = reader->Next(EventType::kInsert).value();
  ASSERT_TRUE(payload);
  std::string bytes(static_cast<std::size_t>(payload->length), '\0');
  ASSERT_TRUE(file.ReadAt(payload->offset, payload->length, bytes.data()).ok());
  EXPECT_EQ(bytes, "payload");
  EXPECT_FALSE(reader->Next(EventType::kInsert).value());
}

TEST(Envelope, LooksAsMilvusWritesIt) {
  const std::string bytes = Written();
  // 4 + 17 + 52 + 8 + 4 + the extra, then 33 and the payload.
  const std::string extra = R"({"original_size":"1234"})";
  ASSERT_EQ(bytes.size(), 4u + 81u + extra.size() + 33u + 7u);
  EXPECT_EQ(bytes.substr(0, 4), std::string("\xbc\xfa\xff\x00", 4));
  EXPECT_EQ(bytes.substr(73, 8), "\x34\x10\x10\x10\x10\x10\x10\x10");
  EXPECT_EQ(bytes.substr(85, extra.size()), extra);
  std::int32_t next = 0;
  std::memcpy(&next, bytes.data() + 4 + 13, 4);
  EXPECT_EQ(next, 4 + 81 + static_cast<int>(extra.size()));
  std::memcpy(&next, bytes.data() + next + 13, 4);
  EXPECT_EQ(next, static_cast<int>(bytes.size()));
}

TEST(Envelope, StreamWritersLeaveTheNextPositionOut) {
  Descriptor descriptor = kDescriptor;
  descriptor.nullable = true;
  MemorySource file("log", Written(descriptor, {.mark_nullable = true, .next_position = false}));
  Result<EnvelopeReader> reader = Open(file);
  ASSERT_TRUE(reader.ok());
  EXPECT_TRUE(reader->descriptor().nullable);
  EXPECT_TRUE(reader->Next(EventType::kInsert).value());
}

TEST(Envelope, TakesAnEmptyExtra) {
  std::string bytes = Written();
  bytes.replace(85, 24, "{}                      ");
  MemorySource file("log", bytes);
  Result<EnvelopeReader> reader = Open(file);
  ASSERT_TRUE(reader.ok()) << reader.status().message();
  EXPECT_FALSE(reader->descriptor().original_size);
}

TEST(Envelope, SeveralEventsAreWalked) {
  const std::string one = Written();
  MemorySource file("log", one + one.substr(one.size() - 40));
  Result<EnvelopeReader> reader = Open(file);
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(reader->Next(EventType::kInsert).value()->length, 7);
  EXPECT_EQ(reader->Next(EventType::kInsert).value()->offset, file.size() - 7);
  EXPECT_FALSE(reader->Next(EventType::kInsert).value());
}

TEST(Envelope, TruncatedAnywhereItIsDamaged) {
  const std::string whole = Written();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const Status status = FirstError(whole.substr(0, length));
    EXPECT_EQ(status.code(), Code::kDataLoss) << length;
    EXPECT_THAT(status.message(), HasSubstr("s3://b/log"));
  }
}

TEST(Envelope, LengthsThatLeadOutsideAreDamage) {
  const std::string whole = Written();
  for (const std::int32_t length : {-1, 0, 16, 80, 1 << 20, 0x7FFFFFFF}) {
    for (const std::size_t at : {std::size_t{4 + 9}, std::size_t{81}, whole.size() - 40 + 9}) {
      std::string bytes = whole;
      Overwrite(bytes, at, length);
      const Status status = FirstError(bytes);
      EXPECT_EQ(status.code(), Code::kDataLoss) << at << " " << length;
      EXPECT_THAT(status.message(), HasSubstr("offset"));
    }
  }
}

TEST(Envelope, AFlippedBitInTheHeadersOrTheExtraNeverCrashes) {
  const std::string whole = Written();
  for (std::size_t bit = 0; bit < (whole.size() - 7) * 8; ++bit) {
    std::string bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
    const Status status = FirstError(bytes);
    EXPECT_TRUE(status.ok() || status.code() == Code::kDataLoss) << bit;
  }
}

TEST(Envelope, AnotherKindOfFileIsNamed) {
  EXPECT_THAT(FirstError("PAR1....").message(), HasSubstr("bare Parquet file"));
  EXPECT_THAT(FirstError("hello world").message(), HasSubstr("not a binlog"));
  MemorySource other("f", "hello world");
  EXPECT_THAT(ProbeFile(other).status().message(), HasSubstr("neither a binlog nor a Parquet file"));
  MemorySource parquet("f", "PAR1");
  EXPECT_EQ(ProbeFile(parquet).value(), FileKind::kParquet);
}

TEST(Envelope, ADeltaLogIsNoInsertLog) {
  const std::string bytes = Written(kDescriptor, {.type = EventType::kDelete});
  EXPECT_THAT(FirstError(bytes).message(), HasSubstr("type 2 where 1 belongs"));
}

TEST(Envelope, AnUnknownVersionOrEncryptionIsSaid) {
  std::string bytes = Written();
  bytes.replace(85, 24, R"({"version":"V2"}        )");
  EXPECT_THAT(FirstError(bytes).message(), HasSubstr("unknown version"));
  bytes.replace(85, 24, R"({"edek":"secret"}       )");
  EXPECT_EQ(FirstError(bytes).code(), Code::kFailedPrecondition);
  EXPECT_THAT(FirstError(bytes).message(), ::testing::Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace mbk::codec
