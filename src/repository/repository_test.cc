#include "repository/repository.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "repository/testing/backups.h"
#include "store/memory/memory_store.h"
#include "store/testing/faulty_store.h"

namespace mbk {
namespace {

using backuptest::kGoldenBackups;
using backuptest::SmallBackup;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const BackupLayout kLayout("backup", "nightly");

std::string MetaKey(std::string_view file) { return kLayout.Meta(file).str(); }

// Writes SmallBackup() as a run does.
Status WriteBackup(ObjectStore& store) {
  MBK_TRY_ASSIGN(auto writer, BackupWriter::Begin(store, kLayout, "create", {}));
  return writer->Commit(SmallBackup(), {});
}

std::vector<std::string> CompleteOnes(ObjectReader& store) {
  std::vector<std::string> names;
  const std::vector<BackupEntry> entries = ListBackups(store, "backup", {}).value();
  for (const BackupEntry& entry : entries) {
    if (entry.complete) names.push_back(entry.name);
  }
  return names;
}

// Notes the keys of all puts.
class PutLog : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  Result<WriteResult> Put(const PutRequest& request, const CallContext& context) override {
    keys.push_back(request.key.str());
    return ForwardingStore::Put(request, context);
  }
  std::vector<std::string> keys;
};

TEST(BackupWriter, WritesTheCommitObjectLast) {
  PutLog store(std::make_shared<MemoryStore>());
  ASSERT_TRUE(WriteBackup(store).ok());
  EXPECT_THAT(store.keys, ElementsAre(MetaKey(kLock), MetaKey(kFullMeta), MetaKey(kCollectionMeta),
                                      MetaKey(kPartitionMeta), MetaKey(kSegmentMeta), MetaKey(kBackupMeta)));
}

TEST(BackupWriter, WhatItCommittedIsListedAndReadBack) {
  MemoryStore store;
  ASSERT_TRUE(WriteBackup(store).ok());
  EXPECT_THAT(CompleteOnes(store), ElementsAre("nightly"));
  EXPECT_FALSE(store.Contents().contains(MetaKey(kLock)));
  Result<OpenedBackup> opened = OpenBackup(store, kLayout, {});
  ASSERT_TRUE(opened.ok()) << opened.status().message();
  EXPECT_EQ(opened->backup.name, "nightly");
  ASSERT_EQ(opened->backup.collections.size(), 2u);
  EXPECT_EQ(opened->backup.collections[0].l0_segments.size(), 1u);
}

// Whatever write fails, and whether it was carried out or not: what lies there is not a backup until the
// commit object is written, and what a run gives up is gone.
class FailingWrite : public testing::TestWithParam<Fault::Kind> {};

TEST_P(FailingWrite, LeavesNothingThatIsListed) {
  constexpr int kPuts = 6;  // the lock and five meta files
  for (int nth = 1; nth <= kPuts; ++nth) {
    SCOPED_TRACE(fmt::format("put {} fails", nth));
    auto memory = std::make_shared<MemoryStore>();
    FaultyStore store(memory);
    store.Inject({.operation = StoreOperation::kPut, .kind = GetParam(), .nth = nth});
    auto writer = BackupWriter::Begin(store, kLayout, "create", {});
    ASSERT_EQ(writer.ok(), nth > 1);
    if (nth > 1) {
      EXPECT_EQ((*writer)->Commit(SmallBackup(), {}).code(), Code::kUnavailable);
      const bool commit_arrived = nth == kPuts && GetParam() == Fault::Kind::kAnswerLost;
      if (!commit_arrived) {
        EXPECT_THAT(CompleteOnes(*memory), IsEmpty());
      }
      EXPECT_TRUE((*writer)->Abandon({}).ok());
      EXPECT_THAT(memory->Keys(), IsEmpty());
    }
    EXPECT_THAT(CompleteOnes(*memory), IsEmpty());
    EXPECT_EQ(store.fired(), 1);
  }
}

INSTANTIATE_TEST_SUITE_P(BackupWriter, FailingWrite,
                         testing::Values(Fault::Kind::kNotCarriedOut, Fault::Kind::kAnswerLost),
                         [](const auto& info) {
                           return std::string(info.param == Fault::Kind::kAnswerLost ? "AnswerLost"
                                                                                     : "NotCarriedOut");
                         });

TEST(BackupWriter, ALockThatCannotBeRemovedDoesNotUndoABackup) {
  auto memory = std::make_shared<MemoryStore>();
  FaultyStore store(memory);
  auto writer = BackupWriter::Begin(store, kLayout, "create", {});
  ASSERT_TRUE(writer.ok());
  store.Inject({.operation = StoreOperation::kDelete});
  EXPECT_TRUE((*writer)->Commit(SmallBackup(), {}).ok());
  EXPECT_EQ(store.fired(), 1);
  EXPECT_THAT(CompleteOnes(*memory), ElementsAre("nightly"));
}

TEST(BackupWriter, RefusesANameThatIsTaken) {
  MemoryStore store;
  ASSERT_TRUE(WriteBackup(store).ok());
  const auto before = store.Contents();
  Status begun = BackupWriter::Begin(store, kLayout, "create", {}).status();
  EXPECT_EQ(begun.code(), Code::kAlreadyExists);
  EXPECT_THAT(begun.message(),
              AllOf(HasSubstr("backup with name nightly already exist"), HasSubstr("delete -n nightly")));
  EXPECT_EQ(store.Contents(), before);
}

TEST(BackupWriter, RefusesANameOfWhichAnUnfinishedBackupLies) {
  MemoryStore store;
  store.Set("backup/nightly/binlogs/insert_log/1/2/3/3/100/7", "x");
  Status begun = BackupWriter::Begin(store, kLayout, "create", {}).status();
  EXPECT_EQ(begun.code(), Code::kAlreadyExists);
  EXPECT_THAT(begun.message(), AllOf(HasSubstr("unfinished"), HasSubstr("delete -n nightly")));
}

TEST(BackupWriter, DoesNotTakeANameForTakenThatOnlyBeginsLikeIt) {
  MemoryStore store;
  store.Set("backup/nightly2/meta/backup_meta.json", "{}");
  EXPECT_TRUE(BackupWriter::Begin(store, kLayout, "create", {}).ok());
}

TEST(BackupWriter, RefusesANameThatAnotherRunHolds) {
  MemoryStore store;
  auto first = BackupWriter::Begin(store, kLayout, "create", {});
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(BackupWriter::Begin(store, kLayout, "create", {}).status().code(), Code::kLocked);
}

TEST(ListBackups, ShowsFinishedAndUnfinishedOnesAndNothingElse) {
  MemoryStore store;
  ASSERT_TRUE(WriteBackup(store).ok());
  store.Set("backup/half/binlogs/insert_log/1/2/3/3/100/7", "x");
  store.Set("backup/broken/meta/backup_meta.json", "{\"name\":");
  store.Set("backup/a_file", "x");
  store.Set("elsewhere/other/meta/backup_meta.json", "{}");
  Result<std::vector<BackupEntry>> listed = ListBackups(store, "backup", {});
  ASSERT_TRUE(listed.ok());
  ASSERT_THAT(*listed, ElementsAre(Field(&BackupEntry::name, "broken"), Field(&BackupEntry::name, "half"),
                                   Field(&BackupEntry::name, "nightly")));
  const BackupEntry &broken = (*listed)[0], &half = (*listed)[1], &nightly = (*listed)[2];
  EXPECT_FALSE(broken.complete);
  EXPECT_THAT(broken.problem, HasSubstr("backup/broken/meta/backup_meta.json"));
  EXPECT_FALSE(half.complete);
  EXPECT_EQ(half.problem, "unfinished: meta/backup_meta.json is missing");
  EXPECT_TRUE(nightly.complete);
  EXPECT_EQ(nightly.milvus_version, "v2.3.5");
  EXPECT_EQ(nightly.problem, "");
}

TEST(ListBackups, ReadsABucketThatIsTheRoot) {
  MemoryStore store;
  store.Set("one/meta/backup_meta.json", R"({"name":"one","size":7})");
  std::vector<BackupEntry> listed = ListBackups(store, "", {}).value();
  ASSERT_THAT(listed, ElementsAre(Field(&BackupEntry::name, "one")));
  EXPECT_EQ(listed[0].size, 7);
}

TEST(ListBackups, OneThatCannotBeReadDoesNotHideTheOthers) {
  auto memory = std::make_shared<MemoryStore>();
  for (const std::string name : {"a", "b", "c"})
    memory->Set("backup/" + name + "/meta/backup_meta.json", "{}");
  FaultyStore store(memory);
  store.Inject({.status = {Code::kPermissionDenied, "AccessDenied (request 7F)"}});
  std::vector<BackupEntry> listed = ListBackups(store, "backup", {}).value();
  ASSERT_EQ(listed.size(), 3u);
  EXPECT_EQ(std::count_if(listed.begin(), listed.end(), [](const BackupEntry& e) { return e.complete; }), 2);
  EXPECT_EQ(std::count_if(listed.begin(), listed.end(),
                          [](const BackupEntry& e) {
                            return e.problem.find("AccessDenied (request 7F)") != std::string::npos;
                          }),
            1);
}

TEST(ListBackups, FailsWhenTheRootCannotBeListed) {
  FaultyStore store(std::make_shared<MemoryStore>());
  store.Inject({.operation = StoreOperation::kList});
  EXPECT_EQ(ListBackups(store, "backup", {}).status().code(), Code::kUnavailable);
}

class GoldenBackup : public testing::TestWithParam<backuptest::Golden> {
 protected:
  GoldenBackup() : layout_("root", GetParam().name) {
    backuptest::PlaceGoldenMeta(store_, layout_, GetParam());
  }
  MemoryStore store_;
  BackupLayout layout_;
};

TEST_P(GoldenBackup, IsOpened) {
  Result<OpenedBackup> opened = OpenBackup(store_, layout_, {});
  ASSERT_TRUE(opened.ok()) << opened.status().message();
  EXPECT_EQ(opened->backup.name, GetParam().name);
  EXPECT_EQ(opened->backup.size, backuptest::kGoldenSize);
  EXPECT_EQ(opened->backup.collections.size(), 5u);
  std::int64_t meta_size = 0;
  for (const auto& [key, content] : store_.Contents()) meta_size += static_cast<std::int64_t>(content.size());
  EXPECT_EQ(opened->meta_size, meta_size);
}

TEST_P(GoldenBackup, IsOpenedFromItsLevelFilesToo) {
  Result<OpenedBackup> whole = OpenBackup(store_, layout_, {});
  const ObjectKey full[] = {layout_.Meta(kFullMeta)};
  ASSERT_TRUE(store_.Delete(full, {}).ok());
  Result<OpenedBackup> levels = OpenBackup(store_, layout_, {});
  ASSERT_TRUE(levels.ok()) << levels.status().message();
  EXPECT_EQ(ObjectIndex(levels->backup.collections).size(), ObjectIndex(whole->backup.collections).size());
  EXPECT_EQ(ObjectIndex(levels->backup.collections).bytes(), backuptest::kGoldenSize);
}

TEST_P(GoldenBackup, NamesItsObjects) {
  OpenedBackup opened = OpenBackup(store_, layout_, {}).value();
  const ObjectIndex index(opened.backup.collections);
  std::string keys;
  for (std::size_t i = 0; i < index.size(); ++i) keys += index.at(i).KeyIn(BinlogTree("")).str() + "\n";
  EXPECT_EQ(keys, backuptest::ReadCompatFile(GetParam().directory + "/" + GetParam().name + ".objects"));
}

TEST_P(GoldenBackup, TellsItsCollections) {
  Result<std::vector<std::string>> names = ReadCollectionNames(store_, layout_, {});
  ASSERT_TRUE(names.ok()) << names.status().message();
  EXPECT_THAT(*names, testing::UnorderedElementsAre("default.multi", "default.pkey", "default.growing",
                                                    "default.empty_coll", "db1.indb"));
}

INSTANTIATE_TEST_SUITE_P(OfTheGoTool, GoldenBackup, testing::ValuesIn(kGoldenBackups),
                         [](const auto& info) { return info.param.name; });

TEST(OpenBackup, SaysWhereItLookedForABackupThatIsNotThere) {
  MemoryStore store;
  Status opened = OpenBackup(store, kLayout, {}).status();
  EXPECT_EQ(opened.code(), Code::kNotFound);
  EXPECT_THAT(opened.message(), AllOf(HasSubstr("backup nightly not found"), HasSubstr("backup/nightly/"),
                                      Not(HasSubstr("unfinished"))));
}

TEST(OpenBackup, PointsAtDeleteForAnUnfinishedBackup) {
  MemoryStore store;
  store.Set(MetaKey(kFullMeta), "{}");
  Status opened = OpenBackup(store, kLayout, {}).status();
  EXPECT_EQ(opened.code(), Code::kNotFound);
  EXPECT_THAT(opened.message(), AllOf(HasSubstr("unfinished"), HasSubstr("milvus-backup delete -n nightly")));
}

TEST(OpenBackup, NamesTheFileThatIsDamaged) {
  MemoryStore store;
  ASSERT_TRUE(WriteBackup(store).ok());
  store.Set(MetaKey(kFullMeta), "{\"name\":\"nightly\",");
  Status opened = OpenBackup(store, kLayout, {}).status();
  EXPECT_EQ(opened.code(), Code::kDataLoss);
  EXPECT_THAT(opened.message(), HasSubstr("backup/nightly/meta/full_meta.json"));
}

TEST(OpenBackup, AReadThatFailsIsNotTakenForDamage) {
  auto memory = std::make_shared<MemoryStore>();
  ASSERT_TRUE(WriteBackup(*memory).ok());
  FaultyStore store(memory);
  store.Inject({.operation = StoreOperation::kGet, .status = {Code::kPermissionDenied, "AccessDenied"}});
  EXPECT_EQ(OpenBackup(store, kLayout, {}).status().code(), Code::kPermissionDenied);
}

TEST(CountBackupFiles, LeavesTheLockOut) {
  MemoryStore store;
  ASSERT_TRUE(WriteBackup(store).ok());
  const auto whole = CountBackupFiles(store, kLayout, {}).value();
  store.Set(MetaKey(kLock), "{}");
  const auto locked = CountBackupFiles(store, kLayout, {}).value();
  EXPECT_TRUE(whole.committed);
  EXPECT_EQ(whole.objects, 5);
  EXPECT_EQ(locked.objects, whole.objects);
  EXPECT_EQ(locked.bytes, whole.bytes);
}

// Notes the keys of every delete.
class DeleteLog : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  Status Delete(std::span<const ObjectKey> keys, const CallContext& context) override {
    batches.emplace_back(keys.begin(), keys.end());
    return ForwardingStore::Delete(keys, context);
  }
  std::vector<std::vector<ObjectKey>> batches;
};

