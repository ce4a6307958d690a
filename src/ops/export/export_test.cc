#include "ops/export/export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "ops/testing/row_backup.h"
#include "store/forwarding_store.h"
#include "store/local/local_store.h"
#include "store/testing/empty_pages.h"
#include "store/testing/temp_directory.h"

namespace mbk {
namespace {

using opstest::Books;
using opstest::kMs;
using opstest::kNow;
using opstest::RowBackup;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Export : public testing::Test {
 protected:
  Export() {
    backup_.AddSegment(0, {{1, 0.5F, "one"}, {2, 1.0F, "two"}, {3, 2.0F, "\"three\"\n"}}, {{2, kNow + kMs}});
    backup_.AddSegment(1, Books(100, 2));
    backup_.Commit();
  }
  Result<ExportReport> Run(const ExportOptions& options) {
    ExportTarget target{.store = to_, .directory = "out"};
    return RunExport(options, backup_.side, target, backup_.run, {});
  }

  RowBackup backup_;
  MemoryStore to_;
};

TEST_F(Export, WritesTheLivingRowsAsJsonLines) {
  const auto report = Run({.name = "nightly", .format = ExportFormat::kJsonLines});
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(report->collections.at(0).rows, 4);
  EXPECT_EQ(to_.Contents().at("out/default/books/partition=_default/part-00000.jsonl"),
            "{\"id\":1,\"price\":0.5,\"title\":\"one\"}\n"
            "{\"id\":3,\"price\":2,\"title\":\"\\\"three\\\"\\n\"}\n");
}

TEST_F(Export, WritesParquetAPartitionAtATime) {
  ASSERT_TRUE(Run({.name = "nightly"}).ok());
  EXPECT_THAT(to_.Keys(), ElementsAre("out/default/books/partition=_default/part-00000.parquet",
                                      "out/default/books/partition=new/part-00000.parquet"));
  for (const auto& [key, content] : to_.Contents()) {
    EXPECT_TRUE(content.starts_with("PAR1")) << key;
    EXPECT_TRUE(content.ends_with("PAR1")) << key;
  }
}

TEST_F(Export, MakesTheDirectoryThatItWritesTo) {
  TempDirectory parent;
  const std::unique_ptr<ObjectStore> directory =
      MakeLocalStore({.base_directory = parent.path() + "/new/rows"});
  ExportTarget target{.store = *directory,
                      .make = [&](const CallContext& context) { return directory->EnsureBucket(context); }};
  const auto planned = RunExport({.name = "nightly", .dry_run = true}, backup_.side, target, backup_.run, {});
  EXPECT_TRUE(planned.ok()) << planned.status().message();
  EXPECT_FALSE(std::filesystem::exists(parent.path() + "/new"));
  const auto report = RunExport({.name = "nightly"}, backup_.side, target, backup_.run, {});
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_TRUE(
      std::filesystem::exists(parent.path() + "/new/rows/default/books/partition=new/part-00000.parquet"));
}

// As a policy that is bound to a prefix has it.
class ForbidsToLookAtTheBucket : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  Status EnsureBucket(const CallContext&) override { return {Code::kPermissionDenied, "AccessDenied"}; }
};

TEST_F(Export, LooksAtNoBucketThatIsThere) {
  ForbidsToLookAtTheBucket store(std::make_shared<MemoryStore>());
  ExportTarget target{.store = store, .directory = "out"};
  const auto report = RunExport({.name = "nightly"}, backup_.side, target, backup_.run, {});
  EXPECT_TRUE(report.ok()) << report.status().message();
}

// Takes ops/export/run.cc: "lies in backup {}: give another place with -o"
TEST_F(Export, IntoABackupIsRefusedAndAnotherPlaceIsTaken) {
  MemoryStore& memory = backup_.store();
  for (const char* inside : {"backup/nightly", "backup/nightly/", "backup/nightly/rows/today"}) {
    ExportTarget target{.store = memory, .directory = inside};
    const std::size_t before = memory.Keys().size();
    const Status refused = RunExport({.name = "nightly"}, backup_.side, target, backup_.run, {}).status();
    EXPECT_EQ(refused.code(), Code::kFailedPrecondition) << inside;
    EXPECT_THAT(refused.message(), AllOf(HasSubstr("lies in backup nightly"), HasSubstr("-o")));
    EXPECT_EQ(memory.Keys().size(), before);
  }
  ExportTarget beside{.store = memory, .directory = "backup/rows"};
  EXPECT_TRUE(RunExport({.name = "nightly"}, backup_.side, beside, backup_.run, {}).ok());
}

TEST_F(Export, DoesNotMixWithAnEarlierOne) {
  ASSERT_TRUE(Run({.name = "nightly"}).ok());
  const auto again = Run({.name = "nightly"});
  EXPECT_EQ(again.status().code(), Code::kAlreadyExists);
  EXPECT_THAT(again.status().message(), HasSubstr("part-00000.parquet"));
}

TEST_F(Export, DoesNotMixWithAnEarlierOneBehindAnEmptyPageOfTheListing) {
  auto memory = std::make_shared<MemoryStore>();
  memory->Set("out/default/books/partition=new/part-00000.parquet", "of an earlier one");
  EmptyPages store(memory);
  ExportTarget target{.store = store, .directory = "out"};
  const auto report = RunExport({.name = "nightly", .dry_run = true}, backup_.side, target, backup_.run, {});
  EXPECT_EQ(report.status().code(), Code::kAlreadyExists);
}

TEST_F(Export, NamesTheFilesThatHaveOtherBytesBeforeItWrites) {
  const std::string key = backup_.DataKeys().back();
  std::string flipped = backup_.store().Contents().at(key);
  flipped[flipped.size() / 2] ^= 1;
  backup_.store().Set(key, flipped);
  const Status refused = Run({.name = "nightly"}).status();
  EXPECT_EQ(refused.code(), Code::kDataLoss);
  EXPECT_THAT(refused.message(), AllOf(HasSubstr(key), HasSubstr("other bytes than were written"),
                                       HasSubstr("verify -n nightly --level checksum")));
  EXPECT_THAT(to_.Keys(), IsEmpty());
}

TEST_F(Export, ThatFailsLeavesNothing) {
  backup_.Remove(backup_.layout().Meta(kObjects).str());  // with a record it would not begin
  const std::string key = backup_.DataKeys().back();
  backup_.store().Set(key, std::string(backup_.store().Contents().at(key).size(), 'x'));
  EXPECT_EQ(Run({.name = "nightly"}).status().code(), Code::kDataLoss);
  EXPECT_THAT(to_.Keys(), IsEmpty());
}

// Puts what another export wrote into a place just before this one does.
class RacingStore : public ForwardingStore {
 public:
  RacingStore(std::shared_ptr<MemoryStore> memory, std::string key)
      : ForwardingStore(memory), memory_(std::move(memory)), key_(std::move(key)) {}
  Result<WriteResult> Put(const PutRequest& request, const CallContext& context) override {
    if (request.key.str() == key_) memory_->Set(key_, "another's");
    return ForwardingStore::Put(request, context);
  }

