#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/compare_report.h"
#include "cli/leftovers_report.h"
#include "cli/load_report.h"
#include "cli/selection_flags.h"

namespace mbk::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(ExitCode, IsOfTheKindOfTheError) {
  EXPECT_EQ(ExitCodeOf(Status()), 0);
  EXPECT_EQ(ExitCodeOf(Status(Code::kUnavailable, "")), 1);
  EXPECT_EQ(ExitCodeOf(Status(Code::kDataLoss, "")), 4);
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

// Field case 72.
TEST(RestoreText, EndsWithWhatWasDoneAndWhatIsMissing) {
  load::Outcome made = Arrived();
  made.left = load::Left::kMade;
  const RestoreReport bare{.collections = {made, Failed()}};
  EXPECT_THAT(SummaryText(bare, 2.0),
              AllOf(HasSubstr("1 of 2 collections, 1,234 rows, 2.0 KiB in 2.00 s: 617 rows/s"),
                    HasSubstr("not indexed: default.a_bak\n"), HasSubstr("not loaded: default.a_bak\n"),
                    Not(HasSubstr("db1.b")), Not(HasSubstr("milvus-backup"))));
  EXPECT_THAT(SummaryText({.collections = {made}, .follow_up = CommandFor({}, "restore -n x")}, 2.0),
              HasSubstr("what the source has of it comes with: milvus-backup restore -n x\n"));
  made.indexes = 1;
  made.loaded = true;
  EXPECT_THAT(SummaryText({.collections = {made}}, 2.0), Not(HasSubstr("not ")));
}

TEST(RestoreText, OfRepeatedKeysSaysThatTheyCameOnce) {
  load::Outcome repeated = Arrived();
  repeated.rows_expected = 1002;
  repeated.rows_imported = 502;
  repeated.rows_repeated = 500;
  const RestoreReport report{.collections = {repeated}};
  EXPECT_THAT(ComparisonTable(report), AllOf(HasSubstr("repeated keys once"), Not(HasSubstr("equal"))));
  EXPECT_EQ(ToJson(report, 1)["collections"][0]["rows_repeated"], 500);
  repeated.rows_repeated = 0;
  EXPECT_THAT(ComparisonTable({.collections = {repeated}}), Not(HasSubstr("equal")));
}

TEST(RestoreText, EndsWithWhatCollectionsThatStoodLack) {
  load::Outcome stood = Arrived();
  stood.left = load::Left::kAppended;
  EXPECT_THAT(SummaryText({.collections = {stood}}, 2.0),
              AllOf(HasSubstr("not indexed: default.a_bak\n"), HasSubstr("not loaded: default.a_bak\n")));
  stood.stood_indexed = stood.stood_loaded = true;
  EXPECT_THAT(SummaryText({.collections = {stood}}, 2.0), Not(HasSubstr("not ")));
}

TEST(RestoreJson, SaysWhatBecameOfUsersAndRoles) {
  EXPECT_FALSE(ToJson(RestoreReport{}, 1).contains("rbac"));
  EXPECT_EQ(ToJson({.with_rbac = true}, 1)["rbac"]["ok"], true);
  const auto failed = ToJson({.with_rbac = true, .rbac = Internal("no")}, 1)["rbac"];
  EXPECT_EQ(failed["ok"], false);
  EXPECT_EQ(failed["error"], "no");
}

TEST(RestoreText, ADryRunNamesWhatIsReplaced) {
  load::Outcome replaces = Arrived();
  replaces.replaces = true;
  replaces.moved_aliases = {"lib"};
  EXPECT_THAT(PlanText({.collections = {replaces}}),
              AllOf(HasSubstr("default.a_bak stands"), HasSubstr("aliases that move: lib")));
  replaces.drops_first = true;
  EXPECT_THAT(PlanText({.collections = {replaces}}), HasSubstr("is dropped before the new one is filled"));
}

TEST(ExitCodeOfARestore, IsPartlyWhereARowCouldNotBeRead) {
  load::Outcome unproven = Failed();
  unproven.unproven = true;
  EXPECT_EQ(ExitCodeOf(RestoreReport{.collections = {unproven}}), kPartly);
  EXPECT_EQ(ExitCodeOf(RestoreReport{.collections = {Arrived()}, .rbac = Internal("no")}), kPartly);
}

// Takes cli/selection_flags.cc: "--use_auto_index is about indexes that are made: add --rebuild_index"
// Killed when all was done but the removal of its record: a list that names nothing looks cut off.
TEST(LeftoversText, OfARecordAloneSaysThatNothingElseIsLeft) {
  LeftoversReport report{.runs = {{.where = "s3://b/mbk-runs/1.json", .state = runs::RunState::kDead}}};
  EXPECT_THAT(LeftoversText(report), HasSubstr("nothing of it is left but the record\n"));
  report.cleaned = true;
  EXPECT_THAT(LeftoversText(report), HasSubstr("the record, which is removed\n"));
  report.runs.front().findings = {"staged files at s3://b/restore-temp-1/"};
  EXPECT_THAT(LeftoversText(report), Not(HasSubstr("but the record")));
}

TEST(LeftoversText, SaysThatThereAreNoneOnlyWhereAllWasLookedAt) {
  LeftoversReport report{.server = "milvus:19530"};
  EXPECT_EQ(LeftoversText(report), "No leftovers of killed runs in milvus:19530.\n");
  EXPECT_EQ(LeftoversLine(report, {}), "");
  report.others = {{.address = "10.0.0.7:19530", .directory = "/state/10.0.0.7:19530"}};
  EXPECT_THAT(
      LeftoversText(report),
      AllOf(HasSubstr("not looked at: 10.0.0.7:19530"), HasSubstr("ask for them by that address"),
            HasSubstr("Nothing is known to be left in milvus:19530"), Not(HasSubstr("No leftovers"))));
  EXPECT_EQ(LeftoversLine(report, {}), "");
  EXPECT_EQ(LeftoversJson(report)["other_servers"][0]["server"], "10.0.0.7:19530");
  report.unseen = {"no such host"};
  EXPECT_THAT(LeftoversText(report),
              AllOf(HasSubstr("not looked at: no such host"), Not(HasSubstr("No leftovers")),
                    Not(HasSubstr("Nothing is known"))));
  EXPECT_THAT(LeftoversLine(report, {}), AllOf(HasSubstr("is not known"), HasSubstr("no such host")));
}

TEST(LoadFlags, AnAutoIndexIsOfIndexesThatAreMade) {
  EXPECT_EQ(LoadOptionsOf({.use_auto_index = true}).status().code(), Code::kInvalidArgument);
  EXPECT_TRUE(LoadOptionsOf({.rebuild_index = true, .use_auto_index = true}).ok());
  EXPECT_TRUE(LoadOptionsOf({.restore_index = true, .use_auto_index = true}).ok());
}

TEST(SelectionFlags, EachSelectsByItself) {
  EXPECT_TRUE(CreateFilter({.filter = "f"}).value().Matches("default", "f"));
  EXPECT_TRUE(CreateFilter({.collections = "c"}).value().Matches("default", "c"));
  EXPECT_TRUE(CreateFilter({.databases = "d"}).value().Matches("d", "any"));
  EXPECT_TRUE(CreateFilter({.database_collections = R"({"j":["x"]})"}).value().Matches("j", "x"));
  EXPECT_TRUE(CreateFilter({}).value().empty());
}

// Field case 45: `restore -d prod -c docs` took default.docs.
TEST(SelectionFlags, OneDatabaseAndBareNamesAreTheCollectionsOfThatDatabase) {
  for (const auto& filter_of : {CreateFilter, RestoreSourceFilter}) {
    const Filter filter = filter_of({.collections = "docs, books", .databases = "prod"}).value();
    EXPECT_TRUE(filter.Matches("prod", "docs"));
    EXPECT_TRUE(filter.Matches("prod", "books"));
    EXPECT_FALSE(filter.Matches("prod", "other"));
    EXPECT_FALSE(filter.Matches("default", "docs"));
  }
}

TEST(SelectionFlags, AnyOtherTwoAreRefusedWithTheFilterToWrite) {
  const auto said = [](const SelectionFlags& flags) {
    const Result<Filter> filter = CreateFilter(flags);
    EXPECT_EQ(filter.status().code(), Code::kInvalidArgument);
    return filter.status().message();
  };
  EXPECT_THAT(said({.collections = "docs", .databases = "a,b"}), HasSubstr("--filter 'a.*,b.*,docs'"));
  EXPECT_THAT(said({.collections = "x.docs", .databases = "a"}), HasSubstr("--filter 'a.*,x.docs'"));
  EXPECT_THAT(said({.databases = "a", .database_collections = R"({"j":["x"],"k":[]})"}),
              HasSubstr("--filter 'a.*,j.x,k.*'"));
  EXPECT_THAT(said({.filter = "f", .collections = "c"}), HasSubstr("--filter f,c"));
}

// Its --filter is about names in the target, which --suffix changes.
TEST(SelectionFlags, OfRestoreThatAreRefusedAreWrittenAsNamesOfTheBackup) {
  const SelectionFlags flags{.collections = "x.docs,books", .databases = "a"};
  const std::string said = RestoreSourceFilter(flags).status().message();
  EXPECT_THAT(said, AllOf(HasSubstr(R"(-a '{"a":[],"default":["books"],"x":["docs"]}')"),
                          Not(HasSubstr("--filter"))));
}

TEST(SelectionFlags, OfRestoreThatAreOldNameTheSourceAndTheFilterTheTarget) {
  EXPECT_TRUE(RestoreSourceFilter({.filter = "f", .collections = "c"}).value().Matches("default", "c"));
  EXPECT_TRUE(RestoreSourceFilter({.filter = "f"}).value().empty()) << "that one is of the target";
}

TEST(LoadFlags, ThatContradictEachOtherAreRefused) {
  EXPECT_EQ(LoadOptionsOf({.suffix = "_a", .rename = "a:b"}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(LoadOptionsOf({.drop_exist_collection = true, .skip_create_collection = true}).status().code(),
            Code::kInvalidArgument);
  EXPECT_EQ(LoadOptionsOf({.drop_exist_index = true}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(LoadOptionsOf({.drop_first = true}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(LoadOptionsOf({.append = true}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(LoadOptionsOf({.skip_create_collection = true, .verify = true}).status().code(),
            Code::kInvalidArgument);
  EXPECT_EQ(LoadOptionsOf({.meta_only = true, .verify = true}).status().code(), Code::kInvalidArgument);
  EXPECT_TRUE(LoadOptionsOf({.restore_index = true}).value().rebuild_index);
  EXPECT_EQ(LoadOptionsOf({.suffix = "_a"}).value().renamer.Apply({"db1", "c"}).name, "c_a");
}

// Two sides with the same rows, so many.
ComparedCollection Same(std::int64_t rows) {
  Comparison comparison;
  comparison.rows_compared = true;
  comparison.left.total.rows = comparison.right.total.rows = rows;
  return {.left = {"default", "a"}, .right = {"default", "b"}, .comparison = comparison};
}

TEST(CompareReport, CallsEqualOnlyWhatIsProved) {
  const ComparedCollection equal = Same(3);
  EXPECT_THAT(ComparisonText({equal}), HasSubstr("equal"));
  EXPECT_EQ(ToJson(std::vector{equal})[0]["result"], "equal");
  EXPECT_EQ(ToJson(std::vector{equal})[0]["equal"], true);
  EXPECT_EQ(ExitCodeOf(std::vector{equal}), kDone);

  ComparedCollection unproved = equal;
  unproved.unproven = {"counts 4 rows and returns 3"};
  EXPECT_THAT(ComparisonText({unproved}), AllOf(HasSubstr("not proved"), Not(HasSubstr("equal"))));
  EXPECT_EQ(ToJson(std::vector{unproved})[0]["result"], "not proved");
  EXPECT_EQ(ToJson(std::vector{unproved})[0]["equal"], false);
  EXPECT_EQ(ExitCodeOf(std::vector{unproved}), kPartly);
}

TEST(CompareReport, TwoSidesWithoutRowsAreNotEqual) {
  ComparedCollection empty = Same(0);
  empty.unproven = {"neither has a row: there is nothing to compare"};
  EXPECT_THAT(ComparisonText({empty}), AllOf(HasSubstr("no rows"), Not(HasSubstr("equal"))));
  EXPECT_EQ(ToJson(std::vector{empty})[0]["result"], "no rows");
  EXPECT_EQ(ToJson(std::vector{empty})[0]["equal"], false);
  EXPECT_EQ(ExitCodeOf(std::vector{empty}), kPartly);
  EXPECT_EQ(ToJson(std::vector{Same(0)})[0]["equal"], true) << "rows of a backup that are all deleted";
}

}  // namespace
}  // namespace mbk::cli
