#include "ops/export/export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>

#include "ops/testing/row_backup.h"
#include "store/local/local_store.h"
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
  ExportTarget target{.store = *directory};
  const auto planned = RunExport({.name = "nightly", .dry_run = true}, backup_.side, target, backup_.run, {});
  EXPECT_TRUE(planned.ok()) << planned.status().message();
  EXPECT_FALSE(std::filesystem::exists(parent.path() + "/new"));
  const auto report = RunExport({.name = "nightly"}, backup_.side, target, backup_.run, {});
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_TRUE(
      std::filesystem::exists(parent.path() + "/new/rows/default/books/partition=new/part-00000.parquet"));
}

TEST_F(Export, DoesNotMixWithAnEarlierOne) {
  ASSERT_TRUE(Run({.name = "nightly"}).ok());
  const auto again = Run({.name = "nightly"});
  EXPECT_EQ(again.status().code(), Code::kAlreadyExists);
  EXPECT_THAT(again.status().message(), HasSubstr("part-00000.parquet"));
}

TEST_F(Export, ThatFailsLeavesNothing) {
  const std::string key = backup_.DataKeys().back();
  backup_.store().Set(key, std::string(backup_.store().Contents().at(key).size(), 'x'));
  EXPECT_EQ(Run({.name = "nightly"}).status().code(), Code::kDataLoss);
  EXPECT_THAT(to_.Keys(), IsEmpty());
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

TEST_F(Export, OfACollectionThatIsNotThereSaysWhatIs) {
  const auto report = Run({.name = "nightly", .filter = Filter::Parse("movies").value()});
  EXPECT_EQ(report.status().code(), Code::kNotFound);
  EXPECT_THAT(report.status().message(), HasSubstr("default.books"));
}

}  // namespace
}  // namespace mbk
