#include "ops/l0compact/l0compact.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "manifest/object_index.h"
#include "ops/testing/row_backup.h"
#include "ops/testing/telling_stores.h"
#include "ops/verify/verify.h"
#include "repository/lock_owner.h"
#include "store/testing/faulty_store.h"

namespace mbk {
namespace {

using opstest::Books;
using opstest::kMs;
using opstest::kNow;
using opstest::RowBackup;
using testing::AllOf;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class L0Compact : public testing::Test {
 protected:
  L0Compact() {
    backup_.AddSegment(0, Books(0, 40), {{1, kNow + kMs}});
    backup_.AddSegment(1, Books(100, 40));
    backup_.AddL0(0, {{2, kNow + kMs}, {3, kNow - kMs}, {9999, kNow + kMs}});
    backup_.AddL0(std::nullopt, {{4, kNow + 2 * kMs}, {101, kNow + kMs}, {101, kNow + 3 * kMs}});
    backup_.Commit();
  }
  Result<L0CompactReport> Run(const L0CompactOptions& options = {.name = "nightly"}) {
    return RunL0Compact(options, backup_.side, backup_.run, {});
  }
  VerifyReport Verify(const std::string& name) {
    return RunVerify({.name = name, .level = VerifyLevel::kRows}, backup_.side, backup_.run, {}).value();
  }

  std::vector<std::string> Names() {
    std::vector<std::string> names;
    const std::vector<BackupEntry> entries = ListBackups(backup_.store(), "backup", {}).value();
    for (const BackupEntry& entry : entries) names.push_back(entry.name);
    return names;
  }

  RowBackup backup_;
};

TEST_F(L0Compact, KeepsExactlyTheRowsThatLive) {
  const Result<L0CompactReport> report = Run();
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(report->output, "nightly_l0compacted");
  EXPECT_EQ(report->l0_segments, 2);
  EXPECT_EQ(report->deletes, 3) << "only those that bury a row";
  EXPECT_EQ(report->delta_logs, 2);
  const VerifyReport before = Verify("nightly"), after = Verify("nightly_l0compacted");
  EXPECT_THAT(after.damage, IsEmpty());
  EXPECT_EQ(after.collections.at(0).total->fingerprint, before.collections.at(0).total->fingerprint);
  EXPECT_EQ(after.collections.at(0).total->counts, before.collections.at(0).total->counts);
}

TEST_F(L0Compact, KeepsTheFingerprintsThatCreateRecorded) {
  RowBackup backup;
  backup.AddSegment(0, Books(0, 40));
  backup.AddL0(std::nullopt, {{4, kNow + kMs}});
  rows::RecordRows(
      rows::ProveRows(backup.store(), backup.layout().tree(), backup.backup(), backup.progress, {}).value(),
      backup.backup());
  backup.Commit();
  ASSERT_TRUE(RunL0Compact({.name = "nightly"}, backup.side, backup.run, {}).ok());
  const VerifyReport after =
      RunVerify({.name = "nightly_l0compacted", .level = VerifyLevel::kRows}, backup.side, backup.run, {})
          .value();
  EXPECT_THAT(after.damage, IsEmpty());
  EXPECT_EQ(after.collections_as_recorded, 1);
}

TEST_F(L0Compact, LeavesNoL0SegmentAndNewIdAndName) {
  ASSERT_TRUE(Run().ok());
  const OpenedBackup opened =
      OpenBackup(backup_.store(), BackupLayout("backup", "nightly_l0compacted"), {}).value();
  EXPECT_EQ(opened.backup.name, "nightly_l0compacted");
  EXPECT_NE(opened.backup.id, backup_.backup().id);
  EXPECT_THAT(opened.backup.collections[0].l0_segments, IsEmpty());
  ForEachSegment(opened.backup.collections[0], [](const Segment& segment) { EXPECT_FALSE(segment.is_l0); });
}

TEST_F(L0Compact, NamesKeysOfNewerToolsThatTheOutputLacks) {
  const std::string key = backup_.layout().Meta(kFullMeta).str();
  backup_.store().Set(key, R"({"of_a_newer_tool":1,)" + backup_.store().Contents().at(key).substr(1));
  backup_.RecordMetadata();
  EXPECT_THAT(Run().value().lost_keys, testing::ElementsAre("of_a_newer_tool"));
}

// A byte that flipped in a file that is carried: its output keeps the record of what was written.
TEST_F(L0Compact, DoesNotRecordDamageAsIfItHadAlwaysBeenThere) {
  const Segment& segment = backup_.books().partitions[0].segments[0];
  const std::string key =
      backup_.layout().tree().InsertLog(RowBackup::kCollection, segment, segment.insert_logs[3]).str();
  const std::string whole = backup_.store().Contents().at(key);
  std::string flipped = whole;
  flipped.back() ^= 1;
  const std::string objects = backup_.layout().Meta(kObjects).str();
  const std::string records = backup_.store().Contents().at(objects);
  for (const bool other_kind :
       {false, true}) {  // of one kind with the digest that the store tells of its copies
    std::string recorded = records;
    const std::string told = R"("digest_kind":"md5","digest":")" + Md5Hex(whole);
    ASSERT_NE(recorded.find(told), std::string::npos);
    if (other_kind)
      recorded.replace(recorded.find(told), told.size(),
                       R"("digest_kind":"xxh128","digest":")" + Xxh128Hex(whole));
    backup_.store().Set(objects, recorded);
    backup_.store().Set(key, flipped);
    const Result<L0CompactReport> report = Run();
    if (!other_kind) {
      EXPECT_EQ(report.status().code(), Code::kDataLoss);
      EXPECT_THAT(report.status().message(), HasSubstr("other bytes than were written"));
      EXPECT_EQ(Names(), std::vector<std::string>({"nightly"}));
      continue;
    }
    ASSERT_TRUE(report.ok()) << "the store has copied by itself: " << report.status().message();
    const VerifyReport verified = RunVerify({.name = "nightly_l0compacted", .level = VerifyLevel::kChecksum},
                                            backup_.side, backup_.run, {})
                                      .value();
    EXPECT_THAT(verified.damage, testing::ElementsAre(HasSubstr("other bytes than were written")));
  }
}

// They are not in the output, and no record of them: nothing would ever tell that they were others.
TEST_F(L0Compact, RefusesDeletesThatAreNotThoseThatWereWritten) {
  RowBackup other;
  other.AddSegment(0, Books(0, 40), {{1, kNow + kMs}});
  other.AddSegment(1, Books(100, 40));
  other.AddL0(0, {{2, kNow + kMs}, {3, kNow - kMs}, {9999, kNow + kMs}});
  other.AddL0(std::nullopt, {{5, kNow + 2 * kMs}, {101, kNow + kMs}, {101, kNow + 3 * kMs}});
  const Segment& l0 = other.books().l0_segments[0];
  const std::string key = other.layout().tree().DeltaLog(RowBackup::kCollection, l0, l0.delta_logs[0]).str();
  const std::string written = backup_.store().Contents().at(key), changed = other.store().Contents().at(key);
  ASSERT_NE(written, changed);
  ASSERT_EQ(written.size(), changed.size());
  backup_.store().Set(key, changed);
  const auto before = backup_.store().Contents();
  const auto expect_refused = [&](ObjectStore& store, bool dry_run) {
    BackupSide side{.store = store, .root = "backup"};
    const Status refused =
        RunL0Compact({.name = "nightly", .dry_run = dry_run}, side, backup_.run, {}).status();
    EXPECT_EQ(refused.code(), Code::kDataLoss);
    EXPECT_THAT(refused.message(), AllOf(HasSubstr("backup nightly cannot be compacted"), HasSubstr(key),
                                         HasSubstr("other bytes than were written")));
    EXPECT_EQ(backup_.store().Contents(), before);
  };
  for (const bool dry_run : {true, false}) expect_refused(backup_.store(), dry_run);
  // Where the store tells nothing they are read, but by a dry run.
  opstest::SilentStore silent({std::shared_ptr<void>(), &backup_.store()});
  expect_refused(silent, false);
}

TEST_F(L0Compact, RefusesANameThatIsTakenUnlessForced) {
  ASSERT_TRUE(Run().ok());
  EXPECT_EQ(Run().status().code(), Code::kAlreadyExists);
  EXPECT_TRUE(Run({.name = "nightly", .force = true}).ok());
  EXPECT_EQ(Names(), std::vector<std::string>({"nightly", "nightly_l0compacted"}))
      << "and nothing beside them";
  EXPECT_THAT(Verify("nightly_l0compacted").damage, IsEmpty());
  EXPECT_EQ(Run({.name = "nightly", .output = "nightly"}).status().code(), Code::kInvalidArgument);
}

TEST_F(L0Compact, ADryRunRefusesWhatTheRunWould) {
  EXPECT_TRUE(Run({.name = "nightly", .dry_run = true}).ok());
  ASSERT_TRUE(Run().ok());
  EXPECT_EQ(Run({.name = "nightly", .dry_run = true}).status().code(), Code::kAlreadyExists);
  EXPECT_TRUE(Run({.name = "nightly", .force = true, .dry_run = true}).ok());
}

TEST_F(L0Compact, ForcedNeverReplacesWhatIsNoBackup) {
  for (const std::string key : {"insert_log/1/2/3/100/7", "monday/meta/full_meta.json/xl.meta",
                                "monday/binlogs/insert_log/1/2/3/3/100/7"}) {
    backup_.store().Set("backup/" + key, "not ours");
    const auto before = backup_.store().Contents();
    const std::string output = key.substr(0, key.find('/'));
    EXPECT_EQ(Run({.name = "nightly", .output = output, .force = true}).status().code(),
              Code::kFailedPrecondition)
        << key;
    EXPECT_EQ(backup_.store().Contents(), before);
    backup_.Remove("backup/" + key);
  }
}

// What is not of the old output stays where it is, and would keep the new one from its name.
TEST_F(L0Compact, ForcedRefusesAnOutputBesideWhichSomethingElseLies) {
  ASSERT_TRUE(Run({.name = "nightly", .output = "monday"}).ok());
  backup_.store().Set("backup/monday/binlogs/.DS_Store", "of a Mac");
  const auto before = backup_.store().Contents();
  for (const bool dry_run : {true, false}) {
    const Status refused =
        Run({.name = "nightly", .output = "monday", .force = true, .dry_run = dry_run}).status();
    EXPECT_EQ(refused.code(), Code::kFailedPrecondition);
    EXPECT_THAT(refused.message(), HasSubstr("backup/monday/binlogs/.DS_Store"));
    EXPECT_EQ(backup_.store().Contents(), before);
  }
}

TEST_F(L0Compact, ForcedThatFailsBecauseOfItsSourceLeavesTheOldOutput) {
  ASSERT_TRUE(Run({.name = "nightly", .output = "monday"}).ok());
  for (const std::string& key : backup_.DataKeys())
    if (key.find("delta_log/4000/-1") != std::string::npos)
      backup_.store().Set(key, std::string(backup_.store().Contents().at(key).size(), 'x'));
  backup_.Commit();  // or it would not begin
  const auto before = backup_.store().Contents();
  EXPECT_EQ(Run({.name = "nightly", .output = "monday", .force = true}).status().code(), Code::kDataLoss);
  EXPECT_EQ(backup_.store().Contents(), before);
}

// While the new output is written, another run puts a backup of its own where the old one lay.
class ReplacedMeanwhile : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  Result<WriteResult> Put(const PutRequest& request, const CallContext& context) override {
    if (request.key.str().find("_l0_") != std::string::npos && !replaced_) {
      replaced_ = true;
      const ObjectKey commit = BackupLayout("backup", "monday").Meta(kBackupMeta);
      MBK_TRY(inner()
                  .Put({.key = commit, .body = R"({"name":"monday","id":"of another run"})"}, context)
                  .status());
    }
    return ForwardingStore::Put(request, context);
  }

