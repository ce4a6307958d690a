#include "ops/remove/remove.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "manifest/own_objects.h"
#include "repository/testing/backups.h"
#include "store/testing/faulty_store.h"
#include "store/testing/recording_sleeper.h"

namespace mbk {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const BackupLayout kLayout("backup", "nightly");
constexpr const char* kDataKey = "backup/nightly/binlogs/insert_log/1/2/3/3/100/7";

std::string StaleLock(std::string_view verb) {
  LockOwner killed = ThisProcess(verb);
  killed.process.start_ticks -= 1;  // of a process of this id that began earlier
  return LockToJson(killed);
}

class Remove : public testing::Test {
 protected:
  Remove() { memory_.Set("backup/nightly2/meta/backup_meta.json", R"({"name":"nightly2"})"); }
  void PlaceBackup() {
    auto writer = BackupWriter::Begin(memory_, kLayout, "create", {});
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE((*writer)->Commit(backuptest::SmallBackup(), {}).ok());
    backuptest::PlaceData(memory_, kLayout.tree(), backuptest::SmallBackup());
  }
  void RemoveObject(std::string_view file) {
    const ObjectKey keys[] = {kLayout.Meta(file)};
    ASSERT_TRUE(memory_.Delete(keys, {}).ok());
  }
  Result<RemoveReport> Run(RemoveOptions options = {}) {
    if (options.name.empty()) options.name = "nightly";
    return RunRemove(options, side_, run_, {});
  }
  void ExpectOnlyTheNeighbour() {
    EXPECT_THAT(memory_.Keys(), ElementsAre("backup/nightly2/meta/backup_meta.json"));
  }
  // Refused, with and without a dry run, and nothing is changed.
  std::string Refusal(RemoveOptions options = {}) {
    const auto before = memory_.Contents();
    const Status refused = Run(options).status();
    EXPECT_EQ(refused.code(), Code::kFailedPrecondition);
    options.dry_run = true;
    EXPECT_EQ(Run(options).status(), refused);
    EXPECT_EQ(memory_.Contents(), before);
    EXPECT_THAT(refused.message(), AllOf(Not(HasSubstr("--unfinished")), Not(HasSubstr("milvus-backup"))));
    return refused.message();
  }

