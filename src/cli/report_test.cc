#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/load_report.h"
#include "cli/selection_flags.h"

namespace mbk::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(ExitCode, IsOfTheKindOfTheError) {
  EXPECT_EQ(ExitCodeOf(Status()), 0);
  EXPECT_EQ(ExitCodeOf(Status(Code::kUnavailable, "")), 1);
  EXPECT_EQ(ExitCodeOf(Status(Code::kDataLoss, "")), 1);
  EXPECT_EQ(ExitCodeOf(Status(Code::kNotFound, "")), 10);
  EXPECT_EQ(ExitCodeOf(Status(Code::kLocked, "")), 11);
  EXPECT_EQ(ExitCodeOf(Status(Code::kPermissionDenied, "")), 12);
  EXPECT_EQ(ExitCodeOf(Status(Code::kCancelled, "")), 130);
}

load::Outcome Arrived() {
  return {.source = {"default", "a"},
          .target = {"default", "a_bak"},
          .rows_expected = 1234,
          .rows_imported = 1234,
          .bytes = 2048,
          .import_jobs = 2};
}
load::Outcome Failed() {
  load::Outcome outcome = Arrived();
  outcome.target = {"db1", "b"};
  outcome.status = DataLoss("rows are missing");
  return outcome;
}

TEST(ExitCodeOfARestore, TellsAllFromSomeFromNone) {
  load::Outcome warned = Arrived();
  warned.warnings = {"alias lib is not restored"};
  EXPECT_EQ(ExitCodeOf(RestoreReport{}), kDone);
  EXPECT_EQ(ExitCodeOf(RestoreReport{.collections = {Arrived()}}), kDone);
  EXPECT_EQ(ExitCodeOf(RestoreReport{.collections = {Arrived(), warned}}), kPartly);
  EXPECT_EQ(ExitCodeOf(RestoreReport{.collections = {Arrived(), Failed()}}), kPartly);
  EXPECT_EQ(ExitCodeOf(RestoreReport{.collections = {Failed(), Failed()}}), kFailed);
}

TEST(RestoreJson, HasEveryCollection) {
  const RestoreReport report{.name = "nightly", .collections = {Arrived(), Failed()}};
  const auto json = ToJson(report, 1.5);
  EXPECT_EQ(json["name"], "nightly");
  EXPECT_EQ(json["duration_s"], 1.5);
  ASSERT_EQ(json["collections"].size(), 2u);
  EXPECT_EQ(json["collections"][0]["target"], "default.a_bak");
  EXPECT_EQ(json["collections"][0]["rows_imported"], 1234);
  EXPECT_FALSE(json["collections"][0].contains("error"));
  EXPECT_EQ(json["collections"][1]["error"], "rows are missing");
}

TEST(RestoreText, NamesFailuresAndCompares) {
  const RestoreReport report{.collections = {Arrived(), Failed()}};
  EXPECT_THAT(Notes(report), ElementsAre("Error: db1.b: rows are missing"));
  EXPECT_THAT(ComparisonTable(report), AllOf(HasSubstr("default.a_bak"), HasSubstr("1,234"),
                                             HasSubstr("equal counts"), HasSubstr("failed")));
  EXPECT_THAT(PlanText(report), AllOf(HasSubstr("2.0 KiB"), HasSubstr("nothing was changed")));
}

TEST(SelectionFlags, OfCreateGoByTheNewestThatIsGiven) {
  const SelectionFlags all{
      .filter = "f", .collections = "c", .databases = "d", .database_collections = R"({"j":["x"]})"};
  EXPECT_TRUE(CreateFilter(all).value().Matches("default", "f"));
  SelectionFlags old = all;
  old.filter.clear();
  EXPECT_TRUE(CreateFilter(old).value().Matches("j", "x"));
  old.database_collections.clear();
  EXPECT_TRUE(CreateFilter(old).value().Matches("default", "c"));
  old.collections.clear();
  EXPECT_TRUE(CreateFilter(old).value().Matches("d", "any"));
  EXPECT_TRUE(CreateFilter({}).value().empty());
}

TEST(SelectionFlags, OfRestoreThatAreOldNameTheSource) {
  const SelectionFlags all{
      .filter = "f", .collections = "c", .databases = "d", .database_collections = R"({"j":["x"]})"};
  EXPECT_TRUE(RestoreSourceFilter(all).value().Matches("default", "c"));
  EXPECT_TRUE(RestoreSourceFilter({.filter = "f"}).value().empty()) << "that one is of the target";
}

TEST(LoadFlags, ThatContradictEachOtherAreRefused) {
  EXPECT_EQ(LoadOptionsOf({.suffix = "_a", .rename = "a:b"}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(LoadOptionsOf({.drop_exist_collection = true, .skip_create_collection = true}).status().code(),
            Code::kInvalidArgument);
  EXPECT_TRUE(LoadOptionsOf({.restore_index = true}).value().rebuild_index);
  EXPECT_EQ(LoadOptionsOf({.suffix = "_a"}).value().renamer.Apply({"db1", "c"}).name, "c_a");
}

}  // namespace
}  // namespace mbk::cli
