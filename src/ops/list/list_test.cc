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
    memory_.Set("backup/half/binlogs/x", "x");
  }
  std::vector<std::string> Holding(const std::string& collection) {
    const auto listed = RunList({.collection = collection}, side_, {}).value();
    std::vector<std::string> names;
    for (const ListedBackup& backup : listed) names.push_back(backup.name);
    return names;
  }
  MemoryStore memory_;
  BackupSide side_{.store = memory_, .root = "backup"};
};

TEST_F(List, ShowsUnfinishedBackupsToo) {
  const auto listed = RunList({}, side_, {}).value();
  EXPECT_THAT(listed,
              ElementsAre(Field(&ListedBackup::complete, false), Field(&ListedBackup::complete, true)));
  EXPECT_THAT(listed[0].problem, HasSubstr("unfinished"));
}

TEST_F(List, FindsTheBackupsOfACollection) {
  EXPECT_THAT(Holding("books"), ElementsAre("nightly"));
  EXPECT_THAT(Holding("default.books"), ElementsAre("nightly"));
  EXPECT_THAT(Holding("db1.tiny"), ElementsAre("nightly"));
  EXPECT_THAT(Holding("tiny"), ElementsAre()) << "that one is of db1";
}

TEST_F(List, GetPrintsTheBriefFormOrEverything) {
  const std::string brief = RunGet({.name = "nightly"}, side_, {}).value();
  EXPECT_THAT(brief, HasSubstr("\"books\""));
  EXPECT_THAT(brief, testing::Not(HasSubstr("segment")));
  const std::string all = RunGet({.name = "nightly", .detail = true}, side_, {}).value();
  EXPECT_EQ(manifest::ReadFull(all).value().collections.size(), 2u);
  EXPECT_EQ(RunGet({.name = "nope"}, side_, {}).status().code(), Code::kNotFound);
}

}  // namespace
}  // namespace mbk