 private:
  bool replaced_ = false;
};

TEST_F(L0Compact, ForcedReplacesOnlyTheOutputThatItLookedAt) {
  ASSERT_TRUE(Run({.name = "nightly", .output = "monday"}).ok());
  ReplacedMeanwhile store(std::shared_ptr<ObjectStore>(&backup_.store(), [](ObjectStore*) {}));
  BackupSide side{.store = store, .root = "backup"};
  const Status refused =
      RunL0Compact({.name = "nightly", .output = "monday", .force = true}, side, backup_.run, {}).status();
  EXPECT_EQ(refused.code(), Code::kFailedPrecondition);
  EXPECT_THAT(refused.message(),
              AllOf(HasSubstr("another run has written it since"), HasSubstr("monday_l0_")));
  EXPECT_THAT(backup_.store().Contents().at("backup/monday/meta/backup_meta.json"),
              HasSubstr("of another run"));
}

// While the new output is written, somebody looks at the old one with a file manager.
class LookedAtMeanwhile : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  Result<WriteResult> Put(const PutRequest& request, const CallContext& context) override {
    if (request.key.str().find("_l0_") != std::string::npos)
      MBK_TRY(
          inner().Put({.key = ObjectKey("backup/monday/.DS_Store"), .body = "of a Mac"}, context).status());
    return ForwardingStore::Put(request, context);
  }
};

