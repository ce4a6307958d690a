#include "milvus/row_cursor.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "milvus/testing/any_rows.h"
#include "milvus/testing/client_fixture.h"

namespace mbk::milvustest {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

std::string Bytes(std::int64_t number) { return {reinterpret_cast<const char*>(&number), sizeof(number)}; }

MockRow NumberRow(std::int64_t id, std::int64_t n, const std::string& partition = "_default") {
  return {.partition = partition, .key = {.number = id}, .values = {{"id", Bytes(id)}, {"n", Bytes(n)}}};
}

MockRow TextRow(const std::string& id, std::int64_t n) {
  return {.key = {.text = id}, .values = {{"id", id}, {"n", Bytes(n)}}};
}

MockCollection Loaded(DataType key_type, std::vector<MockRow> rows) {
  CollectionSchema schema{.name = "books", .fields = {Field("id", key_type), Field("n", DataType::kInt64)}};
  schema.fields[0].field_id = 100;
  schema.fields[0].is_primary_key = true;
  schema.fields[1].field_id = 101;
  return {.description = {.schema = schema},
          .partitions = {{.name = "_default"}, {.name = "p"}},
          .rows = std::move(rows),
          .loaded_percent = 100};
}

class RowCursorTest : public testing::Test {
 protected:
  void Serve(DataType key_type, std::vector<MockRow> rows) {
    server_.AddCollection("default", Loaded(key_type, std::move(rows)));
    client_ = ConnectTo(server_);
    schema_ = client_->DescribeCollection(kBooks, {})->schema;
  }

  RowCursorOptions Options(KeyRange range = {}) const {
    return {.collection = kBooks, .schema = schema_, .range = std::move(range)};
  }

  /// Keys and values of n, as text, in the order they come.
  std::vector<std::pair<std::string, std::int64_t>> Read(RowCursorOptions options) {
    std::vector<std::pair<std::string, std::int64_t>> all;
    RowCursor cursor = RowCursor::Open(*client_, std::move(options)).value();
    for (;;) {
      Result<std::optional<RowBatch>> page = cursor.Next({});
      EXPECT_TRUE(page.ok()) << page.status().message();
      if (!page.ok() || !page->has_value()) return all;
      const RowBatch& batch = **page;
      EXPECT_GT(batch.rows, 0);
      for (std::int64_t row = 0; row < batch.rows; ++row) {
        const Column& key = *batch.Find(100);
        all.emplace_back(key.type == DataType::kVarChar ? std::string(key.BytesAt(row))
                                                        : std::to_string(key.NumberAt<std::int64_t>(row)),
                         batch.Find(101)->NumberAt<std::int64_t>(row));
      }
    }
  }

  std::vector<std::string> ReadKeys(RowCursorOptions options) {
    std::vector<std::string> keys;
    for (auto& [key, n] : Read(std::move(options))) keys.push_back(key);
    return keys;
  }

