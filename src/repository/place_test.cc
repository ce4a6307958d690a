#include "repository/place.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "manifest/own_objects.h"
#include "repository/repository.h"
#include "repository/testing/backups.h"
#include "store/memory/memory_store.h"
#include "store/testing/empty_pages.h"
#include "store/testing/faulty_store.h"

namespace mbk {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const BackupLayout kLayout("backup", "nightly");
constexpr const char* kDataKey = "binlogs/insert_log/1/2/3/3/100/7";

class LookAtAPlace : public testing::Test {
 protected:
  void PlaceGolden() {
    backuptest::PlaceGoldenMeta(store_, kLayout, backuptest::kGoldenBackups[0]);
    store_.Set(kLayout.prefix() + kDataKey, "x");
  }
  void Remove(std::string_view file) {
    const ObjectKey keys[] = {kLayout.Meta(file)};
    ASSERT_TRUE(store_.Delete(keys, {}).ok());
  }
  BackupPlace Look(const BackupLayout& layout = kLayout) { return LookAt(store_, layout, {}).value(); }

  MemoryStore store_;
};

TEST_F(LookAtAPlace, WhereNothingLies) {
  store_.Set("backup/nightly2/meta/backup_meta.json", "{}");
  EXPECT_EQ(Look().kind, PlaceKind::kEmpty);
  EXPECT_THAT(Look().seen, IsEmpty());
}

TEST_F(LookAtAPlace, ABackupOfTheGoToolIsOne) {
  PlaceGolden();
  const BackupPlace place = Look();
  EXPECT_EQ(place.kind, PlaceKind::kBackup);
  EXPECT_EQ(place.head.size, backuptest::kGoldenSize);
  EXPECT_FALSE(place.meta.commit_etag.empty());
}

TEST_F(LookAtAPlace, TheFourFilesOf03AreABackup) {
  PlaceGolden();
  Remove(kFullMeta);
  EXPECT_EQ(Look().kind, PlaceKind::kBackup);
}

TEST_F(LookAtAPlace, ABackupWithoutLevelFilesIsOne) {
  PlaceGolden();
  for (std::string_view file : {kCollectionMeta, kPartitionMeta, kSegmentMeta}) Remove(file);
  EXPECT_EQ(Look().kind, PlaceKind::kBackup);
}

TEST_F(LookAtAPlace, ABackupThatLostItsCommitObjectIsNotCalledUnfinished) {
  PlaceGolden();
  Remove(kBackupMeta);
  EXPECT_EQ(Look().kind, PlaceKind::kCommitMissing);
  EXPECT_THAT(Look().seen, HasSubstr("backup_meta.json is missing alone"));
}

TEST_F(LookAtAPlace, WhatTheGoToolBeganIsKnownByItsLayoutAlone) {
  store_.Set(kLayout.prefix() + kDataKey, "x");
  EXPECT_EQ(Look().kind, PlaceKind::kUnfinished);
}

TEST_F(LookAtAPlace, ACommittedBackupThatLostItsMetadataIsDamaged) {
  PlaceGolden();
  Remove(kFullMeta);
  Remove(kSegmentMeta);
  for (const bool is_locked : {false, true}) {
    if (is_locked) store_.Set(kLayout.Meta(kLock).str(), LockToJson(ThisProcess("create")));
    EXPECT_EQ(Look().kind, PlaceKind::kDamaged);
    EXPECT_THAT(Look().seen, HasSubstr("neither meta/full_meta.json nor all level files"));
  }
}

TEST_F(LookAtAPlace, ALockProvesThatARunOfOursWroteIt) {
  store_.Set(kLayout.prefix() + kDataKey, "x");
  store_.Set(kLayout.Meta(kLock).str(), LockToJson(ThisProcess("create")));
  const BackupPlace place = Look();
  EXPECT_EQ(place.kind, PlaceKind::kOurUnfinished);
  EXPECT_EQ(place.lock.value().verb, "create");
}

TEST_F(LookAtAPlace, ARecordOfObjectsProvesItToo) {
  store_.Set(kLayout.prefix() + kDataKey, "x");
  store_.Set(kLayout.Meta(kObjects).str(), "");
  EXPECT_EQ(Look().kind, PlaceKind::kOurUnfinished);
}

TEST_F(LookAtAPlace, ALockThatCannotBeReadProvesNothing) {
  store_.Set(kLayout.Meta(kLock).str(), "{}");
  EXPECT_EQ(Look().kind, PlaceKind::kUnfinished);
  EXPECT_FALSE(Look().lock.has_value());
}

TEST_F(LookAtAPlace, AMarkerOfADeleteCountsBeforeAllElse) {
  PlaceGolden();
  Remove(kBackupMeta);
  store_.Set(kLayout.Meta(kDeleting).str(), LockToJson(ThisProcess("delete")));
  EXPECT_EQ(Look().kind, PlaceKind::kBeingDeleted);
  EXPECT_EQ(Look().head.size, backuptest::kGoldenSize) << "as long as it is there";
  store_.Set(kLayout.Meta(kDeleting).str(), "not ours");
  EXPECT_EQ(Look().kind, PlaceKind::kCommitMissing);
}

// Killed between the marker and the first removal, or a mirror wrote the backup anew over what was left.
TEST_F(LookAtAPlace, AMarkerBesideTheCommitObjectHidesNoBackup) {
  PlaceGolden();
  store_.Set(kLayout.Meta(kDeleting).str(), LockToJson(ThisProcess("delete")));
  const BackupPlace place = Look();
  EXPECT_EQ(place.kind, PlaceKind::kBackup);
  EXPECT_EQ(place.head.size, backuptest::kGoldenSize);
  EXPECT_THAT(place.seen, HasSubstr("meta/deleting.json lies there (delete on host"));
  const OpenedBackup opened = OpenBackup(store_, kLayout, {}).value();
  EXPECT_THAT(opened.remarks, testing::ElementsAre(place.seen));
  const std::vector<BackupEntry> entries = ListBackups(store_, "backup", {}).value();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].state, EntryState::kComplete);
  EXPECT_EQ(entries[0].problem, place.seen);
}