TEST_F(L0Compact, ForcedLeavesTheOldOutputWhereSomethingElseCameBesideItMeanwhile) {
  ASSERT_TRUE(Run({.name = "nightly", .output = "monday"}).ok());
  LookedAtMeanwhile store(std::shared_ptr<ObjectStore>(&backup_.store(), [](ObjectStore*) {}));
  BackupSide side{.store = store, .root = "backup"};
  const Status refused =
      RunL0Compact({.name = "nightly", .output = "monday", .force = true}, side, backup_.run, {}).status();
  EXPECT_EQ(refused.code(), Code::kFailedPrecondition);
  EXPECT_THAT(refused.message(), AllOf(HasSubstr("monday/.DS_Store"), HasSubstr("monday_l0_")));
  EXPECT_THAT(Verify("monday").damage, IsEmpty());
}

// Whichever call fails, before it was carried out or after: the old output can be read, or the new one, and
// the error says under which name.
class ForcedL0Compact : public L0Compact, public testing::WithParamInterface<StoreOperation> {
 protected:
  bool IsWhole(const std::string& name) {
    const Result<VerifyReport> report =
        RunVerify({.name = name, .level = VerifyLevel::kRows}, backup_.side, backup_.run, {});
    return report.ok() && report->damage.empty();
  }
};

