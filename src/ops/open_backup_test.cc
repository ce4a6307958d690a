#include "ops/open_backup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "manifest/own_objects.h"
#include "ops/copy/copy.h"
#include "ops/verify/verify.h"
#include "repository/testing/backups.h"
#include "store/forwarding_store.h"
#include "store/testing/recording_sleeper.h"

namespace mbk {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const BackupLayout kLayout("backup", "nightly");

LockOwner Held(std::string_view verb) {
  LockOwner owner = ThisProcess(verb);
  owner.process.host = "another-host";
  return owner;
}

LockOwner Stale(std::string_view verb) {
  LockOwner owner = ThisProcess(verb);
  owner.process.start_ticks -= 1;  // of a process of this id that began earlier
  return owner;
}

class ReadersAndLocks : public testing::Test {
 protected:
  ReadersAndLocks() {
    Backup backup = backuptest::SmallBackup();
    auto writer = BackupWriter::Begin(memory_, kLayout, "create", {});
    EXPECT_TRUE((*writer)->Commit(backup, {}).ok());
    backuptest::PlaceData(memory_, kLayout.tree(), backup);
  }
  void PlaceLock(const LockOwner& owner) { memory_.Set(kLayout.Meta(kLock).str(), LockToJson(owner)); }
  void RemoveCommit() {
    const ObjectKey commit[] = {kLayout.Meta(kBackupMeta)};
    ASSERT_TRUE(memory_.Delete(commit, {}).ok());
  }
  Status Open() { return OpenBackup(side_, "nightly", {}).status(); }

