// A run that lost its lock: whenever that is, it ends with kLocked, and what lies there stays as it is.
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "repository/repository.h"
#include "repository/testing/backups.h"
#include "repository/testing/manual_clock.h"
#include "store/memory/memory_store.h"

namespace mbk {
namespace {

using backuptest::SmallBackup;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const BackupLayout kLayout("backup", "nightly");
const std::string kDataKey = "backup/nightly/binlogs/insert_log/1/2/3/3/100/7";

std::string MetaKey(std::string_view file) { return kLayout.Meta(file).str(); }

// At the nth look at the lock (counted from Arm) the lock is another run's, which has written its backup.
class Robbing : public ForwardingStore {
 public:
  explicit Robbing(std::shared_ptr<MemoryStore> memory)
      : ForwardingStore(memory), memory_(std::move(memory)) {}

  void Arm(int nth) { left_ = nth; }
  /// What lay there when the lock was taken.
  std::map<std::string, std::string> taken;

  Result<ObjectInfo> Get(const GetRequest& request, const ByteSink& sink,
                         const CallContext& context) override {
    if (request.key == kLayout.Meta(kLock) && left_ > 0 && --left_ == 0) {
      memory_->Set(MetaKey(kLock), LockToJson(ThisProcess("copy")));
      memory_->Set(kDataKey, "the successor's");
      memory_->Set(MetaKey(kFullMeta), "{}");
      memory_->Set(MetaKey(kBackupMeta), "{}");
      taken = memory_->Contents();
    }
    return ForwardingStore::Get(request, sink, context);
  }

