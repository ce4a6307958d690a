// Files that are not what they should be: a clear error that names the file and the place, never a crash,
// and never more memory than was granted.
#include <arrow/api.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstring>

#include "codec/arrow/arrow_codec.h"
#include "codec/arrow/parquet_writer.h"
#include "codec/envelope.h"
#include "codec/memory_source.h"
#include "codec/testing/columns.h"

namespace mbk::codec {
namespace {

using ::testing::AllOf;
using testing::Bytes;
using testing::ColumnOf;
using testing::Field;
using testing::FilesOf;
using ::testing::HasSubstr;
using testing::SchemaOf;
using testing::Values;

const EncodeOptions kStream = {.dialect = EncodeOptions::Dialect::kMilvus24};

std::string Insert(const FieldSchema& field, const Values& values) {
  return ArrowCodec()
      ->EncodeInsertLog({}, field, ColumnOf(field, values),
                        testing::TimestampsOf(std::vector<std::uint64_t>(values.size(), 7)), kStream)
      .value();
}

std::string Packed(const FieldSchema& field, const Values& values) {
  RowBatch batch = {.rows = static_cast<std::int64_t>(values.size()), .columns = {ColumnOf(field, values)}};
  return ArrowCodec()->EncodePacked(SchemaOf({field}), batch, {}).value();
}

/// Reads field 100 of one file.
Status Read(const FieldSchema& field, const std::string& bytes, std::int64_t memory_bytes = 64 << 20) {
  std::vector<FieldFiles> files;
  files.push_back(FilesOf(field.field_id, {bytes}));
  return testing::ReadAll(*ArrowCodec(), SchemaOf({field}), std::move(files),
                          {.field_ids = {field.field_id}, .memory_bytes = memory_bytes})
      .status();
}

std::string Enveloped(const FieldSchema& field, const std::string& parquet) {
  return WriteEnvelope({.field_id = field.field_id, .payload_type = field.data_type}, parquet, {}).value();
}

/// A Parquet file of one column that Arrow makes of JSON-like values.
std::string ParquetOf(const std::shared_ptr<arrow::Array>& array, bool store_schema = false) {
  return WriteParquet(arrow::schema({arrow::field("val", array->type())}), {array},
                      {.properties = BinlogProperties().build(), .store_schema = store_schema})
      .value();
}

template <class Builder, class... Values>
std::shared_ptr<arrow::Array> ArrayOf(Values... values) {
  Builder builder;
  for (const auto& value : {values...}) EXPECT_TRUE(builder.Append(value).ok());
  return builder.Finish().ValueOrDie();
}

const Values kTexts = {"one", "two", "two", "", "中文"};

TEST(BadInput, TruncatedAnywhereItIsDamage) {
  const FieldSchema field = Field(100, DataType::kVarChar);
  for (const std::string& whole : {Insert(field, kTexts), Packed(field, kTexts)}) {
    for (std::size_t length = 0; length < whole.size(); ++length) {
      const Status status = Read(field, whole.substr(0, length));
      EXPECT_EQ(status.code(), Code::kDataLoss) << length;
      EXPECT_THAT(status.message(), HasSubstr("100/1: ")) << length;
    }
  }
}

TEST(BadInput, AFlippedBitIsDamageOrAnotherValue) {
  for (const DataType type : {DataType::kVarChar, DataType::kInt64, DataType::kFloatVector}) {
    FieldSchema field = Field(100, type, 8);
    Values values = kTexts;
    if (type == DataType::kInt64) values = {Bytes(1LL), Bytes(2LL), Bytes(-1LL)};
    if (type == DataType::kFloatVector) values = {std::string(32, 'a'), std::string(32, 'b')};
    for (const std::string& whole : {Insert(field, values), Packed(field, values)}) {
      for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
        std::string bytes = whole;
        bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
        const Status status = Read(field, bytes);
        EXPECT_TRUE(status.ok() || status.code() == Code::kDataLoss ||
                    status.code() == Code::kFailedPrecondition)
            << bit << " " << status.message();
        EXPECT_EQ(status.ok(), status.message().empty());
      }
    }
  }
}

TEST(BadInput, ATypeThatTheSchemaContradictsIsNamed) {
  const std::string file = Insert(Field(100, DataType::kInt64), {Bytes(1LL)});
  const Status status = Read(Field(100, DataType::kVarChar), file);
  EXPECT_EQ(status.code(), Code::kDataLoss);
  EXPECT_THAT(status.message(), AllOf(HasSubstr("100/1"), HasSubstr("f100"), HasSubstr("type 21")));
  // The descriptor may lie; the payload does not.
  const std::string lying =
      Enveloped(Field(100, DataType::kVarChar), ParquetOf(ArrayOf<arrow::Int64Builder>(1)));
  EXPECT_THAT(Read(Field(100, DataType::kVarChar), lying).message(), HasSubstr("the file has int64"));
}

TEST(BadInput, AVectorOfAnotherWidthIsDamage) {
  const std::string file = Insert(Field(100, DataType::kFloatVector, 8), {std::string(32, 'a')});
  EXPECT_THAT(Read(Field(100, DataType::kFloatVector, 16), file).message(), HasSubstr("64 bytes a value"));
  FieldSchema nullable = Field(100, DataType::kFloatVector, 8);
  nullable.nullable = true;
  const std::string odd = Insert(nullable, {std::nullopt, std::string(32, 'a')});
  nullable.type_params[0].value = "16";
  EXPECT_THAT(Read(nullable, odd).message(), AllOf(HasSubstr("row 1"), HasSubstr("32 bytes instead of 64")));
}

TEST(BadInput, ListsOfTheWrongLengthAreNoVectors) {
  const auto list = [](std::vector<std::vector<float>> rows) {
    arrow::ListBuilder builder(arrow::default_memory_pool(), std::make_shared<arrow::FloatBuilder>());
    for (const std::vector<float>& row : rows) {
      EXPECT_TRUE(builder.Append().ok());
      EXPECT_TRUE(static_cast<arrow::FloatBuilder*>(builder.value_builder())->AppendValues(row).ok());
    }
    return builder.Finish().ValueOrDie();
  };
  const FieldSchema field = Field(100, DataType::kFloatVector, 2);
  EXPECT_TRUE(Read(field, Enveloped(field, ParquetOf(list({{1, 2}, {3, 4}})))).ok());
  EXPECT_THAT(Read(field, Enveloped(field, ParquetOf(list({{1, 2}, {3}})))).message(),
              AllOf(HasSubstr("row 1"), HasSubstr("4 bytes instead of 8")));
}

TEST(BadInput, NullsWhereNoneMayBeAreDamage) {
  FieldSchema field = Field(100, DataType::kInt64);
  field.nullable = true;
  const std::string file = Insert(field, {Bytes(1LL), std::nullopt});
  field.nullable = false;
  EXPECT_THAT(Read(field, file).message(), AllOf(HasSubstr("row 1"), HasSubstr("null")));
}

std::string ParquetOfBytes(const Values& values) {
  arrow::BinaryBuilder builder;
  for (const std::optional<std::string>& value : values) EXPECT_TRUE(builder.Append(*value).ok());
  return ParquetOf(builder.Finish().ValueOrDie());
}

// One behind another they are UTF-8.
TEST(BadInput, ACharacterInTwoTextsIsInNeither) {
  const FieldSchema field = Field(100, DataType::kVarChar);
  const std::string file = Enveloped(field, ParquetOfBytes({"ok", "so far: \xc3", "\xbc!", "ok"}));
  EXPECT_THAT(Read(field, file).message(), AllOf(HasSubstr("row 1"), HasSubstr("UTF-8")));
}

TEST(BadInput, TextThatIsNotUtf8IsNamedWithItsRow) {
  const FieldSchema field = Field(100, DataType::kVarChar);
  Values values(3000, "ok");
  values[2345] = "\xff\xfe";
  const std::string parquet = ParquetOfBytes(values);
  const FieldSchema bytes = Field(100, DataType::kJson);  // stored alike, and not looked at
  EXPECT_TRUE(Read(bytes, Enveloped(bytes, parquet)).ok());
  const std::string file = Enveloped(field, parquet);
  EXPECT_THAT(Read(field, file).message(),
              AllOf(HasSubstr("100/1"), HasSubstr("row 2345"), HasSubstr("UTF-8")));
}

TEST(BadInput, KeysOfDeletesThatAreNotUtf8AreNamedWithTheirRow) {
  arrow::BinaryBuilder keys;
  arrow::Int64Builder times;
  for (const char* key : {"ok", "ok", "\xc3("}) {
    ASSERT_TRUE(keys.Append(key).ok());
    ASSERT_TRUE(times.Append(7).ok());
  }
  const std::string parquet =
      WriteParquet(arrow::schema({arrow::field("pk", arrow::binary()), arrow::field("ts", arrow::int64())}),
                   {keys.Finish().ValueOrDie(), times.Finish().ValueOrDie()},
                   {.properties = BinlogProperties().build()})
          .value();
  const std::string json =
      WriteEnvelope({.field_id = -1, .payload_type = DataType::kString},
                    ParquetOf(ArrayOf<arrow::StringBuilder>(R"({"pk":"ok","ts":7,"pkType":21})",
                                                            R"({"pk":"ok","ts":8,"pkType":21})",
                                                            "{\"pk\":\"\xc3(\",\"ts\":9,\"pkType\":21}")),
                    {.type = EventType::kDelete})
          .value();
  for (const std::string& bytes : {parquet, json}) {
    MemorySource file("s3://b/delta", bytes);
    const Status status =
        ArrowCodec()->ReadDeltaLog(file, DataType::kVarChar, [](const DeletedKey&) { return Status(); });
    EXPECT_EQ(status.code(), Code::kDataLoss);
    EXPECT_THAT(status.message(), AllOf(HasSubstr("s3://b/delta: offset"), HasSubstr("row 2")));
  }
}

TEST(BadInput, MisalignedFilesAreDamageOnceTheyAreMet) {
  const FieldSchema a = Field(100, DataType::kInt64);
  const FieldSchema b = Field(101, DataType::kInt64);
  const Values two = {Bytes(1LL), Bytes(2LL)};
  const Values three = {Bytes(1LL), Bytes(2LL), Bytes(3LL)};
  for (const bool packed : {false, true}) {
    const auto file = [&](const FieldSchema& field, const Values& values) {
      return packed ? Packed(field, values) : Insert(field, values);
    };
    std::vector<FieldFiles> files;
    files.push_back(FilesOf(100, {file(a, two), file(a, two)}));
    files.push_back(FilesOf(101, {file(b, two), file(b, three)}));
    Result<std::unique_ptr<RowReader>> reader =
        ArrowCodec()->OpenSegment(SchemaOf({a, b}), std::move(files), {.field_ids = {100, 101}});
    ASSERT_TRUE(reader.ok()) << reader.status().message();
    EXPECT_EQ((*reader)->Next().value()->rows, 2);
    const Status status = (*reader)->Next().status();
    EXPECT_THAT(status.message(), AllOf(HasSubstr("101/2"), HasSubstr("misaligned"), HasSubstr("3 rows")));
    EXPECT_EQ((*reader)->Next().status(), status);

    files.clear();
    files.push_back(FilesOf(100, {file(a, two), file(a, two)}));
    files.push_back(FilesOf(101, {file(b, two)}));
    EXPECT_EQ(ArrowCodec()->OpenSegment(SchemaOf({a, b}), std::move(files), {}).status().code(),
              Code::kDataLoss);
  }
}

TEST(BadInput, AFileInTheWrongPlaceIsNoticed) {
  const std::string other = Insert(Field(101, DataType::kInt64), {Bytes(1LL)});
  EXPECT_THAT(Read(Field(100, DataType::kInt64), other).message(),
              HasSubstr("holds field 101 instead of 100"));
  const FieldSchema field = Field(100, DataType::kInt64);
  std::vector<FieldFiles> files;
  files.push_back(FilesOf(100, {Insert(field, {Bytes(1LL)}), Packed(field, {Bytes(1LL)})}));
  EXPECT_THAT(testing::ReadAll(*ArrowCodec(), SchemaOf({field}), std::move(files), {.field_ids = {100}})
                  .status()
                  .message(),
              HasSubstr("bare Parquet file"));
}

TEST(BadInput, AMissingFieldThatMayNotBeNullIsDamage) {
  const FieldSchema a = Field(100, DataType::kInt64);
  const FieldSchema b = Field(101, DataType::kInt64);
  std::vector<FieldFiles> files;
  files.push_back(FilesOf(100, {Insert(a, {Bytes(1LL)})}));
  EXPECT_THAT(testing::ReadAll(*ArrowCodec(), SchemaOf({a, b}), std::move(files), {.field_ids = {100, 101}})
                  .status()
                  .message(),
              AllOf(HasSubstr("f101"), HasSubstr("no files")));
}

TEST(BadInput, WhatTheSchemaCannotMeanIsAnArgument) {
  std::vector<FieldFiles> none;
  const auto open = [&](const FieldSchema& field, std::vector<std::int64_t> ids) {
    return ArrowCodec()->OpenSegment(SchemaOf({field}), {}, {.field_ids = std::move(ids)}).status();
  };
  EXPECT_EQ(open(Field(100, DataType::kFloatVector), {100}).code(), Code::kInvalidArgument);
  EXPECT_EQ(open(Field(100, DataType::kBinaryVector, 12), {100}).code(), Code::kInvalidArgument);
  EXPECT_EQ(open(Field(100, DataType::kInt64), {777}).code(), Code::kInvalidArgument);
  EXPECT_EQ(open(Field(100, static_cast<DataType>(29)), {100}).code(), Code::kUnimplemented);
}

/// Writes another number wherever the footer says how many rows or values there are: five.
std::string WithRows(std::string parquet, std::uint64_t rows) {
  std::string varint;
  for (rows *= 2; rows >= 0x80; rows >>= 7) varint += static_cast<char>(rows | 0x80);  // zigzag
  varint += static_cast<char>(rows);
  std::uint32_t length;
  std::memcpy(&length, parquet.data() + parquet.size() - 8, 4);
  std::string footer = parquet.substr(parquet.size() - 8 - length, length);
  parquet.resize(parquet.size() - 8 - length);
  const std::string five("\x16\x0a", 2);  // the next field but two, an i64
  for (std::size_t at = footer.find(five); at != std::string::npos; at = footer.find(five, at + 2))
    footer.replace(at + 1, 1, varint);
  length = static_cast<std::uint32_t>(footer.size());
  return parquet + footer + Bytes(length) + "PAR1";
}

TEST(BadInput, ClaimsOfMoreRowsThanThereCanBeAreRefused) {
  const FieldSchema field = Field(100, DataType::kInt64);
  const auto array = ArrayOf<arrow::Int64Builder>(1, 2, 3, 4, 5);
  const std::string parquet = ParquetOf(array);
  EXPECT_TRUE(Read(field, Enveloped(field, WithRows(parquet, 5))).ok());
  for (const std::uint64_t rows : {1ull << 40, 1ull << 62, 1ull << 30}) {
    const Status status = Read(field, Enveloped(field, WithRows(parquet, rows)));
    EXPECT_EQ(status.code(), Code::kDataLoss);
    EXPECT_THAT(status.message(), AllOf(HasSubstr("offset"), HasSubstr("claims"))) << rows;
  }
  EXPECT_THAT(Read(field, Enveloped(field, WithRows(parquet, 1'000'000))).message(), HasSubstr("fewer rows"));
}

TEST(BadInput, ValuesThatExplodeStayWithinTheLimit) {
  // A megabyte in the dictionary, named four thousand times: four gigabytes from a file of some kilobytes.
  const FieldSchema field = Field(100, DataType::kJson);
  const std::string big(1 << 20, 'x');
  arrow::BinaryDictionaryBuilder builder;
  for (int i = 0; i < 4096; ++i) ASSERT_TRUE(builder.Append(big).ok());
  const std::string file = Enveloped(field, ParquetOf(builder.Finish().ValueOrDie()));
  ASSERT_LT(file.size(), 100u << 10);

  rusage before{};
  getrusage(RUSAGE_SELF, &before);
  const Status status = Read(field, file, 64 << 20);
  rusage after{};
  getrusage(RUSAGE_SELF, &after);
  EXPECT_EQ(status.code(), Code::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr("64 MiB"));
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 400 << 10) << "KiB";
}

