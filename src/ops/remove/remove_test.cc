#include "ops/remove/remove.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/testing/world.h"
#include "repository/lock.h"

namespace mbk {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const BackupLayout kLayout("backup", "nightly");

class Remove : public testing::Test {
 protected:
  Remove() { memory_.Set("backup/nightly2/meta/backup_meta.json", "{}"); }
  void PlaceBackup() {
    backuptest::PlaceData(memory_, kLayout.tree(), backuptest::SmallBackup());
    memory_.Set(kLayout.Meta(kBackupMeta).str(), "{}");
  }
  Result<BackupFiles> Run(RemoveOptions options = {}) {
    options.name = "nightly";
    return RunRemove(options, side_, run_, {});
  }
  void ExpectOnlyTheNeighbour() {
    EXPECT_THAT(memory_.Keys(), ElementsAre("backup/nightly2/meta/backup_meta.json"));
  }

  MemoryStore memory_;
  BackupSide side_{.store = memory_, .root = "backup"};
  Progress progress_;
  RecordingSleeper sleeper_;
  RunServices run_{.progress = progress_, .sleeper = sleeper_};
};

TEST_F(Remove, TakesTheWholeBackupAndNothingElse) {
  PlaceBackup();
  Result<BackupFiles> removed = Run();
  ASSERT_TRUE(removed.ok()) << removed.status().message();
  EXPECT_TRUE(removed->committed);
  EXPECT_EQ(removed->objects, 14);
  ExpectOnlyTheNeighbour();
  EXPECT_EQ(progress_.Get().step, Step::kDone);
}

TEST_F(Remove, TakesWhatAnInterruptedRunLeft) {
  memory_.Set("backup/nightly/binlogs/insert_log/1/2/3/3/100/7", "x");
  Result<BackupFiles> removed = Run();
  ASSERT_TRUE(removed.ok()) << removed.status().message();
  EXPECT_FALSE(removed->committed);
  ExpectOnlyTheNeighbour();
}

TEST_F(Remove, TakesALockThatIsAllThatIsLeft) {
  memory_.Set(kLayout.Meta(kLock).str(), "{}");
  EXPECT_TRUE(Run().ok());
  ExpectOnlyTheNeighbour();
}

TEST_F(Remove, ADryRunCountsAndRemovesNothing) {
  PlaceBackup();
  const auto before = memory_.Contents();
  EXPECT_EQ(Run({.dry_run = true}).value().objects, 14);
  EXPECT_EQ(memory_.Contents(), before);
}

TEST_F(Remove, OfNothingIsNotFoundAndLeavesNoLock) {
  Status removed = Run().status();
  EXPECT_EQ(removed.code(), Code::kNotFound);
  EXPECT_THAT(removed.message(), HasSubstr("backup/nightly/"));
  ExpectOnlyTheNeighbour();
}

TEST_F(Remove, WaitsForNobodyWhoWritesTheBackup) {
  PlaceBackup();
  auto writing = BackupLock::Acquire(memory_, kLayout, "create", {});
  ASSERT_TRUE(writing.ok());
  const auto before = memory_.Contents();
  EXPECT_EQ(Run().status().code(), Code::kLocked);
  EXPECT_EQ(memory_.Contents(), before);
}

TEST_F(Remove, NeverLeavesTheRootForANameThatIsNone) {
  for (const std::string name : {"", ".", "..", "a/b", "nightly/"}) {
    EXPECT_EQ(RunRemove({.name = name}, side_, run_, {}).status().code(), Code::kInvalidArgument) << name;
  }
  ExpectOnlyTheNeighbour();
}

}  // namespace
}  // namespace mbk
