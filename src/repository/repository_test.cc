#include "repository/repository.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "manifest/own_objects.h"
#include "repository/testing/backups.h"
#include "store/forwarding_store.h"
#include "store/memory/memory_store.h"
#include "store/retrying_store.h"
#include "store/testing/empty_pages.h"
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
    if (entry.state == EntryState::kComplete) names.push_back(entry.name);
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
  // The lock, and whether the store obeys the condition that it was put with.
  EXPECT_THAT(store.keys,
              ElementsAre(MetaKey(kLock), MetaKey(kLock), MetaKey(kFullMeta), MetaKey(kCollectionMeta),
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
  // The lock, the trial of its condition, which is refused and so has no answer to lose, and five meta files.
  const bool answers = GetParam() == Fault::Kind::kAnswerLost;
  const int puts = answers ? 6 : 7, for_lock = answers ? 1 : 2;
  for (int nth = 1; nth <= puts; ++nth) {
    SCOPED_TRACE(fmt::format("put {} fails", nth));
    auto memory = std::make_shared<MemoryStore>();
    FaultyStore store(memory);
    store.Inject({.operation = StoreOperation::kPut, .kind = GetParam(), .nth = nth});
    auto writer = BackupWriter::Begin(store, kLayout, "create", {});
    ASSERT_EQ(writer.ok(), nth > for_lock);
    if (nth > for_lock) {
      EXPECT_EQ((*writer)->Commit(SmallBackup(), {}).code(), Code::kUnavailable);
      const bool commit_arrived = nth == puts && answers;
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
              AllOf(HasSubstr("backup with name nightly already exist"), Not(HasSubstr("delete"))));
  EXPECT_EQ(store.Contents(), before);
}

TEST(BackupWriter, RefusesANameThatIsTakenBehindAnEmptyPageOfTheListing) {
  auto memory = std::make_shared<MemoryStore>();
  ASSERT_TRUE(WriteBackup(*memory).ok());
  const auto before = memory->Contents();
  auto pages = std::make_shared<EmptyPages>(memory);
  RetryingStore wrapped(pages, RetryingStore::kPatient);  // as the real stores are
  for (ObjectStore* store : std::initializer_list<ObjectStore*>{&wrapped, pages.get()}) {
    EXPECT_EQ(BackupWriter::CheckFree(*store, kLayout, {}).code(), Code::kAlreadyExists);
    EXPECT_EQ(BackupWriter::Begin(*store, kLayout, "create", {}).status().code(), Code::kAlreadyExists);
  }
  EXPECT_EQ(memory->Contents(), before);
}

TEST(BackupWriter, RefusesANameAtWhichAnythingLiesAndSaysWhat) {
  struct Case {
    std::string key, content, seen;
  };
  for (const Case& c : {
           Case{"binlogs/insert_log/1/2/3/3/100/7", "x", "an unfinished backup nightly lies at"},
           Case{"meta/deleting.json", LockToJson(ThisProcess("delete")), "what is left of backup nightly"},
           Case{"meta/full_meta.json/xl.meta", "x", "MinIO's own on-disk format"},
           Case{"insert_log/1/2/3/100/7", "x", "Milvus's own data"},
       }) {
    MemoryStore store;
    store.Set(kLayout.prefix() + c.key, c.content);
    const auto before = store.Contents();
    Status begun = BackupWriter::Begin(store, kLayout, "create", {}).status();
    EXPECT_EQ(begun.code(), Code::kAlreadyExists) << c.key;
    EXPECT_THAT(begun.message(), AllOf(HasSubstr(c.seen), Not(HasSubstr("delete -n")))) << c.key;
    EXPECT_EQ(store.Contents(), before);
  }
}

TEST(BackupWriter, ARefusalLeavesTheLockThatProvesWhoseItIs) {
  MemoryStore store;
  LockOwner killed = ThisProcess("create");
  killed.process.start_ticks -= 1;  // of a process of this id that began earlier
  store.Set(MetaKey(kLock), LockToJson(killed));
  store.Set("backup/nightly/binlogs/insert_log/1/2/3/3/100/7", "x");
  const auto before = store.Contents();
  EXPECT_EQ(BackupWriter::Begin(store, kLayout, "create", {}).status().code(), Code::kAlreadyExists);
  EXPECT_EQ(store.Contents(), before);
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

TEST(ListBackups, TellsWhatEachDirectoryOfTheRootIs) {
  MemoryStore store;
  ASSERT_TRUE(WriteBackup(store).ok());
  store.Set("backup/going/meta/deleting.json", LockToJson(ThisProcess("delete")));
  store.Set("backup/half/binlogs/insert_log/1/2/3/3/100/7", "x");
  store.Set("backup/insert_log/1/2/3/100/7", "x");
  store.Set("backup/broken/meta/backup_meta.json", "{\"name\":");
  store.Set("backup/a_file", "x");
  store.Set("elsewhere/other/meta/backup_meta.json", "{}");
  Result<std::vector<BackupEntry>> listed = ListBackups(store, "backup", {});
  ASSERT_TRUE(listed.ok());
  ASSERT_THAT(*listed, ElementsAre(Field(&BackupEntry::name, "broken"), Field(&BackupEntry::name, "going"),
                                   Field(&BackupEntry::name, "half"), Field(&BackupEntry::name, "insert_log"),
                                   Field(&BackupEntry::name, "nightly")));
  const BackupEntry &broken = (*listed)[0], &going = (*listed)[1], &half = (*listed)[2],
                    &foreign = (*listed)[3], &nightly = (*listed)[4];
  EXPECT_EQ(broken.state, EntryState::kUnreadable);
  EXPECT_THAT(broken.problem, HasSubstr("backup/broken/meta/backup_meta.json"));
  EXPECT_EQ(going.state, EntryState::kBeingDeleted);
  EXPECT_EQ(half.state, EntryState::kUnfinished);
  EXPECT_EQ(half.problem, "unfinished: meta/backup_meta.json is missing");
  EXPECT_EQ(foreign.state, EntryState::kForeign);
  EXPECT_EQ(nightly.state, EntryState::kComplete);
  EXPECT_EQ(nightly.milvus_version, "v2.3.5");
  EXPECT_EQ(nightly.problem, "");
}

// Of a bucket that keeps versions MinIO lists directories in which nothing is left.
class OldVersions : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  Result<ListPage> List(const ListRequest& request, const CallContext& context) override {
    Result<ListPage> page = ForwardingStore::List(request, context);
    if (page.ok() && request.delimiter == "/" && request.prefix == "backup/")
      page->common_prefixes.insert(page->common_prefixes.begin(), "backup/deleted/");
    return page;
  }
};

TEST(ListBackups, PassesOverWhereNothingLies) {
  auto memory = std::make_shared<MemoryStore>();
  ASSERT_TRUE(WriteBackup(*memory).ok());
  OldVersions store(memory);
  EXPECT_THAT(ListBackups(store, "backup", {}).value(), ElementsAre(Field(&BackupEntry::name, "nightly")));
}

TEST(ListBackups, ReadsABucketThatIsTheRoot) {
  MemoryStore store;
  store.Set("one/meta/backup_meta.json", R"({"name":"one","size":7})");
  store.Set("one/meta/full_meta.json", R"({"name":"one","size":7})");
  std::vector<BackupEntry> listed = ListBackups(store, "", {}).value();
  ASSERT_THAT(listed, ElementsAre(Field(&BackupEntry::name, "one")));
  EXPECT_EQ(listed[0].size, 7);
}

// What the store refuses, or cannot do for now, is never "unfinished": somebody might delete that.
TEST(ListBackups, OneThatCannotBeReadIsCalledUnreadableAndHidesNoOther) {
  for (const Code code : {Code::kPermissionDenied, Code::kUnavailable, Code::kDeadlineExceeded}) {
    auto memory = std::make_shared<MemoryStore>();
    for (const std::string name : {"a", "b", "c"}) {
      memory->Set("backup/" + name + "/meta/backup_meta.json", R"({"name":"x"})");
      memory->Set("backup/" + name + "/meta/full_meta.json", R"({"name":"x"})");
    }
    FaultyStore store(memory);
    store.Inject({.status = {code, "the store's words (request 7F)"}});
    std::vector<BackupEntry> listed = ListBackups(store, "backup", {}).value();
    ASSERT_EQ(listed.size(), 3u);
    int complete = 0, unreadable = 0;
    for (const BackupEntry& entry : listed) {
      complete += entry.state == EntryState::kComplete ? 1 : 0;
      if (entry.state != EntryState::kUnreadable) continue;
      ++unreadable;
      EXPECT_THAT(entry.problem, HasSubstr("the store's words (request 7F)"));
      EXPECT_EQ(entry.refused, code == Code::kPermissionDenied);
    }
    EXPECT_EQ(complete, 2);
    EXPECT_EQ(unreadable, 1);
  }
}

TEST(ListBackups, ABackupThatLostItsCommitObjectIsShownAsTheGoToolShowsIt) {
  MemoryStore store;
  ASSERT_TRUE(WriteBackup(store).ok());
  const ObjectKey commit[] = {kLayout.Meta(kBackupMeta)};
  ASSERT_TRUE(store.Delete(commit, {}).ok());
  const std::vector<BackupEntry> listed = ListBackups(store, "backup", {}).value();
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].state, EntryState::kComplete);
  EXPECT_EQ(listed[0].milvus_version, "v2.3.5");
  EXPECT_THAT(listed[0].problem, HasSubstr("backup_meta.json is missing"));
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

TEST(OpenBackup, SaysWhatLiesThereInsteadAndAdvisesNothing) {
  struct Case {
    std::string key, content, seen;
  };
  for (const Case& c : {
           Case{"binlogs/insert_log/1/2/3/3/100/7", "x", "unfinished"},
           Case{"meta/deleting.json", LockToJson(ThisProcess("delete")), "being deleted"},
           Case{"meta/full_meta.json/xl.meta", "x", "this is MinIO's own on-disk format"},
       }) {
    MemoryStore store;
    store.Set(kLayout.prefix() + c.key, c.content);
    Status opened = OpenBackup(store, kLayout, {}).status();
    EXPECT_EQ(opened.code(), Code::kNotFound) << c.key;
    EXPECT_THAT(opened.message(), AllOf(HasSubstr(c.seen), Not(HasSubstr("delete -n")))) << c.key;
  }
}

TEST(OpenBackup, ReadsABackupThatLostOrBrokeItsCommitObjectAndSaysSo) {
  for (const bool is_lost : {true, false}) {
    MemoryStore store;
    ASSERT_TRUE(WriteBackup(store).ok());
    const ObjectKey commit[] = {kLayout.Meta(kBackupMeta)};
    store.Set(commit[0].str(), "garbage");
    if (is_lost) {
      ASSERT_TRUE(store.Delete(commit, {}).ok());
    }
    const Result<OpenedBackup> opened = OpenBackup(store, kLayout, {});
    ASSERT_TRUE(opened.ok()) << opened.status().message();
    EXPECT_EQ(opened->backup.collections.size(), 2u);
    EXPECT_THAT(opened->remarks, ElementsAre(HasSubstr("backup_meta.json")));
  }
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
  const auto whole = CountBackupFiles(store, kLayout, false, {}).value();
  store.Set(MetaKey(kLock), "{}");
  const auto locked = CountBackupFiles(store, kLayout, false, {}).value();
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

const StillOurs kOurs = [] { return Status(); };

Status Remove(ObjectStore& store, Progress& progress, const StillOurs& still_ours = kOurs) {
  return RemoveBackupFiles(store, kLayout, false, ThisProcess("delete"), progress, still_ours, {});
}

TEST(RemoveBackupFiles, RemovesTheCommitObjectFirstAndTheMarkerLast) {
  auto memory = std::make_shared<MemoryStore>();
  ASSERT_TRUE(WriteBackup(*memory).ok());
  backuptest::PlaceData(*memory, kLayout.tree(), SmallBackup());
  auto deletes = std::make_shared<DeleteLog>(memory);
  PutLog store(deletes);
  Progress progress;
  ASSERT_TRUE(Remove(store, progress).ok());
  EXPECT_THAT(memory->Keys(), IsEmpty());
  EXPECT_THAT(store.keys, ElementsAre(MetaKey(kDeleting)));
  ASSERT_GE(deletes->batches.size(), 3u);
  EXPECT_THAT(deletes->batches.front(), ElementsAre(kLayout.Meta(kBackupMeta)));
  EXPECT_THAT(deletes->batches.back(), ElementsAre(kLayout.Meta(kDeleting)));
}

TEST(RemoveBackupFiles, RemovesMoreThanOnePageAndLeavesTheNeighboursAndTheLock) {
  MemoryStore store;
  for (int i = 0; i < 2'345; ++i)
    store.Set(fmt::format("backup/nightly/binlogs/insert_log/1/2/3/3/100/{}", i), "x");
  store.Set(MetaKey(kLock), "{}");
  store.Set("backup/nightly2/meta/backup_meta.json", "{}");
  Progress progress;
  ASSERT_TRUE(Remove(store, progress).ok());
  EXPECT_THAT(store.Keys(), ElementsAre(MetaKey(kLock), "backup/nightly2/meta/backup_meta.json"));
  EXPECT_EQ(progress.Get().objects_done, 2'345);
  EXPECT_EQ(progress.Get().bytes_done, 2'345);
}

TEST(RemoveBackupFiles, PassesOverPagesOfForeignObjects) {
  MemoryStore store;
  for (int i = 0; i < 1'500; ++i) store.Set(fmt::format("backup/nightly/binlogs/aliens/{}", i), "x");
  for (int i = 0; i < 1'500; ++i)
    store.Set(fmt::format("backup/nightly/binlogs/insert_log/1/2/3/3/100/{}", i), "x");
  for (int i = 0; i < 1'500; ++i) store.Set(fmt::format("backup/nightly/zebras/{}", i), "x");
  Progress progress;
  ASSERT_TRUE(Remove(store, progress).ok());
  EXPECT_EQ(store.Keys().size(), 3'000u);
  EXPECT_EQ(progress.Get().objects_done, 1'500);
}

// Killed before or after any of its calls: never taken for a backup again once something is gone, and a
// second delete finishes it.
TEST(RemoveBackupFiles, WhatWasInterruptedAnywhereIsKnownAndFinished) {
  for (const Fault::Kind kind : {Fault::Kind::kNotCarriedOut, Fault::Kind::kAnswerLost}) {
    for (int nth = 1; nth <= 5; ++nth) {
      auto memory = std::make_shared<MemoryStore>();
      ASSERT_TRUE(WriteBackup(*memory).ok());
      for (int i = 0; i < 2'100; ++i)
        memory->Set(fmt::format("backup/nightly/binlogs/insert_log/1/2/3/3/100/{}", i), "x");
      FaultyStore store(memory);
      store.Inject({.operation = StoreOperation::kDelete, .kind = kind, .nth = nth});
      Progress progress;
      EXPECT_EQ(Remove(store, progress).code(), Code::kUnavailable) << nth;
      const bool is_over = kind == Fault::Kind::kAnswerLost && nth == 5;
      const PlaceKind left = LookAt(*memory, kLayout, {}).value().kind;
      // Before its first removal nothing is gone: it is the backup that it was.
      const bool is_whole = kind == Fault::Kind::kNotCarriedOut && nth == 1;
      EXPECT_EQ(left, is_over    ? PlaceKind::kEmpty
                      : is_whole ? PlaceKind::kBackup
                                 : PlaceKind::kBeingDeleted)
          << nth;
      EXPECT_EQ(OpenBackup(*memory, kLayout, {}).status().code(), is_whole ? Code::kOk : Code::kNotFound);
      EXPECT_TRUE(Remove(store, progress).ok());
      EXPECT_THAT(memory->Keys(), IsEmpty());
    }
  }
}

TEST(RemoveBackupFiles, EndsBeforeTheNextPageWhenItIsNotOursAnyMore) {
  MemoryStore store;
  for (int i = 0; i < 2'345; ++i)
    store.Set(fmt::format("backup/nightly/binlogs/insert_log/1/2/3/3/100/{}", i), "x");
  Progress progress;
  int asked = 0;
  // Before the marker, before the commit object, before the first page.
  const Status lost =
      Remove(store, progress, [&] { return ++asked <= 3 ? Status() : Status(Code::kLocked, "taken over"); });
  EXPECT_EQ(lost.code(), Code::kLocked);
  EXPECT_EQ(progress.Get().objects_done, 1'000);
}

TEST(BackupWriter, AnAbandonedRunOnAFullDiskIsTidiedUpWithoutAMarker) {
  auto memory = std::make_shared<MemoryStore>();
  FaultyStore store(memory);
  auto writer = BackupWriter::Begin(store, kLayout, "create", {});
  ASSERT_TRUE(writer.ok());
  for (const char* key :
       {"backup/nightly/binlogs/insert_log/1/2/3/3/100/7", "backup/nightly/extra/of/a/newer/tool"})
    ASSERT_TRUE((*writer)->store().Put({.key = ObjectKey(key), .body = "x"}, {}).ok());
  store.Inject(
      {.operation = StoreOperation::kPut, .status = {Code::kUnavailable, "no space left on device"}});
  EXPECT_TRUE((*writer)->Abandon({}).ok());
  EXPECT_THAT(memory->Keys(), IsEmpty());
}

}  // namespace
}  // namespace mbk
