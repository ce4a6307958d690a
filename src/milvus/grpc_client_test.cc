#include "milvus/grpc_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "milvus/testing/client_fixture.h"
#include "net/testing/http_imposter.h"

namespace mbk {
namespace {

using milvustest::Books;
using milvustest::ConnectTo;
using milvustest::GrpcClientTest;
using milvustest::kBooks;
using milvustest::MockCollection;
using milvustest::MockServer;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TEST_F(GrpcClientTest, DescribesACollection) {
  CollectionDescription books = client_->DescribeCollection(kBooks, {}).value();
  EXPECT_EQ(books.collection_name, "books");
  EXPECT_EQ(books.schema, Books().description.schema);
  EXPECT_EQ(books.consistency_level, 2);
  EXPECT_THAT(books.aliases, ElementsAre("lib"));
  EXPECT_THAT(books.virtual_channel_names, SizeIs(1));
  EXPECT_GT(books.collection_id, 1LL << 53);
}

TEST_F(GrpcClientTest, AMissingCollectionIsNotFoundAndSaysWhich) {
  Status status = client_->DescribeCollection({.db = "", .name = "nope"}, {}).status();
  EXPECT_EQ(status.code(), Code::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("DescribeCollection \"default.nope\" on Milvus 127.0.0.1:"));
  EXPECT_THAT(status.message(), HasSubstr("(Milvus code 100)"));
  EXPECT_EQ(Calls("DescribeCollection"), 1u);
}

TEST_F(GrpcClientTest, ListsDatabasesCollectionsAndPartitions) {
  server_.AddDatabase("db1");
  EXPECT_THAT(client_->ListDatabases({}).value(), ElementsAre("db1", "default"));
  EXPECT_THAT(client_->ListCollections("", {}).value(), ElementsAre("books"));
  EXPECT_EQ(client_->ListCollections("nodb", {}).status().code(), Code::kNotFound);
  std::vector<PartitionName> partitions = client_->ListPartitions(kBooks, {}).value();
  ASSERT_THAT(partitions, SizeIs(1));
  EXPECT_EQ(partitions[0].name, "_default");
  EXPECT_NE(partitions[0].id, 0);
}

TEST_F(GrpcClientTest, CreatesACollectionUnderTheTargetsName) {
  ASSERT_TRUE(client_->CreateDatabase("db1", {}, {}).ok());
  CreateCollectionRequest request{.target = {.db = "db1", .name = "copy"},
                                  .schema = Books().description.schema,
                                  .shards_num = 2,
                                  .consistency_level = 1,
                                  .properties = {{"collection.ttl.seconds", "60"}}};
  ASSERT_TRUE(client_->CreateCollection(request, {}).ok());
  CollectionDescription copy = client_->DescribeCollection(request.target, {}).value();
  EXPECT_EQ(copy.schema.name, "copy");
  EXPECT_EQ(copy.shards_num, 2);
  EXPECT_EQ(copy.properties, request.properties);
  EXPECT_THAT(server_.seen("CreateCollection")[0].request, Not(HasSubstr("num_partitions")));
  EXPECT_EQ(server_.seen("CreateDatabase")[0].Header("dbname"), "") << "a server-wide call";
}

TEST_F(GrpcClientTest, AnExistingDatabaseIsAlreadyExists) {
  ASSERT_TRUE(client_->CreateDatabase("db1", {}, {}).ok());
  EXPECT_EQ(client_->CreateDatabase("db1", {}, {}).code(), Code::kAlreadyExists);
}

TEST_F(GrpcClientTest, ChangesACollectionAsAsked) {
  ASSERT_TRUE(client_->AlterCollection(kBooks, {{"collection.ttl.seconds", "9"}}, {}).ok());
  ASSERT_TRUE(
      client_->AddCollectionField(kBooks, {.field_id = 102, .name = "price", .nullable = true}, {}).ok());
  ASSERT_TRUE(client_->CreateAlias(kBooks, "b", {}).ok());
  ASSERT_TRUE(client_->CreatePartition(kBooks, "p1", {}).ok());
  MockCollection now = *server_.FindCollection(kBooks);
  EXPECT_EQ(*FindValue(now.description.properties, "collection.ttl.seconds"), "9");
  EXPECT_EQ(now.description.schema.fields.back().name, "price");
  EXPECT_THAT(now.description.aliases, ElementsAre("lib", "b"));
  EXPECT_EQ(now.partitions.back().name, "p1");
  ASSERT_TRUE(client_->DropCollection(kBooks, {}).ok());
  EXPECT_FALSE(client_->HasCollection(kBooks, {}).value());
}

TEST_F(GrpcClientTest, IndexesComeAndGo) {
  EXPECT_THAT(client_->ListIndexes(kBooks, {}).value(), IsEmpty());
  CreateIndexRequest request{.collection = kBooks,
                             .field_name = "v",
                             .index_name = "vi",
                             .params = {{"metric_type", "L2"}, {"index_type", "FLAT"}}};
  ASSERT_TRUE(client_->CreateIndex(request, {}).ok());
  std::vector<IndexInfo> indexes = client_->ListIndexes(kBooks, {}).value();
  ASSERT_THAT(indexes, SizeIs(1));
  EXPECT_EQ(indexes[0].index_type, "FLAT");
  ASSERT_TRUE(client_->DropIndex(kBooks, indexes[0], {}).ok());
  EXPECT_THAT(client_->ListIndexes(kBooks, {}).value(), IsEmpty());
}

class TwoCollections : public GrpcClientTest {
 protected:
  TwoCollections() {
    MockCollection other = Books();
    other.description = {.schema = other.description.schema, .collection_name = "other"};
    other.description.schema.name = "other";
    server_.AddCollection("default", std::move(other));
  }
  const CollectionName other_{.db = "", .name = "other"};
};

TEST_F(TwoCollections, ARenamedOneKeepsIdAndAliases) {
  const CollectionDescription before = client_->DescribeCollection(kBooks, {}).value();
  ASSERT_TRUE(client_->RenameCollection(kBooks, "tomes", {}).ok());
  EXPECT_FALSE(client_->HasCollection(kBooks, {}).value());
  const CollectionDescription after = client_->DescribeCollection({"", "tomes"}, {}).value();
  EXPECT_EQ(after.collection_id, before.collection_id);
  EXPECT_EQ(after.aliases, before.aliases);
  EXPECT_EQ(after.schema.name, "tomes");
  EXPECT_THAT(server_.seen("RenameCollection").at(0).request, HasSubstr(R"("newDBName":"default")"));
}

TEST_F(TwoCollections, NoneIsRenamedToANameThatIsTakenNorByItsAlias) {
  EXPECT_FALSE(client_->RenameCollection(kBooks, "other", {}).ok());
  EXPECT_FALSE(client_->RenameCollection(other_, "lib", {}).ok());
  EXPECT_FALSE(client_->RenameCollection({"", "lib"}, "new", {}).ok());
  EXPECT_EQ(client_->RenameCollection({"", "gone"}, "new", {}).code(), Code::kNotFound);
}

TEST_F(TwoCollections, ADropIsNotMadeAgainWhenItMayHaveBeenDone) {
  for (const int grpc_code : {14, 4}) {
    FailWith("DropCollection", 1, {.grpc_code = grpc_code, .reason = "connection reset"});
    EXPECT_FALSE(client_->DropCollection(kBooks, {}).ok());
  }
  EXPECT_EQ(Calls("DropCollection"), 2u);
  FailWith("DropCollection", 1, {.code = 8, .error_code = 49, .reason = "rate limit exceeded"});
  EXPECT_TRUE(client_->DropCollection(kBooks, {}).ok()) << "what was refused was not done";
}

TEST_F(TwoCollections, ARenameIsNotMadeAgainWhenItMayHaveBeenDone) {
  FailWith("RenameCollection", 1, {.grpc_code = 14, .reason = "connection reset"});
  EXPECT_EQ(client_->RenameCollection(kBooks, "tomes", {}).code(), Code::kUnavailable);
  EXPECT_EQ(Calls("RenameCollection"), 1u);
}

TEST_F(TwoCollections, AnAliasMovesAlsoFromACollectionThatWasDropped) {
  ASSERT_TRUE(client_->AlterAlias(other_, "lib", {}).ok());
  const CollectionDescription by_alias = client_->DescribeCollection({"", "lib"}, {}).value();
  EXPECT_EQ(by_alias.schema.name, "other");
  EXPECT_EQ(by_alias.collection_name, "lib");
  ASSERT_TRUE(client_->DropCollection(other_, {}).ok());
  EXPECT_EQ(client_->CreateAlias(kBooks, "lib", {}).code(), Code::kAlreadyExists);
  ASSERT_TRUE(client_->AlterAlias(kBooks, "lib", {}).ok());
  EXPECT_EQ(client_->AlterAlias(kBooks, "never", {}).code(), Code::kNotFound);
}

TEST_F(GrpcClientTest, CountsStoredRowsWithoutALoad) {
  server_.EditCollection(kBooks, [](MockCollection& books) { books.imported_rows = 17; });
  EXPECT_EQ(client_->CountStoredRows(kBooks, {}).value(), 17);
  EXPECT_EQ(client_->CountStoredRows({.name = "nope"}, {}).status().code(), Code::kNotFound);
}

TEST_F(GrpcClientTest, TellsHowFarAnIndexIs) {
  EXPECT_THAT(client_->GetIndexProgress(kBooks, {}).value(), IsEmpty());
  ASSERT_TRUE(client_->CreateIndex({.collection = kBooks, .field_name = "v", .index_name = "v"}, {}).ok());
  server_.EditCollection(kBooks, [](MockCollection& books) {
    books.imported_rows = 3000;
    books.builds_indexes = false;
  });
  const std::vector<IndexProgress> progress = client_->GetIndexProgress(kBooks, {}).value();
  ASSERT_THAT(progress, SizeIs(1));
  EXPECT_EQ(progress[0].state, IndexProgress::State::kFinished);
  EXPECT_EQ(progress[0].indexed_rows, 0);
  EXPECT_EQ(progress[0].total_rows, 3000);
}

TEST_F(GrpcClientTest, NoIndexIsNoErrorHoweverOldTheServer) {
  FailWith("DescribeIndex", 1, {.error_code = 1, .reason = "index doesn't exist, collectionID 4"});
  EXPECT_THAT(client_->ListIndexes(kBooks, {}).value(), IsEmpty());
  FailWith("DescribeIndex", 1, {.error_code = 1, .reason = "etcd is on fire"});
  EXPECT_EQ(client_->ListIndexes(kBooks, {}).status().code(), Code::kInternal);
}

TEST_F(GrpcClientTest, LoadingProgressOfWhatIsNotLoadedIsZero) {
  EXPECT_EQ(client_->GetLoadingProgress(kBooks, {}, {}).value(), 0);
  ASSERT_TRUE(client_->CreateIndex({.collection = kBooks, .field_name = "v", .index_name = "v"}, {}).ok());
  ASSERT_TRUE(client_->CreatePartition(kBooks, "p1", {}).ok());
  ASSERT_TRUE(client_->LoadPartitions(kBooks, {"p1"}, {}).ok());
  EXPECT_EQ(client_->GetLoadingProgress(kBooks, {"p1"}, {}).value(), 100);
  EXPECT_EQ(client_->GetLoadingProgress(kBooks, {"_default"}, {}).value(), 0);
  ASSERT_TRUE(client_->LoadCollection(kBooks, {}).ok());
  EXPECT_EQ(client_->GetLoadingProgress(kBooks, {}, {}).value(), 100);
  ASSERT_TRUE(client_->ReleaseCollection(kBooks, {}).ok());
  EXPECT_EQ(client_->GetLoadingProgress(kBooks, {}, {}).value(), 0);
  EXPECT_EQ(client_->GetLoadingProgress({.name = "nope"}, {}, {}).status().code(), Code::kNotFound);
}

// A load of many segments stays at 0 % for minutes.
TEST_F(GrpcClientTest, WhatIsLoadedAtZeroPercentYetIsBeingLoaded) {
  EXPECT_EQ(client_->GetLoadState(kBooks, {}, {}).value(), LoadState::kNotLoad);
  for (const auto& [percent, state] : std::vector<std::pair<std::int64_t, LoadState>>{
           {0, LoadState::kLoading}, {40, LoadState::kLoading}, {100, LoadState::kLoaded}}) {
    server_.EditCollection(kBooks, [&](MockCollection& books) { books.loaded_percent = percent; });
    EXPECT_EQ(client_->GetLoadState(kBooks, {}, {}).value(), state) << percent;
    EXPECT_EQ(client_->GetLoadState(kBooks, {"_default"}, {}).value(), state) << percent;
  }
  server_.EditCollection(
      kBooks, [](MockCollection& books) { books.partition_loaded_percent = {{"_default", std::nullopt}}; });
  EXPECT_EQ(client_->GetLoadState(kBooks, {"_default"}, {}).value(), LoadState::kNotLoad);
  FailWith("GetLoadingProgress", 1, {.code = 1401, .reason = "permission deny"});
  EXPECT_EQ(client_->GetLoadState(kBooks, {}, {}).status().code(), Code::kPermissionDenied);
}

// It answers 0 of what is released.
TEST(MilvusLite, AnswersZeroPercentOfWhatIsNotLoaded) {
  MockServer server({.build_tags = "milvus_lite", .version = "milvus_lite-3.2.2"});
  MockCollection books = Books();
  books.loaded_percent = 0;
  server.AddCollection("default", books);
  const auto client = ConnectTo(server);
  EXPECT_EQ(client->GetLoadState(kBooks, {}, {}).value(), LoadState::kNotLoad);
}

TEST_F(GrpcClientTest, ListsSegmentsWithTheirLevel) {
  SegmentInfo l0{
      .segment_id = 7, .collection_id = 4, .partition_id = -1, .num_rows = 3, .state = 4, .level = 1};
  server_.EditCollection(kBooks, [&](MockCollection& books) { books.segments = {l0}; });
  std::vector<SegmentInfo> segments = client_->ListPersistentSegments(kBooks, {}).value();
  ASSERT_THAT(segments, SizeIs(1));
  EXPECT_EQ(segments[0].partition_id, -1);
  EXPECT_EQ(segments[0].level, 1);
}

TEST_F(GrpcClientTest, FlushIsPolledUntilDone) {
  server_.EditCollection(kBooks, [](MockCollection& books) { books.polls_until_flushed = 1; });
  FlushResult flush = client_->Flush(kBooks, {}).value();
  EXPECT_TRUE(flush.must_poll);
  EXPECT_FALSE(client_->IsFlushed(kBooks, flush, {}).value());
  EXPECT_TRUE(client_->IsFlushed(kBooks, flush, {}).value());
  EXPECT_EQ(server_.seen("GetFlushState")[0].request,
            R"({"flush_ts":"470636788940537859","collection_name":"books"})");
}

TEST_F(GrpcClientTest, ImportSendsWhatItIsGivenAndItsJobIsFollowed) {
  server_.ScriptImports({{.state = ImportState::kPending},
                         {.state = ImportState::kPersisted, .row_count = 976, .percent = 90},
                         {.state = ImportState::kFailed, .failed_reason = "no such file"}});
  ImportRequest request{.target = kBooks,
                        .partition_name = "_default",
                        .paths = {"backup/insert_log/", ""},
                        .options = {{"backup", "true"}}};
  std::int64_t job = client_->Import(request, {}).value();
  EXPECT_EQ(server_.seen("Import")[0].request,
            R"({"collection_name":"books","partition_name":"_default","files":["backup/insert_log/",""],)"
            R"("options":[{"key":"backup","value":"true"}]})");
  EXPECT_EQ(client_->GetImportState(job, {}).value().state, ImportState::kPending);
  EXPECT_EQ(client_->GetImportState(job, {}).value().percent, 90);
  ImportProgress failed = client_->GetImportState(job, {}).value();
  EXPECT_EQ(failed.state, ImportState::kFailed);
  EXPECT_EQ(failed.failed_reason, "no such file");
  EXPECT_EQ(client_->GetImportState(12, {}).status().code(), Code::kNotFound);
  EXPECT_EQ(server_.seen("GetImportState")[0].Header("dbname"), "");
}

TEST_F(GrpcClientTest, RbacIsUnimplementedOnOldServersAndCarriedOnNewOnes) {
  const Status refused = client_->BackupRbac({}).status();
  EXPECT_EQ(refused.code(), Code::kUnimplemented);
  EXPECT_THAT(refused.message(),
              AllOf(HasSubstr(client_->version()), HasSubstr("2.4.9"), HasSubstr("without --rbac")));
  server_.SetRbac({.roles = {{.name = "reader"}}});
  RbacMeta meta = client_->BackupRbac({}).value();
  ASSERT_THAT(meta.roles, SizeIs(1));
  ASSERT_TRUE(client_->RestoreRbac({.users = {{.name = "ann", .roles = {"reader"}}}}, {}).ok());
  EXPECT_EQ(server_.rbac()->users[0].roles[0], "reader");
}

TEST(DescribeDatabase, ReadsItsProperties) {
  MockServer server({.build_tags = "v2.4.3"});
  server.AddDatabase("db1", 7, {{"database.replica.number", "1"}});
  auto client = ConnectTo(server);
  DatabaseDescription db = client->DescribeDatabase("db1", {}).value();
  EXPECT_EQ(db.id, 7);
  EXPECT_EQ(db.properties[0].value, "1");
}

TEST(ManagementPort, PausesAndResumesGarbageCollection) {
  nettest::HttpImposter port(
      [](const nettest::SeenRequest&) { return nettest::Answer(200, "{\"msg\":\"OK\"}"); });
  MockServer server;
  ConnectOptions options = server.ClientOptions();
  options.management_endpoint = port.Url("/");
  auto client = ConnectTo(options);
  ASSERT_TRUE(client->PauseGc(std::chrono::hours(1), {}).ok());
  ASSERT_TRUE(client->ResumeGc({}).ok());
  ASSERT_THAT(port.seen(), SizeIs(2));
  EXPECT_EQ(port.seen()[0].method, "GET");
  EXPECT_EQ(port.seen()[0].target,
            "/management/datacoord/garbage_collection/pause?pause_seconds=3600&collection_id=0");
  EXPECT_EQ(port.seen()[1].target, "/management/datacoord/garbage_collection/resume");
}

// Field case 57: a proxy's page of HTML took ten lines of a warning.
TEST(ManagementPort, WhatSomethingElseAnswersIsQuotedInOneLine) {
  nettest::HttpImposter port([](const nettest::SeenRequest&) {
    return nettest::Answer(502, "<html>\n  <h1>Bad Gateway</h1>\n</html>");
  });
  MockServer server;
  ConnectOptions options = server.ClientOptions();
  options.management_endpoint = port.Url("");
  EXPECT_THAT(ConnectTo(options)->PauseGc(std::chrono::hours(1), {}).message(),
              AllOf(HasSubstr("Bad Gateway"), Not(HasSubstr("\n"))));
}

TEST(ManagementPort, AServerWithoutTheSwitchIsUnimplemented) {
  nettest::HttpImposter port(
      [](const nettest::SeenRequest&) { return nettest::Answer(404, "404 page not found"); });
  MockServer server;
  ConnectOptions options = server.ClientOptions();
  options.management_endpoint = port.Url("");
  Status status = ConnectTo(options)->PauseGc(std::chrono::hours(1), {});
  EXPECT_EQ(status.code(), Code::kUnimplemented);
  EXPECT_THAT(status.message(), HasSubstr("404 page not found"));
  EXPECT_EQ(ConnectTo(server)->ResumeGc({}).code(), Code::kUnimplemented) << "none configured";
}

}  // namespace
}  // namespace mbk