TEST(RemoveBackupFiles, RemovesTheCommitObjectBeforeAllElse) {
  auto memory = std::make_shared<MemoryStore>();
  ASSERT_TRUE(WriteBackup(*memory).ok());
  backuptest::PlaceData(*memory, kLayout.tree(), SmallBackup());
  DeleteLog store(memory);
  Progress progress;
  ASSERT_TRUE(RemoveBackupFiles(store, kLayout, progress, {}).ok());
  EXPECT_THAT(memory->Keys(), IsEmpty());
  ASSERT_GE(store.batches.size(), 2u);
  EXPECT_THAT(store.batches[0], ElementsAre(kLayout.Meta(kBackupMeta)));
}

TEST(RemoveBackupFiles, RemovesMoreThanOnePageAndLeavesTheNeighboursAndTheLock) {
  MemoryStore store;
  for (int i = 0; i < 2'345; ++i) store.Set(fmt::format("backup/nightly/binlogs/insert_log/{}", i), "x");
  store.Set(MetaKey(kLock), "{}");
  store.Set("backup/nightly2/meta/backup_meta.json", "{}");
  Progress progress;
  ASSERT_TRUE(RemoveBackupFiles(store, kLayout, progress, {}).ok());
  EXPECT_THAT(store.Keys(), ElementsAre(MetaKey(kLock), "backup/nightly2/meta/backup_meta.json"));
  EXPECT_EQ(progress.Get().objects_done, 2'345);
  EXPECT_EQ(progress.Get().bytes_done, 2'345);
}

TEST(RemoveBackupFiles, WhatItCouldNotFinishIsNoLongerListedAndCanBeFinished) {
  auto memory = std::make_shared<MemoryStore>();
  ASSERT_TRUE(WriteBackup(*memory).ok());
  FaultyStore store(memory);
  store.Inject({.operation = StoreOperation::kDelete, .nth = 2});
  Progress progress;
  EXPECT_EQ(RemoveBackupFiles(store, kLayout, progress, {}).code(), Code::kUnavailable);
  EXPECT_THAT(CompleteOnes(*memory), IsEmpty());
  EXPECT_TRUE(RemoveBackupFiles(store, kLayout, progress, {}).ok());
  EXPECT_THAT(memory->Keys(), IsEmpty());
}

}  // namespace
}  // namespace mbk
