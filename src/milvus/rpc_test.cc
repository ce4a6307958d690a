#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <latch>
#include <thread>

#include "milvus/grpc_client.h"
#include "milvus/testing/client_fixture.h"

namespace mbk {
namespace {

using milvustest::Books;
using milvustest::ConnectTo;
using milvustest::kBooks;
using milvustest::RecordingSleeper;
using milvustest::SeenCall;
using testing::HasSubstr;
using testing::SizeIs;

// Numbers of gRPC and of Milvus.
constexpr int kGrpcUnavailable = 14;
constexpr int kGrpcResourceExhausted = 8;
constexpr int kRateLimit = 8;

/// What happens to calls under way: retries, deadlines, stops, many threads.
class RpcTest : public milvustest::GrpcClientTest {};

TEST_F(RpcTest, AnUnavailableServerIsAskedSixTimes) {
  FailWith("DescribeCollection", 5, {.grpc_code = kGrpcUnavailable, .reason = "restarting"});
  EXPECT_TRUE(client_->DescribeCollection(kBooks, {}).ok());
  EXPECT_EQ(Calls("DescribeCollection"), 6u);
  FailWith("DescribeCollection", 6, {.grpc_code = kGrpcUnavailable, .reason = "restarting"});
  EXPECT_EQ(client_->DescribeCollection(kBooks, {}).status().code(), Code::kUnavailable);
}

TEST_F(RpcTest, AnOrdinaryRefusalIsNotRepeated) {
  FailWith("DescribeCollection", 1, {.code = 65535, .reason = "broken"});
  EXPECT_EQ(client_->DescribeCollection(kBooks, {}).status().code(), Code::kInternal);
  EXPECT_EQ(Calls("DescribeCollection"), 1u);
}

TEST_F(RpcTest, FlushIsRepeatedOnAnyErrorThatMayPass) {
  FailWith("Flush", 9, {.code = 65535, .reason = "channel is busy"});
  EXPECT_TRUE(client_->Flush(kBooks, {}).ok());
  EXPECT_EQ(Calls("Flush"), 10u);
  FailWith("Flush", 10, {.code = 65535, .reason = "channel is busy"});
  Status status = client_->Flush(kBooks, {}).status();
  EXPECT_EQ(status.code(), Code::kInternal) << "the server's own error, not the one the retry loop saw";
  EXPECT_THAT(status.message(), HasSubstr("after 10 attempts"));
}

TEST_F(RpcTest, FlushOfACollectionThatIsGoneIsNotRepeated) {
  EXPECT_EQ(client_->Flush({.name = "nope"}, {}).status().code(), Code::kNotFound);
  EXPECT_EQ(Calls("Flush"), 1u);
}

TEST_F(RpcTest, SegmentsAreAskedForFiftyTimesWhileACompactionMovesThem) {
  FailWith("GetPersistentSegmentInfo", 49, {.code = 600, .reason = "segment not found[segment=7]"});
  EXPECT_TRUE(client_->ListPersistentSegments(kBooks, {}).ok());
  EXPECT_EQ(Calls("GetPersistentSegmentInfo"), 50u);
}

TEST_F(RpcTest, CreationIsRepeatedOnRateLimitsOnly) {
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

TEST_F(RpcTest, AnImportIsNeverStartedTwiceByARetry) {
  FailWith("Import", 1, {.grpc_code = kGrpcUnavailable, .reason = "cut"});
  EXPECT_EQ(client_->Import({.target = kBooks}, {}).status().code(), Code::kUnavailable);
  EXPECT_EQ(Calls("Import"), 1u);
  FailWith("Import", 1, {.grpc_code = kGrpcResourceExhausted, .reason = "too many"});
  EXPECT_TRUE(client_->Import({.target = kBooks}, {}).ok());
  EXPECT_EQ(Calls("Import"), 3u);
}

TEST_F(RpcTest, PollsOutliveARestartOfTheServer) {
  std::int64_t job = client_->Import({.target = kBooks}, {}).value();
  FailWith("GetImportState", 19, {.grpc_code = kGrpcUnavailable, .reason = "restarting"});
  EXPECT_TRUE(client_->GetImportState(job, {}).ok());
}

TEST_F(RpcTest, AStopEndsACallUnderWayAtOnce) {
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

// Milvus 2.3.5 ends itself when such a call is given up.
TEST_F(RpcTest, APollOfAnImportIsNotCancelledWhileItsAnswerMayCome) {
  const std::int64_t job = client_->Import({.target = kBooks}, {}).value();
  std::latch asked(1);
  std::promise<void> stopped;
  server_.OnCall([&](const SeenCall& call) {
    if (call.rpc != "GetImportState") return;
    asked.count_down();
    stopped.get_future().wait();
  });
  std::stop_source stop;
  auto outcome = std::async(std::launch::async,
                            [&] { return client_->GetImportState(job, {.stop = stop.get_token()}); });
  asked.wait();
  stop.request_stop();
  stopped.set_value();
  EXPECT_TRUE(outcome.get().ok());
}

TEST_F(RpcTest, APollOfAnImportThatIsNotAnsweredEndsAfterAStop) {
  FailWith("GetImportState", 1, {.hang = true});
  const std::int64_t job = client_->Import({.target = kBooks}, {}).value();
  std::latch asked(1);
  server_.OnCall([&](const SeenCall& call) {
    if (call.rpc == "GetImportState") asked.count_down();
  });
  std::stop_source stop;
  auto outcome = std::async(
      std::launch::async, [&] { return client_->GetImportState(job, {.stop = stop.get_token()}).status(); });
  asked.wait();
  stop.request_stop();
  EXPECT_EQ(outcome.get().code(), Code::kCancelled);
}

TEST_F(RpcTest, ADeadlineEndsACallUnderWay) {
  FailWith("DescribeCollection", 1, {.hang = true});
  Status status =
      client_->DescribeCollection(kBooks, {.deadline = Deadline::After(Milliseconds(30))}).status();
  EXPECT_EQ(status.code(), Code::kDeadlineExceeded);
}

TEST_F(RpcTest, ACallBeforeItsTimeIsNotMade) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(client_->HasCollection(kBooks, {.stop = stop.get_token()}).status().code(), Code::kCancelled);
  EXPECT_EQ(Calls("HasCollection"), 0u);
}

TEST_F(RpcTest, IsSafeToUseFromManyThreads) {
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

}  // namespace
}  // namespace mbk