TEST(BadInput, ATypeOfArrowsOwnIsNotTaken) {
  const FieldSchema field = Field(100, DataType::kVarChar);
  arrow::StringDictionaryBuilder builder;
  ASSERT_TRUE(builder.Append("x").ok());
  const auto dictionary = builder.Finish().ValueOrDie();
  EXPECT_TRUE(Read(field, Enveloped(field, ParquetOf(dictionary))).ok());
  EXPECT_THAT(Read(field, Enveloped(field, ParquetOf(dictionary, true))).message(), HasSubstr("dictionary"));
}

TEST(BadInput, AnyPageEncodingAndCompressionIsRead) {
  const FieldSchema field = Field(100, DataType::kVarChar);
  const auto array = ArrayOf<arrow::StringBuilder>("a", "b", "b", "c");
  const auto schema = arrow::schema({arrow::field("whatever", array->type())});
  const auto read = [&](parquet::WriterProperties::Builder& properties) {
    return Read(field,
                Enveloped(field, WriteParquet(schema, {array}, {.properties = properties.build()}).value()));
  };
  for (const auto compression :
       {parquet::Compression::UNCOMPRESSED, parquet::Compression::SNAPPY, parquet::Compression::GZIP,
        parquet::Compression::LZ4, parquet::Compression::BROTLI, parquet::Compression::ZSTD}) {
    parquet::WriterProperties::Builder properties;
    properties.compression(compression)->data_page_version(parquet::ParquetDataPageVersion::V2);
    EXPECT_TRUE(read(properties).ok());
  }
  for (const auto encoding : {parquet::Encoding::PLAIN, parquet::Encoding::DELTA_BYTE_ARRAY,
                              parquet::Encoding::DELTA_LENGTH_BYTE_ARRAY}) {
    parquet::WriterProperties::Builder properties;
    properties.disable_dictionary()->encoding(encoding);
    EXPECT_TRUE(read(properties).ok());
  }
}