  MemoryStore memory_;
  BackupSide side_{.store = memory_, .root = "backup"};
  Progress progress_;
  RecordingSleeper sleeper_;
  RunServices run_{.progress = progress_, .sleeper = sleeper_};
};

TEST_F(Remove, TakesTheWholeBackupAndNothingElse) {
  PlaceBackup();
  Result<RemoveReport> removed = Run();
  ASSERT_TRUE(removed.ok()) << removed.status().message();
  EXPECT_TRUE(removed->files.committed);
  EXPECT_EQ(removed->files.objects, 18);
  EXPECT_THAT(removed->stays, IsEmpty());
  ExpectOnlyTheNeighbour();
  EXPECT_EQ(progress_.Get().step, Step::kDone);
}

TEST_F(Remove, TakesWhatAKilledRunOfOursLeft) {
  memory_.Set(kDataKey, "x");
  memory_.Set(kLayout.Meta(kLock).str(), StaleLock("create"));
  Result<RemoveReport> removed = Run();
  ASSERT_TRUE(removed.ok()) << removed.status().message();
  EXPECT_FALSE(removed->files.committed);
  ExpectOnlyTheNeighbour();
}

TEST_F(Remove, TakesALockOfADeadRunThatIsAllThatIsLeft) {
  memory_.Set(kLayout.Meta(kLock).str(), StaleLock("create"));
  EXPECT_TRUE(Run().ok());
  ExpectOnlyTheNeighbour();
}

// The Go tool locks nothing: what comes after the last sign of life of our run is another one's.
TEST_F(Remove, ALockOfADeadRunProvesNothingOfWhatCameAfterIt) {
  memory_.Set(kLayout.Meta(kLock).str(), StaleLock("create"), kLockLease + Milliseconds(60'000));
  memory_.Set(kDataKey, "x");
  EXPECT_THAT(Refusal(), HasSubstr("objects came there after the run that left its lock was over"));
  EXPECT_EQ(CheckRemovable({.name = "nightly"}, side_, {}).status().code(), Code::kFailedPrecondition);
  EXPECT_TRUE(Run({.unfinished = true}).ok());
  ExpectOnlyTheNeighbour();
}

// Writes on while the lock is waited for.
class WritesOn : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  Result<WriteResult> Put(const PutRequest& request, const CallContext& context) override {
    MBK_TRY(inner().Put({.key = ObjectKey(std::string(kDataKey) + "0"), .body = "x"}, context).status());
    return ForwardingStore::Put(request, context);
  }
};

TEST_F(Remove, RefusesWhatSomebodyWritesInThisMoment) {
  for (const bool is_left_by_us : {false, true}) {
    memory_.Set(kDataKey, "x");
    if (is_left_by_us) memory_.Set(kLayout.Meta(kLock).str(), StaleLock("create"));
    WritesOn store(std::shared_ptr<ObjectStore>(&memory_, [](ObjectStore*) {}));
    BackupSide side{.store = store, .root = "backup"};
    const Status refused =
        RunRemove({.name = "nightly", .unfinished = !is_left_by_us}, side, run_, {}).status();
    EXPECT_EQ(refused.code(), Code::kFailedPrecondition);
    EXPECT_THAT(refused.message(), HasSubstr("something writes there"));
    EXPECT_TRUE(memory_.Contents().contains(kDataKey));
    const ObjectKey added[] = {ObjectKey(std::string(kDataKey) + "0")};
    ASSERT_TRUE(memory_.Delete(added, {}).ok());
  }
}

TEST_F(Remove, TakesAWholeBackupBesideWhichAMarkerLies) {
  PlaceBackup();
  memory_.Set(kLayout.Meta(kDeleting).str(), StaleLock("delete"));
  EXPECT_TRUE(Run().value().files.committed);
  ExpectOnlyTheNeighbour();
}

TEST_F(Remove, ABundleIsTheBackupsOwnOnlyByItsFormat) {
  const std::string file = "backup/nightly/bundle/photos/1.jpg";
  PlaceBackup();
  memory_.Set(file, "x");
  EXPECT_THAT(Run().value().stays, ElementsAre(HasSubstr(file)));
  EXPECT_THAT(memory_.Keys(), ElementsAre(file, "backup/nightly2/meta/backup_meta.json"));
  EXPECT_THAT(Refusal({.unfinished = true}), HasSubstr("files of something else"));
  for (std::string_view meta : {kBackupMeta, kFullMeta})
    memory_.Set(kLayout.Meta(meta).str(), R"({"name":"nightly","format":"snapshot"})");
  EXPECT_THAT(Run().value().stays, IsEmpty());
  ExpectOnlyTheNeighbour();
}

TEST_F(Remove, FinishesADeleteOfASnapshotWithItsBundle) {
  memory_.Set("backup/nightly/bundle/snapshots/1", "x");
  memory_.Set(kLayout.Meta(kFullMeta).str(), R"({"name":"nightly","format":"snapshot"})");
  memory_.Set(kLayout.Meta(kDeleting).str(), StaleLock("delete"));
  EXPECT_THAT(Run().value().stays, IsEmpty());
  ExpectOnlyTheNeighbour();
}

TEST_F(Remove, NeverTakesANameInWhichMilvusKeepsItsData) {
  PlaceBackup();
  for (const std::string root : {"backup/nightly", "backup/nightly/binlogs", "backup/nightly/files"}) {
    for (const bool unfinished : {false, true})
      EXPECT_THAT(Refusal({.unfinished = unfinished, .milvus_root = root}),
                  HasSubstr("Milvus keeps its own data"));
  }
  EXPECT_TRUE(Run({.milvus_root = "backup/nightly2"}).ok());
  for (const std::string root : {"", "files", "backup"}) {
    PlaceBackup();
    EXPECT_TRUE(Run({.milvus_root = root}).ok()) << root;
  }
}

TEST_F(Remove, TakesOnlyTheBackupThatWasMeant) {
  PlaceBackup();
  const std::string etag = CheckRemovable({.name = "nightly"}, side_, {}).value();
  EXPECT_FALSE(etag.empty());
  memory_.Set(kLayout.Meta(kBackupMeta).str(), R"({"name":"nightly","id":"another"})");
  EXPECT_THAT(Refusal({.commit_etag = etag}), HasSubstr("another run has written it since"));
  EXPECT_TRUE(Run({.commit_etag = CheckRemovable({.name = "nightly"}, side_, {}).value()}).ok());
  ExpectOnlyTheNeighbour();
}

TEST_F(Remove, FinishesADeleteThatWasInterrupted) {
  PlaceBackup();
  memory_.Set(kLayout.Meta(kDeleting).str(), LockToJson(ThisProcess("delete")));
  RemoveObject(kBackupMeta);
  RemoveObject(kFullMeta);
  EXPECT_TRUE(Run().ok());
  ExpectOnlyTheNeighbour();
}

// Field case 26: the roots of backups and of Milvus are one.
TEST_F(Remove, NeverTakesWhatIsMilvussOwn) {
  memory_.Set("backup/insert_log/1/2/3/100/7", "rows of a living collection");
  memory_.Set("backup/stats_log/1/2/3/100/8", "rows of a living collection");
  memory_.Set("backup/nightly/delta_log/1/2/3/9", "rows of a living collection");
  for (const std::string name : {"insert_log", "stats_log", "nightly"}) {
    for (const bool unfinished : {false, true})
      EXPECT_THAT(Refusal({.name = name, .unfinished = unfinished}), HasSubstr("Milvus")) << name;
  }
}

// Field case 22.
TEST_F(Remove, NeverTakesACopyOfMiniosOwnDirectory) {
  for (std::string_view file : {kBackupMeta, kFullMeta})
    memory_.Set(kLayout.Meta(file).str() + "/xl.meta", "XL2 ");
  memory_.Set(std::string(kDataKey) + "/xl.meta", "XL2 ");
  EXPECT_THAT(Refusal(), HasSubstr("MinIO's own on-disk format"));
  EXPECT_THAT(Refusal({.unfinished = true}), HasSubstr("MinIO's own on-disk format"));
}

TEST_F(Remove, NeverTakesADirectoryOfBackups) {
  PlaceBackup();
  side_.root = "";
  EXPECT_THAT(Refusal({.name = "backup", .unfinished = true}), HasSubstr("one directory deeper"));
}

TEST_F(Remove, NeverTakesFilesOfSomethingElse) {
  memory_.Set("backup/nightly/notes/readme.txt", "x");
  EXPECT_THAT(Refusal({.unfinished = true}), HasSubstr("files of something else"));
}

// Field case 28.
TEST_F(Remove, ABackupThatLostItsCommitObjectAloneGoesOnlyWhenThatIsMeant) {
  PlaceBackup();
  RemoveObject(kBackupMeta);
  EXPECT_THAT(Refusal(), HasSubstr("backup_meta.json is missing alone"));
  EXPECT_TRUE(Run({.unfinished = true}).ok());
  ExpectOnlyTheNeighbour();
}

TEST_F(Remove, WhatTheGoToolLeftGoesOnlyWhenThatIsMeant) {
  memory_.Set(kDataKey, "x");
  EXPECT_THAT(Refusal(), HasSubstr("no run of this program left it"));
  EXPECT_TRUE(Run({.unfinished = true}).ok());
  ExpectOnlyTheNeighbour();
}

TEST_F(Remove, ADamagedBackupGoesWhereItsOtherMetadataProveIt) {
  PlaceBackup();
  memory_.Set(kLayout.Meta(kBackupMeta).str(), "garbage");
  EXPECT_TRUE(Run().ok());
  ExpectOnlyTheNeighbour();
  PlaceBackup();
  memory_.Set(kLayout.Meta(kBackupMeta).str(), "garbage");
  memory_.Set(kLayout.Meta(kFullMeta).str(), "garbage");
  EXPECT_THAT(Refusal(), HasSubstr("by its layout alone"));
}

TEST_F(Remove, NamesForeignObjectsAndLeavesThem) {
  PlaceBackup();
  memory_.Set("backup/nightly/binlogs/.DS_Store", "x");
  memory_.Set("backup/nightly/other/x", "x");
  const RemoveReport removed = Run().value();
  EXPECT_THAT(removed.stays, ElementsAre(HasSubstr("backup/nightly/binlogs/.DS_Store: not of this backup"),
                                         HasSubstr("backup/nightly/other/x")));
  EXPECT_THAT(memory_.Keys(), ElementsAre("backup/nightly/binlogs/.DS_Store", "backup/nightly/other/x",
                                          "backup/nightly2/meta/backup_meta.json"));
}

TEST_F(Remove, AbortsUploadsBelowTheBackup) {
  PlaceBackup();
  ASSERT_TRUE(memory_.StartUpload(ObjectKey(std::string(kDataKey) + "0"), {}).ok());
  ASSERT_TRUE(memory_.StartUpload(ObjectKey("backup/nightly2/binlogs/x"), {}).ok());
  ASSERT_TRUE(Run().ok());
  EXPECT_EQ(memory_.OpenUploads(), 1) << "the neighbour's stays";
}

// Field case 66b.
class Keeping : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  Result<std::string> WhyKept(const ObjectKey& key, const CallContext& context) override {
    MBK_TRY(Head(key, context).status());
    return std::string("the bucket keeps versions");
  }
};

TEST_F(Remove, SaysWhatTheStoreKeeps) {
  PlaceBackup();
  Keeping store(std::shared_ptr<ObjectStore>(&memory_, [](ObjectStore*) {}));
  BackupSide side{.store = store, .root = "backup"};
  EXPECT_THAT(RunRemove({.name = "nightly"}, side, run_, {}).value().notes,
              ElementsAre("the bucket keeps versions"));
}

TEST_F(Remove, ADryRunCountsAndRemovesNothing) {
  PlaceBackup();
  const auto before = memory_.Contents();
  EXPECT_EQ(Run({.dry_run = true}).value().files.objects, 18);
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

TEST_F(Remove, AStoreThatRefusesToShowWhatLiesThereIsNoProof) {
  PlaceBackup();
  const auto before = memory_.Contents();
  FaultyStore store(std::shared_ptr<ObjectStore>(&memory_, [](ObjectStore*) {}));
  store.Inject({.operation = StoreOperation::kGet, .status = {Code::kPermissionDenied, "AccessDenied"}});
  BackupSide side{.store = store, .root = "backup"};
  EXPECT_EQ(RunRemove({.name = "nightly"}, side, run_, {}).status().code(), Code::kPermissionDenied);
  EXPECT_EQ(memory_.Contents(), before);
}

TEST_F(Remove, NeverLeavesTheRootForANameThatIsNone) {
  for (const std::string name : {"", ".", "..", "a/b", "nightly/"}) {
    EXPECT_EQ(RunRemove({.name = name}, side_, run_, {}).status().code(), Code::kInvalidArgument) << name;
  }
  ExpectOnlyTheNeighbour();
}

// Field case 23.
TEST_F(Remove, TakesABackupOfAnyName) {
  for (const std::string name : {"full-backup-20260101020000", "my.backup"}) {
    memory_.Set("backup/" + name + "/meta/backup_meta.json", R"({"name":"x"})");
    memory_.Set("backup/" + name + "/meta/full_meta.json", R"({"name":"x"})");
    EXPECT_TRUE(Run({.name = name}).ok()) << name;
  }
  ExpectOnlyTheNeighbour();
}

}  // namespace
}  // namespace mbk
