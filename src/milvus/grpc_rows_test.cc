#include <gmock/gmock.h>
#include <grpcpp/support/status_code_enum.h>
#include <gtest/gtest.h>

#include "milvus/testing/any_rows.h"
#include "milvus/testing/client_fixture.h"

namespace mbk::milvustest {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

class GrpcRowsTest : public GrpcClientTest {
 protected:
  GrpcRowsTest() {
    server_.EditCollection(kBooks, [](MockCollection& collection) {
      collection.partitions.push_back({.name = "p", .id = 7});
      collection.loaded_percent = 100;
    });
    schema_ = Books().description.schema;
  }

  static RowBatch TwoBooks(std::int64_t first = 1) {
    Column vectors = ColumnOfCells(DataType::kFloatVector, ColumnLayout::kFixed, 32,
                                   {std::string(32, '\1'), std::string(32, '\2')});
    vectors.field_id = 101;
    return {.rows = 2,
            .columns = {NumberColumn<std::int64_t>(100, DataType::kInt64, {first, first + 1}), vectors}};
  }

  WriteRowsRequest Write(const RowBatch& rows, const std::string& partition = "") const {
    return {.target = kBooks, .partition_name = partition, .schema = &schema_, .rows = &rows};
  }

  std::vector<MockRow> Rows() const { return server_.FindCollection(kBooks)->rows; }
  std::int64_t Count(std::vector<std::string> partitions = {}) {
    return client_
        ->CountRows({.collection = kBooks, .schema = &schema_, .partition_names = std::move(partitions)}, {})
        .value();
  }
  void ReturnToServer(const std::string& reason, int grpc_code, int code = 0) {
    FailWith("Insert", 1, {.grpc_code = grpc_code, .code = code, .reason = reason});
  }

  CollectionSchema schema_;
};

TEST_F(GrpcRowsTest, InsertAddsRowsToItsPartition) {
  RowBatch rows = TwoBooks();
  WriteRowsResult result = client_->InsertRows(Write(rows, "p"), {}).value();
  EXPECT_EQ(result.accepted, 2);
  EXPECT_THAT(result.rejected, SizeIs(0));
  EXPECT_NE(result.timestamp, 0u);
  ASSERT_THAT(Rows(), SizeIs(2));
  EXPECT_EQ(Rows()[1].partition, "p");
  EXPECT_EQ(Rows()[1].values.at("v"), std::string(32, '\2'));
  EXPECT_THAT(server_.seen("Insert")[0].request, HasSubstr("\"num_rows\":2"));
  EXPECT_EQ(server_.seen("Insert")[0].Header("dbname"), "default");
}

TEST_F(GrpcRowsTest, InsertingAgainAddsAgainAndUpsertingReplaces) {
  RowBatch rows = TwoBooks();
  ASSERT_TRUE(client_->InsertRows(Write(rows), {}).ok());
  ASSERT_TRUE(client_->InsertRows(Write(rows), {}).ok());
  EXPECT_EQ(Count(), 4);
  EXPECT_EQ(client_->UpsertRows(Write(rows), {})->accepted, 2);
  EXPECT_EQ(Count(), 2);
}

TEST_F(GrpcRowsTest, AnInsertThatMayHaveHappenedIsNotMadeAgain) {
  ReturnToServer("connection reset", grpc::StatusCode::UNAVAILABLE);
  RowBatch rows = TwoBooks();
  EXPECT_EQ(client_->InsertRows(Write(rows), {}).status().code(), Code::kUnavailable);
  EXPECT_EQ(Calls("Insert"), 1u);
}

TEST_F(GrpcRowsTest, AnInsertThatTheServerRefusedForItsRateIsMadeAgain) {
  ReturnToServer("rate limit exceeded[rate=1]", 0, 8);
  RowBatch rows = TwoBooks();
  EXPECT_TRUE(client_->InsertRows(Write(rows), {}).ok());
  EXPECT_EQ(Calls("Insert"), 2u);
}

TEST_F(GrpcRowsTest, AnUpsertIsMadeAgainWhenTheConnectionWasLost) {
  FailWith("Upsert", 2, {.grpc_code = grpc::StatusCode::UNAVAILABLE, .reason = "connection reset"});
  RowBatch rows = TwoBooks();
  EXPECT_TRUE(client_->UpsertRows(Write(rows), {}).ok());
  EXPECT_EQ(Calls("Upsert"), 3u);
}

TEST_F(GrpcRowsTest, AnUpsertWhoseKeysTheServerMakesIsNotMadeAgain) {
  schema_.fields[0].auto_id = true;
  FailWith("Upsert", 1, {.grpc_code = grpc::StatusCode::UNAVAILABLE, .reason = "connection reset"});
  RowBatch rows = TwoBooks();
  EXPECT_EQ(client_->UpsertRows(Write(rows), {}).status().code(), Code::kUnavailable);
  EXPECT_EQ(Calls("Upsert"), 1u);
}

TEST_F(GrpcRowsTest, KeysThatTheServerMakesAreLeftOutUnlessTheyAreWanted) {
  schema_.fields[0].auto_id = true;
  server_.EditCollection(
      kBooks, [](MockCollection& collection) { collection.description.schema.fields[0].auto_id = true; });
  RowBatch rows = TwoBooks();
  ASSERT_TRUE(client_->InsertRows(Write(rows), {}).ok());
  EXPECT_GT(Rows()[0].key.number, 2);
  WriteRowsRequest with_keys = Write(rows);
  with_keys.send_auto_ids = true;
  EXPECT_THAT(client_->InsertRows(with_keys, {}).status().message(),
              HasSubstr("number of fields"));  // as 2.3.5
}

TEST_F(GrpcRowsTest, ARefusalNamesTheRowsAndTheReason) {
  RowBatch rows = TwoBooks();
  rows.columns.pop_back();
  Status status = client_->InsertRows(Write(rows), {}).status();
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("Insert \"default.books\", 2 rows on Milvus"));
  EXPECT_THAT(status.message(), HasSubstr("field 'v' is illegal"));
}

