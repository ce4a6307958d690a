#include "ops/check/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/testing/world.h"

namespace mbk {
namespace {

using opstest::World;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Check, TriesTheWayOfABackupAndLeavesNothing) {
  World world;
  Result<CheckReport> report = RunCheck(world.milvus, world.backups, world.run, {});
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(report->milvus_version, world.client->version());
  EXPECT_TRUE(report->milvus_root_empty);
  EXPECT_EQ(report->copy_method, "server-side");
  EXPECT_THAT(world.milvus_memory->Keys(), IsEmpty());
  EXPECT_THAT(world.backup_memory->Keys(), IsEmpty());
}

TEST(Check, TellsThatBytesWouldGoThroughThisProcess) {
  World world(World::Stores::kTwoServices);
  EXPECT_EQ(RunCheck(world.milvus, world.backups, world.run, {}).value().copy_method, "streamed");
}

TEST(Check, SeesWhetherMilvusKeepsItsFilesThere) {
  World world;
  world.milvus_memory->Set("files2/insert_log/1", "x");
  EXPECT_TRUE(RunCheck(world.milvus, world.backups, world.run, {}).value().milvus_root_empty);
  world.milvus_memory->Set("files/insert_log/1", "x");
  EXPECT_FALSE(RunCheck(world.milvus, world.backups, world.run, {}).value().milvus_root_empty);
}

TEST(Check, SaysWhichOfTheStoresFailsAndLeavesNothing) {
  const Status denied(Code::kPermissionDenied, "AccessDenied");
  const auto run = [&](bool at_milvus, StoreOperation operation) {
    World world;
    (at_milvus ? world.milvus_store : world.backup_store)
        .Inject({.operation = operation, .times = 9, .status = denied});
    Status checked = RunCheck(world.milvus, world.backups, world.run, {}).status();
    EXPECT_EQ(checked.code(), Code::kPermissionDenied);
    EXPECT_THAT(world.milvus_memory->Keys(), IsEmpty());
    EXPECT_THAT(world.backup_memory->Keys(), IsEmpty());
    return checked.message();
  };
  EXPECT_THAT(run(true, StoreOperation::kList), HasSubstr("the store of Milvus"));
  EXPECT_THAT(run(true, StoreOperation::kPut), HasSubstr("the store of Milvus"));
  EXPECT_THAT(run(false, StoreOperation::kList), HasSubstr("the backup store"));
  EXPECT_THAT(run(false, StoreOperation::kHead), HasSubstr("AccessDenied"));
}

}  // namespace
}  // namespace mbk