  MemoryStore memory_;
  BackupSide side_{.store = memory_, .root = "backup", .reach = {.flags = "--config b.yaml"}};
};

TEST_F(ReadersAndLocks, ADeleteAtWorkLocksReadersOut) {
  PlaceLock(Held("delete"));
  EXPECT_EQ(Open().code(), Code::kLocked);
  EXPECT_THAT(Open().message(),
              AllOf(HasSubstr("delete on host another-host"), Not(HasSubstr("milvus-backup"))));
}

TEST_F(ReadersAndLocks, AWriterAtWorkLocksReadersOutUntilItHasCommitted) {
  PlaceLock(Held("create"));
  EXPECT_TRUE(Open().ok());
  RemoveCommit();
  EXPECT_EQ(Open().code(), Code::kLocked);
}

TEST_F(ReadersAndLocks, ALockOfADeadRunKeepsNobodyFromAWholeBackup) {
  PlaceLock(Stale("delete"));
  EXPECT_TRUE(Open().ok()) << "nothing was removed yet";
}

TEST_F(ReadersAndLocks, WhatADeadRunLeftIsNamedWithTheCommandThatRemovesIt) {
  PlaceLock(Stale("create"));
  RemoveCommit();
  EXPECT_EQ(Open().code(), Code::kNotFound);
  EXPECT_THAT(Open().message(), HasSubstr("milvus-backup delete -n nightly --config b.yaml"));
  EXPECT_THAT(BeginBackup(side_, kLayout, "create", {}).status().message(),
              HasSubstr("milvus-backup delete -n nightly --config b.yaml"));
}

TEST_F(ReadersAndLocks, DeletionIsNeverAdvisedForWhatIsNotProvedToBeOurs) {
  EXPECT_THAT(BeginBackup(side_, kLayout, "create", {}).status().message(), Not(HasSubstr("delete")));
  memory_.Set("backup/half/binlogs/insert_log/1/2/3/3/100/7", "x");
  EXPECT_THAT(OpenBackup(side_, "half", {}).status().message(), Not(HasSubstr("delete -n")));
  EXPECT_THAT(BeginBackup(side_, BackupLayout("backup", "half"), "create", {}).status().message(),
              Not(HasSubstr("delete -n")));
  RemoveCommit();
  EXPECT_TRUE(Open().ok()) << "its commit object alone is missing";
}

TEST_F(ReadersAndLocks, ABackupMayHaveAnyNameOfOneDirectory) {
  for (const std::string name : {"full-backup-20260101020000", "my.backup", "1st", "夜"}) {
    EXPECT_EQ(OpenBackup(side_, name, {}).status().code(), Code::kNotFound) << name;
  }
  for (const std::string name : {"", ".", "..", "a/b", "a\nb"}) {
    EXPECT_EQ(OpenBackup(side_, name, {}).status().code(), Code::kInvalidArgument) << name;
  }
}

TEST_F(ReadersAndLocks, NoBackupIsWrittenBelowAnother) {
  for (const std::string root : {"backup/nightly", "backup/nightly/deep/er"}) {
    const BackupSide below{.store = memory_, .root = root};
    const BackupLayout layout(root, "inside");
    for (const Status& refused :
         {BeginBackup(below, layout, "create", {}).status(), CheckNameIsFree(below, layout, {})}) {
      EXPECT_EQ(refused.code(), Code::kFailedPrecondition);
      EXPECT_THAT(refused.message(), HasSubstr("lies in a backup (backup/nightly)"));
    }
  }
  const BackupSide beside{.store = memory_, .root = "backup/nightly2"};
  EXPECT_TRUE(CheckNameIsFree(beside, BackupLayout(beside.root, "inside"), {}).ok());
}

// Of a delete that was killed before it removed anything.
TEST_F(ReadersAndLocks, AMarkerThatWasThereBeforeKeepsNobodyFromAWholeBackup) {
  const auto mark = [&] { memory_.Set(kLayout.Meta(kDeleting).str(), LockToJson(Stale("delete"))); };
  mark();
  PlaceLock(Stale("delete"));
  const OpenedBackup opened = OpenBackup(side_, "nightly", {}).value();
  EXPECT_TRUE(StillThere(side_, opened, {}).ok());
  EXPECT_THAT(BeginBackup(side_, kLayout, "create", {}).status().message(), Not(HasSubstr("delete -n")));
  memory_.Set(kLayout.Meta(kDeleting).str(), LockToJson(Held("delete")));
  EXPECT_EQ(StillThere(side_, opened, {}).code(), Code::kLocked) << "another delete has begun";
  mark();
  PlaceLock(Held("delete"));
  EXPECT_EQ(Open().code(), Code::kLocked) << "a living delete is known by its lock";
  PlaceLock(Stale("delete"));
  RemoveCommit();
  EXPECT_THAT(Open().message(), HasSubstr("milvus-backup delete -n nightly --config b.yaml"));
}

// A delete that begins while a backup is read: what the reader says is of no worth then.
class DeletedMeanwhile : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  Result<ListPage> List(const ListRequest& request, const CallContext& context) override {
    Result<ListPage> page = ForwardingStore::List(request, context);
    if (request.prefix == kLayout.tree().DataPrefix() || request.prefix == kLayout.prefix()) {
      MBK_TRY(inner()
                  .Put({.key = kLayout.Meta(kDeleting), .body = LockToJson(Held("delete"))}, context)
                  .status());
    }
    return page;
  }
};

TEST_F(ReadersAndLocks, ADeleteThatBeginsMeanwhileEndsVerifyAndCopyWithLocked) {
  DeletedMeanwhile store(std::shared_ptr<ObjectStore>(&memory_, [](ObjectStore*) {}));
  BackupSide side{.store = store, .root = "backup"};
  MemoryStore far;
  BackupSide target{.store = far, .root = "backup"};
  Progress progress;
  RecordingSleeper sleeper;
  const RunServices run{.progress = progress, .sleeper = sleeper};
  EXPECT_EQ(RunVerify({.name = "nightly"}, side, run, {}).status().code(), Code::kLocked);
  const ObjectKey marker[] = {kLayout.Meta(kDeleting)};
  ASSERT_TRUE(memory_.Delete(marker, {}).ok());
  EXPECT_EQ(RunCopy({.name = "nightly"}, side, target, run, {}).status().code(), Code::kLocked);
  EXPECT_THAT(far.Keys(), testing::IsEmpty());
}

}  // namespace
}  // namespace mbk
