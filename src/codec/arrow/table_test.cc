#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>

#include "codec/arrow/arrow_codec.h"
#include "codec/scalar_field.h"
#include "codec/testing/any_field.h"
#include "codec/testing/columns.h"

namespace mbk::codec {
namespace {

using testing::Bytes;
using testing::ColumnOf;
using testing::Field;
using ::testing::HasSubstr;
using testing::SchemaOf;
using testing::Values;

struct Written {
  Status status;
  std::string bytes;
};

Written Write(const CollectionSchema& schema, const std::vector<RowBatch>& batches) {
  Written written;
  Result<std::unique_ptr<TableWriter>> writer = ArrowCodec()->OpenTable(schema, [&](std::string_view piece) {
    written.bytes += piece;
    return Status();
  });
  written.status = writer.status();
  for (const RowBatch& batch : batches) {
    if (written.status.ok()) written.status = (*writer)->Write(batch);
  }
  if (written.status.ok()) written.status = (*writer)->Finish();
  return written;
}

std::shared_ptr<arrow::Table> Read(const std::string& bytes) {
  auto file = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes));
  auto reader = parquet::arrow::OpenFile(file, arrow::default_memory_pool()).ValueOrDie();
  return reader->ReadTable().ValueOrDie()->CombineChunks().ValueOrDie();
}

/// A table of one field, read again.
std::shared_ptr<arrow::Array> Shown(const FieldSchema& field, const Values& values) {
  RowBatch batch = {.rows = static_cast<std::int64_t>(values.size()), .columns = {ColumnOf(field, values)}};
  const Written written = Write(SchemaOf({field}), {batch});
  EXPECT_TRUE(written.status.ok()) << written.status.message();
  if (!written.status.ok()) return nullptr;
  const auto table = Read(written.bytes);
  EXPECT_TRUE(table->ValidateFull().ok());
  EXPECT_EQ(table->schema()->field(0)->name(), field.name);
  EXPECT_EQ(table->schema()->field(0)->nullable(), field.nullable);
  return table->column(0)->chunk(0);
}

std::string Show(const FieldSchema& field, const Values& values) {
  const auto array = Shown(field, values);
  if (array == nullptr) return "";
  std::string text = array->type()->ToString();
  for (std::int64_t row = 0; row < array->length(); ++row)
    text += " " + (array->IsNull(row) ? "null" : array->GetScalar(row).ValueOrDie()->ToString());
  return text;
}

std::string Floats(std::vector<float> values) {
  std::string bytes;
  for (const float value : values) bytes += Bytes(value);
  return bytes;
}