TEST_F(LookAtAPlace, ABundleProvesNothing) {
  store_.Set(kLayout.prefix() + "bundle/photos/1.jpg", "x");
  EXPECT_EQ(Look().kind, PlaceKind::kForeign);
}

TEST_F(LookAtAPlace, ACommitObjectThatIsNoneIsDamage) {
  for (const std::string text : {"", "{\"name\":", "{}", "[]"}) {
    PlaceGolden();
    store_.Set(kLayout.Meta(kBackupMeta).str(), text);
    EXPECT_EQ(Look().kind, PlaceKind::kDamaged) << text;
    EXPECT_THAT(Look().seen, HasSubstr("backup_meta.json")) << text;
  }
}

TEST_F(LookAtAPlace, WhatIsSomethingElseIsNamed) {
  struct Case {
    std::string name, key, seen;
  };
  for (const Case& c : {
           Case{"insert_log", "1/2/3/100/7", "Milvus keeps its own data"},
           Case{"files", "insert_log/1/2/3/100/7", "Milvus's own data"},
           Case{"prod", "binlogs/stats_log/1/2/3/100/7",
                "Milvus's own data: it has a directory binlogs/stats_log/"},
           Case{"nightly", "meta/full_meta.json/xl.meta", "MinIO's own on-disk format"},
           Case{"nightly", "inner/meta/backup_meta.json",
                "one directory deeper, at memory://memory/backup/nightly/inner/"},
           Case{"nightly", "readme.txt", "files of something else"},
           Case{"nightly", "binlogs/readme.txt", "files of something else"},
           Case{"restore-temp-1-default-coll", "binlogs/insert_log/1/2/3/3/100/7", "a restore has staged"},
       }) {
    MemoryStore store;
    const BackupLayout layout("backup", c.name);
    store.Set(layout.prefix() + c.key, "x");
    const BackupPlace place = LookAt(store, layout, {}).value();
    EXPECT_EQ(place.kind, PlaceKind::kForeign) << c.name << ' ' << c.key;
    EXPECT_THAT(place.seen, HasSubstr(c.seen)) << c.name << ' ' << c.key;
  }
}

TEST(LookAt, SeesFilesOfMinioBehindAnyNumberOfOthers) {
  MemoryStore store;
  const BackupLayout layout("backup", "nightly");
  for (int log = 0; log < 3'000; ++log)
    store.Set(fmt::format("{}binlogs/insert_log/1/2/3/3/100/{}", layout.prefix(), log), "x");
  store.Set(layout.Meta(kBackupMeta).str() + "/xl.meta", "x");
  const BackupPlace place = LookAt(store, layout, {}).value();
  EXPECT_EQ(place.kind, PlaceKind::kForeign);
  EXPECT_THAT(place.seen, HasSubstr("MinIO's own on-disk format"));
}

TEST(LookAt, SeesWhatLiesBehindAnEmptyPage) {
  auto memory = std::make_shared<MemoryStore>();
  memory->Set("backup/nightly/a/1", "x");
  memory->Set("backup/nightly/insert_log/1/2/3/100/7", "x");
  EmptyPages store(memory);
  const BackupPlace place = LookAt(store, kLayout, {}).value();
  EXPECT_EQ(place.kind, PlaceKind::kForeign);
  EXPECT_THAT(place.seen, HasSubstr("Milvus's own data")) << "though its directory is not the first";
}

TEST(LookAt, AStoreThatDoesNotAnswerSaysNothingOfWhatLiesThere) {
  for (const StoreOperation operation : {StoreOperation::kList, StoreOperation::kGet}) {
    auto memory = std::make_shared<MemoryStore>();
    backuptest::PlaceGoldenMeta(*memory, kLayout, backuptest::kGoldenBackups[0]);
    FaultyStore store(memory);
    store.Inject({.operation = operation, .status = {Code::kPermissionDenied, "AccessDenied"}});
    EXPECT_EQ(LookAt(store, kLayout, {}).status().code(), Code::kPermissionDenied);
    EXPECT_EQ(store.fired(), 1);
  }
}

}  // namespace
}  // namespace mbk