class FailingSource : public MemorySource {
 public:
  using MemorySource::MemorySource;
  Status ReadAt(std::int64_t offset, std::int64_t length, char* out) override {
    if (--reads_ < 0) return Status(Code::kUnavailable, "s3://b/log: connection reset");
    return MemorySource::ReadAt(offset, length, out);
  }
  Result<std::optional<ByteView>> View(std::int64_t /*offset*/, std::int64_t /*length*/) override {
    return std::optional<ByteView>();
  }
  int reads_ = 0;
};

TEST(BadInput, AStoreThatFailsIsNoDamage) {
  const FieldSchema field = Field(100, DataType::kFloatVector, 64);
  std::string all;
  for (int i = 0; i < 256 * 2000; ++i) all += static_cast<char>(i * 2654435761u >> 13);
  Values values;
  for (int i = 0; i < 2000; ++i) values.emplace_back(all.substr(static_cast<std::size_t>(i) * 256, 256));
  const std::string bytes = Insert(field, values);
  for (int reads = 0;; ++reads) {
    auto source = std::make_unique<FailingSource>("s3://b/log", bytes);
    source->reads_ = reads;
    std::vector<FieldFiles> files(1);
    files[0].field_id = 100;
    files[0].files.push_back(std::move(source));
    const Status status =
        testing::ReadAll(*ArrowCodec(), SchemaOf({field}), std::move(files), {.field_ids = {100}}).status();
    if (status.ok()) {
      EXPECT_GE(reads, 3);  // head, tail, pages
      break;
    }
    EXPECT_EQ(status, Status(Code::kUnavailable, "s3://b/log: connection reset")) << reads;
    ASSERT_LT(reads, 100);
  }
}

}  // namespace
}  // namespace mbk::codec
