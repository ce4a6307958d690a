#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "milvus/grpc_client.h"
#include "milvus/testing/client_fixture.h"

namespace mbk {
namespace {

using milvustest::Books;
using milvustest::ConnectTo;
using milvustest::kBooks;
using milvustest::MockServer;
using milvustest::RecordingSleeper;
using milvustest::SeenCall;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

std::vector<std::string> RpcNames(const std::vector<SeenCall>& calls) {
  std::vector<std::string> names;
  for (const SeenCall& call : calls) names.push_back(call.rpc);
  return names;
}

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

TEST(Connect, AServerThatIsNotThereIsGivenUpWithinSeconds) {
  int port = 0;
  {
    MockServer gone;
    port = gone.port();
  }
  RecordingSleeper sleeper;
  Status status = Connect({.address = "127.0.0.1", .port = port, .sleeper = &sleeper}, {}).status();
  EXPECT_EQ(status.code(), Code::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("127.0.0.1:" + std::to_string(port)));
  EXPECT_THAT(status.message(), HasSubstr("after 3 attempts"));
  EXPECT_THAT(status.message(), HasSubstr("milvus.address and milvus.port"));
  Milliseconds waited{0};
  for (Milliseconds wait : sleeper.slept) waited += wait;
  EXPECT_GE(waited, Milliseconds(500));
  EXPECT_LE(waited, Milliseconds(10'000));
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

// Field case 67b; that what the file holds is trusted tests/e2e/test_tls_and_auth.py shows.
TEST(Connect, WithTlsTrustsWhatSslCertFileNames) {
  ConnectOptions options{.address = "milvus", .tls = MilvusTls::kServer};
  options.variable = [](const std::string& name) {
    return name == "SSL_CERT_FILE" ? std::optional<std::string>("/no/such/ca.pem") : std::nullopt;
  };
  const Status missing = Connect(options, {}).status();
  EXPECT_EQ(missing.code(), Code::kInvalidArgument);
  EXPECT_THAT(missing.message(), HasSubstr("SSL_CERT_FILE of the environment names /no/such/ca.pem"));
  options.ca_cert_path = "/no/other/ca.pem";
  EXPECT_THAT(Connect(options, {}).status().message(), HasSubstr("milvus.caCertPath /no/other/ca.pem"));
}

}  // namespace
}  // namespace mbk
