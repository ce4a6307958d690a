#include "ops/check/leftovers_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "manifest/keys.h"
#include "ops/testing/world.h"
#include "store/testing/temp_directory.h"

namespace mbk {
namespace {

using opstest::World;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kRun = "0123456789ab";
const std::string kTemporary = "_mbk_0123456789ab_1";

class CheckLeftoversTest : public testing::Test {
 protected:
  CheckLeftoversTest() { world_.target.state_directory = state_.path(); }

  void Leave(const ProcessIdentity& process) {
    const runs::Record record{.run_id = kRun,
                              .holder = kRun,
                              .verb = "clone",
                              .server = world_.client->address(),
                              .root = world_.milvus.root,
                              .process = process,
                              .collections = {{.target = {"default", "docs"},
                                               .temporary = kTemporary,
                                               .collection_id = 20,
                                               .created = true}},
                              .staging = {"restore-temp-" + kRun + "-default-docs/"}};
    world_.milvus_memory->Set(RunRecordKey("", kRun).str(), runs::ToJson(record));
    world_.milvus_memory->Set(record.staging[0] + "binlogs/x", "x");
    world_.AddCollection({"default", kTemporary}, 20, {});
  }
  static ProcessIdentity Gone() {
    ProcessIdentity process = ThisProcessIdentity();
    process.pid = (1 << 22) - 1;
    return process;
  }
  LeftoversReport Check(bool clean) { return CheckLeftovers(world_.target, clean, world_.run, {}).value(); }

  const TempDirectory state_;
  World world_;
};

TEST_F(CheckLeftoversTest, WithoutAnyItSaysSo) {
  world_.AddCollection({"default", "docs"}, 10, {});
  const LeftoversReport report = Check(false);
  EXPECT_TRUE(report.IsEmpty());
  EXPECT_TRUE(report.IsWhole());
}

TEST_F(CheckLeftoversTest, AListNamesAllAndChangesNothing) {
  Leave(Gone());
  const auto before = world_.milvus_memory->Contents();
  const LeftoversReport report = Check(false);
  EXPECT_FALSE(report.IsEmpty());
  EXPECT_TRUE(report.IsWhole()) << "listed is all that was asked for";
  ASSERT_THAT(report.runs, SizeIs(1));
  EXPECT_THAT(report.runs[0].findings, ElementsAre(HasSubstr(kTemporary), HasSubstr("restore-temp-")));
  EXPECT_EQ(world_.milvus_memory->Contents(), before);
  EXPECT_TRUE(world_.server.FindCollection({"default", kTemporary}));
}

TEST_F(CheckLeftoversTest, ACleaningLeavesNothing) {
  Leave(Gone());
  const LeftoversReport report = Check(true);
  EXPECT_TRUE(report.IsWhole());
  EXPECT_THAT(report.runs.at(0).mended.done, SizeIs(2));
  EXPECT_THAT(world_.milvus_memory->Keys(), IsEmpty());
  EXPECT_FALSE(world_.server.FindCollection({"default", kTemporary}));
  EXPECT_TRUE(Check(false).IsEmpty());
}

TEST_F(CheckLeftoversTest, ARunThatLivesIsNoLeftover) {
  Leave(ThisProcessIdentity());
  EXPECT_TRUE(Check(false).IsEmpty());
  const LeftoversReport report = Check(true);
  EXPECT_TRUE(report.IsWhole());
  EXPECT_EQ(report.runs.at(0).state, runs::RunState::kAlive);
  EXPECT_TRUE(world_.server.FindCollection({"default", kTemporary}));
}

TEST_F(CheckLeftoversTest, WhatMayBelongToALivingRunIsKeptAndSaid) {
  ProcessIdentity elsewhere = ThisProcessIdentity();
  elsewhere.host = "elsewhere";
  Leave(elsewhere);
  const LeftoversReport report = Check(true);
  EXPECT_FALSE(report.IsWhole());
  EXPECT_THAT(report.runs.at(0).mended.left, ElementsAre(HasSubstr("may live")));
  EXPECT_TRUE(world_.server.FindCollection({"default", kTemporary}));
}

TEST_F(CheckLeftoversTest, WhatHasNoRecordIsNamedAndNeverTouched) {
  world_.AddCollection({"default", kTemporary}, 20, {});
  world_.milvus_memory->Set("restore-temp-4711/x", "x");
  const LeftoversReport report = Check(true);
  EXPECT_FALSE(report.IsWhole());
  EXPECT_THAT(report.strays.collections, SizeIs(1));
  EXPECT_THAT(report.strays.staging, SizeIs(1));
  EXPECT_TRUE(world_.server.FindCollection({"default", kTemporary}));
  EXPECT_THAT(world_.milvus_memory->Keys(), SizeIs(1));
}

TEST_F(CheckLeftoversTest, AStoreThatCannotBeOpenedIsNotTakenForAnEmptyOne) {
  world_.target.open_store = [](const CallContext&) -> Result<MilvusSide*> {
    return Status(Code::kUnavailable, "no such host");
  };
  const LeftoversReport report = Check(false);
  EXPECT_FALSE(report.IsWhole());
  EXPECT_THAT(report.unseen, ElementsAre(HasSubstr("no such host")));
}

TEST_F(CheckLeftoversTest, AStateDirectoryThatIsNotThereIsNotTakenForAnEmptyOne) {
  world_.target.state_directory.clear();
  const LeftoversReport report = Check(false);
  EXPECT_FALSE(report.IsWhole());
  EXPECT_THAT(report.unseen, ElementsAre(HasSubstr("XDG_STATE_HOME")));
}

TEST_F(CheckLeftoversTest, AnEmptyListOfDatabasesIsNotTakenForAnEmptyServer) {
  world_.server.Fail({.rpc = "ListDatabases"});  // success, and nothing in it
  const LeftoversReport report = Check(false);
  EXPECT_FALSE(report.IsWhole());
  EXPECT_THAT(report.unseen, ElementsAre(HasSubstr("not even default")));
}

TEST_F(CheckLeftoversTest, RecordsOfOtherServersAreARemark) {
  const auto place = runs::RecordsInDirectory(state_.path(), "milvus:19530").value();
  ASSERT_TRUE(place->Write(kRun, "{}", {}).ok());
  const LeftoversReport report = Check(false);
  EXPECT_TRUE(report.IsWhole());
  EXPECT_TRUE(report.IsEmpty());
  EXPECT_THAT(report.others, ElementsAre(testing::Field(&runs::OtherServer::address, "milvus:19530")));
}

}  // namespace
}  // namespace mbk
