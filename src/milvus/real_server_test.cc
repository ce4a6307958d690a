#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>

#include "milvus/grpc_client.h"

// The client against a real Milvus (2.3.5 is the newest that can be installed here). Skipped unless
//   MBK_TEST_MILVUS=host:port  [MBK_TEST_MILVUS_USER, MBK_TEST_MILVUS_PASSWORD when it demands them]
//   [MBK_TEST_MILVUS_TLS=1|2 with MBK_TEST_MILVUS_CA and, for 2, MBK_TEST_MILVUS_CERT, MBK_TEST_MILVUS_KEY]
// It makes and drops collections of its own, named after the process.
namespace mbk {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

std::string Env(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::optional<ConnectOptions> OptionsFromEnvironment() {
  std::string server = Env("MBK_TEST_MILVUS");
  std::size_t colon = server.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  std::string tls = Env("MBK_TEST_MILVUS_TLS");
  return ConnectOptions{.address = server.substr(0, colon),
                        .port = std::stoi(server.substr(colon + 1)),
                        .user = Env("MBK_TEST_MILVUS_USER"),
                        .password = Env("MBK_TEST_MILVUS_PASSWORD"),
                        .tls = tls == "2"   ? MilvusTls::kMutual
                               : tls == "1" ? MilvusTls::kServer
                                            : MilvusTls::kDisabled,
                        .ca_cert_path = Env("MBK_TEST_MILVUS_CA"),
                        .client_cert_path = Env("MBK_TEST_MILVUS_CERT"),
                        .client_key_path = Env("MBK_TEST_MILVUS_KEY"),
                        .tool_version = "test"};
}

class RealServer : public testing::Test {
 protected:
  void SetUp() override {
    std::optional<ConnectOptions> options = OptionsFromEnvironment();
    if (!options) GTEST_SKIP() << "MBK_TEST_MILVUS is not set";
    options_ = *options;
    auto client = Connect(options_, {});
    ASSERT_TRUE(client.ok()) << client.status().message();
    client_ = std::move(client).value();
  }

  void TearDown() override {
    if (client_ == nullptr) return;
    EXPECT_TRUE(client_->DropCollection(collection_, {}).ok());
  }

  Status CreateSmallCollection() {
    FieldSchema id{.field_id = 100, .name = "id", .is_primary_key = true, .data_type = DataType::kInt64};
    FieldSchema v{
        .field_id = 101, .name = "v", .data_type = DataType::kFloatVector, .type_params = {{"dim", "4"}}};
    return client_->CreateCollection({.target = collection_,
                                      .schema = {.fields = {id, v}},
                                      .shards_num = 1,
                                      .consistency_level = 1,
                                      .properties = {{"collection.ttl.seconds", "600"}}},
                                     {});
  }

  ConnectOptions options_;
  std::unique_ptr<MilvusClient> client_;
  const CollectionName collection_{.db = "", .name = "mbk_test_" + std::to_string(::getpid())};
};

TEST_F(RealServer, GivesItsVersionAndDatabases) {
  EXPECT_THAT(client_->version(), HasSubstr("2."));
  EXPECT_TRUE(client_->has(Capability::kMultiDatabase));
  EXPECT_THAT(client_->ListDatabases({}).value(), Contains("default"));
}

TEST_F(RealServer, KeepsACollectionAsItWasCreated) {
  Status created = CreateSmallCollection();
  ASSERT_TRUE(created.ok()) << created.message();
  EXPECT_TRUE(client_->HasCollection(collection_, {}).value());
  EXPECT_THAT(client_->ListCollections("", {}).value(), Contains(collection_.name));
  CollectionDescription described = client_->DescribeCollection(collection_, {}).value();
  EXPECT_EQ(described.schema.fields.size(), 2u);
  EXPECT_EQ(described.schema.fields[1].type_params, (KeyValues{{"dim", "4"}}));
  EXPECT_EQ(described.consistency_level, 1);
  EXPECT_EQ(described.properties, (KeyValues{{"collection.ttl.seconds", "600"}}));
  EXPECT_NE(described.collection_id, 0);
}

TEST_F(RealServer, IndexesLoadsAndReleases) {
  ASSERT_TRUE(CreateSmallCollection().ok());
  EXPECT_THAT(client_->ListIndexes(collection_, {}).value(), IsEmpty());
  EXPECT_EQ(client_->GetLoadingProgress(collection_, {}, {}).value(), 0);
  KeyValues params = {{"index_type", "FLAT"}, {"metric_type", "L2"}, {"params", "{}"}};
  Status indexed = client_->CreateIndex(
      {.collection = collection_, .field_name = "v", .index_name = "vi", .params = params}, {});
  ASSERT_TRUE(indexed.ok()) << indexed.message();
  std::vector<IndexInfo> indexes = client_->ListIndexes(collection_, {}).value();
  ASSERT_EQ(indexes.size(), 1u);
  EXPECT_EQ(indexes[0].index_type, "FLAT");
  EXPECT_EQ(indexes[0].params, params);
  ASSERT_TRUE(client_->LoadCollection(collection_, {}).ok());
  ASSERT_TRUE(client_->ReleaseCollection(collection_, {}).ok());
  EXPECT_TRUE(client_->DropIndex(collection_, indexes[0], {}).ok());
}

TEST_F(RealServer, MakesPartitionsAndAliases) {
  ASSERT_TRUE(CreateSmallCollection().ok());
  ASSERT_TRUE(client_->CreatePartition(collection_, "p", {}).ok());
  EXPECT_EQ(client_->ListPartitions(collection_, {}).value().size(), 2u);
  std::string alias = collection_.name + "_alias";
  ASSERT_TRUE(client_->CreateAlias(collection_, alias, {}).ok());
  EXPECT_THAT(client_->DescribeCollection(collection_, {}).value().aliases, Contains(alias));
  // An alias keeps its collection from being dropped in newer servers; in 2.3.5 it goes along.
}

TEST_F(RealServer, FlushesAndListsSegments) {
  ASSERT_TRUE(CreateSmallCollection().ok());
  Result<FlushResult> flush = client_->Flush(collection_, {});
  ASSERT_TRUE(flush.ok()) << flush.status().message();
  EXPECT_TRUE(flush->must_poll);
  EXPECT_NE(flush->flush_ts, 0u);
  EXPECT_TRUE(client_->IsFlushed(collection_, *flush, {}).ok());
  EXPECT_THAT(client_->ListPersistentSegments(collection_, {}).value(), IsEmpty());
}

TEST_F(RealServer, SaysWhatIsMissing) {
  CollectionName nope{.db = "", .name = "mbk_nope"};
  EXPECT_FALSE(client_->HasCollection(nope, {}).value());
  EXPECT_EQ(client_->DescribeCollection(nope, {}).status().code(), Code::kNotFound);
  EXPECT_EQ(client_->ListPartitions(nope, {}).status().code(), Code::kNotFound);
  EXPECT_EQ(client_->Flush(nope, {}).status().code(), Code::kNotFound);
  EXPECT_EQ(client_->GetImportState(12, {}).status().code(), Code::kNotFound);
  EXPECT_EQ(client_->ListCollections("mbk_nodb", {}).status().code(), Code::kNotFound);
}

// 2.3.5 tries such an import again and again inside, for up to a minute: long enough for a server that
// counts our pings as too many to hang up.
TEST_F(RealServer, ALongCallSurvivesTheKeepalive) {
  Status import = client_->Import({.target = collection_, .paths = {"a/", ""}}, {}).status();
  EXPECT_EQ(import.code(), Code::kNotFound) << import.message();
}

TEST_F(RealServer, AnImportOfNothingFailsWithItsReason) {
  ASSERT_TRUE(CreateSmallCollection().ok());
  Result<std::int64_t> job = client_->Import({.target = collection_,
                                              .partition_name = "_default",
                                              .paths = {"mbk-no-such-directory/", ""},
                                              .options = {{"backup", "true"}}},
                                             {});
  ASSERT_TRUE(job.ok()) << job.status().message();
  CallContext context{.deadline = Deadline::After(std::chrono::seconds(30))};
  ImportProgress progress;
  while (progress.state != ImportState::kFailed && progress.state != ImportState::kCompleted) {
    Result<ImportProgress> polled = client_->GetImportState(*job, context);
    ASSERT_TRUE(polled.ok()) << polled.status().message();
    progress = *polled;
    ASSERT_TRUE(RealSleeper().Sleep(Milliseconds(100), context).ok());
  }
  EXPECT_TRUE(progress.state == ImportState::kCompleted || !progress.failed_reason.empty());
}

TEST_F(RealServer, RefusesWrongCredentialsWithAdvice) {
  if (options_.user.empty()) GTEST_SKIP() << "this server demands no credentials";
  options_.password = "wrong";
  Status status = Connect(options_, {}).status();
  EXPECT_EQ(status.code(), Code::kPermissionDenied) << status.message();
  EXPECT_THAT(status.message(), HasSubstr("milvus.password"));
}

TEST_F(RealServer, ExplainsATlsMismatch) {
  options_.tls = options_.tls == MilvusTls::kDisabled ? MilvusTls::kServer : MilvusTls::kDisabled;
  options_.retries.usual.max_attempts = 2;
  Status status = Connect(options_, {}).status();
  EXPECT_EQ(status.code(), Code::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("milvus.tlsMode")) << status.message();
}

TEST_F(RealServer, ExplainsAMissingClientCertificate) {
  if (options_.tls != MilvusTls::kMutual) GTEST_SKIP() << "this server asks for no certificate";
  options_.tls = MilvusTls::kServer;
  options_.retries.usual.max_attempts = 2;
  EXPECT_THAT(Connect(options_, {}).status().message(), HasSubstr("milvus.mtlsCertPath"));
}

TEST_F(RealServer, ExplainsACertificateThatIsNotTrusted) {
  if (options_.tls == MilvusTls::kDisabled) GTEST_SKIP() << "this server speaks plain text";
  options_.ca_cert_path.clear();
  options_.retries.usual.max_attempts = 2;
  EXPECT_THAT(Connect(options_, {}).status().message(), HasSubstr("milvus.caCertPath"));
}

}  // namespace
}  // namespace mbk
