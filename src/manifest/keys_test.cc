#include "manifest/keys.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "manifest/testing/support.h"

namespace mbk {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

TEST(JoinKey, PutsExactlyOneSlashBetween) {
  EXPECT_EQ(JoinKey("files", "insert_log/1"), "files/insert_log/1");
  EXPECT_EQ(JoinKey("files/", "/insert_log/1"), "files/insert_log/1");
  EXPECT_EQ(JoinKey("a//b", "c//d"), "a/b/c/d");
}

TEST(JoinKey, AnEmptyPartAddsNothing) {
  EXPECT_EQ(JoinKey("", "b"), "b");
  EXPECT_EQ(JoinKey("", "/b"), "b");
  EXPECT_EQ(JoinKey("a", ""), "a");
  EXPECT_EQ(JoinKey("a/", ""), "a");
  EXPECT_EQ(JoinKey("", ""), "");
}

TEST(JoinKey, KeepsTheOuterSlashes) {
  EXPECT_EQ(JoinKey("/var/milvus", "b"), "/var/milvus/b");
  EXPECT_EQ(JoinKey("/", "b"), "/b");
  EXPECT_EQ(JoinKey("//", ""), "/");
  EXPECT_EQ(JoinKey("a", "b/"), "a/b/");
  EXPECT_EQ(JoinKey("a", "b//"), "a/b/");
}

TEST(RootForBucket, HasNoOuterSlashesAndNoDots) {
  EXPECT_EQ(RootForBucket(""), "");
  EXPECT_EQ(RootForBucket("/"), "");
  EXPECT_EQ(RootForBucket("/files/"), "files");
  EXPECT_EQ(RootForBucket("./a//b/../c"), "a/c");
  EXPECT_EQ(RootForBucket("../../x"), "x");
}

TEST(MilvusLayout, BuildsTheKeysMilvusUses) {
  const MilvusLayout layout("files");
  const Segment segment{.segment_id = 3, .partition_id = 2};
  EXPECT_EQ(layout.InsertLog(1, segment, {.field_id = 100, .log_id = 7}).str(),
            "files/insert_log/1/2/3/100/7");
  EXPECT_EQ(layout.DeltaLog(1, segment, {.log_id = 7}).str(), "files/delta_log/1/2/3/7");
  EXPECT_EQ(layout.InsertLogPrefix(1, 2, 3), "files/insert_log/1/2/3/");
  EXPECT_EQ(MilvusLayout("").DeltaLogPrefix(1, kAllPartitions, 3), "delta_log/1/-1/3/");
}

TEST(ParseMilvusLogKey, ReadsBothKinds) {
  EXPECT_EQ(
      ParseMilvusLogKey("files", "files/insert_log/1/2/3/100/7"),
      (ParsedLogKey{.collection_id = 1, .partition_id = 2, .segment_id = 3, .field_id = 100, .log_id = 7}));
  EXPECT_EQ(
      ParseMilvusLogKey("", "delta_log/1/-1/3/7"),
      (ParsedLogKey{.is_delta = true, .collection_id = 1, .partition_id = -1, .segment_id = 3, .log_id = 7}));
  EXPECT_TRUE(ParseMilvusLogKey("/files/", "/files/delta_log/1/2/3/7"));
  EXPECT_TRUE(ParseMilvusLogKey("files", "files/insert_log/1/2/3/0/9223372036854775807"));
}

class NoLogKey : public testing::TestWithParam<const char*> {};

TEST_P(NoLogKey, IsRefused) { EXPECT_EQ(ParseMilvusLogKey("files", GetParam()), std::nullopt); }

INSTANTIATE_TEST_SUITE_P(
    Hostile, NoLogKey,
    testing::Values("", "files", "files/", "filesinsert_log/1/2/3/4/5", "insert_log/1/2/3/4/5",
                    "other/insert_log/1/2/3/4/5", "files/insert_log/1/2/3/4", "files/insert_log/1/2/3/4/5/6",
                    "files/insert_log/1/2/3/4/", "files/insert_log/1//3/4/5", "files/insert_log/1/-1/3/4/5",
                    "files/delta_log/1/-2/3/4", "files/delta_log/-1/2/3/4", "files/delta_log/1/2/3/+4",
                    "files/delta_log/1/2/3/ 4", "files/delta_log/1/2/3/04", "files/delta_log/1/2/3/4x",
                    "files/delta_log/1/2/3/0x4", "files/delta_log/1/2/3/9223372036854775808",
                    "files/delta_log/1/2/3/99999999999999999999999", "files/stats_log/1/2/3/4/5",
                    "files/delta_log/1/2/3/4/5", "files/delta_log/1/2/-0/4"));

std::int64_t AnyId() { return *rc::gen::inRange<std::int64_t>(0, kMax); }

RC_GTEST_PROP(ParseMilvusLogKey, ReadsBackWhatTheLayoutBuilds, ()) {
  const std::string root = *rc::gen::element<std::string>("", "/", "files", "/var/milvus", "a/b c/ü");
  const bool is_delta = *rc::gen::arbitrary<bool>();
  const ParsedLogKey key{.is_delta = is_delta,
                         .collection_id = AnyId(),
                         .partition_id = is_delta && *rc::gen::arbitrary<bool>() ? kAllPartitions : AnyId(),
                         .segment_id = AnyId(),
                         .field_id = is_delta ? 0 : AnyId(),
                         .log_id = AnyId()};
  const Segment segment{.segment_id = key.segment_id, .partition_id = key.partition_id};
  const Binlog log{.field_id = key.field_id, .log_id = key.log_id};
  const MilvusLayout layout(root);
  const std::string built = (is_delta ? layout.DeltaLog(key.collection_id, segment, log)
                                      : layout.InsertLog(key.collection_id, segment, log))
                                .str();
  RC_ASSERT(ParseMilvusLogKey(root, built) == key);

  const std::optional<SourceLogPath> split = SplitSourceLogPath(built);
  RC_ASSERT(split.has_value());
  RC_ASSERT(split->root == root);
  RC_ASSERT(split->log == key);
}

RC_GTEST_PROP(SplitSourceLogPath, AcceptsOnlyWhatALayoutBuilds, ()) {
  std::string path;
  const auto parts = *rc::gen::container<std::vector<std::string>>(
      rc::gen::element<std::string>("/", "/", "insert_log", "delta_log", "1", "-1", "0", "files", ".."));
  for (const std::string& part : parts) path += part;
  if (auto split = SplitSourceLogPath(path)) {
    const MilvusLayout layout{std::string(split->root)};
    const Segment segment{.segment_id = split->log.segment_id, .partition_id = split->log.partition_id};
    const Binlog log{.field_id = split->log.field_id, .log_id = split->log.log_id};
    RC_ASSERT((split->log.is_delta ? layout.DeltaLog(split->log.collection_id, segment, log)
                                   : layout.InsertLog(split->log.collection_id, segment, log))
                  .str() == path);
  }
}

TEST(SplitSourceLogPath, AnEmptyRootAndASlashAreTwoRoots) {
  EXPECT_EQ(SplitSourceLogPath("insert_log/1/2/3/4/5")->root, "");
  EXPECT_EQ(SplitSourceLogPath("/insert_log/1/2/3/4/5")->root, "/");
  EXPECT_FALSE(SplitSourceLogPath("//insert_log/1/2/3/4/5"));
  EXPECT_FALSE(SplitSourceLogPath("a//insert_log/1/2/3/4/5"));
}

class BackupTree : public testing::Test {
 protected:
  BackupLayout layout_{"backup", "nightly"};
  const BinlogTree& tree_ = layout_.tree();
  Binlog log_{.field_id = 100, .log_id = 7};
};

TEST_F(BackupTree, WithoutGroupHasNoLevelForIt) {
  const Segment segment{.segment_id = 3, .partition_id = 2};
  EXPECT_EQ(tree_.InsertLog(1, segment, log_).str(), "backup/nightly/binlogs/insert_log/1/2/3/100/7");
  EXPECT_EQ(tree_.DeltaLog(1, segment, log_).str(), "backup/nightly/binlogs/delta_log/1/2/3/7");
  EXPECT_EQ(tree_.InsertDir(1, segment), "backup/nightly/binlogs/insert_log/1/2/");
  EXPECT_EQ(tree_.DeltaDir(1, segment), "backup/nightly/binlogs/delta_log/1/2/");
}

TEST_F(BackupTree, SegmentsOfOneGroupShareItsDirectory) {
  const Segment first{.segment_id = 3, .partition_id = 2, .group_id = 1};
  const Segment second{.segment_id = 4, .partition_id = 2, .group_id = 1};
  EXPECT_EQ(tree_.InsertDir(1, first), "backup/nightly/binlogs/insert_log/1/2/1/");
  EXPECT_EQ(tree_.InsertDir(1, second), tree_.InsertDir(1, first));
  EXPECT_EQ(tree_.InsertLog(1, second, log_).str(), "backup/nightly/binlogs/insert_log/1/2/1/4/100/7");
}

TEST_F(BackupTree, AGroupOfItsOwnIsTheSegment) {
  const Segment segment{.segment_id = 3, .partition_id = 2, .group_id = 3};
  EXPECT_EQ(tree_.InsertLog(1, segment, log_).str(), "backup/nightly/binlogs/insert_log/1/2/3/3/100/7");
  EXPECT_EQ(tree_.DeltaLog(1, segment, log_).str(), "backup/nightly/binlogs/delta_log/1/2/3/3/7");
  EXPECT_EQ(tree_.DeltaDir(1, segment), "backup/nightly/binlogs/delta_log/1/2/3/");
}

TEST_F(BackupTree, OneDirectoryFindsAnL0SegmentWithAndWithoutGroup) {
  const Segment old_l0{.segment_id = 3, .partition_id = 2, .is_l0 = true};
  const Segment new_l0{.segment_id = 3, .partition_id = 2, .group_id = 3, .is_l0 = true};
  const Segment of_all{.segment_id = 3, .partition_id = kAllPartitions, .is_l0 = true};
  EXPECT_EQ(tree_.L0Dir(1, old_l0), "backup/nightly/binlogs/delta_log/1/2/3/");
  EXPECT_TRUE(tree_.DeltaLog(1, old_l0, log_).str().starts_with(tree_.L0Dir(1, old_l0)));
  EXPECT_TRUE(tree_.DeltaLog(1, new_l0, log_).str().starts_with(tree_.L0Dir(1, new_l0)));
  const Segment in_another_group{.segment_id = 3, .partition_id = 2, .group_id = 9, .is_l0 = true};
  EXPECT_EQ(tree_.L0Dir(1, in_another_group), "backup/nightly/binlogs/delta_log/1/2/9/3/");
  EXPECT_TRUE(tree_.DeltaLog(1, in_another_group, log_)
                  .str()
                  .starts_with("backup/nightly/binlogs/delta_log/1/2/9/3/"));
  EXPECT_EQ(tree_.DeltaLog(1, of_all, log_).str(), "backup/nightly/binlogs/delta_log/1/-1/3/7");
}

TEST(BackupLayout, KnowsLocksFromWhatIsOfTheBackup) {
  const BackupLayout layout("backup", "b1");
  EXPECT_EQ(layout.LockOf("7f").str(), "backup/b1/meta/lock-7f.json");
  for (const ObjectKey& key : {layout.Meta(kLock), layout.LockOf("7f"), layout.ScratchOf("7f")}) {
    EXPECT_TRUE(layout.IsLock(key)) << key.str();
    EXPECT_TRUE(key.str().starts_with(layout.LockPrefix())) << key.str();
  }
  for (const char* key : {"backup/b1/meta/backup_meta.json", "backup/b1/meta/lockfile", "backup/b1/lock.json",
                          "backup/b12/meta/lock.json", "backup/b1/meta/lock.json/x"}) {
    EXPECT_FALSE(layout.IsLock(ObjectKey(key))) << key;
  }
}

TEST(BackupLayout, NamesItsMetaFiles) {
  EXPECT_EQ(BackupLayout("backup", "b1").Meta(kFullMeta).str(), "backup/b1/meta/full_meta.json");
  EXPECT_EQ(BackupLayout("", "b1").prefix(), "b1/");
  EXPECT_EQ(BackupLayout("/mnt/backups/", "b1").prefix(), "/mnt/backups/b1/");
  EXPECT_EQ(BackupLayout("backup", "b1").tree().DataPrefix(), "backup/b1/binlogs/");
}

TEST(StagingTree, LiesBelowItsParent) {
  EXPECT_EQ(StagingTree("", "t1", "default", "coll").prefix(), "restore-temp-t1-default-coll/");
  EXPECT_EQ(StagingTree("/var/milvus", "t1", "db", "集合").prefix(), "/var/milvus/restore-temp-t1-db-集合/");
}

TEST(StagingTree, ANameNeverLeavesItsDirectory) {
  EXPECT_EQ(StagingTree("", "../../etc", "a/b", "c").prefix(), "restore-temp-..%2F..%2Fetc-a%2Fb-c/");
}

TEST(RunRecord, LiesBesideTheStagingTrees) {
  EXPECT_EQ(RunRecordKey("", "0123456789ab").str(), "mbk-runs/0123456789ab.json");
  EXPECT_EQ(RunRecordKey("/var/milvus", "0123456789ab").str(), "/var/milvus/mbk-runs/0123456789ab.json");
  EXPECT_EQ(RunClockKey("", "x").str(), "mbk-runs/clock-x");
  EXPECT_EQ(StagingPrefix("/var/milvus"), "/var/milvus/restore-temp-");
}

TEST(RunRecord, IsKnownByItsFileName) {
  EXPECT_EQ(RunIdOfRecord("0123456789ab.json"), "0123456789ab");
  for (const char* name : {"", ".json", "0123456789ab", "0123456789AB.json", "0123456789abc.json",
                           "x/0123456789ab.json", "clock-0123456789ab", "../456789ab.json"})
    EXPECT_EQ(RunIdOfRecord(name), "") << name;
}

TEST(IsValidBackupName, FollowsTheRuleOfTheGoToolAndTakesHyphensAndDotsInside) {
  for (const std::string& name : {std::string("_nightly_2026"), std::string("full-backup-20260101020000"),
                                  std::string("my.backup"), std::string(128, 'a')}) {
    EXPECT_TRUE(IsValidBackupName(name)) << name;
  }
  for (const std::string& name :
       {std::string(), std::string("1a"), std::string("-a"), std::string("a-"), std::string(".a"),
        std::string("a."), std::string(".."), std::string("."), std::string("a/b"), std::string("ä"),
        std::string("a b"), std::string(129, 'a')}) {
    EXPECT_FALSE(IsValidBackupName(name)) << name;
  }
}

/// Every key that the Go tool recorded and every one it wrote, from the ids alone.
class GoldenKeys : public testing::TestWithParam<const char*> {};

TEST_P(GoldenKeys, AreWhatTheLayoutsBuild) {
  const std::string text = manifest::ReadGolden(std::string(GetParam()) + "/meta/full_meta.json");
  std::istringstream objects(manifest::ReadGolden(std::string(GetParam()) + ".objects"));
  std::set<std::string> recorded;
  for (std::string line; std::getline(objects, line);) recorded.insert(line);

  Result<Backup> backup = manifest::ReadFull(text);
  ASSERT_TRUE(backup.ok()) << backup.status().message();
  const MilvusLayout milvus(backup->source_root);
  const BinlogTree tree("");
  std::set<std::string> built;
  auto check = [&](const ObjectKey& source, const ObjectKey& own) {
    EXPECT_NE(text.find("\"" + source.str() + "\""), std::string::npos) << source.str();
    built.insert(own.str());
  };
  for (const Collection& collection : backup->collections) {
    for (const Partition& partition : collection.partitions) {
      for (const Segment& segment : partition.segments) {
        const std::int64_t id = collection.collection_id;
        for (const Binlog& log : segment.insert_logs)
          check(milvus.InsertLog(id, segment, log), tree.InsertLog(id, segment, log));
        for (const Binlog& log : segment.delta_logs)
          check(milvus.DeltaLog(id, segment, log), tree.DeltaLog(id, segment, log));
      }
    }
  }
  EXPECT_EQ(built, recorded);
}

INSTANTIATE_TEST_SUITE_P(GoVersions, GoldenKeys,
                         testing::Values("go-v0.4.30/spec", "go-v0.5.16/spec516", "go-head/spechead"));

}  // namespace
}  // namespace mbk
