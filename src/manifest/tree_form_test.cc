#include "manifest/tree_form.h"

#include <gtest/gtest.h>

namespace mbk {
namespace {

const BackupLayout kLayout("backup", "nightly");

TEST(TreeForm, OfABinlogIsNumbersBehindItsKind) {
  const BinlogTree& tree = kLayout.tree();
  const Segment segment{.segment_id = 3, .partition_id = 2, .group_id = 3},
      l0{.segment_id = 3, .partition_id = -1};
  EXPECT_TRUE(HasFormOfBinlog(tree, tree.InsertLog(1, segment, {100, 7, 1})));
  EXPECT_TRUE(HasFormOfBinlog(tree, tree.DeltaLog(1, l0, {0, 7, 1})));
  for (const std::string key :
       {"binlogs/insert_log/1/Thumbs.db", "binlogs/insert_log/1/2/3/100/7.part", "binlogs/1/2",
        "insert_log/1/2/3/100/7", "meta/full_meta.json", "binlogs/insert_log/"})
    EXPECT_FALSE(HasFormOfBinlog(tree, ObjectKey(kLayout.prefix() + key))) << key;
}

TEST(TreeForm, OfMetaFilesIsTheirName) {
  for (const std::string name : {"full_meta.json", "backup_meta.json", "objects.json", "lock.json",
                                 "lock-5d0c.json", "deleting.json", "channel_cp_meta.json"})
    EXPECT_TRUE(IsMetaFile(kLayout, kLayout.Meta(name))) << name;
  for (const std::string name : {"._full_meta.json", "full_meta.json.part", "lock.json/x", ""})
    EXPECT_FALSE(IsMetaFile(kLayout, kLayout.Meta(name))) << name;
  EXPECT_FALSE(IsMetaFile(kLayout, ObjectKey("backup/nightly/full_meta.json")));
}

}  // namespace
}  // namespace mbk