TEST_F(GrpcRowsTest, RowsThatDoNotFitTheSchemaAreNotSent) {
  RowBatch rows = TwoBooks();
  rows.columns[1].width = 16;
  EXPECT_EQ(client_->InsertRows(Write(rows), {}).status().code(), Code::kInvalidArgument);
  RowBatch none;
  EXPECT_EQ(client_->InsertRows(Write(none), {}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(Calls("Insert"), 0u);
}

TEST_F(GrpcRowsTest, AMissingPartitionIsNotFound) {
  RowBatch rows = TwoBooks();
  EXPECT_EQ(client_->InsertRows(Write(rows, "nope"), {}).status().code(), Code::kNotFound);
}

TEST_F(GrpcRowsTest, QueryReturnsTheRowsOfTheSmallestKeys) {
  RowBatch rows = TwoBooks(5);
  ASSERT_TRUE(client_->InsertRows(Write(rows), {}).ok());
  rows = TwoBooks(1);
  ASSERT_TRUE(client_->InsertRows(Write(rows, "p"), {}).ok());
  QueryRowsRequest query{
      .collection = kBooks, .schema = &schema_, .expression = "id > 1", .output_fields = {"v"}, .limit = 2};
  RowBatch page = client_->QueryRows(query, {}).value();
  ASSERT_EQ(page.rows, 2);
  EXPECT_EQ(page.Find(100)->NumberAt<std::int64_t>(0), 2);
  EXPECT_EQ(page.Find(100)->NumberAt<std::int64_t>(1), 5);
  EXPECT_EQ(page.Find(101)->BytesAt(0), std::string(32, '\2'));
  query.partition_names = {"p"};
  EXPECT_EQ(client_->QueryRows(query, {})->rows, 1);
}

TEST_F(GrpcRowsTest, QueryIsStrongSortedAndBounded) {
  QueryRowsRequest query{.collection = kBooks, .schema = &schema_, .limit = 5};
  ASSERT_TRUE(client_->QueryRows(query, {}).ok());
  const std::string sent = server_.seen("Query")[0].request;
  EXPECT_THAT(sent, HasSubstr(R"({"key":"limit","value":"5"})"));
  EXPECT_THAT(sent, HasSubstr(R"({"key":"reduce_stop_for_best","value":"True"})"));
  EXPECT_THAT(sent, HasSubstr(R"({"key":"iterator","value":"True"})"));
  EXPECT_THAT(sent, Not(HasSubstr("consistency_level")));  // 0 is Strong
  for (std::int64_t limit : {std::int64_t{0}, std::int64_t{-1}, kMaxQueryRows + 1}) {
    query.limit = limit;
    EXPECT_EQ(client_->QueryRows(query, {}).status().code(), Code::kInvalidArgument);
  }
}

TEST_F(GrpcRowsTest, CountsByPartitionAndExpression) {
  RowBatch rows = TwoBooks();
  ASSERT_TRUE(client_->InsertRows(Write(rows, "p"), {}).ok());
  EXPECT_EQ(Count(), 2);
  EXPECT_EQ(Count({"p"}), 2);
  EXPECT_EQ(Count({"_default"}), 0);
  CountRowsRequest request{.collection = kBooks, .schema = &schema_, .expression = "id < 2", .newest = false};
  EXPECT_EQ(client_->CountRows(request, {}).value(), 1);
  EXPECT_THAT(server_.seen("Query").back().request, HasSubstr(R"("guarantee_timestamp":"2")"));
}

TEST(Milvus22, SaysThatItDoesNotCountByQuery) {
  MockServer server({.build_tags = "v2.2.16-lite"});
  server.AddCollection("default", Books());
  auto client = ConnectTo(server);
  const CollectionSchema schema = client->DescribeCollection(kBooks, {})->schema;
  const Status counted = client->CountRows({.collection = kBooks, .schema = &schema}, {}).status();
  EXPECT_EQ(counted.code(), Code::kUnimplemented);
  EXPECT_THAT(counted.message(),
              AllOf(HasSubstr("v2.2.16-lite"), HasSubstr("2.3.0"), HasSubstr("default.books")));
  EXPECT_TRUE(server.seen("Query").empty());
}

TEST(MilvusLite, IsConnectedToAndCountedWithAnExpression) {
  MockServer server({.build_tags = "milvus_lite", .version = "milvus_lite-3.2.2"});
  MockCollection books = Books();
  for (FieldSchema& field : books.description.schema.fields) field.field_id = 0;
  books.loaded_percent = 100;
  server.AddCollection("default", books);
  auto client = ConnectTo(server);
  EXPECT_EQ(client->version(), "milvus_lite-3.2.2");
  EXPECT_FALSE(client->has(Capability::kImport));
  EXPECT_TRUE(client->has(Capability::kMultiDatabase));
  CollectionSchema schema = client->DescribeCollection(kBooks, {})->schema;
  EXPECT_EQ(schema.fields[0].field_id, 100);
  EXPECT_EQ(schema.fields[1].field_id, 101);
  EXPECT_EQ(client->CountRows({.collection = kBooks, .schema = &schema, .partition_names = {"_default"}}, {})
                .value(),
            0);
  EXPECT_THAT(server.seen("Query").back().request, HasSubstr("= 9223372036854775807"));
}

}  // namespace
}  // namespace mbk::milvustest