 private:
  std::shared_ptr<MemoryStore> memory_;
  const std::string key_;
};

TEST_F(Export, LeavesTheFileOfAnotherThatWritesAtTheSameTime) {
  const std::string key = "out/default/books/partition=new/part-00000.parquet";
  auto memory = std::make_shared<MemoryStore>();
  RacingStore store(memory, key);
  ExportTarget target{.store = store, .directory = "out"};
  const auto report = RunExport({.name = "nightly"}, backup_.side, target, backup_.run, {});
  EXPECT_EQ(report.status().code(), Code::kAlreadyExists) << report.status().message();
  EXPECT_THAT(memory->Contents(), ElementsAre(testing::Pair(key, "another's"))) << "and nothing of this run";
}

TEST_F(Export, NamesTheFilesThatAreLostBeforeItWrites) {
  const std::vector<std::string> keys = backup_.DataKeys();
  backup_.Remove(keys[2]);
  backup_.Remove(keys[5]);
  const Status status = Run({.name = "nightly"}).status();
  EXPECT_EQ(status.code(), Code::kDataLoss) << "and not that there is no such backup";
  EXPECT_THAT(status.message(), AllOf(HasSubstr(keys[2] + " is missing"), HasSubstr(keys[5] + " is missing"),
                                      HasSubstr("verify -n nightly")));
  EXPECT_THAT(to_.Keys(), IsEmpty());
}

TEST_F(Export, RefusesTwoCollectionsOfOneName) {
  backup_.backup().collections.push_back(backup_.books());
  backup_.backup().collections[1].collection_id = 4001;
  backup_.CommitMetadata();
  const Status status = Run({.name = "nightly"}).status();
  EXPECT_EQ(status.code(), Code::kDataLoss);
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr("two collections are called default.books"), HasSubstr("verify -n nightly")));
  EXPECT_THAT(to_.Keys(), IsEmpty());
}

TEST_F(Export, RefusesTwoPartitionsOfOneName) {
  backup_.books().partitions[1].name = "_default";
  backup_.CommitMetadata();
  EXPECT_THAT(Run({.name = "nightly"}).status().message(), HasSubstr("two partitions are called _default"));
  EXPECT_THAT(to_.Keys(), IsEmpty());
}

TEST_F(Export, HoldsTheRowsItReadsAgainstTheMetadata) {
  for (const std::int64_t rows : {2, 4}) {
    backup_.books().partitions[0].segments[0].num_rows = rows;
    backup_.Commit();
    const Status status = Run({.name = "nightly"}).status();
    EXPECT_EQ(status.code(), Code::kDataLoss);
    EXPECT_THAT(status.message(), AllOf(HasSubstr("holds 3 rows"), HasSubstr("say " + std::to_string(rows))));
    EXPECT_THAT(to_.Keys(), IsEmpty());
  }
}

