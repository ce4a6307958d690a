#include "repository/tree_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "repository/testing/backups.h"
#include "store/memory/memory_store.h"

namespace mbk {
namespace {

using backuptest::ContentOf;
using backuptest::PlaceData;
using backuptest::SmallBackup;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

bool IsMeta(const ObjectKey& key) { return key.str().starts_with("backup/nightly/meta/"); }

class TreeCheck : public testing::Test {
 protected:
  TreeCheck() { PlaceData(store_, tree_, backup_); }
  Status Check() { return CheckTree(store_, tree_, index_, {}, {}); }
  std::string KeyAt(std::size_t i) const { return index_.at(i).KeyIn(tree_).str(); }
  void Remove(const std::string& key) {
    const ObjectKey keys[] = {ObjectKey(key)};
    ASSERT_TRUE(store_.Delete(keys, {}).ok());
  }

  const BinlogTree tree_{"backup/nightly/"};
  Backup backup_ = SmallBackup();
  const ObjectIndex index_{backup_.collections};
  MemoryStore store_;
};

TEST_F(TreeCheck, PassesWhatIsWhole) { EXPECT_TRUE(Check().ok()) << Check().message(); }

TEST_F(TreeCheck, ShowsEachObjectThatIsThereInKeyOrder) {
  std::vector<std::string> seen;
  ASSERT_TRUE(CheckTree(store_, tree_, index_,
                        [&](const ObjectInfo& listed, const DataObject& object) {
                          EXPECT_EQ(listed.key, object.KeyIn(tree_));
                          EXPECT_EQ(listed.size, object.log->size);
                          seen.push_back(listed.key.str());
                          return Status();
                        },
                        {})
                  .ok());
  EXPECT_EQ(seen, store_.Keys());
}

TEST_F(TreeCheck, ExaminingAWholeTreeFindsNothing) {
  const TreeFindings findings = ExamineTree(store_, tree_, index_, IsMeta, {}).value();
  EXPECT_EQ(findings.damage.count(), 0);
  EXPECT_EQ(findings.objects, static_cast<std::int64_t>(index_.size()));
  EXPECT_EQ(findings.bytes, index_.bytes());
}

TEST_F(TreeCheck, ExaminingNamesWhatIsMissingAndWhatIsTooMuch) {
  const std::string gone = KeyAt(0), last = KeyAt(index_.size() - 1);
  Remove(gone);
  Remove(last);
  store_.Set(KeyAt(1) + "0", "a copy");
  store_.Set(tree_.InsertLogPrefix(9999) + "1/2/3/4", "behind everything");
  const TreeFindings findings = ExamineTree(store_, tree_, index_, IsMeta, {}).value();
  EXPECT_EQ(findings.damage.count(), 4);
  EXPECT_THAT(findings.damage.named(), testing::SizeIs(4));
  EXPECT_THAT(findings.damage.named(), testing::Contains(gone + " is missing"));
  EXPECT_THAT(findings.damage.named(), testing::Contains(HasSubstr(KeyAt(1) + "0 is not of this backup")));
}

TEST_F(TreeCheck, ExaminingTellsWhatIsForeignFromWhatIsDamaged) {
  const std::vector<std::string> foreign{"backup/nightly/.DS_Store", "backup/nightly/binlogs/.DS_Store",
                                         tree_.InsertLogPrefix(1000) + "Thumbs.db", KeyAt(5) + ".part",
                                         "backup/nightly/other/x"};
  for (const std::string& key : foreign) store_.Set(key, "junk");
  store_.Set("backup/nightly/meta/full", "expected");
  store_.Set("backup/nightly/empty/", "");
  const TreeFindings findings = ExamineTree(store_, tree_, index_, IsMeta, {}).value();
  EXPECT_TRUE(findings.damage.empty()) << findings.damage.Summary(3);
  EXPECT_THAT(findings.foreign.named(), testing::UnorderedElementsAreArray(foreign));
}

TEST_F(TreeCheck, ExaminingSaysWhatIsEmptyAndWhoseSizeIsNotKnown) {
  backup_.collections[1].partitions[0].segments[0].insert_logs[0].size = 0;
  EXPECT_EQ(ExamineTree(store_, tree_, index_, IsMeta, {}).value().sizes_unknown, 1);
  for (const std::string& key : store_.Keys()) store_.Set(key, "");
  const TreeFindings findings = ExamineTree(store_, tree_, index_, IsMeta, {}).value();
  EXPECT_EQ(findings.damage.count(), 13);
  EXPECT_THAT(findings.damage.named(), testing::Contains(HasSubstr(" is empty")));
  EXPECT_EQ(Check().code(), Code::kDataLoss) << "though no size is recorded";
}

TEST_F(TreeCheck, AnErrorOfTheVisitorEndsIt) {
  Status checked = CheckTree(store_, tree_, index_,
                             [](const ObjectInfo&, const DataObject&) { return Internal("full"); }, {});
  EXPECT_EQ(checked.code(), Code::kInternal);
}

TEST_F(TreeCheck, MissesEveryObjectWhereverItStands) {
  for (std::size_t i = 0; i < index_.size(); ++i) {
    const std::string key = KeyAt(i);
    Remove(key);
    Status checked = Check();
    EXPECT_EQ(checked.code(), Code::kDataLoss);
    EXPECT_THAT(checked.message(), AllOf(HasSubstr("1 of 13 objects"), HasSubstr(key + " is missing")));
    store_.Set(key, ContentOf(key, index_.at(i).log->size));
  }
}

TEST_F(TreeCheck, NoticesAnotherSize) {
  store_.Set(KeyAt(3), "x");
  EXPECT_THAT(Check().message(), HasSubstr(KeyAt(3) + " has 1 bytes instead of"));
}

TEST_F(TreeCheck, NamesFiveOfManyAndCountsAll) {
  for (const std::string& key : store_.Keys()) Remove(key);
  const std::string message = Check().message();
  EXPECT_THAT(message, AllOf(HasSubstr("13 of 13 objects"), HasSubstr(KeyAt(4)), Not(HasSubstr(KeyAt(5))),
                             HasSubstr("and 8 more")));
}

TEST_F(TreeCheck, PassesOverWhatIsNotOfTheIndex) {
  store_.Set("backup/nightly/binlogs/a", "x");
  store_.Set("backup/nightly/binlogs/insert_log/1000/2000/3000/3000/100/9", "x");
  store_.Set("backup/nightly/binlogs/z", "x");
  EXPECT_TRUE(Check().ok()) << Check().message();
}

TEST_F(TreeCheck, ASizeOfZeroInOldMetadataIsNotKnown) {
  backup_.collections[1].partitions[0].segments[0].insert_logs[0].size = 0;
  EXPECT_TRUE(Check().ok()) << Check().message();
}

TEST_F(TreeCheck, ReportsTheErrorOfAListingAsItIs) {
  const BinlogTree tree("backup/nightly/");
  MemoryStore no_bucket({.bucket = BucketName("none"), .create_bucket = false});
  EXPECT_EQ(CheckTree(no_bucket, tree, index_, {}, {}).code(), Code::kNotFound);
}

TEST_F(TreeCheck, OfOneCollectionLooksAtItsFilesOnly) {
  std::vector<Collection> tiny{backup_.collections[1]};
  const ObjectIndex index(tiny);
  Remove("backup/nightly/binlogs/insert_log/1000/2000/3000/3000/100/3001");
  EXPECT_TRUE(CheckCollection(store_, tree_, 1001, index, {}).ok());
  Remove("backup/nightly/binlogs/insert_log/1001/2100/3400/3400/0/3403");
  EXPECT_EQ(CheckCollection(store_, tree_, 1001, index, {}).status().code(), Code::kDataLoss);
}

TEST_F(TreeCheck, OfOneCollectionNamesTheFirstObjectThatIsNotOfTheIndex) {
  std::vector<Collection> tiny{backup_.collections[1]};
  const ObjectIndex index(tiny);
  store_.Set("backup/nightly/binlogs/insert_log/1000/2000/3000/3000/100/9", "of another collection");
  EXPECT_EQ(CheckCollection(store_, tree_, 1001, index, {}).value(), std::nullopt);
  const std::string stray = "backup/nightly/binlogs/delta_log/1001/2100/77/77/9";
  store_.Set("backup/nightly/binlogs/insert_log/1001/2100/77/77/0/9", "x");
  store_.Set(stray, "x");
  EXPECT_EQ(CheckCollection(store_, tree_, 1001, index, {}).value(), ObjectKey(stray));
}

TEST_F(TreeCheck, OfOneCollectionTakesAPartitionWithoutAnyNamedFileForLost) {
  std::vector<Collection> tiny{backup_.collections[1]};
  const ObjectIndex index(tiny);
  const std::string beside = "backup/nightly/binlogs/insert_log/1001/2100/77/77/0/9",
                    lost = "backup/nightly/binlogs/insert_log/1001/2199/77/77/0/9";
  store_.Set(beside, "x");
  CollectionFindings found = ExamineCollection(store_, tree_, 1001, index, {}, {}).value();
  EXPECT_THAT(found.damage.named(), testing::IsEmpty());
  EXPECT_THAT(found.stray_binlogs.named(), testing::ElementsAre(HasSubstr(beside)));
  store_.Set(lost, "x");
  found = ExamineCollection(store_, tree_, 1001, index, {}, {}).value();
  EXPECT_THAT(found.damage.named(),
              testing::ElementsAre(
                  AllOf(HasSubstr(lost), HasSubstr("partition of which the metadata name no files"))));
  EXPECT_EQ(found.stray_binlogs.count(), 2);
}

TEST_F(TreeCheck, OfTheWholeTreeRefusesABinlogThatNobodyNames) {
  auto check = [&] { return CheckWholeTree(store_, tree_, index_, {}, {}); };
  store_.Set("backup/nightly/binlogs/.DS_Store", "x");
  store_.Set("backup/nightly/bundle/1/2", "of a snapshot");
  EXPECT_TRUE(check().ok()) << check().message();
  const std::string stray = "backup/nightly/binlogs/insert_log/1000/2000/77/77/100/9";
  store_.Set(stray, "x");
  EXPECT_EQ(check().code(), Code::kDataLoss);
  EXPECT_THAT(check().message(), AllOf(HasSubstr(stray), HasSubstr("no metadata name it")));
}

TEST_F(TreeCheck, NamesASegmentThatTheMetadataNameTwice) {
  std::vector<Segment>& segments = backup_.collections[1].partitions[0].segments;
  segments.push_back(segments.front());
  const ObjectIndex index(backup_.collections);
  const Status status = CheckTree(store_, tree_, index, {}, {});
  EXPECT_EQ(status.code(), Code::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr("insert_log/1001/2100/3400/3400/0/3403 is named twice"));
}

// Made-up ids of one to three digits, so that "10" and "9" meet and keys order otherwise than numbers.
std::vector<std::int64_t> FewIds() {
  std::set<std::int64_t> ids;
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) ids.insert(*rc::gen::inRange<std::int64_t>(1, 130));
  return {ids.rbegin(), ids.rend()};
}

Collection AnyCollection(std::int64_t id) {
  auto any_id = [] { return *rc::gen::inRange<std::int64_t>(1, 130); };
  auto logs = [&](bool is_delta) {
    std::map<std::pair<std::int64_t, std::int64_t>, Binlog> made;
    for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
      const Binlog log{.field_id = is_delta ? 0 : any_id(),
                       .log_id = any_id(),
                       .size = *rc::gen::inRange<std::int64_t>(0, 3)};
      made[{log.field_id, log.log_id}] = log;
    }
    std::vector<Binlog> list;
    for (auto& [key, log] : made) list.push_back(log);
    std::reverse(list.begin(), list.end());
    return list;
  };
  Collection collection{.collection_id = id};
  for (std::int64_t partition_id : FewIds()) {
    Partition partition{.partition_id = partition_id};
    for (std::int64_t segment_id : FewIds()) {
      partition.segments.push_back({.segment_id = segment_id,
                                    .partition_id = partition_id,
                                    .group_id = segment_id,
                                    .insert_logs = logs(false),
                                    .delta_logs = logs(true)});
    }
    collection.partitions.push_back(std::move(partition));
  }
  return collection;
}