TEST(Table, NumbersAndTextAreThemselves) {
  EXPECT_EQ(Show(Field(100, DataType::kInt64), {Bytes(-5LL)}), "int64 -5");
  EXPECT_EQ(Show(Field(100, DataType::kInt8), {Bytes(std::int8_t{-5})}), "int8 -5");
  EXPECT_EQ(Show(Field(100, DataType::kBool), {"\1", std::string(1, '\0')}), "bool true false");
  EXPECT_EQ(Show(Field(100, DataType::kVarChar), {"中", ""}), "string 中 ");
  EXPECT_EQ(Show(Field(100, DataType::kJson), {R"({"a":1})"}), R"(string {"a":1})");
  FieldSchema nullable = Field(100, DataType::kDouble);
  nullable.nullable = true;
  EXPECT_EQ(Show(nullable, {std::nullopt, Bytes(0.5)}), "double null 0.5");
  EXPECT_THAT(Show(Field(100, DataType::kTimestamptz), {Bytes(1'700'000'000'000'000LL)}),
              HasSubstr("timestamp[us, tz=UTC] 2023-11-14 22:13:20"));
}

TEST(Table, VectorsAreListsOfTheirElements) {
  EXPECT_EQ(Show(Field(100, DataType::kFloatVector, 2), {Floats({1, 2}), Floats({3, 4})}),
            "fixed_size_list<element: float not null>[2] fixed_size_list<element: float not null>[2][1, 2]"
            " fixed_size_list<element: float not null>[2][3, 4]");
  const auto halves = Shown(Field(100, DataType::kFloat16Vector, 2), {Bytes(std::uint32_t{0x40003C00})});
  EXPECT_EQ(halves->type()->field(0)->type()->id(), arrow::Type::HALF_FLOAT);
  const auto brain = Shown(Field(100, DataType::kBFloat16Vector, 2), {Bytes(std::uint32_t{0xC0003F80})});
  const auto& numbers =
      static_cast<const arrow::FloatArray&>(*static_cast<const arrow::FixedSizeListArray&>(*brain).values());
  EXPECT_EQ(numbers.Value(0), 1.0f);
  EXPECT_EQ(numbers.Value(1), -2.0f);
  EXPECT_EQ(Shown(Field(100, DataType::kInt8Vector, 3), {"abc"})->type()->ToString(),
            "fixed_size_list<element: int8 not null>[3]");
  EXPECT_EQ(Show(Field(100, DataType::kBinaryVector, 16), {"ab"}), "fixed_size_binary[2] ab");
}

TEST(Table, AVectorThatMayBeNullIsAListOfAnyLength) {
  FieldSchema field = Field(100, DataType::kFloatVector, 2);
  field.nullable = true;
  const auto array = Shown(field, {std::nullopt, Floats({1, 2}), std::nullopt, Floats({3, 4})});
  EXPECT_EQ(array->type()->id(), arrow::Type::LIST);
  EXPECT_TRUE(array->IsNull(0));
  EXPECT_EQ(static_cast<const arrow::ListArray&>(*array).value_length(3), 2);
}

TEST(Table, SparseVectorsAreMaps) {
  const std::string value =
      Bytes(std::uint32_t{7}) + Bytes(0.5f) + Bytes(std::uint32_t{4000000000u}) + Bytes(-1.0f);
  const auto array = Shown(Field(100, DataType::kSparseFloatVector), {"", value});
  const auto& map = static_cast<const arrow::MapArray&>(*array);
  ASSERT_EQ(map.value_length(0), 0);
  ASSERT_EQ(map.value_length(1), 2);
  EXPECT_EQ(static_cast<const arrow::UInt32Array&>(*map.keys()).Value(1), 4000000000u);
  EXPECT_EQ(static_cast<const arrow::FloatArray&>(*map.items()).Value(0), 0.5f);
}

TEST(Table, ArraysAreLists) {
  FieldSchema field = Field(100, DataType::kArray);
  const auto show = [&](DataType element, const ScalarField& value) {
    field.element_type = element;
    return Show(field, {"", FormatScalarField(value)});
  };
  using Kind = ScalarField::Kind;
  EXPECT_EQ(
      show(DataType::kInt8, {.kind = Kind::kInt, .integers = {-128, 127}}),
      "list<element: int8 not null> list<element: int8 not null>[] list<element: int8 not null>[-128, 127]");
  EXPECT_THAT(show(DataType::kInt64, {.kind = Kind::kLong, .integers = {1LL << 60}}),
              HasSubstr("[1152921504606846976]"));
  EXPECT_THAT(show(DataType::kBool, {.kind = Kind::kBool, .integers = {1, 0}}), HasSubstr("[true, false]"));
  EXPECT_THAT(show(DataType::kFloat, {.kind = Kind::kFloat, .floats = {0.5f}}), HasSubstr("[0.5]"));
  EXPECT_THAT(show(DataType::kDouble, {.kind = Kind::kDouble, .doubles = {0.25}}), HasSubstr("[0.25]"));
  EXPECT_THAT(show(DataType::kVarChar, {.kind = Kind::kString, .strings = {"x", ""}}),
              HasSubstr("element: string"));
}

TEST(Table, ArraysThatTheSchemaContradictsAreNamedWithTheirRow) {
  FieldSchema field = Field(100, DataType::kArray);
  field.element_type = DataType::kInt8;
  const auto status = [&](const std::string& value) {
    RowBatch batch = {.rows = 2, .columns = {ColumnOf(field, {"", value})}};
    return Write(SchemaOf({field}), {batch}).status;
  };
  using Kind = ScalarField::Kind;
  for (const std::string& value :
       {FormatScalarField({.kind = Kind::kInt, .integers = {128}}),
        FormatScalarField({.kind = Kind::kLong, .integers = {1}}), std::string("\x12\x05")}) {
    EXPECT_EQ(status(value).code(), Code::kDataLoss);
    EXPECT_THAT(status(value).message(), HasSubstr("row 1: field f100 (100)"));
  }
}

TEST(Table, ListsOfVectorsAreListsOfLists) {
  FieldSchema field = Field(100, DataType::kArrayOfVector, 2);
  field.element_type = DataType::kFloatVector;
  const auto array = Shown(field, {Floats({1, 2, 3, 4}), "", Floats({5, 6})});
  const auto& list = static_cast<const arrow::ListArray&>(*array);
  EXPECT_EQ(list.value_length(0), 2);
  EXPECT_EQ(list.value_length(1), 0);
  EXPECT_EQ(list.values()->type()->ToString(), "fixed_size_list<element: float not null>[2]");
}

TEST(Table, EveryTypeIsWrittenInSeveralBatches) {
  std::vector<FieldSchema> fields;
  RowBatch first = {.rows = 3};
  for (const DataType type : testing::kEveryType) {
    FieldSchema field = Field(100 + static_cast<std::int64_t>(fields.size()), type, 8);
    field.nullable = true;
    field.element_type = type == DataType::kArrayOfVector ? DataType::kFloatVector : DataType::kInt64;
    const std::size_t width = static_cast<std::size_t>(std::max(1, ShapeOf(field)->width));
    const bool may_be_empty = ShapeOf(field)->layout == ColumnLayout::kVariable && !IsDenseVector(type);
    const std::string value = may_be_empty ? "" : std::string(width, '\0');
    first.columns.push_back(ColumnOf(field, {value, std::nullopt, value}));
    fields.push_back(std::move(field));
  }
  const Written written = Write(SchemaOf(fields), {first, RowBatch{}, first});
  ASSERT_TRUE(written.status.ok()) << written.status.message();
  const auto table = Read(written.bytes);
  EXPECT_EQ(table->num_rows(), 6);
  EXPECT_EQ(table->num_columns(), static_cast<int>(fields.size()));
  for (int i = 0; i < table->num_columns(); ++i) EXPECT_EQ(table->column(i)->null_count(), 2) << i;
}

TEST(Table, ManyRowsMakeSeveralRowGroups) {
  const FieldSchema field = Field(100, DataType::kFloatVector, 256);
  RowBatch batch = {.rows = 8192, .columns = {ColumnOf(field, Values(8192, std::string(1024, 'x')))}};
  const Written written = Write(SchemaOf({field}), std::vector<RowBatch>(9, batch));
  ASSERT_TRUE(written.status.ok());
  auto file = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(written.bytes));
  auto reader = parquet::arrow::OpenFile(file, arrow::default_memory_pool()).ValueOrDie();
  EXPECT_EQ(reader->num_row_groups(), 3);
  EXPECT_EQ(Read(written.bytes)->num_rows(), 9 * 8192);
}

TEST(Table, WhatTheSinkSaysIsTheError) {
  const FieldSchema field = Field(100, DataType::kInt64);
  Result<std::unique_ptr<TableWriter>> writer = ArrowCodec()->OpenTable(
      SchemaOf({field}), [](std::string_view) { return Status(Code::kUnavailable, "disk full"); });
  Status status = writer.status();
  if (status.ok()) status = (*writer)->Finish();
  EXPECT_EQ(status, Status(Code::kUnavailable, "disk full"));
}

TEST(Table, RowsWithoutAFieldAreRefused) {
  const FieldSchema field = Field(100, DataType::kInt64);
  const RowBatch batch = {.rows = 1, .columns = {ColumnOf(Field(101, DataType::kInt64), {Bytes(1LL)})}};
  EXPECT_EQ(Write(SchemaOf({field}), {batch}).status.code(), Code::kInvalidArgument);
  EXPECT_EQ(Write(SchemaOf({}), {}).status.code(), Code::kInvalidArgument);
  FieldSchema odd = Field(100, DataType::kArray);
  odd.element_type = DataType::kJson;
  EXPECT_EQ(Write(SchemaOf({odd}), {}).status.code(), Code::kUnimplemented);
}

}  // namespace
}  // namespace mbk::codec
