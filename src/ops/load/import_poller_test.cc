#include "ops/load/import_poller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <set>

#include "milvus/testing/client_fixture.h"
#include "store/testing/recording_sleeper.h"

namespace mbk::load {
namespace {

using milvustest::Books;
using milvustest::MockCollection;
using milvustest::SeenCall;
using testing::AllOf;
using testing::HasSubstr;

const ImportProgress kPending{.state = ImportState::kPending};
ImportProgress Completed(std::int64_t rows) { return {.state = ImportState::kCompleted, .row_count = rows}; }
ImportProgress Failed(std::string why) {
  return {.state = ImportState::kFailed, .failed_reason = std::move(why)};
}

class ImportPollerTest : public testing::Test {
 protected:
  ImportPollerTest() {
    for (const std::string name : {"books", "films"}) {
      MockCollection collection = Books();
      collection.description.schema.name = name;
      server_.AddCollection("default", collection);
    }
  }

  static ImportRequest RequestInto(const std::string& name, const std::string& path = "dir/") {
    return {.target = {"default", name}, .partition_name = "_default", .paths = {path, ""}};
  }
  // What `finished` was called with, by collection.
  CollectionImport Import(const std::string& name, std::vector<std::vector<ImportRequest>> waves) {
    return {.target = {"default", name}, .waves = std::move(waves), .finished = [this, name](ImportEnd end) {
              EXPECT_FALSE(results_.contains(name)) << "called once";
              results_[name] = {std::move(end.status), end.rows};
              if (end.jobs_may_run) may_run_.insert(name);
            }};
  }
  Status Run(std::vector<CollectionImport> imports, int max_jobs = 100, const CallContext& context = {}) {
    ImportPoller poller(*client_, sleeper_, max_jobs, progress_, context,
                        AdvisedCommand{"milvus-backup verify -n nightly"});
    for (CollectionImport& import : imports) poller.Add(std::move(import));
    return poller.WaitAll();
  }
  // The calls that matter, in order: "Import", "GetImportState".
  std::string Order() const {
    std::string order;
    for (const auto& call : server_.seen()) {
      if (call.rpc == "Import") order += "I";
      if (call.rpc == "GetImportState") order += "s";
    }
    return order;
  }

