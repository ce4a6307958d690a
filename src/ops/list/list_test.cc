#include "ops/list/list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "manifest/testing/support.h"
#include "repository/repository.h"
#include "repository/testing/backups.h"

namespace mbk {
namespace {

using backuptest::SmallBackup;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

class List : public testing::Test {
 protected:
  List() {
    Backup backup = SmallBackup();
    auto writer = BackupWriter::Begin(memory_, BackupLayout("backup", "nightly"), "create", {});
    EXPECT_TRUE((*writer)->Commit(backup, {}).ok());
    memory_.Set("backup/half/binlogs/insert_log/1/2/3/3/100/7", "x");
  }
  std::vector<std::string> Holding(const std::string& collection) {
    const auto listed = RunList({.collection = collection}, side_, {}).value();
    std::vector<std::string> names;
    for (const BackupEntry& backup : listed) names.push_back(backup.name);
    return names;
  }
  MemoryStore memory_;
  BackupSide side_{.store = memory_, .root = "backup"};
};

TEST_F(List, ShowsUnfinishedBackupsToo) {
  const auto listed = RunList({}, side_, {}).value();
  EXPECT_THAT(listed, ElementsAre(Field(&BackupEntry::state, EntryState::kUnfinished),
                                  Field(&BackupEntry::state, EntryState::kComplete)));
  EXPECT_THAT(listed[0].problem, HasSubstr("unfinished"));
}

TEST_F(List, FindsTheBackupsOfACollection) {
  EXPECT_THAT(Holding("books"), ElementsAre("nightly"));
  EXPECT_THAT(Holding("default.books"), ElementsAre("nightly"));
  EXPECT_THAT(Holding("db1.tiny"), ElementsAre("nightly"));
  EXPECT_THAT(Holding("tiny"), ElementsAre()) << "that one is of db1";
}

// Field case 28.
TEST_F(List, OneOddBackupDoesNotEndTheListOfACollection) {
  const BackupLayout layout("backup", "nightly");
  const auto contents = memory_.Contents();
  for (std::string_view file : {kBackupMeta, kFullMeta}) {
    memory_.Set(BackupLayout("backup", "no_level_files").Meta(file).str(),
                contents.at(layout.Meta(file).str()));
    memory_.Set(BackupLayout("backup", "broken").Meta(file).str(), contents.at(layout.Meta(file).str()));
  }
  memory_.Set(BackupLayout("backup", "broken").Meta(kCollectionMeta).str(), "garbage");
  EXPECT_THAT(Holding("books"), ElementsAre("broken", "nightly", "no_level_files"));
  const auto listed = RunList({.collection = "books"}, side_, {}).value();
  EXPECT_EQ(listed[0].state, EntryState::kUnreadable);
  EXPECT_THAT(listed[0].problem, HasSubstr("collection_meta.json"));
}

TEST_F(List, GetPrintsTheBriefFormOrEverything) {
  const std::string brief = RunGet({.name = "nightly"}, side_, {}).value().json;
  EXPECT_THAT(brief, HasSubstr("\"books\""));
  EXPECT_THAT(brief, testing::Not(HasSubstr("segment")));
  const std::string all = RunGet({.name = "nightly", .detail = true}, side_, {}).value().json;
  EXPECT_EQ(manifest::ReadFull(all).value().collections.size(), 2u);
  EXPECT_THAT(RunGet({.name = "nightly"}, side_, {}).value().contradictions, testing::IsEmpty());
  EXPECT_EQ(RunGet({.name = "nope"}, side_, {}).status().code(), Code::kNotFound);
}

TEST_F(List, GetSaysWhereMetadataContradictEachOther) {
  memory_.Set("backup/nightly/meta/full_meta.json", "{}");
  const GetReport report = RunGet({.name = "nightly"}, side_, {}).value();
  EXPECT_THAT(report.contradictions, testing::Contains(HasSubstr("full_meta.json")));
}

}  // namespace
}  // namespace mbk
