#include "manifest/own_objects.h"

#include <gtest/gtest.h>

#include <string>

#include "manifest/testing/support.h"

namespace mbk {
namespace {

TEST(PartOf, KnowsWhatTheToolsWriteIntoABackup) {
  EXPECT_EQ(PartOf("meta/backup_meta.json", 10), BackupPart::kMeta);
  EXPECT_EQ(PartOf("meta/channel_cp_meta.json", 10), BackupPart::kMeta);
  EXPECT_EQ(PartOf("meta/objects.json", 10), BackupPart::kMeta);
  EXPECT_EQ(PartOf("meta/lock.json", 10), BackupPart::kLock);
  EXPECT_EQ(PartOf("meta/lock-1f.json", 10), BackupPart::kLock);
  EXPECT_EQ(PartOf("meta/lock-1f.tmp", 10), BackupPart::kScratch);
  EXPECT_EQ(PartOf("meta/deleting.json", 10), BackupPart::kDeleting);
  EXPECT_EQ(PartOf("binlogs/insert_log/1/2/3/3/100/7", 10), BackupPart::kData);
  EXPECT_EQ(PartOf("binlogs/insert_log/1/2/3/100/7", 10), BackupPart::kData) << "no group: before 0.1.0";
  EXPECT_EQ(PartOf("binlogs/delta_log/1/-1/3/7", 10), BackupPart::kData) << "deletes of all partitions";
  EXPECT_EQ(PartOf("bundle/snapshots/1/metadata/2.json", 10), BackupPart::kBundle);
  EXPECT_EQ(PartOf("binlogs/insert_log/1/", 0), BackupPart::kDirectory);
  EXPECT_EQ(PartOf("", 0), BackupPart::kDirectory) << "the backup's own, as an object browser makes it";
}

TEST(PartOf, TakesNothingElseForABackups) {
  for (const std::string key :
       {"insert_log/1/2/3/100/7", "binlogs/insert_log/1/2/3/100/7/xl.meta", "meta/full_meta.json/xl.meta",
        "binlogs/.DS_Store", "binlogs/insert_log/Thumbs.db", "meta/._full_meta.json",
        "meta/full_meta.json.part", "other/x", "readme.txt", "binlogs/stats_log/1/2/3/100/7",
        "binlogs/insert_log/1//3/100/7", "meta/sub/full_meta.json", "inner/meta/backup_meta.json",
        "bundle"}) {
    EXPECT_EQ(PartOf(key, 10), BackupPart::kForeign) << key;
  }
  EXPECT_EQ(PartOf("binlogs/insert_log/1/", 5), BackupPart::kForeign) << "it holds something";
  EXPECT_EQ(PartOf("other/", 0), BackupPart::kForeign);
}

TEST(PartOf, KnowsEveryObjectOfTheGoldenBackups) {
  for (const std::string directory : {"go-head/spechead", "go-v0.5.16/spec516", "go-v0.4.30/spec"}) {
    std::istringstream objects(manifest::ReadGolden(directory + ".objects"));
    int seen = 0;
    for (std::string key; std::getline(objects, key); ++seen)
      EXPECT_EQ(PartOf(key, 1), BackupPart::kData) << key;
    EXPECT_GT(seen, 0) << directory;
  }
}

}  // namespace
}  // namespace mbk
