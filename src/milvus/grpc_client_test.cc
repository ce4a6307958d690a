#include "milvus/grpc_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <thread>

#include "milvus/testing/mock_server.h"
#include "net/hash.h"
#include "net/testing/http_imposter.h"

namespace mbk {
namespace {

using milvustest::Failure;
using milvustest::MockCollection;
using milvustest::MockOptions;
using milvustest::MockServer;
using milvustest::SeenCall;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr int kGrpcUnavailable = 14;
constexpr int kGrpcResourceExhausted = 8;
constexpr int kRateLimit = 8;

/// Waits only as long as it takes to write down how long it should have.
class RecordingSleeper : public Sleeper {
 public:
  Status Sleep(Milliseconds duration, const CallContext& context) override {
    slept.push_back(duration);
    return context.Check();
  }
  std::vector<Milliseconds> slept;
};

FieldSchema Field(const std::string& name, DataType type) { return {.name = name, .data_type = type}; }

MockCollection Books() {
  CollectionSchema schema{.name = "books",
                          .fields = {Field("id", DataType::kInt64), Field("v", DataType::kFloatVector)}};
  schema.fields[0].field_id = 100;
  schema.fields[0].is_primary_key = true;
  schema.fields[1].field_id = 101;
  schema.fields[1].type_params = {{"dim", "8"}};
  return {.description = {.schema = schema, .aliases = {"lib"}, .consistency_level = 2}};
}

const CollectionName kBooks{.db = "", .name = "books"};

std::unique_ptr<MilvusClient> ConnectTo(const ConnectOptions& options) {
  auto client = Connect(options, CallContext{});
  EXPECT_TRUE(client.ok()) << client.status().message();
  return client.ok() ? std::move(client).value() : nullptr;
}

std::unique_ptr<MilvusClient> ConnectTo(const MockServer& server) {
  return ConnectTo(server.ClientOptions());
}

std::vector<std::string> RpcNames(const std::vector<SeenCall>& calls) {
  std::vector<std::string> names;
  for (const SeenCall& call : calls) names.push_back(call.rpc);
  return names;
}

// ---- The first conversation

TEST(Connect, AsksAsRecordedAndNothingMore) {
  MockServer server;
  auto client = ConnectTo(server);
  ASSERT_NE(client, nullptr);
  EXPECT_THAT(RpcNames(server.seen()), ElementsAre("Connect", "ListDatabases"));
  SeenCall hello = server.seen()[0];
  EXPECT_THAT(hello.request, HasSubstr("\"sdk_type\":\"BackupToolCustomSDK\""));
  EXPECT_THAT(hello.request, HasSubstr("\"sdk_version\":\"test\""));
  EXPECT_THAT(hello.metadata, IsEmpty());
  EXPECT_THAT(server.seen()[1].metadata, ElementsAre(testing::Pair("identifier", "470636788888371203")));
  EXPECT_EQ(client->version(), "v2.3.5-lite");
  EXPECT_EQ(client->address(), "127.0.0.1:" + std::to_string(server.port()));
  EXPECT_TRUE(client->has(Capability::kMultiDatabase));
  EXPECT_FALSE(client->has(Capability::kDescribeDatabase));
}

TEST(Connect, SendsEachHeaderOnceAndTheDefaultDatabaseByName) {
  MockServer server({.user = "root", .password = "Milvus"});
  server.AddCollection("default", Books());
  auto client = ConnectTo(server);
  ASSERT_TRUE(client->HasCollection(kBooks, {}).ok());
  ASSERT_FALSE(client->HasCollection({.db = "db1", .name = "x"}, {}).ok());
  std::vector<SeenCall> calls = server.seen("HasCollection");
  ASSERT_THAT(calls, SizeIs(2));
  EXPECT_EQ(calls[0].Header("authorization"), "cm9vdDpNaWx2dXM=");
  EXPECT_EQ(calls[0].Header("identifier"), "470636788888371203");
  EXPECT_EQ(calls[0].Header("dbname"), "default");
  EXPECT_EQ(calls[0].request, R"({"collection_name":"books"})");
  EXPECT_EQ(calls[1].Header("dbname"), "db1");
}

TEST(Connect, APasswordAloneIsSentToo) {
  MockServer server;
  ConnectOptions options = server.ClientOptions();
  options.password = "pw";
  ConnectTo(options);
  EXPECT_EQ(server.seen("Connect")[0].Header("authorization"), Base64Encode(":pw"));
}

TEST(Connect, TakesAServerFromBeforeDatabasesAndConnect) {
  MockServer server({.version = "v2.2.8", .has_connect = false, .has_databases = false});
  auto client = ConnectTo(server);
  ASSERT_NE(client, nullptr);
  EXPECT_EQ(client->version(), "v2.2.8");
  EXPECT_FALSE(client->has(Capability::kMultiDatabase));
  EXPECT_THAT(client->ListDatabases({}).value(), ElementsAre("default"));
  EXPECT_THAT(server.seen("ListDatabases"), SizeIs(1)) << "only the probe";
}

TEST(Connect, AsksForTheVersionWhenTheBuildTagIsNone) {
  MockServer server({.build_tags = "master-20260101-1a2b3c", .version = "2.6.11"});
  auto client = ConnectTo(server);
  EXPECT_EQ(client->version(), "2.6.11");
  EXPECT_TRUE(client->has(Capability::kFlushAll));
  EXPECT_THAT(server.seen("GetVersion"), SizeIs(1));
}

TEST(Connect, WrongCredentialsNameTheSettingsButNeverThePassword) {
  MockServer server({.user = "root", .password = "right"});
  ConnectOptions options = server.ClientOptions();
  options.password = "wr0ng";
  Status status = Connect(options, {}).status();
  EXPECT_EQ(status.code(), Code::kPermissionDenied);
  EXPECT_THAT(status.message(), HasSubstr("auth check failure"));
  EXPECT_THAT(status.message(), HasSubstr("milvus.user (now \"root\") and milvus.password"));
  EXPECT_THAT(status.message(), Not(HasSubstr("wr0ng")));
  EXPECT_THAT(server.seen(), SizeIs(1)) << "not worth a second attempt";

  options.user = options.password = "";
  EXPECT_THAT(Connect(options, {}).status().message(), HasSubstr("set milvus.user and milvus.password"));
}

TEST(Connect, AStatusThatRefusesIsFatal) {
  MockServer server;
  server.Fail({.rpc = "Connect", .code = 65535, .reason = "go away"});
  EXPECT_THAT(Connect(server.ClientOptions(), {}).status().message(), HasSubstr("go away"));
}

TEST(Connect, AServerThatIsNotThereIsGivenUpAfterSixAttempts) {
  int port = 0;
  {
    MockServer gone;
    port = gone.port();
  }
  RecordingSleeper sleeper;
  Status status = Connect({.address = "127.0.0.1", .port = port, .sleeper = &sleeper}, {}).status();
  EXPECT_EQ(status.code(), Code::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("127.0.0.1:" + std::to_string(port)));
  EXPECT_THAT(status.message(), HasSubstr("after 6 attempts"));
  EXPECT_THAT(status.message(), HasSubstr("milvus.address and milvus.port"));
  Milliseconds waited{0};
  for (Milliseconds wait : sleeper.slept) waited += wait;
  EXPECT_GE(waited, Milliseconds(17'000));  // 21.8 s less the jitter of at most a fifth
  EXPECT_LE(waited, Milliseconds(21'780));
}

TEST(Connect, AServerThatNeverAnswersIsGivenUpInTime) {
  MockServer server;
  server.Fail({.rpc = "Connect", .times = 100, .hang = true});
  ConnectOptions options = server.ClientOptions();
  options.connect_timeout = Milliseconds(50);
  Status status = Connect(options, {}).status();
  EXPECT_EQ(status.code(), Code::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("milvus.address and milvus.port"));
}

TEST(Connect, SettingsThatCannotWorkAreRefusedBeforeAnyCall) {
  auto code = [](ConnectOptions options) { return Connect(options, {}).status(); };
  EXPECT_THAT(code({.address = ""}).message(), HasSubstr("milvus.address"));
  EXPECT_THAT(code({.address = "http://milvus"}).message(), HasSubstr("without scheme"));
  EXPECT_THAT(code({.address = "milvus", .port = 70'000}).message(), HasSubstr("milvus.port is 70000"));
  EXPECT_THAT(code({.address = "milvus", .tls = MilvusTls::kMutual}).message(),
              HasSubstr("milvus.mtlsCertPath"));
  Status missing = code({.address = "milvus", .tls = MilvusTls::kServer, .ca_cert_path = "/no/such/ca.pem"});
  EXPECT_EQ(missing.code(), Code::kInvalidArgument);
  EXPECT_THAT(missing.message(), HasSubstr("milvus.caCertPath /no/such/ca.pem: No such file"));
}

// ---- Calls

class GrpcClientTest : public testing::Test {
 protected:
  GrpcClientTest() {
    server_.AddCollection("default", Books());
    client_ = ConnectTo(server_);
  }

  void FailWith(const std::string& rpc, int times, Failure failure) {
    failure.rpc = rpc;
    failure.times = times;
    server_.Fail(failure);
  }
  std::size_t Calls(const std::string& rpc) const { return server_.seen(rpc).size(); }

  MockServer server_;
  std::unique_ptr<MilvusClient> client_;
};

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
  EXPECT_EQ(client_->BackupRbac({}).status().code(), Code::kUnimplemented);
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

// ---- Retries

TEST_F(GrpcClientTest, AnUnavailableServerIsAskedSixTimes) {
  FailWith("DescribeCollection", 5, {.grpc_code = kGrpcUnavailable, .reason = "restarting"});
  EXPECT_TRUE(client_->DescribeCollection(kBooks, {}).ok());
  EXPECT_EQ(Calls("DescribeCollection"), 6u);
  FailWith("DescribeCollection", 6, {.grpc_code = kGrpcUnavailable, .reason = "restarting"});
  EXPECT_EQ(client_->DescribeCollection(kBooks, {}).status().code(), Code::kUnavailable);
}

TEST_F(GrpcClientTest, AnOrdinaryRefusalIsNotRepeated) {
  FailWith("DescribeCollection", 1, {.code = 65535, .reason = "broken"});
  EXPECT_EQ(client_->DescribeCollection(kBooks, {}).status().code(), Code::kInternal);
  EXPECT_EQ(Calls("DescribeCollection"), 1u);
}

TEST_F(GrpcClientTest, FlushIsRepeatedOnAnyErrorThatMayPass) {
  FailWith("Flush", 9, {.code = 65535, .reason = "channel is busy"});
  EXPECT_TRUE(client_->Flush(kBooks, {}).ok());
  EXPECT_EQ(Calls("Flush"), 10u);
  FailWith("Flush", 10, {.code = 65535, .reason = "channel is busy"});
  Status status = client_->Flush(kBooks, {}).status();
  EXPECT_EQ(status.code(), Code::kInternal) << "the server's own error, not the one the retry loop saw";
  EXPECT_THAT(status.message(), HasSubstr("after 10 attempts"));
}

TEST_F(GrpcClientTest, FlushOfACollectionThatIsGoneIsNotRepeated) {
  EXPECT_EQ(client_->Flush({.name = "nope"}, {}).status().code(), Code::kNotFound);
  EXPECT_EQ(Calls("Flush"), 1u);
}

TEST_F(GrpcClientTest, SegmentsAreAskedForFiftyTimesWhileACompactionMovesThem) {
  FailWith("GetPersistentSegmentInfo", 49, {.code = 600, .reason = "segment not found[segment=7]"});
  EXPECT_TRUE(client_->ListPersistentSegments(kBooks, {}).ok());
  EXPECT_EQ(Calls("GetPersistentSegmentInfo"), 50u);
}

TEST_F(GrpcClientTest, CreationIsRepeatedOnRateLimitsOnly) {
  // The limiter wakes up at the first refusal and would wait for real: the sleeper only notes it.
  RecordingSleeper sleeper;
  ConnectOptions options = server_.ClientOptions();
  options.sleeper = &sleeper;
  auto client = ConnectTo(options);
  CreateCollectionRequest request{.target = {.name = "new"}, .schema = Books().description.schema};
  FailWith("CreateCollection", 19, {.code = kRateLimit, .reason = "rate limit exceeded[rate=1]"});
  EXPECT_TRUE(client->CreateCollection(request, {}).ok());
  EXPECT_EQ(Calls("CreateCollection"), 20u);
  EXPECT_THAT(sleeper.slept, SizeIs(2 * 19)) << "a back-off and a place in the queue each";
  EXPECT_GT(*std::max_element(sleeper.slept.begin(), sleeper.slept.end()), Milliseconds(300));

  FailWith("CreateIndex", 10, {.code = kRateLimit, .reason = "rate limit exceeded[rate=1]"});
  CreateIndexRequest index{.collection = kBooks, .field_name = "v", .index_name = "v"};
  EXPECT_EQ(client->CreateIndex(index, {}).code(), Code::kThrottled);
  EXPECT_EQ(Calls("CreateIndex"), 10u);

  FailWith("CreatePartition", 1, {.grpc_code = kGrpcUnavailable, .reason = "cut"});
  Status cut = client->CreatePartition(kBooks, "p", {});
  EXPECT_EQ(cut.code(), Code::kUnavailable);
  EXPECT_THAT(cut.message(), HasSubstr("may have been carried out"));
  EXPECT_EQ(Calls("CreatePartition"), 1u);
}

TEST_F(GrpcClientTest, AnImportIsNeverStartedTwiceByARetry) {
  FailWith("Import", 1, {.grpc_code = kGrpcUnavailable, .reason = "cut"});
  EXPECT_EQ(client_->Import({.target = kBooks}, {}).status().code(), Code::kUnavailable);
  EXPECT_EQ(Calls("Import"), 1u);
  FailWith("Import", 1, {.grpc_code = kGrpcResourceExhausted, .reason = "too many"});
  EXPECT_TRUE(client_->Import({.target = kBooks}, {}).ok());
  EXPECT_EQ(Calls("Import"), 3u);
}

TEST_F(GrpcClientTest, PollsOutliveARestartOfTheServer) {
  std::int64_t job = client_->Import({.target = kBooks}, {}).value();
  FailWith("GetImportState", 19, {.grpc_code = kGrpcUnavailable, .reason = "restarting"});
  EXPECT_TRUE(client_->GetImportState(job, {}).ok());
}

// ---- Ends

TEST_F(GrpcClientTest, AStopEndsACallUnderWayAtOnce) {
  FailWith("DescribeCollection", 1, {.hang = true});
  std::latch asked(1);
  server_.OnCall([&](const SeenCall& call) {
    if (call.rpc == "DescribeCollection") asked.count_down();
  });
  std::stop_source stop;
  auto outcome = std::async(std::launch::async, [&] {
    return client_->DescribeCollection(kBooks, {.stop = stop.get_token()}).status();
  });
  asked.wait();
  stop.request_stop();
  EXPECT_EQ(outcome.get().code(), Code::kCancelled);
}

TEST_F(GrpcClientTest, ADeadlineEndsACallUnderWay) {
  FailWith("DescribeCollection", 1, {.hang = true});
  Status status =
      client_->DescribeCollection(kBooks, {.deadline = Deadline::After(Milliseconds(30))}).status();
  EXPECT_EQ(status.code(), Code::kDeadlineExceeded);
}

TEST_F(GrpcClientTest, ACallBeforeItsTimeIsNotMade) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(client_->HasCollection(kBooks, {.stop = stop.get_token()}).status().code(), Code::kCancelled);
  EXPECT_EQ(Calls("HasCollection"), 0u);
}

TEST_F(GrpcClientTest, IsSafeToUseFromManyThreads) {
  std::vector<std::jthread> threads;
  std::atomic<int> found = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 20; ++j) found += client_->HasCollection(kBooks, {}).value();
    });
  }
  threads.clear();
  EXPECT_EQ(found, 160);
}

// ---- The management port

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