TEST_P(ForcedL0Compact, LeavesTheOldOutputOrTheNewOneWhateverFails) {
  ASSERT_TRUE(Run({.name = "nightly", .output = "monday"}).ok());
  const auto begin = backup_.store().Contents();
  int failures = 0;
  for (int nth = 1; nth < 200; ++nth) {
    FaultyStore store(std::shared_ptr<ObjectStore>(&backup_.store(), [](ObjectStore*) {}));
    store.Inject(
        {.operation = GetParam(), .nth = nth, .times = 1000, .status = {Code::kUnavailable, "gone"}});
    BackupSide side{.store = store, .root = "backup"};
    const Status outcome =
        RunL0Compact({.name = "nightly", .output = "monday", .force = true}, side, backup_.run, {}).status();
    if (store.fired() == 0) break;
    SCOPED_TRACE(testing::Message() << "call " << nth << ": " << outcome.message());
    ++failures;
    bool is_whole = IsWhole("monday");
    for (const std::string& name : Names())
      is_whole |= name.starts_with("monday_l0_") && outcome.message().find(name) != std::string::npos &&
                  IsWhole(name);
    EXPECT_TRUE(is_whole);
    for (const std::string& key : backup_.store().Keys()) backup_.Remove(key);
    for (const auto& [key, content] : begin) backup_.store().Set(key, content);
  }
  EXPECT_GT(failures, 3);
}