 private:
  std::shared_ptr<MemoryStore> memory_;
  int left_ = 0;
};

// Safety 5: before each file of the commit.
TEST(LostLock, EndsACommitBeforeItsNextFileAndNothingIsTouched) {
  constexpr int kFiles = 5;
  for (int nth = 1; nth <= kFiles; ++nth) {
    SCOPED_TRACE(fmt::format("lost before file {}", nth));
    auto memory = std::make_shared<MemoryStore>();
    Robbing store(memory);
    auto writer = BackupWriter::Begin(store, kLayout, "create", {});
    ASSERT_TRUE(writer.ok()) << writer.status().message();
    ASSERT_TRUE((*writer)->store().Put({.key = ObjectKey(kDataKey), .body = "mine"}, {}).ok());
    store.Arm(nth);
    Status committed = (*writer)->Commit(SmallBackup(), {});
    EXPECT_EQ(committed.code(), Code::kLocked) << committed.message();
    EXPECT_EQ(memory->Contents(), store.taken);
    Status abandoned = (*writer)->Abandon({});
    EXPECT_EQ(abandoned.code(), Code::kLocked) << abandoned.message();
    EXPECT_THAT(abandoned.message(), HasSubstr("nothing more is written or removed"));
    writer->reset();
    EXPECT_EQ(memory->Contents(), store.taken);
  }
}

// Safety 5: the interrupted run that wakes up after its successor has committed.
TEST(LostLock, EndsACleanUpBeforeEachPageAndNothingIsTouched) {
  for (int nth = 1; nth <= 2; ++nth) {
    SCOPED_TRACE(fmt::format("lost at look {}", nth));
    auto memory = std::make_shared<MemoryStore>();
    Robbing store(memory);
    auto writer = BackupWriter::Begin(store, kLayout, "create", {});
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE((*writer)->store().Put({.key = ObjectKey(kDataKey), .body = "mine"}, {}).ok());
    store.Arm(nth);
    EXPECT_EQ((*writer)->Abandon({}).code(), Code::kLocked);
    writer->reset();
    EXPECT_EQ(memory->Contents(), store.taken);
  }
}

TEST(LostLock, EndsEveryWriteOfASuspendedRunWithoutARequest) {
  ManualClock clock;
  MemoryStore memory;
  auto writer = BackupWriter::Begin(memory, kLayout, "copy", {}, clock);
  ASSERT_TRUE(writer.ok());
  const CallContext run = (*writer)->While({});
  ObjectStore& store = (*writer)->store();
  const ObjectKey key(kDataKey);
  ASSERT_TRUE(store.Put({.key = key, .body = "before"}, run).ok());
  clock.Suspend(kLockLease);
  const auto before = memory.Contents();
  const ObjectKey keys[] = {key};
  EXPECT_EQ(store.Put({.key = key, .body = "after"}, {}).status().code(), Code::kLocked);
  EXPECT_EQ(store.Copy({.bucket = memory.identity().bucket, .key = key}, ObjectKey("x"), {}).status().code(),
            Code::kLocked);
  EXPECT_EQ(store.Delete(keys, {}).code(), Code::kLocked);
  EXPECT_EQ(store.StartUpload(key, {}).status().code(), Code::kLocked);
  EXPECT_TRUE(store.Head(key, {}).ok()) << "reading harms nothing";
  EXPECT_TRUE(run.stop.stop_requested());
  EXPECT_EQ((*writer)->Commit(SmallBackup(), {}).code(), Code::kLocked);
  EXPECT_EQ((*writer)->Abandon({}).code(), Code::kLocked);
  EXPECT_EQ(memory.Contents()[kDataKey], before.at(kDataKey));
}

// Suspended for less than half a lease: the clocks say nothing yet, the store does.
TEST(LostLock, EndsTheFirstWriteBehindAnOverdueRenewal) {
  ManualClock clock;
  MemoryStore memory;
  auto writer = BackupWriter::Begin(memory, kLayout, "copy", {}, clock);
  ASSERT_TRUE(writer.ok());
  memory.Set(MetaKey(kLock), LockToJson(ThisProcess("delete")));
  const auto before = memory.Contents();
  clock.Suspend(Milliseconds(60'000));
  EXPECT_EQ((*writer)->store().Put({.key = ObjectKey(kDataKey), .body = "x"}, {}).status().code(),
            Code::kLocked);
  EXPECT_EQ(memory.Contents(), before);
}

TEST(Abandon, RemovesWhatTheRunWroteAndNothingElse) {
  MemoryStore memory;
  auto writer = BackupWriter::Begin(memory, kLayout, "create", {});
  ASSERT_TRUE(writer.ok());
  for (int i = 0; i < 1'234; ++i) {
    const ObjectKey key(fmt::format("backup/nightly/binlogs/insert_log/{}", i));
    ASSERT_TRUE((*writer)->store().Put({.key = key, .body = "x"}, {}).ok());
  }
  memory.Set("backup/nightly/binlogs/insert_log/of_another_tool", "x");
  memory.Set("backup/nightly2/binlogs/insert_log/1", "x");
  EXPECT_TRUE((*writer)->Abandon({}).ok());
  EXPECT_THAT(memory.Keys(), ElementsAre("backup/nightly/binlogs/insert_log/of_another_tool",
                                         "backup/nightly2/binlogs/insert_log/1"));
}

// The Go tool knows no locks. If it finishes a backup of the name meanwhile, under what it calls its files.
TEST(Abandon, LeavesABackupThatAnotherToolFinishedMeanwhile) {
  MemoryStore memory;
  auto writer = BackupWriter::Begin(memory, kLayout, "create", {});
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE((*writer)->store().Put({.key = ObjectKey(kDataKey), .body = "ours"}, {}).ok());
  memory.Set(kDataKey, "theirs");
  memory.Set(MetaKey(kBackupMeta), "{}");
  EXPECT_EQ((*writer)->Abandon({}).code(), Code::kFailedPrecondition);
  EXPECT_THAT(memory.Keys(), ElementsAre(kDataKey, MetaKey(kBackupMeta)));
}

TEST(Abandon, RemovesOwnUploadsAndCopies) {
  MemoryStore memory;
  memory.Set("source", "x");
  auto writer = BackupWriter::Begin(memory, kLayout, "create", {});
  ASSERT_TRUE(writer.ok());
  ObjectStore& store = (*writer)->store();
  const CopySource source{.bucket = memory.identity().bucket, .key = ObjectKey("source")};
  ASSERT_TRUE(store.Copy(source, ObjectKey("backup/nightly/a"), {}).ok());
  auto upload = store.StartUpload(ObjectKey("backup/nightly/b"), {});
  ASSERT_TRUE(upload.ok());
  auto part = store.UploadPart(*upload, 1, "x", {});
  ASSERT_TRUE(part.ok());
  const UploadedPart parts[] = {*part};
  ASSERT_TRUE(store.CompleteUpload(*upload, parts, {}).ok());
  EXPECT_TRUE((*writer)->Abandon({}).ok());
  EXPECT_THAT(memory.Keys(), ElementsAre("source"));
}

}  // namespace
}  // namespace mbk
