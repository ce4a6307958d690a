#include "milvus/field_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

#include "milvus/testing/any_rows.h"
#include "milvus/timestamptz.h"

namespace mbk {
namespace {

using milvustest::AnyColumn;
using milvustest::AnyColumnOf;
using milvustest::CellsOf;
using milvustest::CellValues;
using milvustest::ColumnOfCells;
using milvustest::NumberColumn;
using milvustest::TextColumn;
using testing::ElementsAre;
using testing::HasSubstr;

using Message = ::milvus::proto::schema::FieldData;

/// `sent` as it arrives, read.
Result<Column> Received(const Message& sent) {
  auto received = std::make_shared<Message>();
  EXPECT_TRUE(received->ParseFromString(sent.SerializeAsString()));
  MBK_TRY_ASSIGN(std::int64_t rows, RowsOf(*received));
  return FromFieldData(*received, rows, received);
}

Message Sent(const FieldSchema& field, const Column& column) {
  Message sent;
  Status status = ToFieldData(field, column, &sent);
  EXPECT_TRUE(status.ok()) << status.message();
  return sent;
}

RC_GTEST_PROP(FieldData, OfEveryTypeComesBackAsItWas, ()) {
  const auto rows = *rc::gen::inRange<std::int64_t>(1, 20);
  for (DataType type : milvustest::kEveryType) {
    AnyColumn any = AnyColumnOf(type, rows);
    Message sent;
    Status status = ToFieldData(any.field, any.column, &sent);
    RC_ASSERT(status.message() == "");
    RC_ASSERT(sent.valid_data_size() == (any.field.nullable ? rows : 0));
    Result<Column> received = Received(sent);
    RC_ASSERT(received.status().message() == "");
    RC_ASSERT(CellsOf(*received) == CellsOf(any.column));
    RC_ASSERT(received->type == type);
    RC_ASSERT(received->layout == any.column.layout);
  }
}

// Servers differ in whether a place is kept for what is missing.
RC_GTEST_PROP(FieldData, ReadsMissingValuesThatHaveAPlace, ()) {
  auto rows = *rc::gen::inRange<std::int64_t>(1, 20);
  FieldSchema field{.name = "f", .data_type = DataType::kInt64, .nullable = true};
  CellValues cells;
  Message full{};
  full.set_type(static_cast<int>(DataType::kInt64));
  for (std::int64_t i = 0; i < rows; ++i) {
    const bool valid = *rc::gen::arbitrary<bool>();
    full.add_valid_data(valid);
    full.mutable_scalars()->mutable_long_data()->add_data(valid ? i : 0);
    cells.push_back(valid ? std::optional(std::string(reinterpret_cast<const char*>(&i), 8)) : std::nullopt);
  }
  Result<Column> received = Received(full);
  RC_ASSERT(received.ok());
  RC_ASSERT(CellsOf(*received) == cells);
}

TEST(FieldData, NumbersAndVectorsAreReadWhereTheyLie) {
  FieldSchema field{.name = "v", .data_type = DataType::kFloatVector, .type_params = {{"dim", "2"}}};
  Message sent = Sent(field, ColumnOfCells(DataType::kFloatVector, ColumnLayout::kFixed, 8,
                                           {std::string(8, '\1'), std::string(8, '\2')}));
  auto kept = std::make_shared<Message>(sent);
  Column column = FromFieldData(*kept, 2, kept).value();
  EXPECT_EQ(static_cast<const void*>(column.values),
            static_cast<const void*>(kept->vectors().float_vector().data().data()));
  EXPECT_EQ(column.owner.get(), kept.get());
}

TEST(FieldData, AnEmptyAnswerHasColumnsWithoutRows) {
  for (DataType type : milvustest::kEveryType) {
    Message empty;
    empty.set_type(static_cast<int>(type));
    if (IsVector(type) || type == DataType::kArrayOfVector) {
      empty.mutable_vectors();
    } else {
      empty.mutable_scalars();
    }
    Result<Column> column = Received(empty);
    ASSERT_TRUE(column.ok()) << static_cast<int>(type) << column.status().message();
    EXPECT_EQ(column->length, 0);
  }
}

TEST(FieldData, TimesAreSentAsTextThatEveryServerReads) {
  FieldSchema field{.name = "t", .data_type = DataType::kTimestamptz};
  Message sent = Sent(field, NumberColumn<std::int64_t>(100, field.data_type, {0, 1'767'323'045'000'006}));
  EXPECT_THAT(sent.scalars().string_data().data(),
              ElementsAre("1970-01-01T00:00:00.000000Z", "2026-01-02T03:04:05.000006Z"));
}

TEST(FieldData, TimesOutsideOfTextAreSentAsNumbers) {
  FieldSchema field{.name = "t", .data_type = DataType::kTimestamptz};
  std::vector<std::int64_t> times = {0, std::numeric_limits<std::int64_t>::min()};
  Column column = NumberColumn(100, field.data_type, times);
  Message sent = Sent(field, column);
  EXPECT_THAT(sent.scalars().timestamptz_data().data(), testing::ElementsAreArray(times));
  EXPECT_EQ(CellsOf(Received(sent).value()), CellsOf(column));
}

TEST(FieldData, GeometryIsTextOrBinaryAsItIs) {
  FieldSchema field{.name = "g", .data_type = DataType::kGeometry};
  EXPECT_TRUE(
      Sent(field, TextColumn(100, field.data_type, {"POINT (1 2)"})).scalars().has_geometry_wkt_data());
  EXPECT_TRUE(Sent(field, TextColumn(100, field.data_type, {std::string("\1\2\0", 3)}))
                  .scalars()
                  .has_geometry_data());
}

TEST(FieldData, SparseVectorsHaveTheDimensionOfTheirLargestIndex) {
  FieldSchema field{.name = "s", .data_type = DataType::kSparseFloatVector};
  const std::string vector("\x07\0\0\0\0\0\x80\x3f\xff\xff\0\0\0\0\x80\x3f", 16);
  EXPECT_EQ(Sent(field, TextColumn(100, field.data_type, {"", vector})).vectors().dim(), 65'536);
}

TEST(FieldData, WhatDoesNotFitItsFieldIsRefusedWithTheFieldsName) {
  Message out;
  auto refusal = [&](const FieldSchema& field, const Column& column) {
    Status status = ToFieldData(field, column, &out);
    EXPECT_EQ(status.code(), Code::kInvalidArgument);
    return status.message();
  };
  FieldSchema number{.name = "age", .data_type = DataType::kInt64};
  Column missing =
      ColumnOfCells(DataType::kInt64, ColumnLayout::kFixed, 8, {std::string(8, 0), std::nullopt});
  EXPECT_THAT(refusal(number, missing),
              HasSubstr("\"age\" (id 0, type 5) must have a value, and row 1 has none"));
  EXPECT_THAT(refusal(number, TextColumn(0, DataType::kVarChar, {"a"})), HasSubstr("\"age\""));
  EXPECT_THAT(refusal(number, TextColumn(0, DataType::kInt64, {"a"})), HasSubstr("\"age\""));
  EXPECT_THAT(refusal(number, NumberColumn<std::int32_t>(0, DataType::kInt64, {1})), HasSubstr("4 bytes"));
  FieldSchema vector{.name = "v", .data_type = DataType::kFloatVector};
  EXPECT_THAT(refusal(vector, NumberColumn<float>(0, vector.data_type, {1})), HasSubstr("no dimension"));
  vector.type_params = {{"dim", "4"}};
  EXPECT_THAT(refusal(vector, NumberColumn<float>(0, vector.data_type, {1})), HasSubstr("\"v\""));
  vector.nullable = true;
  EXPECT_THAT(refusal(vector, TextColumn(0, vector.data_type, {"abc"})), HasSubstr("row 0 has 3 bytes"));
  FieldSchema vectors{.name = "av",
                      .data_type = DataType::kArrayOfVector,
                      .type_params = {{"dim", "2"}},
                      .element_type = DataType::kFloatVector};
  EXPECT_THAT(refusal(vectors, TextColumn(0, vectors.data_type, {"123456789"})),
              HasSubstr("row 0 has 9 bytes"));
}

Message LongData(DataType type, int values, int valid_data) {
  Message data;
  data.set_field_name("f");
  data.set_type(static_cast<int>(type));
  for (int i = 0; i < values; ++i) data.mutable_scalars()->mutable_long_data()->add_data(i);
  for (int i = 0; i < valid_data; ++i) data.add_valid_data(i % 2 == 0);
  return data;
}

TEST(FieldData, AnAnswerThatContradictsItselfIsDataLoss) {
  auto loss = [](const Message& data, std::int64_t rows) {
    Status status = FromFieldData(data, rows, nullptr).status();
    EXPECT_EQ(status.code(), Code::kDataLoss) << data.DebugString();
    EXPECT_THAT(status.message(), HasSubstr("\"f\""));
  };
  loss(LongData(DataType::kInt64, 3, 0), 4);
  loss(LongData(DataType::kInt64, 3, 4), 4);
  loss(LongData(DataType::kInt64, 3, 2), 3);
  loss(LongData(DataType::kFloat, 3, 0), 3);
  loss(LongData(DataType::kVarChar, 3, 0), 3);
  loss(LongData(DataType::kFloatVector, 3, 0), 3);
  loss(LongData(static_cast<DataType>(77), 3, 0), 3);
  Message wide = LongData(DataType::kInt8, 0, 0);
  wide.mutable_scalars()->mutable_int_data()->add_data(300);
  loss(wide, 1);
  Message late = LongData(DataType::kTimestamptz, 0, 0);
  late.mutable_scalars()->mutable_string_data()->add_data("tomorrow");
  loss(late, 1);
}

TEST(FieldData, VectorsThatDoNotDivideIntoRowsAreDataLoss) {
  for (std::int64_t dim :
       {std::int64_t{0}, std::int64_t{-4}, std::int64_t{4}, std::numeric_limits<std::int64_t>::max()}) {
    Message data;
    data.set_field_name("f");
    data.set_type(static_cast<int>(DataType::kFloatVector));
    data.mutable_vectors()->set_dim(dim);
    for (int i = 0; i < 3; ++i) data.mutable_vectors()->mutable_float_vector()->add_data(1);
    EXPECT_EQ(RowsOf(data).status().code(), Code::kDataLoss) << dim;
    EXPECT_EQ(FromFieldData(data, 1, nullptr).status().code(), Code::kDataLoss) << dim;
  }
}

RC_GTEST_PROP(FieldData, AnyMessageIsReadOrRefused, ()) {
  Message data;
  const std::string bytes = *rc::gen::string<std::string>();
  if (!data.ParseFromString(bytes)) return;
  data.set_type(static_cast<int>(*rc::gen::elementOf(milvustest::kEveryType)));
  Result<std::int64_t> rows = RowsOf(data);
  if (!rows.ok()) return;
  Result<Column> column = FromFieldData(data, *rows, nullptr);
  RC_ASSERT((!column.ok() || column->length == *rows));
}

RC_GTEST_PROP(Timestamptz, ComesBackFromItsText, ()) {
  const auto time = *rc::gen::inRange<std::int64_t>(-62'135'596'800'000'000, 253'402'300'800'000'000);
  std::optional<std::string> text = FormatTimestamptz(time);
  RC_ASSERT(text.has_value());
  RC_ASSERT(ParseTimestamptz(*text) == time);
}

TEST(Timestamptz, ReadsWhatServersWrite) {
  EXPECT_EQ(ParseTimestamptz("1970-01-01T00:00:01Z"), 1'000'000);
  EXPECT_EQ(ParseTimestamptz("1970-01-01 00:00:01.5"), 1'500'000);
  EXPECT_EQ(ParseTimestamptz("1970-01-01T08:00:00.123456789+08:00"), 123'456);
  EXPECT_EQ(ParseTimestamptz("1969-12-31T23:30:00-00:30"), 0);
}

TEST(Timestamptz, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "now", "1970-13-01T00:00:00Z", "1970-02-30T00:00:00Z", "1970-01-01T24:00:00Z",
        "1970-01-01T00:00:00.Z", "1970-01-01T00:00:00ZZ", "1970-01-01T00:00:00+8", "1970-01-01"}) {
    EXPECT_EQ(ParseTimestamptz(text), std::nullopt) << text;
  }
  EXPECT_EQ(FormatTimestamptz(std::numeric_limits<std::int64_t>::max()), std::nullopt);
}

}  // namespace
}  // namespace mbk
