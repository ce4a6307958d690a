#include "repository/meta_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "base/hash.h"
#include "store/memory/memory_store.h"
#include "store/testing/faulty_store.h"

namespace mbk {
namespace {

using manifest::ObjectRecord;
using manifest::ObjectRecordLine;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const BackupLayout kLayout("backup", "nightly");

class MetaRecords : public testing::Test {
 protected:
  MetaRecords() {
    for (const MetaFile& file : kMetaFiles) {
      const std::string key = "meta/" + std::string(file.name), content = "{\"file\":\"" + key + "\"}";
      memory_->Set(kLayout.prefix() + key, content);
      meta_[key] = {.key = key,
                    .size = static_cast<std::int64_t>(content.size()),
                    .digest_kind = "md5",
                    .digest = Md5Hex(content)};
    }
  }
  void Record(std::int64_t objects, const std::string& behind = "") {
    std::string text;
    for (std::int64_t i = 0; i < objects; ++i)
      text += ObjectRecordLine(
          {.key = "binlogs/insert_log/1/2/3/3/100/" + std::to_string(1'000'000 + i), .size = 1});
    for (const auto& [key, record] : meta_) text += ObjectRecordLine(record);
    memory_->Set(kLayout.Meta(kObjects).str(), text + behind);
  }
  MetaRecordFindings Check() { return CheckRecordedMeta(store_, opened_, {}).value(); }

  std::shared_ptr<MemoryStore> memory_ = std::make_shared<MemoryStore>();
  FaultyStore store_{memory_};
  OpenedBackup opened_{.layout = kLayout};
  std::map<std::string, ObjectRecord> meta_;
};

TEST_F(MetaRecords, AreFoundBehindAnyNumberOfObjects) {
  for (const std::int64_t objects : {0, 1, 500, 5'000}) {
    // Objects that others put behind them, too.
    for (const int others : {0, 3, 3'000}) {
      SCOPED_TRACE(testing::Message() << objects << " objects, " << others << " behind");
      std::string behind;
      for (int i = 0; i < others; ++i)
        behind += ObjectRecordLine({.key = "other/" + std::to_string(10'000 + i), .size = 1});
      Record(objects, behind);
      const MetaRecordFindings found = Check();
      EXPECT_TRUE(found.any_recorded);
      EXPECT_EQ(found.compared, 5);
      EXPECT_THAT(found.changed.named(), IsEmpty());
      EXPECT_THAT(found.missing, IsEmpty());
      EXPECT_THAT(found.unrecorded, IsEmpty());
    }
  }
}

TEST_F(MetaRecords, AreReadWithoutTheObjectsBeforeThem) {
  Record(100'000);
  store_.Inject({.operation = StoreOperation::kGet, .nth = 7, .times = 99, .status = Internal("read on")});
  EXPECT_EQ(Check().compared, 5) << "with the five files themselves";
  EXPECT_EQ(store_.fired(), 0);
}

TEST_F(MetaRecords, TellWhatChangedWhatIsLostAndWhatNobodyRecorded) {
  meta_.erase("meta/segment_meta.json");
  Record(3);
  memory_->Set(kLayout.Meta(kFullMeta).str(), "{}");
  const ObjectKey lost[] = {kLayout.Meta(kPartitionMeta)};
  ASSERT_TRUE(memory_->Delete(lost, {}).ok());
  memory_->Set(kLayout.prefix() + "meta/.DS_Store", "of a desktop");
  const MetaRecordFindings found = Check();
  EXPECT_THAT(found.changed.named(), ElementsAre(AllOf(HasSubstr("meta/full_meta.json"),
                                                       HasSubstr("other bytes than were written"))));
  EXPECT_THAT(found.missing, ElementsAre("meta/partition_meta.json"));
  EXPECT_THAT(found.unrecorded, ElementsAre("meta/segment_meta.json"));
  EXPECT_EQ(found.compared, 2);
}

TEST_F(MetaRecords, AreNoneInABackupOfTheGoTool) {
  const MetaRecordFindings found = Check();
  EXPECT_FALSE(found.any_recorded);
  EXPECT_THAT(found.unrecorded, IsEmpty());
}

TEST_F(MetaRecords, ThatCannotBeReadAreDamage) {
  for (const std::string behind : {"garbage\n", "{\"key\":\"meta/zzz\"", R"({"key":"meta/a","size":1})"}) {
    Record(3, behind);
    EXPECT_THAT(Check().changed.named(), ElementsAre(HasSubstr("objects.json"))) << behind;
  }
}

// Earlier versions wrote none of meta/, and so none at all of a backup without data.
TEST_F(MetaRecords, ThatAreAllLostAreDamageWhereThereIsData) {
  memory_->Set(kLayout.Meta(kObjects).str(), "");
  opened_.backup.collections = {{.partitions = {{.segments = {{.segment_id = 3}}}}}};
  EXPECT_THAT(Check().changed.named(), IsEmpty());
  EXPECT_TRUE(Check().has_records);
  const auto expect_lost = [&](const Backup& backup) {
    opened_.backup = backup;
    EXPECT_THAT(Check().changed.named(), ElementsAre(HasSubstr("meta/objects.json is empty")));
  };
  expect_lost({.collections = {{.partitions = {{.segments = {{.insert_logs = {{.log_id = 7}}}}}}}}});
  expect_lost({.collections = {{.l0_segments = {{.delta_logs = {{.log_id = 7}}}}}}});
  expect_lost({.format = "snapshot"});
  memory_->Set(kLayout.Meta(kObjects).str(),
               ObjectRecordLine({.key = "binlogs/insert_log/1/2/3/3/100/7", .size = 1}));
  EXPECT_THAT(Check().changed.named(), IsEmpty()) << "as earlier versions wrote it";
}

TEST_F(MetaRecords, AFailureOfTheStoreIsNoFinding) {
  Record(3);
  store_.Inject({.operation = StoreOperation::kGet, .status = {Code::kUnavailable, "reset"}});
  EXPECT_EQ(CheckRecordedMeta(store_, opened_, {}).status().code(), Code::kUnavailable);
}

}  // namespace
}  // namespace mbk
