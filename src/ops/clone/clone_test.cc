#include "ops/clone/clone.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/testing/world.h"
#include "repository/repository.h"

namespace mbk {
namespace {

using opstest::World;
using testing::IsEmpty;
using testing::SizeIs;

const CollectionName kBooks{"default", "books"};

// Two servers, the first with a collection of two segments.
class Clone : public testing::Test {
 protected:
  Clone() {
    source_.AddCollection(kBooks, 1000, {{.id = 10, .has_deletes = true}, {.id = 11}});
    bucket_before_ = source_.milvus_memory->Contents();
  }
  Result<RestoreReport> Run(const CloneOptions& options = {}) {
    return RunClone(options, source_.milvus, target_.target, target_.run, {});
  }

  World source_, target_;
  std::map<std::string, std::string> bucket_before_;
};

TEST_F(Clone, CarriesACollectionAndLeavesTheSourceAsItWas) {
  Result<RestoreReport> report = Run();
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_TRUE(report->status.ok()) << report->status.message();
  ASSERT_THAT(report->collections, SizeIs(1));
  EXPECT_EQ(report->collections[0].rows_imported, 10);
  EXPECT_TRUE(target_.server.FindCollection(kBooks).has_value());
  EXPECT_EQ(source_.Calls("Flush"), 1u);
  EXPECT_EQ(source_.milvus_memory->Contents(), bucket_before_);
  EXPECT_THAT(target_.milvus_memory->Keys(), IsEmpty()) << "staged files are gone";
}

TEST_F(Clone, ADryRunFlushesNothingAndChangesNothing) {
  Result<RestoreReport> report = Run({.dry_run = true});
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(report->collections.at(0).import_jobs, 2);
  EXPECT_EQ(source_.Calls("Flush"), 0u);
  EXPECT_FALSE(target_.server.FindCollection(kBooks).has_value());
}

TEST_F(Clone, ATargetThatIsThereIsFoundOutBeforeTheFirstFlush) {
  target_.AddCollection(kBooks, 1, {});
  EXPECT_EQ(Run().status().code(), Code::kAlreadyExists);
  EXPECT_EQ(source_.Calls("Flush"), 0u);
}

TEST_F(Clone, OfMetadataOnlyTakesNoRows) {
  ASSERT_TRUE(Run({.load = {.meta_only = true}}).value().status.ok());
  EXPECT_TRUE(target_.server.FindCollection(kBooks).has_value());
  EXPECT_THAT(target_.server.imports(), IsEmpty());
}

TEST_F(Clone, ThroughABackupKeepsIt) {
  const CloneOptions options{.backup_name = "kept"};
  auto report =
      RunCloneThroughBackup(options, source_.milvus, source_.backups, target_.target, target_.run, {});
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_TRUE(report->status.ok()) << report->status.message();
  EXPECT_TRUE(OpenBackup(*source_.backup_memory, BackupLayout("backup", "kept"), {}).ok());
  EXPECT_TRUE(target_.server.FindCollection(kBooks).has_value());
}

}  // namespace
}  // namespace mbk