  MockServer server_;
  std::unique_ptr<MilvusClient> client_;
  CollectionSchema schema_;
};

TEST_F(RowCursorTest, ReadsAllKeysInOrderWhateverThePage) {
  std::vector<MockRow> rows;
  std::vector<std::string> want;
  for (std::int64_t i = 0; i < 101; ++i) {
    rows.push_back(NumberRow(i * 37 % 101 - 50, 1));
    want.push_back(std::to_string(i - 50));
  }
  Serve(DataType::kInt64, rows);
  for (std::int64_t page_rows : {1, 7, 100, 16'384}) {
    RowCursorOptions options = Options();
    options.page_rows = page_rows;
    EXPECT_THAT(ReadKeys(options), ElementsAreArray(want)) << page_rows;
  }
}

TEST_F(RowCursorTest, AKeyThatWasInsertedAgainComesOnce) {
  Serve(DataType::kInt64, {NumberRow(1, 10), NumberRow(2, 20), NumberRow(1, 11), NumberRow(1, 12)});
  EXPECT_THAT(Read(Options()), ElementsAre(std::pair("1", 10), std::pair("2", 20)));
  EXPECT_EQ(client_->CountRows({.collection = kBooks, .schema = &schema_}, {}).value(), 4);
}

TEST_F(RowCursorTest, ReadsFromTheSmallestNumberToTheLargestThatMilvus23Returns) {
  Serve(DataType::kInt64,
        {NumberRow(kMin, 0), NumberRow(kMin + 1, 0), NumberRow(kMax - 1, 0), NumberRow(kMax, 0)});
  RowCursorOptions options = Options();
  options.page_rows = 1;
  EXPECT_THAT(ReadKeys(options),
              ElementsAre(std::to_string(kMin), std::to_string(kMin + 1), std::to_string(kMax - 1)));
}

TEST_F(RowCursorTest, ReadsTextKeysOfAnyCharacters) {
  std::vector<std::string> keys = {"",     "a",   "a\nb", "a\rb", "a\"b", "a\\",
                                   "a\\n", "a'b", "\x01", "é",    "中文", "😀"};
  std::vector<MockRow> rows;
  for (const std::string& key : keys) rows.push_back(TextRow(key, 0));
  Serve(DataType::kVarChar, rows);
  RowCursorOptions options = Options();
  options.page_rows = 1;
  std::sort(keys.begin(), keys.end());
  EXPECT_THAT(ReadKeys(options), ElementsAreArray(keys));
}

TEST_F(RowCursorTest, StaysInItsRangeAndItsPartition) {
  Serve(DataType::kInt64,
        {NumberRow(1, 0), NumberRow(2, 0, "p"), NumberRow(3, 0, "p"), NumberRow(4, 0, "p")});
  RowCursorOptions options = Options({.from = RowKey{.number = 1}, .to = RowKey{.number = 4}});
  EXPECT_THAT(ReadKeys(options), ElementsAre("1", "2", "3"));
  options.partition_name = "p";
  EXPECT_THAT(ReadKeys(options), ElementsAre("2", "3"));
  EXPECT_THAT(ReadKeys(Options({.after = RowKey{.number = kMax}})), IsEmpty());
}

TEST_F(RowCursorTest, AsksForAllFieldsThatCanBeReadUnlessToldWhich) {
  Serve(DataType::kInt64, {NumberRow(1, 0)});
  Read(Options());
  EXPECT_THAT(server_.seen("Query").front().request, HasSubstr(R"("output_fields":["id","n"])"));
}

TEST_F(RowCursorTest, LeavesOutWhatFunctionsMakeAndAddsTheDynamicField) {
  CollectionSchema schema{
      .fields = {Field("id", DataType::kInt64), Field("bm25", DataType::kSparseFloatVector)},
      .enable_dynamic_field = true};
  schema.fields[1].is_function_output = true;
  EXPECT_THAT(ReadableFields(schema), ElementsAre("id", "$meta"));
}

TEST_F(RowCursorTest, AsksForFewerRowsWhenTheAnswerIsTooLarge) {
  std::vector<MockRow> rows;
  for (std::int64_t id = 0; id < 100; ++id) rows.push_back(NumberRow(id, 0));
  Serve(DataType::kInt64, rows);
  server_.Fail({.rpc = "Query",
                .times = 2,
                .code = 65535,
                .reason = "grpc: received message larger than max (9 vs. 5)"});
  EXPECT_THAT(ReadKeys(Options()), SizeIs(100));
  EXPECT_THAT(server_.seen("Query")[2].request, HasSubstr(R"("value":"1024")"));
}

TEST_F(RowCursorTest, ARowThatIsTooLargeAloneSaysWhatToRaise) {
  Serve(DataType::kInt64, {NumberRow(1, 0)});
  server_.Fail({.rpc = "Query",
                .times = 100,
                .code = 1100,
                .reason = "query results exceed the maxOutputSize Limit 9"});
  RowCursor cursor = RowCursor::Open(*client_, Options()).value();
  Status status = cursor.Next({}).status();
  EXPECT_EQ(status.code(), Code::kFailedPrecondition);
  EXPECT_THAT(status.message(), HasSubstr("a single row"));
}

TEST_F(RowCursorTest, PagesShrinkToTheBytesThatAreWanted) {
  std::vector<MockRow> rows;
  for (int i = 0; i < 1'200; ++i)  // the first page, of rows whose size is not known yet, has 1024
    rows.push_back(TextRow(fmt::format("{:04}{}", i, std::string(1'000, 'x')), 0));
  Serve(DataType::kVarChar, rows);
  RowCursorOptions options = Options();
  options.page_bytes = 20'000;
  EXPECT_THAT(ReadKeys(options), SizeIs(1'200));
  EXPECT_GT(server_.seen("Query").size(), 8u);
  EXPECT_LT(server_.seen("Query").size(), 20u);
}

TEST_F(RowCursorTest, TheFirstPageOfTextsIsSmallAndLaterOnesGrow) {
  std::vector<MockRow> rows;
  for (int i = 0; i < 8'000; ++i) rows.push_back(TextRow(fmt::format("{:04}", i), 0));
  Serve(DataType::kVarChar, rows);
  EXPECT_THAT(ReadKeys(Options()), SizeIs(8'000));
  const auto seen = server_.seen("Query");
  ASSERT_EQ(seen.size(), 4u);  // 1024, 4096, the rest, none
  EXPECT_THAT(seen[0].request, HasSubstr(R"("value":"1024")"));
  EXPECT_THAT(seen[1].request, HasSubstr(R"("value":"4096")"));
  EXPECT_THAT(seen[2].request, HasSubstr(R"("value":"16384")"));
}

TEST_F(RowCursorTest, ACollectionThatIsNotLoadedCannotBeRead) {
  Serve(DataType::kInt64, {NumberRow(1, 0)});
  server_.EditCollection(kBooks, [](MockCollection& collection) { collection.loaded_percent.reset(); });
  RowCursor cursor = RowCursor::Open(*client_, Options()).value();
  Status status = cursor.Next({}).status();
  EXPECT_EQ(status.code(), Code::kFailedPrecondition);
  EXPECT_THAT(status.message(), HasSubstr("collection not loaded"));
}

TEST_F(RowCursorTest, NeedsAKeyThatItCanCompare) {
  Serve(DataType::kInt64, {});
  RowCursorOptions options = Options();
  options.schema.fields[0].data_type = DataType::kFloat;
  EXPECT_EQ(RowCursor::Open(*client_, options).status().code(), Code::kInvalidArgument);
}

TEST_F(RowCursorTest, ReadsAtOnceWhatAPageTakes) {
  Serve(DataType::kInt64, {NumberRow(3, 1), NumberRow(1, 1), NumberRow(2, 1)});
  const auto all = ReadAtOnce(*client_, Options(), 3, {});
  ASSERT_TRUE(all.ok()) << all.status().message();
  ASSERT_TRUE(all->has_value());
  EXPECT_EQ((*all)->rows, 3);
  EXPECT_THAT(server_.seen("Query").back().request, testing::Not(testing::HasSubstr("reduce_stop_for_best")));
}

TEST_F(RowCursorTest, WhatCannotBeProvedCompleteIsNotReadAtOnce) {
  Serve(DataType::kInt64, {NumberRow(1, 1), NumberRow(2, 1), NumberRow(2, 7)});
  EXPECT_FALSE(ReadAtOnce(*client_, Options(), 3, {})->has_value()) << "a key comes once and counts twice";
  const std::size_t asked = server_.seen("Query").size();
  RowCursorOptions small = Options();
  small.page_rows = 2;
  EXPECT_FALSE(ReadAtOnce(*client_, small, 3, {})->has_value());
  EXPECT_EQ(server_.seen("Query").size(), asked) << "a page does not take so many";
}

class SplitKeysTest : public RowCursorTest {
 protected:
  std::vector<KeyRange> Split(int parts, KeyRange range = {}) {
    Result<std::vector<KeyRange>> ranges = SplitKeys(*client_, kBooks, schema_, "", range, parts, {});
    EXPECT_TRUE(ranges.ok()) << ranges.status().message();
    return *ranges;
  }

  /// That the ranges are one behind another from the first to the last key, and about as large as each other.
  void ExpectEven(const std::vector<KeyRange>& ranges, std::size_t parts, std::int64_t rows) {
    ASSERT_EQ(ranges.size(), parts);
    std::int64_t total = 0;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      EXPECT_EQ(ranges[i].from, i > 0 ? ranges[i - 1].to : std::nullopt);
      const KeyField key = KeyField::Of(schema_).value();
      const std::int64_t count =
          client_
              ->CountRows(
                  {.collection = kBooks, .schema = &schema_, .expression = KeyExpression(key, ranges[i])}, {})
              .value();
      EXPECT_GT(count, rows / static_cast<std::int64_t>(parts) / 3);
      total += count;
    }
    EXPECT_FALSE(ranges.back().to.has_value());
    EXPECT_EQ(total, rows);
  }
};

constexpr std::int64_t kManyRows = 140'000;

TEST_F(SplitKeysTest, NumbersThatLieCloseTogetherFarFromZero) {
  std::vector<MockRow> rows;
  for (std::int64_t i = 0; i < kManyRows; ++i) rows.push_back(NumberRow(470'636'371'198'221'768 + i, 0));
  Serve(DataType::kInt64, rows);
  ExpectEven(Split(4), 4, kManyRows);
  EXPECT_LT(server_.seen("Query").size(), 40u);
}

TEST_F(SplitKeysTest, NumbersOfAllSizesAndSigns) {
  std::vector<MockRow> rows;
  std::uint64_t state = 1;
  for (std::int64_t i = 0; i < kManyRows; ++i) {
    state = state * 6'364'136'223'846'793'005u + 1'442'695'040'888'963'407u;
    rows.push_back(NumberRow(static_cast<std::int64_t>(state), 0));
  }
  Serve(DataType::kInt64, rows);
  ExpectEven(Split(4), 4, kManyRows);
}

TEST_F(SplitKeysTest, TextsWithACommonBeginning) {
  std::vector<MockRow> rows;
  for (std::int64_t i = 0; i < kManyRows; ++i) rows.push_back(TextRow(fmt::format("user-{:07}", i * 7), 0));
  Serve(DataType::kVarChar, rows);
  ExpectEven(Split(4), 4, kManyRows);
  EXPECT_LT(server_.seen("Query").size(), 80u);
}

TEST_F(SplitKeysTest, TextsOfOtherScriptsThanTheFirstOnes) {
  std::vector<MockRow> rows;
  for (std::int64_t i = 0; i < kManyRows; ++i)
    rows.push_back(TextRow(fmt::format("{}{:06}", i < 1000 ? "a" : i % 2 == 0 ? "ж" : "中", i), 0));
  Serve(DataType::kVarChar, rows);
  ExpectEven(Split(3), 3, kManyRows);
}

TEST_F(SplitKeysTest, WhatFitsAPageOrTwoIsNotCut) {
  Serve(DataType::kInt64, {NumberRow(1, 0), NumberRow(2, 0)});
  EXPECT_THAT(Split(8), ElementsAre(KeyRange{}));
  EXPECT_THAT(Split(1), ElementsAre(KeyRange{}));
}

TEST_F(SplitKeysTest, OneKeyInsertedOverAndOverIsNotCut) {
  Serve(DataType::kInt64, std::vector<MockRow>(100'000, NumberRow(7, 0)));
  EXPECT_THAT(Split(4), ElementsAre(KeyRange{}));
}

TEST_F(SplitKeysTest, StaysInsideTheRangeThatIsSplit) {
  std::vector<MockRow> rows;
  for (std::int64_t i = 0; i < kManyRows; ++i) rows.push_back(NumberRow(i, 0));
  Serve(DataType::kInt64, rows);
  const KeyRange range{.from = RowKey{.number = 1'000}, .to = RowKey{.number = 90'000}};
  std::vector<KeyRange> ranges = Split(2, range);
  ASSERT_EQ(ranges.size(), 2u);
  EXPECT_EQ(ranges[0].from, range.from);
  EXPECT_EQ(ranges[1].to, range.to);
  EXPECT_NEAR(static_cast<double>(ranges[0].to->number), 45'500, 12'000);
}

}  // namespace
}  // namespace mbk::milvustest