std::vector<Collection> AnyCollections() {
  std::vector<Collection> collections;
  for (std::int64_t id : FewIds()) collections.push_back(AnyCollection(id));
  return collections;
}

RC_GTEST_PROP(ObjectIndexOrder, IsThatOfTheKeys, ()) {
  std::vector<Collection> collections = AnyCollections();
  const ObjectIndex index(collections);
  const BinlogTree tree("backup/nightly/");
  std::vector<std::string> keys;
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < index.size(); ++i) {
    keys.push_back(index.at(i).KeyIn(tree).str());
    bytes += index.at(i).log->size;
  }
  RC_ASSERT(std::is_sorted(keys.begin(), keys.end()));
  RC_ASSERT(bytes == index.bytes());
}

RC_GTEST_PROP(TreeCheckResult, IsThatOfANaiveComparison, ()) {
  std::vector<Collection> collections = AnyCollections();
  const ObjectIndex index(collections);
  const BinlogTree tree("t/");
  MemoryStore store;
  std::size_t problems = 0, matches = 0;
  for (std::size_t i = 0; i < index.size(); ++i) {
    const DataObject object = index.at(i);
    const int fate = *rc::gen::weightedElement<int>({{8, 0}, {1, 1}, {1, 2}});  // whole, missing, longer
    if (fate != 1)
      store.Set(object.KeyIn(tree).str(),
                std::string(static_cast<std::size_t>(object.log->size + (fate == 2)), 'x'));
    const bool is_known = object.log->size > 0;  // and no binlog is empty
    const bool fits = (fate == 0 && is_known) || (fate == 2 && !is_known);
    ++(fits ? matches : problems);
  }
  for (int extra = *rc::gen::inRange(0, 4); extra > 0; --extra) {
    store.Set(
        "t/binlogs/" + *rc::gen::element<std::string>("a", "delta_log/1/x", "insert_log/5/", "insert_log/~"),
        "x");
  }
  std::size_t seen = 0;
  Status checked = CheckTree(store, tree, index,
                             [&](const ObjectInfo&, const DataObject&) {
                               ++seen;
                               return Status();
                             },
                             {});
  RC_ASSERT(checked.ok() == (problems == 0));
  RC_ASSERT(seen == matches);
}

}  // namespace
}  // namespace mbk