TEST_F(Export, HoldsTheRowsThatLiveAgainstWhatWasRecorded) {
  backup_.books().partitions[0].rows_record = RowsRecord{.written = 3, .deleted = 0, .fingerprint = "x"};
  backup_.Commit();
  const Status status = Run({.name = "nightly"}).status();
  EXPECT_EQ(status.code(), Code::kDataLoss);
  EXPECT_THAT(status.message(), AllOf(HasSubstr("2 rows live"), HasSubstr("3 did")));
  EXPECT_THAT(to_.Keys(), IsEmpty());
}

TEST_F(Export, StillWritesTheCollectionsThatAreWhole) {
  backup_.backup().collections.push_back(backup_.books());
  Collection& broken = backup_.backup().collections[1];
  broken.collection_id = 4001;
  broken.name = "broken";
  for (Partition& partition : broken.partitions)
    for (Segment& segment : partition.segments) segment.insert_logs.clear();
  backup_.CommitMetadata();
  EXPECT_EQ(Run({.name = "nightly"}).status().code(), Code::kDataLoss);
  EXPECT_TRUE(Run({.name = "nightly", .filter = Filter::Parse("default.books").value()}).ok());
}

TEST_F(Export, ThatFailsSaysWhichCollectionsWereExportedWhole) {
  Collection second = backup_.books();
  second.collection_id = RowBackup::kCollection + 1;
  second.name = "second";
  for (const std::string& key : backup_.DataKeys()) {
    std::string moved = key;
    const std::string from = "/" + std::to_string(RowBackup::kCollection) + "/";
    moved.replace(moved.find(from), from.size(), "/" + std::to_string(second.collection_id) + "/");
    backup_.store().Set(moved, backup_.store().Contents().at(key));
  }
  second.partitions[0].segments[0].num_rows = 4;
  backup_.backup().collections.push_back(second);
  backup_.CommitMetadata();
  const Status failed = Run({.name = "nightly"}).status();
  EXPECT_EQ(failed.code(), Code::kDataLoss);
  EXPECT_THAT(failed.message(), HasSubstr("exported whole before that"));
  EXPECT_THAT(failed.message(), HasSubstr(": default.books (export"));
  EXPECT_THAT(to_.Keys(), AllOf(testing::Not(IsEmpty()), testing::Each(HasSubstr("/books/"))));
}

TEST_F(Export, OfAnotherFormatIsRefusedByItsName) {
  backup_.backup().format = "snapshot";
  backup_.CommitMetadata();
  const Status status = Run({.name = "nightly"}).status();
  EXPECT_EQ(status.code(), Code::kFailedPrecondition);
  EXPECT_THAT(status.message(), AllOf(HasSubstr("\"snapshot\""), HasSubstr("export")));
}

TEST_F(Export, NamesThePlaceThatCannotBeWrittenAndItsFlag) {
  TempDirectory parent;
  std::ofstream(parent.path() + "/file") << "x";
  const std::unique_ptr<ObjectStore> below_a_file =
      MakeLocalStore({.base_directory = parent.path() + "/file/rows"});
  ExportTarget target{.store = *below_a_file, .make = [&](const CallContext& context) {
                        return below_a_file->EnsureBucket(context);
                      }};
  const Status status = RunExport({.name = "nightly"}, backup_.side, target, backup_.run, {}).status();
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.code(), Code::kNotFound) << "which is said of backups and collections";
  EXPECT_THAT(status.message(), AllOf(HasSubstr("/file/rows"), HasSubstr("-o")));
}

TEST_F(Export, RefusesAStorageVersionThatIsNotRead) {
  Segment& segment = backup_.books().partitions[1].segments[0];
  segment.storage_version = 3;
  backup_.Commit();
  for (const bool dry_run : {false, true}) {
    const Status status = Run({.name = "nightly", .dry_run = dry_run}).status();
    EXPECT_EQ(status.code(), Code::kUnimplemented);
    EXPECT_THAT(status.message(), AllOf(HasSubstr("segment " + std::to_string(segment.segment_id)),
                                        HasSubstr("storage version 3")));
  }
  EXPECT_THAT(to_.Keys(), IsEmpty());
}

// So are those of a partition in backups by the Go tool of Milvus 2.4.0 to 2.4.6.
TEST_F(Export, AppliesDeletesThatAreNotMarkedAsL0) {
  backup_.AddL0(0, {{3, kNow + kMs}});
  backup_.books().partitions[0].segments.back().is_l0 = false;
  backup_.backup().milvus_version = "v2.4.5";
  backup_.Commit();
  const auto report = Run({.name = "nightly", .format = ExportFormat::kJsonLines});
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(to_.Contents().at("out/default/books/partition=_default/part-00000.jsonl"),
            "{\"id\":1,\"price\":0.5,\"title\":\"one\"}\n");
}

TEST_F(Export, OfACollectionThatIsNotThereSaysWhatIs) {
  const auto report = Run({.name = "nightly", .filter = Filter::Parse("movies").value()});
  EXPECT_EQ(report.status().code(), Code::kNotFound);
  EXPECT_THAT(report.status().message(), HasSubstr("default.books"));
}

}  // namespace
}  // namespace mbk
