#include "ops/load_wait.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "milvus/testing/client_fixture.h"
#include "ops/capture/capture.h"
#include "ops/rows/live_rows.h"
#include "store/testing/recording_sleeper.h"

namespace mbk {
namespace {

using milvustest::kBooks;
using milvustest::MockCollection;
using testing::AllOf;
using testing::HasSubstr;

// Numbers of gRPC and of Milvus.
constexpr int kGrpcUnavailable = 14;
constexpr int kNotPermitted = 1401;

class LoadWait : public milvustest::GrpcClientTest {
 protected:
  void SetPercent(std::int64_t percent) {
    server_.EditCollection(kBooks, [&](MockCollection& books) { books.loaded_percent = percent; });
  }
  Status Wait(const PercentHeard& heard = {}) {
    return WaitUntilLoaded(*client_, kBooks, {}, sleeper_, {}, heard);
  }

  RecordingSleeper sleeper_;
};

TEST_F(LoadWait, EndsWhenAllIsLoadedAndTellsHowFarItIs) {
  SetPercent(40);
  server_.OnCall([&](const milvustest::SeenCall& call) {
    if (call.rpc == "GetLoadingProgress" && Calls("GetLoadingProgress") == 2) SetPercent(100);
  });
  std::vector<std::int64_t> heard;
  EXPECT_EQ(Wait([&](std::int64_t percent) { heard.push_back(percent); }), Status());
  EXPECT_EQ(heard.front(), 40);
  EXPECT_EQ(heard.back(), 100);
}

TEST_F(LoadWait, AnErrorIsNotTakenForNotYet) {
  SetPercent(40);
  FailWith("GetLoadingProgress", 1, {.code = kNotPermitted, .reason = "privilege not permitted"});
  EXPECT_EQ(Wait().code(), Code::kPermissionDenied);
}

TEST_F(LoadWait, BearsARestartOfTheServerAndNoMore) {
  SetPercent(100);
  FailWith("GetLoadingProgress", 20, {.grpc_code = kGrpcUnavailable, .reason = "restarting"});
  EXPECT_EQ(Wait(), Status());
  FailWith("GetLoadingProgress", 1'000, {.grpc_code = kGrpcUnavailable, .reason = "gone"});
  EXPECT_THAT(Wait().message(), HasSubstr("gone"));
}

TEST_F(LoadWait, EndsWhenNothingHasChangedForHalfAnHour) {
  SetPercent(40);
  const Status ended = Wait();
  EXPECT_EQ(ended.code(), Code::kDeadlineExceeded);
  EXPECT_THAT(ended.message(), AllOf(HasSubstr("default.books"), HasSubstr("40 %"), HasSubstr("30 minutes")));
}

// What was taken for "0 %, not yet" before was waited for until somebody pressed Ctrl-C.
TEST_F(LoadWait, LiveRowsOfACollectionWhoseStateCannotBeAskedAreAnError) {
  FailWith("GetLoadingProgress", 1, {.code = kNotPermitted, .reason = "privilege not permitted"});
  EXPECT_EQ(rows::LiveRows::Open(*client_, kBooks, {.load = true}, sleeper_, {}).status().code(),
            Code::kPermissionDenied);
  EXPECT_EQ(Calls("LoadCollection"), 0u) << "it may have been loaded";
}

TEST_F(LoadWait, AFlushWhoseStateCannotBeAskedIsAnError) {
  server_.EditCollection(kBooks, [](MockCollection& books) { books.polls_until_flushed = 3; });
  FailWith("GetFlushState", 1'000, {.grpc_code = kGrpcUnavailable, .reason = "gone"});
  const Status flushed = capture::FlushAndWait(*client_, kBooks, sleeper_, {}).status();
  EXPECT_EQ(flushed.code(), Code::kUnavailable);
  EXPECT_THAT(flushed.message(), HasSubstr("gone"));
}

}  // namespace
}  // namespace mbk
