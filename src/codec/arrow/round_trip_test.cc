#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <numeric>

#include "codec/arrow/arrow_codec.h"
#include "codec/testing/any_field.h"
#include "codec/testing/columns.h"

namespace mbk::codec {
namespace {

using testing::AnyField;
using testing::AnyValues;
using testing::Bytes;
using testing::ColumnOf;
using testing::Field;
using testing::FilesOf;
using testing::kEveryType;
using testing::ReadAll;
using testing::SchemaOf;
using testing::TimestampsOf;
using testing::Values;
using Dialect = EncodeOptions::Dialect;

Column Timestamps(std::int64_t rows) {
  std::vector<std::uint64_t> values(static_cast<std::size_t>(rows));
  std::iota(values.begin(), values.end(), 449577445671698433u);
  return TimestampsOf(values);
}

std::string Insert(const FieldSchema& field, const Values& values, Dialect dialect = Dialect::kMilvus24) {
  const Column column = ColumnOf(field, values);
  Result<std::string> file =
      ArrowCodec()->EncodeInsertLog({.collection_id = 1, .partition_id = 2, .segment_id = 3}, field, column,
                                    Timestamps(column.length), {.dialect = dialect, .written_at = 1});
  EXPECT_TRUE(file.ok()) << file.status().message();
  return file.ok() ? *file : "";
}

/// `values` cut to `rows` from `first` on, as a view that begins in the middle of its memory.
Column Slice(Column column, std::int64_t first, std::int64_t rows) {
  column.offset += first;
  column.length = rows;
  return column;
}

RC_GTEST_PROP(RoundTrip, InsertLogsReturnWhatWentIn, ()) {
  const DataType type = *rc::gen::elementOf(kEveryType);
  FieldSchema field = AnyField(100, type);
  const bool is_new = *rc::gen::arbitrary<bool>();
  field.nullable = is_new && type != DataType::kArrayOfVector && *rc::gen::arbitrary<bool>();
  std::vector<std::string> files;
  Values all;
  for (int file = *rc::gen::inRange(1, 4); file > 0; --file) {
    const Values values = AnyValues(field, *rc::gen::inRange<std::size_t>(1, 60));
    files.push_back(Insert(field, values, is_new ? Dialect::kMilvus24 : Dialect::kMilvus23));
    all.insert(all.end(), values.begin(), values.end());
  }
  std::vector<FieldFiles> fields;
  fields.push_back(FilesOf(100, files));
  const ReadOptions options = {.field_ids = {100}, .batch_rows = *rc::gen::inRange(1, 70)};
  Result<testing::ReadResult> read = ReadAll(*ArrowCodec(), SchemaOf({field}), std::move(fields), options);
  RC_ASSERT(read.status().message() == "");
  RC_ASSERT(read->columns[0] == all);
}

RC_GTEST_PROP(RoundTrip, PackedFilesReturnWhatWentIn, ()) {
  std::vector<FieldSchema> fields;
  std::vector<Values> values;
  RowBatch batch = {.rows = *rc::gen::inRange(1, 60)};
  const Column timestamps = Timestamps(batch.rows);
  batch.columns.push_back(timestamps);
  for (const DataType type : *rc::gen::container<std::vector<DataType>>(4, rc::gen::elementOf(kEveryType))) {
    FieldSchema field = AnyField(100 + static_cast<std::int64_t>(fields.size()), type);
    field.nullable = *rc::gen::arbitrary<bool>();
    values.push_back(AnyValues(field, static_cast<std::size_t>(batch.rows)));
    batch.columns.push_back(ColumnOf(field, values.back()));
    fields.push_back(std::move(field));
  }
  const CollectionSchema schema = SchemaOf(fields);
  const std::vector<std::vector<std::int64_t>> groups = {{1, 100, 101, 102, 103}};
  Result<std::string> file = ArrowCodec()->EncodePacked(schema, batch, groups);
  RC_ASSERT(file.status().message() == "");

  std::vector<FieldFiles> files;
  files.push_back(FilesOf(0, {*file}));
  const ReadOptions options = {.field_ids = {100, 101, 102, 103}, .batch_rows = *rc::gen::inRange(1, 70)};
  Result<testing::ReadResult> read = ReadAll(*ArrowCodec(), schema, std::move(files), options);
  RC_ASSERT(read.status().message() == "");
  RC_ASSERT(read->columns == values);
}

RC_GTEST_PROP(RoundTrip, AViewThatBeginsInTheMiddleIsWrittenAsItIs, ()) {
  FieldSchema field = AnyField(100, *rc::gen::elementOf(kEveryType));
  field.nullable = field.data_type != DataType::kArrayOfVector && *rc::gen::arbitrary<bool>();
  const Values values = AnyValues(field, 40);
  const auto first = *rc::gen::inRange<std::int64_t>(0, 39);
  const auto rows = *rc::gen::inRange<std::int64_t>(1, 41 - first);
  Result<std::string> file =
      ArrowCodec()->EncodeInsertLog({}, field, Slice(ColumnOf(field, values), first, rows), Timestamps(rows),
                                    {.dialect = Dialect::kMilvus24});
  RC_ASSERT(file.status().message() == "");
  std::vector<FieldFiles> files;
  files.push_back(FilesOf(100, {*file}));
  Result<testing::ReadResult> read =
      ReadAll(*ArrowCodec(), SchemaOf({field}), std::move(files), {.field_ids = {100}});
  RC_ASSERT(read.status().message() == "");
  RC_ASSERT(read->columns[0] == Values(values.begin() + first, values.begin() + first + rows));
}

TEST(SegmentReader, ColumnsComeInTheOrderAskedFor) {
  const FieldSchema a = Field(100, DataType::kInt64);
  const FieldSchema b = Field(101, DataType::kVarChar);
  std::vector<FieldFiles> files;
  files.push_back(FilesOf(101, {Insert(b, {"x", "y"})}));
  files.push_back(FilesOf(100, {Insert(a, {Bytes(1LL), Bytes(2LL)})}));
  Result<testing::ReadResult> read =
      ReadAll(*ArrowCodec(), SchemaOf({a, b}), std::move(files), {.field_ids = {101, 100, 101}});
  ASSERT_TRUE(read.ok()) << read.status().message();
  ASSERT_EQ(read->columns.size(), 2u);
  EXPECT_EQ(read->columns[0], (Values{"x", "y"}));
  EXPECT_EQ(read->columns[1], (Values{Bytes(1LL), Bytes(2LL)}));
}

TEST(SegmentReader, AskedForNothingItReadsAllAndTheSystemFields) {
  const FieldSchema row_id = Field(kRowIdField, DataType::kInt64);
  const FieldSchema timestamp = Field(kTimestampField, DataType::kInt64);
  const FieldSchema key = Field(100, DataType::kInt64);
  const Values one = {Bytes(7LL)};
  std::vector<FieldFiles> files;
  for (const FieldSchema& field : {key, timestamp, row_id})
    files.push_back(FilesOf(field.field_id, {Insert(field, one)}));
  files.push_back(FilesOf(999, {"a field that the schema does not know is not read"}));
  Result<testing::ReadResult> read = ReadAll(*ArrowCodec(), SchemaOf({key}), std::move(files), {});
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->columns, (std::vector<Values>{one, one, one}));
}

TEST(SegmentReader, AFieldAddedLaterIsNull) {
  const FieldSchema key = Field(100, DataType::kInt64);
  for (const DataType type : kEveryType) {
    FieldSchema added = Field(101, type, 8);
    added.nullable = true;
    for (const std::vector<std::int64_t>& ids :
         {std::vector<std::int64_t>{100, 101}, std::vector<std::int64_t>{101}}) {
      std::vector<FieldFiles> files;
      files.push_back(FilesOf(100, {Insert(key, {Bytes(1LL), Bytes(2LL)})}));
      Result<testing::ReadResult> read =
          ReadAll(*ArrowCodec(), SchemaOf({key, added}), std::move(files), {.field_ids = ids});
      ASSERT_TRUE(read.ok()) << read.status().message();
      EXPECT_EQ(read->columns.back(), (Values{std::nullopt, std::nullopt}));
    }
  }
}

// As Milvus answers for rows that are older than the field.
TEST(SegmentReader, AFieldAddedLaterHasItsDefault) {
  const FieldSchema key = Field(100, DataType::kInt64);
  const struct {
    DataType type;
    std::string value_field;
    std::string expected;
  } defaults[] = {{DataType::kBool, std::string("\x08\x01", 2), Bytes(true)},
                  {DataType::kInt8, std::string("\x10\x07", 2), Bytes(std::int8_t{7})},
                  {DataType::kInt32, std::string("\x10\x00", 2), Bytes(std::int32_t{0})},
                  {DataType::kInt64, std::string("\x18\x05", 2), Bytes(std::int64_t{5})},
                  {DataType::kFloat, std::string("\x25\x00\x00\x00\x3f", 5), Bytes(0.5f)},
                  {DataType::kDouble, std::string("\x29\x00\x00\x00\x00\x00\x00\xe0\x3f", 9), Bytes(0.5)},
                  {DataType::kVarChar, std::string("\x32\x03one", 5), "one"}};
  for (const auto& one : defaults) {
    SCOPED_TRACE(static_cast<int>(one.type));
    FieldSchema added = Field(101, one.type, 8);
    added.nullable = true;
    added.default_value = one.value_field;
    std::vector<FieldFiles> files;
    files.push_back(FilesOf(100, {Insert(key, {Bytes(1LL), Bytes(2LL)})}));
    Result<testing::ReadResult> read =
        ReadAll(*ArrowCodec(), SchemaOf({key, added}), std::move(files), {.field_ids = {100, 101}});
    ASSERT_TRUE(read.ok()) << read.status().message();
    EXPECT_EQ(read->columns.back(), (Values{one.expected, one.expected}));
  }
  FieldSchema broken = Field(101, DataType::kInt64);
  broken.nullable = true;
  broken.default_value = "\x32\x03one";
  std::vector<FieldFiles> files;
  files.push_back(FilesOf(100, {Insert(key, {Bytes(1LL)})}));
  const Result<testing::ReadResult> read =
      ReadAll(*ArrowCodec(), SchemaOf({key, broken}), std::move(files), {.field_ids = {100, 101}});
  EXPECT_EQ(read.status().code(), Code::kDataLoss);
}

TEST(SegmentReader, NothingIsReadOfNoFiles) {
  Result<testing::ReadResult> read = ReadAll(*ArrowCodec(), SchemaOf({Field(100, DataType::kInt64)}), {}, {});
  ASSERT_TRUE(read.ok());
  EXPECT_TRUE(read->batches.empty());
}

TEST(SegmentReader, BatchesAreBoundedByRowsAndByBytes) {
  FieldSchema field = Field(100, DataType::kFloatVector, 256);
  const Values values(20000, std::string(1024, 'v'));
  const std::string file = Insert(field, values);
  for (const auto& [rows, bytes] :
       {std::pair<std::int64_t, std::int64_t>{1000, 1 << 30}, {1 << 20, 100 << 10}}) {
    std::vector<FieldFiles> files;
    files.push_back(FilesOf(100, {file}));
    Result<testing::ReadResult> read =
        ReadAll(*ArrowCodec(), SchemaOf({field}), std::move(files),
                {.field_ids = {100}, .batch_rows = rows, .batch_bytes = bytes});
    ASSERT_TRUE(read.ok()) << read.status().message();
    EXPECT_EQ(read->columns[0], values);
    for (const std::int64_t batch : read->batches) {
      EXPECT_LE(batch, rows);
      // The first batch is cut by what the footer says of dictionaries and compression.
      EXPECT_LE(batch * 1024, std::max<std::int64_t>(2 * bytes, 1 << 20));
    }
  }
}

TEST(SegmentReader, ABatchOutlivesItsReaderAndCostsItNothing) {
  FieldSchema field = Field(100, DataType::kVarChar);
  std::vector<FieldFiles> files;
  files.push_back(FilesOf(100, {Insert(field, Values(4000, std::string(4096, 'x')))}));
  std::vector<RowBatch> kept;
  {
    Result<std::unique_ptr<RowReader>> reader =
        ArrowCodec()->OpenSegment(SchemaOf({field}), std::move(files),
                                  {.field_ids = {100}, .batch_bytes = 1 << 20, .memory_bytes = 12 << 20});
    ASSERT_TRUE(reader.ok());
    while (true) {
      Result<std::optional<RowBatch>> batch = (*reader)->Next();
      ASSERT_TRUE(batch.ok()) << batch.status().message();
      if (!*batch) break;
      kept.push_back(std::move(**batch));
    }
  }
  std::int64_t rows = 0;
  for (const RowBatch& batch : kept) {
    rows += batch.rows;
    EXPECT_EQ(batch.columns[0].BytesAt(batch.rows - 1), std::string(4096, 'x'));
  }
  EXPECT_EQ(rows, 4000);
}

TEST(Encode, RefusesWhatItCannotWrite) {
  FieldSchema field = Field(100, DataType::kVarChar);
  const auto encode = [&](const Column& column, std::int64_t timestamps, Dialect dialect) {
    return ArrowCodec()
        ->EncodeInsertLog({}, field, column, Timestamps(timestamps), {.dialect = dialect})
        .status()
        .code();
  };
  EXPECT_EQ(encode(ColumnOf(field, {"a"}), 2, Dialect::kMilvus23), Code::kInvalidArgument);
  EXPECT_EQ(encode(ColumnOf(field, {}), 0, Dialect::kMilvus23), Code::kInvalidArgument);
  EXPECT_EQ(encode(ColumnOf(field, {"\xff"}), 1, Dialect::kMilvus23), Code::kInvalidArgument);
  EXPECT_EQ(encode(ColumnOf(field, {std::nullopt}), 1, Dialect::kMilvus24), Code::kInvalidArgument);
  EXPECT_EQ(encode(ColumnOf(Field(100, DataType::kInt64), {Bytes(1LL)}), 1, Dialect::kMilvus23),
            Code::kInvalidArgument);
  field.nullable = true;
  EXPECT_EQ(encode(ColumnOf(field, {std::nullopt}), 1, Dialect::kMilvus23), Code::kInvalidArgument);
  EXPECT_EQ(encode(ColumnOf(field, {std::nullopt}), 1, Dialect::kMilvus24), Code::kOk);
}

}  // namespace
}  // namespace mbk::codec