INSTANTIATE_TEST_SUITE_P(Calls, ForcedL0Compact,
                         testing::Values(StoreOperation::kPut, StoreOperation::kDelete, StoreOperation::kCopy,
                                         StoreOperation::kList, StoreOperation::kGet),
                         [](const auto& info) { return std::string(StoreOperationName(info.param)); });

// What a killed one has left under a name beside its output's: data without metadata, and its lock.
class BesideL0Compact : public L0Compact {
 protected:
  void LeaveUnfinished(const std::string& name, std::string_view verb, bool is_dead = true) {
    const BackupLayout layout("backup", name);
    LockOwner owner = ThisProcess(verb);
    owner.id = "0123456789abcdef";
    if (is_dead) ++owner.process.start_ticks;
    backup_.store().Set(layout.Meta(kLock).str(), LockToJson(owner));
    backup_.store().Set(layout.prefix() + "binlogs/insert_log/1/2/3/100/7", "half");
  }
  bool IsThere(const std::string& name) {
    for (const std::string& key : backup_.store().Keys())
      if (key.starts_with("backup/" + name + "/")) return true;
    return false;
  }
};

TEST_F(BesideL0Compact, ForcedRemovesWhatAKilledOneLeftAndNothingElse) {
  ASSERT_TRUE(Run({.name = "nightly", .output = "monday"}).ok());
  LeaveUnfinished("monday_l0_0a1b2c3d", "l0compact");
  LeaveUnfinished("monday_l0_00000001", "l0compact", false);
  LeaveUnfinished("monday_l0_00000002", "create");
  LeaveUnfinished("monday_l0_thursday", "l0compact");
  LeaveUnfinished("mondays_l0_00000003", "l0compact");
  ASSERT_TRUE(Run({.name = "nightly", .output = "monday_l0_00000004"}).ok());
  ASSERT_TRUE(Run({.name = "nightly", .output = "monday", .force = true, .dry_run = true}).ok());
  EXPECT_TRUE(IsThere("monday_l0_0a1b2c3d"));
  ASSERT_TRUE(Run({.name = "nightly", .output = "monday", .force = true}).ok());
  EXPECT_FALSE(IsThere("monday_l0_0a1b2c3d"));
  for (const std::string name : {"monday_l0_00000001", "monday_l0_00000002", "monday_l0_thursday",
                                 "mondays_l0_00000003", "monday_l0_00000004", "monday"})
    EXPECT_TRUE(IsThere(name)) << name;
  EXPECT_THAT(Verify("monday").damage, IsEmpty());
}

TEST_F(L0Compact, ThatFailsLeavesNothingOfTheOutput) {
  for (const std::string& key : backup_.DataKeys())
    if (key.find("delta_log/4000/-1") != std::string::npos)
      backup_.store().Set(key, std::string(backup_.store().Contents().at(key).size(), 'x'));
  backup_.Commit();  // or it would not begin
  EXPECT_EQ(Run().status().code(), Code::kDataLoss);
  EXPECT_THAT(backup_.store().Keys(), Each(Not(HasSubstr("l0compacted"))));
}

TEST_F(L0Compact, RefusesAStorageVersionThatIsNotReadBeforeAnythingIsWritten) {
  Segment& segment = backup_.books().partitions[1].segments[0];
  segment.storage_version = 3;
  backup_.Commit();
  const auto before = backup_.store().Contents();
  for (const bool dry_run : {false, true}) {
    const Status status = Run({.name = "nightly", .dry_run = dry_run}).status();
    EXPECT_EQ(status.code(), Code::kUnimplemented);
    EXPECT_THAT(status.message(), AllOf(HasSubstr("segment " + std::to_string(segment.segment_id)),
                                        HasSubstr("storage version 3")));
  }
  EXPECT_EQ(backup_.store().Contents(), before);
}

TEST_F(L0Compact, ADryRunWritesNothing) {
  const auto before = backup_.store().Contents();
  EXPECT_EQ(Run({.name = "nightly", .dry_run = true}).value().l0_segments, 2);
  EXPECT_EQ(backup_.store().Contents(), before);
}

}  // namespace
}  // namespace mbk