  milvustest::MockServer server_;
  std::unique_ptr<MilvusClient> client_ = milvustest::ConnectTo(server_);
  RecordingSleeper sleeper_;
  Progress progress_;
  std::map<std::string, std::pair<Status, std::int64_t>> results_;
  std::set<std::string> may_run_;  // collections with jobs that may still be at work
};

TEST_F(ImportPollerTest, TellsTheIdsOfJobsBeforeItAsksForThem) {
  server_.ScriptImports({Completed(1)});
  CollectionImport import =
      Import("books", {{RequestInto("books"), RequestInto("books")}, {RequestInto("books")}});
  std::vector<std::int64_t> told;
  std::string order;
  import.submitted = [&](std::span<const std::int64_t> jobs) {
    told.insert(told.end(), jobs.begin(), jobs.end());
    order += Order() + " ";
  };
  ASSERT_TRUE(Run({std::move(import)}).ok());
  std::vector<std::int64_t> started;
  for (const auto& [id, request] : server_.imports()) started.push_back(id);
  EXPECT_EQ(told, started);
  EXPECT_EQ(order, "II IIssI ") << "once for each wave";
}

TEST_F(ImportPollerTest, AddsUpTheRowsOfAllJobs) {
  server_.ScriptImports({kPending, Completed(7)});
  ASSERT_TRUE(Run({Import("books", {{RequestInto("books"), RequestInto("books")}}),
                   Import("films", {{RequestInto("films")}})})
                  .ok());
  EXPECT_EQ(results_["books"], std::pair(Status(), std::int64_t{14}));
  EXPECT_EQ(results_["films"], std::pair(Status(), std::int64_t{7}));
  EXPECT_EQ(progress_.Get().jobs_done, 3);
  EXPECT_EQ(progress_.Get().jobs_percent_sum, 300);
}

TEST_F(ImportPollerTest, LooksFirstAfterATenthOfASecondAndAtMostEveryTwo) {
  std::vector<ImportProgress> steps(27, kPending);
  steps.push_back(Completed(1));
  server_.ScriptImports(steps);
  ASSERT_TRUE(Run({Import("books", {{RequestInto("books")}})}).ok());
  std::vector<Milliseconds> expected{Milliseconds(100)};
  while (expected.size() < 28) expected.push_back(std::min(expected.back() * 9 / 8, Milliseconds(2000)));
  EXPECT_EQ(sleeper_.slept(), expected);
  EXPECT_EQ(expected.back(), Milliseconds(2000));
}

TEST_F(ImportPollerTest, StartsAWaveWhenTheOneBeforeIsDone) {
  server_.ScriptImports({kPending, Completed(1)});
  ASSERT_TRUE(
      Run({Import("books", {{RequestInto("books"), RequestInto("books")}, {}, {RequestInto("books")}})})
          .ok());
  EXPECT_EQ(Order(), "IIssssIss");
  EXPECT_EQ(results_["books"].second, 3);
}

TEST_F(ImportPollerTest, AFailedJobFailsItsCollectionOnly) {
  server_.OnCall([&](const milvustest::SeenCall& call) {
    if (call.rpc != "Import") return;
    const bool fails = call.request.find("films") != std::string::npos;
    server_.ScriptImports({kPending, fails ? Failed("row count of field 101 differs") : Completed(7)});
  });
  ASSERT_TRUE(Run({Import("films", {{RequestInto("films")}, {RequestInto("films")}}),
                   Import("books", {{RequestInto("books")}})})
                  .ok());
  EXPECT_THAT(results_["films"].first.message(),
              AllOf(HasSubstr("default.films"), HasSubstr("row count of field 101 differs")));
  EXPECT_EQ(results_["books"], std::pair(Status(), std::int64_t{7}));
  EXPECT_EQ(server_.imports().size(), 2u) << "the second wave was not started";
}

TEST_F(ImportPollerTest, AJobThatIsRefusedFailsItsCollection) {
  ASSERT_TRUE(Run({Import("nope", {{RequestInto("nope")}}), Import("books", {{RequestInto("books")}})}).ok());
  EXPECT_THAT(results_["nope"].first.message(),
              AllOf(HasSubstr("import into default.nope"), HasSubstr("collection not found")));
  EXPECT_TRUE(results_["books"].first.ok());
}

TEST_F(ImportPollerTest, BearsARestartOfTheServer) {
  server_.ScriptImports({kPending, Completed(7)});
  server_.Fail({.rpc = "GetImportState", .times = 20, .grpc_code = 14, .reason = "connection refused"});
  ASSERT_TRUE(Run({Import("books", {{RequestInto("books")}})}).ok());
  EXPECT_EQ(results_["books"], std::pair(Status(), std::int64_t{7}));
}

// A job whose state cannot be asked is not over: what it reads has to stay.
TEST_F(ImportPollerTest, AServerThatIsGoneEndsAllCollectionsWithJobsThatMayStillRun) {
  server_.ScriptImports({kPending});
  // Once both have a job.
  std::atomic<int> jobs{0};
  server_.OnCall([&](const SeenCall& call) {
    if (call.rpc == "Import" && ++jobs == 2)
      server_.Fail(
          {.rpc = "GetImportState", .times = 1'000, .grpc_code = 14, .reason = "connection refused"});
  });
  const auto failed = [&] {
    const auto seen = server_.seen();
    const auto second =
        std::find_if(seen.rbegin(), seen.rend(), [](const SeenCall& c) { return c.rpc == "Import"; });
    return std::count_if(second.base(), seen.end(),
                         [](const SeenCall& c) { return c.rpc == "GetImportState"; });
  };
  ASSERT_TRUE(
      Run({Import("books", {{RequestInto("books", "dir/7/")}}), Import("films", {{RequestInto("films")}})})
          .ok());
  EXPECT_EQ(results_["books"].first.code(), Code::kUnavailable);
  EXPECT_THAT(results_["books"].first.message(), AllOf(HasSubstr("dir/7/"), HasSubstr("connection refused"),
                                                       HasSubstr("milvus-backup verify -n nightly")));
  EXPECT_THAT(may_run_, testing::ElementsAre("books", "films"));
  EXPECT_LE(failed(), 61) << "asked for one job, not for each";
}

TEST_F(ImportPollerTest, AnErrorAboutAJobIsNotItsEnd) {
  server_.ScriptImports({kPending});
  server_.Fail({.rpc = "GetImportState", .times = 1, .code = 65535, .reason = "broken"});
  ASSERT_TRUE(Run({Import("books", {{RequestInto("books")}})}).ok());
  EXPECT_THAT(results_["books"].first.message(), HasSubstr("broken"));
  EXPECT_THAT(may_run_, testing::ElementsAre("books"));
}

TEST_F(ImportPollerTest, AJobWhoseStartWentUnansweredMayRun) {
  server_.Fail({.rpc = "Import", .times = 1, .grpc_code = 14, .reason = "socket closed"});
  ASSERT_TRUE(Run({Import("books", {{RequestInto("books")}})}).ok());
  EXPECT_FALSE(results_["books"].first.ok());
  EXPECT_THAT(may_run_, testing::ElementsAre("books"));
}

// A proxy that lost the component that does the work says so, too, or Milvus's number for whatever has none.
TEST_F(ImportPollerTest, AJobWhoseStartWasAnsweredByAnInternalErrorMayRun) {
  server_.Fail({.rpc = "Import", .times = 1, .grpc_code = 13, .reason = "stream terminated"});
  ASSERT_TRUE(Run({Import("books", {{RequestInto("books")}})}).ok());
  server_.Fail({.rpc = "Import", .times = 1, .code = 65535, .error_code = 1, .reason = "etcd is slow"});
  ASSERT_TRUE(Run({Import("films", {{RequestInto("films")}})}).ok());
  EXPECT_FALSE(results_["books"].first.ok());
  EXPECT_FALSE(results_["films"].first.ok());
  EXPECT_THAT(may_run_, testing::ElementsAre("books", "films"));
}

TEST_F(ImportPollerTest, AJobThatWasRefusedDoesNotRun) {
  server_.Fail({.rpc = "Import", .times = 1, .code = 1100, .error_code = 1, .reason = "no such field"});
  ASSERT_TRUE(Run({Import("books", {{RequestInto("books")}})}).ok());
  EXPECT_FALSE(results_["books"].first.ok());
  EXPECT_THAT(may_run_, testing::IsEmpty());
}

TEST_F(ImportPollerTest, AJobThatFailedIsOver) {
  server_.ScriptImports({Failed("bad")});
  ASSERT_TRUE(Run({Import("books", {{RequestInto("books")}})}).ok());
  EXPECT_THAT(may_run_, testing::IsEmpty());
}

TEST_F(ImportPollerTest, WaitsForTheJobsThatRunWhenOneFails) {
  server_.OnCall([&](const milvustest::SeenCall& call) {
    if (call.rpc != "Import") return;
    const bool fails = call.request.find("bad/") != std::string::npos;
    server_.ScriptImports(fails ? std::vector{Failed("bad")}
                                : std::vector{kPending, kPending, kPending, Completed(7)});
  });
  ASSERT_TRUE(Run({Import("books", {{RequestInto("books", "bad/"), RequestInto("books")}})}).ok());
  EXPECT_FALSE(results_["books"].first.ok());
  EXPECT_EQ(results_["books"].second, 7) << "its staged files were needed until then";
}

TEST_F(ImportPollerTest, HasNoMoreJobsWithTheServerThanAllowed) {
  server_.ScriptImports({kPending, Completed(1)});
  ASSERT_TRUE(Run({Import("books", {{RequestInto("books"), RequestInto("books"), RequestInto("books")}})},
                  /*max_jobs=*/1)
                  .ok());
  EXPECT_EQ(Order(), "IssIssIss");
}

// Ends the run when it is asked to sleep for the second time.
class OneNap : public Sleeper {
 public:
  Status Sleep(Milliseconds, const CallContext&) override {
    if (++naps_ == 1) return {};
    stop_.request_stop();
    return Cancelled("enough");
  }
  std::stop_token token() const { return stop_.get_token(); }

 private:
  std::stop_source stop_;
  std::atomic<int> naps_ = 0;
};

TEST_F(ImportPollerTest, AsksForTheOldestJobsOnly) {
  server_.ScriptImports({kPending});
  OneNap nap;
  ImportPoller poller(*client_, nap, 100, progress_, {.stop = nap.token()});
  poller.Add(Import("books", {std::vector<ImportRequest>(20, RequestInto("books"))}));
  EXPECT_EQ(poller.WaitAll().code(), Code::kCancelled);
  EXPECT_EQ(server_.imports().size(), 20u);
  EXPECT_EQ(server_.seen("GetImportState").size(), 8u);
}

TEST_F(ImportPollerTest, AStopEndsTheWait) {
  server_.ScriptImports({kPending});
  std::stop_source stop;
  server_.OnCall([&](const milvustest::SeenCall& call) {
    if (call.rpc == "GetImportState") stop.request_stop();
  });
  EXPECT_EQ(Run({Import("books", {{RequestInto("books")}})}, 100, {.stop = stop.get_token()}).code(),
            Code::kCancelled);
  EXPECT_FALSE(results_.contains("books"));
}

TEST_F(ImportPollerTest, ACollectionWithoutImportsFinishesAtOnce) {
  ASSERT_TRUE(Run({Import("books", {}), Import("films", {{}, {}})}).ok());
  EXPECT_EQ(results_["books"], std::pair(Status(), std::int64_t{0}));
  EXPECT_EQ(results_["films"], std::pair(Status(), std::int64_t{0}));
  EXPECT_EQ(Order(), "");
}

TEST_F(ImportPollerTest, HasNothingToWaitForWithoutCollections) { EXPECT_TRUE(Run({}).ok()); }

TEST_F(ImportPollerTest, CanBeGivenUpWithoutWaiting) {
  server_.ScriptImports({kPending});
  ImportPoller poller(*client_, sleeper_, 100, progress_, {});
  poller.Add(Import("books", {{RequestInto("books")}}));
  EXPECT_FALSE(results_.contains("books"));
}

}  // namespace
}  // namespace mbk::load
