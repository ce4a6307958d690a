#include "ops/l0compact/l0compact.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "manifest/object_index.h"
#include "ops/testing/row_backup.h"
#include "ops/verify/verify.h"

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

TEST_F(L0Compact, RefusesANameThatIsTakenUnlessForced) {
  ASSERT_TRUE(Run().ok());
  EXPECT_EQ(Run().status().code(), Code::kAlreadyExists);
  EXPECT_TRUE(Run({.name = "nightly", .force = true}).ok());
  EXPECT_EQ(Run({.name = "nightly", .output = "nightly"}).status().code(), Code::kInvalidArgument);
}

TEST_F(L0Compact, ThatFailsLeavesNothingOfTheOutput) {
  for (const std::string& key : backup_.DataKeys())
    if (key.find("delta_log/4000/-1") != std::string::npos)
      backup_.store().Set(key, std::string(backup_.store().Contents().at(key).size(), 'x'));
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
