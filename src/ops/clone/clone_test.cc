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
    source_.AddCollection(kBooks, 1000,
                          {{.id = 10, .has_deletes = true, .has_rows = true}, {.id = 11, .has_rows = true}});
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

TEST_F(Clone, ReplacesWhatStandsAndKeepsItWhenThatFails) {
  target_.AddCollection(kBooks, 1, {});
  target_.server.EditCollection(kBooks, [](milvustest::MockCollection& old) {
    old.imported_rows = 3;
    old.description.aliases = {"lib"};
  });
  const CloneOptions over{.load = {.drop_exist_collection = true}};
  target_.ImportJobsBring(50);
  ASSERT_FALSE(Run(over).value().status.ok());
  EXPECT_EQ(target_.server.FindCollection(kBooks)->StoredRows(), 3);
  target_.ImportJobsBring(5);
  const auto report = Run(over);
  ASSERT_TRUE(report.ok() && report->status.ok()) << report.status().message();
  EXPECT_EQ(target_.server.FindCollection(kBooks)->StoredRows(), 10);
  EXPECT_THAT(target_.server.FindCollection(kBooks)->description.aliases, testing::ElementsAre("lib"));
  EXPECT_THAT(target_.client->ListCollections("default", {}).value(), testing::ElementsAre("books"));
  EXPECT_THAT(target_.milvus_memory->Keys(), IsEmpty());
}

TEST_F(Clone, OfNothingIsNotFoundUnlessItIsMeant) {
  World empty;
  EXPECT_EQ(RunClone({}, empty.milvus, target_.target, target_.run, {}).status().code(), Code::kNotFound);
  const auto meant = RunClone({.load = {.allow_empty = true}}, empty.milvus, target_.target, target_.run, {});
  EXPECT_TRUE(meant.ok()) << meant.status().message();
}

TEST_F(Clone, NamesWhatItLeavesOut) {
  source_.AddCollection({"default", "outside"}, 1001, {});
  source_.server.EditCollection({"default", "outside"}, [](milvustest::MockCollection& c) {
    c.description.schema.external_source = "s3://lake/x";
  });
  const Result<RestoreReport> report = Run();
  ASSERT_TRUE(report.ok()) << report.status().message();
  ASSERT_THAT(report->left_out, SizeIs(1));
  EXPECT_EQ(report->left_out[0].name.Full(), "default.outside");
}

// The source by another address: what would be dropped is what would be read.
TEST_F(Clone, OntoItselfIsRefusedBeforeAnythingIsTouched) {
  const std::unique_ptr<MilvusClient> again = milvustest::ConnectTo(source_.server);
  MilvusTarget itself{.client = *again, .open_store = source_.target.open_store};
  for (const load::Options& options :
       {load::Options{.drop_exist_collection = true}, load::Options{.skip_create_collection = true}}) {
    const Status refused = RunClone({.load = options}, source_.milvus, itself, source_.run, {}).status();
    EXPECT_EQ(refused.code(), Code::kInvalidArgument);
    EXPECT_THAT(refused.message(), testing::HasSubstr("nothing was changed"));
    CloneOptions kept{.load = options, .backup_name = "kept"};
    EXPECT_EQ(
        RunCloneThroughBackup(kept, source_.milvus, source_.backups, itself, source_.run, {}).status().code(),
        Code::kInvalidArgument);
  }
  EXPECT_EQ(source_.Calls("DropCollection") + source_.Calls("Flush") + source_.Calls("Import"), 0u);
  EXPECT_THAT(source_.backup_memory->Keys(), IsEmpty());
}

TEST_F(Clone, BesideItselfOnTheSameServerIsAllowed) {
  const std::unique_ptr<MilvusClient> again = milvustest::ConnectTo(source_.server);
  MilvusTarget itself{.client = *again, .open_store = source_.target.open_store};
  load::Options beside{.renamer = Renamer::FromSuffix("_copy").value(), .drop_exist_collection = true};
  Result<RestoreReport> report = RunClone({.load = beside}, source_.milvus, itself, source_.run, {});
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_TRUE(report->status.ok()) << report->status.message();
  EXPECT_TRUE(source_.server.FindCollection(kBooks).has_value());
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
