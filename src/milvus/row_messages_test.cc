#include "milvus/row_messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "milvus/testing/any_rows.h"

namespace mbk {
namespace {

using milvustest::AnyColumn;
using milvustest::CellsOf;
using milvustest::NumberColumn;
using milvustest::TextColumn;
using testing::ElementsAre;
using testing::HasSubstr;
using Answer = ::milvus::proto::milvus::QueryResults;

FieldSchema Field(std::int64_t id, const std::string& name, DataType type) {
  return {.field_id = id, .name = name, .data_type = type};
}

std::vector<std::string> Names(const PbFieldsData& data) {
  std::vector<std::string> names;
  for (const auto& one : data) names.push_back(one.field_name());
  return names;
}

RC_GTEST_PROP(RowMessages, ABatchOfAllTypesComesBackAsItWas, ()) {
  const auto rows = *rc::gen::inRange<std::int64_t>(1, 10);
  CollectionSchema schema;
  RowBatch batch{.rows = rows};
  for (DataType type : milvustest::kEveryType) {
    AnyColumn any = milvustest::AnyColumnOf(type, rows);
    any.field.field_id = any.column.field_id =
        kFirstFieldId + static_cast<std::int64_t>(schema.fields.size());
    any.field.name = "f" + std::to_string(any.field.field_id);
    schema.fields.push_back(any.field);
    batch.columns.push_back(any.column);
  }
  auto answer = std::make_shared<Answer>();
  RC_ASSERT(ToFieldsData(schema, batch, false, answer->mutable_fields_data()).message() == "");
  Result<RowBatch> back = FromQueryResults(schema, answer);
  RC_ASSERT(back.status().message() == "");
  RC_ASSERT(back->rows == rows);
  for (const Column& column : batch.columns)
    RC_ASSERT(CellsOf(*back->Find(column.field_id)) == CellsOf(column));
}

TEST(RowMessages, FieldsAreFoundByNameWhateverIdTheServerGives) {
  CollectionSchema sent{.fields = {Field(100, "id", DataType::kInt64), Field(105, "n", DataType::kInt64)}};
  CollectionSchema asked{.fields = {Field(7, "n", DataType::kInt64), Field(9, "id", DataType::kInt64)}};
  RowBatch batch{.rows = 1,
                 .columns = {NumberColumn<std::int64_t>(100, DataType::kInt64, {1}),
                             NumberColumn<std::int64_t>(105, DataType::kInt64, {2})}};
  auto answer = std::make_shared<Answer>();
  ASSERT_TRUE(ToFieldsData(sent, batch, false, answer->mutable_fields_data()).ok());
  RowBatch back = FromQueryResults(asked, answer).value();
  EXPECT_EQ(back.Find(9)->NumberAt<std::int64_t>(0), 1);
  EXPECT_EQ(back.Find(7)->NumberAt<std::int64_t>(0), 2);
}

TEST(RowMessages, WhatTheServerMakesIsLeftOut) {
  CollectionSchema schema{.fields = {Field(100, "id", DataType::kInt64),
                                     Field(101, "text", DataType::kVarChar),
                                     Field(102, "bm25", DataType::kSparseFloatVector)}};
  schema.fields[0].is_primary_key = schema.fields[0].auto_id = true;
  schema.fields[2].is_function_output = true;
  RowBatch batch{.rows = 1,
                 .columns = {NumberColumn<std::int64_t>(kRowIdField, DataType::kInt64, {1}),
                             NumberColumn<std::int64_t>(kTimestampField, DataType::kInt64, {1}),
                             NumberColumn<std::int64_t>(100, DataType::kInt64, {1}),
                             TextColumn(101, DataType::kVarChar, {"a"}),
                             TextColumn(102, DataType::kSparseFloatVector, {""})}};
  PbFieldsData without;
  ASSERT_TRUE(ToFieldsData(schema, batch, false, &without).ok());
  EXPECT_THAT(Names(without), ElementsAre("text"));
  PbFieldsData with;
  ASSERT_TRUE(ToFieldsData(schema, batch, true, &with).ok());
  EXPECT_THAT(Names(with), ElementsAre("id", "text"));
}

TEST(RowMessages, TheDynamicFieldIsMarkedAndNeverMissing) {
  CollectionSchema schema{
      .fields = {Field(100, "id", DataType::kInt64), Field(102, "added", DataType::kInt64)},
      .enable_dynamic_field = true};
  Column meta =
      milvustest::ColumnOfCells(DataType::kJson, ColumnLayout::kVariable, 0, {R"({"a":1})", std::nullopt});
  meta.field_id = 101;  // the gap that it left
  auto answer = std::make_shared<Answer>();
  ASSERT_TRUE(
      ToFieldsData(schema, {.rows = 2, .columns = {meta}}, false, answer->mutable_fields_data()).ok());
  ASSERT_EQ(answer->fields_data_size(), 1);
  EXPECT_TRUE(answer->fields_data(0).is_dynamic());
  EXPECT_EQ(answer->fields_data(0).field_name(), "$meta");
  RowBatch back = FromQueryResults(schema, answer).value();
  ASSERT_NE(back.Find(101), nullptr);
  EXPECT_THAT(CellsOf(*back.Find(101)), ElementsAre(R"({"a":1})", "{}"));
}

TEST(RowMessages, FieldsOfAStructTravelTogether) {
  FieldSchema vectors = Field(103, "emb", DataType::kArrayOfVector);
  vectors.element_type = DataType::kFloatVector;
  vectors.type_params = {{"dim", "1"}};
  FieldSchema tags = Field(104, "tag", DataType::kArray);
  tags.element_type = DataType::kInt64;
  CollectionSchema schema{
      .fields = {Field(100, "id", DataType::kInt64)},
      .struct_array_fields = {{.field_id = 102, .name = "parts", .fields = {vectors, tags}}}};
  RowBatch batch{.rows = 2,
                 .columns = {NumberColumn<std::int64_t>(100, DataType::kInt64, {1, 2}),
                             TextColumn(103, DataType::kArrayOfVector, {"12345678", ""}),
                             TextColumn(104, DataType::kArray, {"x", "y"})}};
  auto answer = std::make_shared<Answer>();
  ASSERT_TRUE(ToFieldsData(schema, batch, false, answer->mutable_fields_data()).ok());
  EXPECT_THAT(Names(answer->fields_data()), ElementsAre("id", "parts"));
  EXPECT_THAT(Names(answer->fields_data(1).struct_arrays().fields()), ElementsAre("emb", "tag"));
  RowBatch back = FromQueryResults(schema, answer).value();
  for (const Column& column : batch.columns) EXPECT_EQ(CellsOf(*back.Find(column.field_id)), CellsOf(column));
}

TEST(RowMessages, AColumnWithoutAFieldIsRefused) {
  CollectionSchema schema{.fields = {Field(100, "id", DataType::kInt64)}};
  PbFieldsData out;
  Status status = ToFieldsData(
      schema, {.rows = 1, .columns = {NumberColumn<std::int64_t>(200, DataType::kInt64, {1})}}, false, &out);
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("200"));
}

TEST(RowMessages, ABatchWhoseColumnsDifferInLengthIsRefused) {
  CollectionSchema schema{.fields = {Field(100, "id", DataType::kInt64)}};
  PbFieldsData out;
  RowBatch batch{.rows = 2, .columns = {NumberColumn<std::int64_t>(100, DataType::kInt64, {1})}};
  EXPECT_EQ(ToFieldsData(schema, batch, false, &out).code(), Code::kInvalidArgument);
}

TEST(RowMessages, AnAnswerThatTheSchemaContradictsIsDataLoss) {
  CollectionSchema schema{.fields = {Field(100, "id", DataType::kInt64), Field(101, "n", DataType::kInt64)}};
  auto answer = std::make_shared<Answer>();
  for (const char* name : {"id", "n"}) {
    auto* data = answer->add_fields_data();
    data->set_field_name(name);
    data->set_type(static_cast<int>(DataType::kInt64));
    data->mutable_scalars()->mutable_long_data()->add_data(1);
  }
  EXPECT_TRUE(FromQueryResults(schema, answer).ok());
  schema.fields[1].data_type = DataType::kFloat;
  EXPECT_THAT(FromQueryResults(schema, answer).status().message(), HasSubstr("type 5, the schema says 10"));
  schema.fields.pop_back();
  EXPECT_THAT(FromQueryResults(schema, answer).status().message(), HasSubstr("\"n\""));
  schema.fields.push_back(Field(101, "n", DataType::kInt64));
  answer->mutable_fields_data(1)->mutable_scalars()->mutable_long_data()->add_data(2);
  EXPECT_EQ(FromQueryResults(schema, answer).status().code(), Code::kDataLoss);
}

TEST(RowMessages, AnAnswerWithoutColumnsHasNoRows) {
  EXPECT_EQ(FromQueryResults({}, std::make_shared<Answer>()).value().rows, 0);
}

}  // namespace
}  // namespace mbk
