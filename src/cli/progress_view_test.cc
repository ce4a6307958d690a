#include "cli/progress_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace mbk::cli {
namespace {

using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// Half of a copy of 4 MiB in 24 objects, after ten seconds.
Progress::Snapshot HalfWay() {
  return {.step = Step::kCopy,
          .objects_done = 12,
          .objects_total = 24,
          .bytes_done = 2 << 20,
          .bytes_total = 4 << 20,
          .step_started = {}};
}
const std::chrono::steady_clock::time_point kNow{seconds(10)};

TEST(Bar, ShowsStepShareNumbersRateAndTimeLeft) {
  EXPECT_THAT(BarText(HalfWay(), kNow, 200),
              AllOf(StartsWith("copy     [############............]  50%"), HasSubstr("12/24 objects"),
                    HasSubstr("2.0 MiB/4.0 MiB"), HasSubstr("204.8 KiB/s"), HasSubstr("10s left")));
}

TEST(Bar, IsNeverWiderThanTheTerminal) {
  for (int columns : {-1, 0, 1, 20, 40, 80}) {
    EXPECT_LE(static_cast<int>(BarText(HalfWay(), kNow, columns).size()), std::max(0, columns));
  }
}

TEST(Bar, SaysNothingOfWhatIsNotKnown) {
  const std::string text = BarText({.step = Step::kPlan, .step_started = {}}, kNow, 200);
  EXPECT_THAT(text,
              AllOf(StartsWith("plan"), Not(HasSubstr("%")), Not(HasSubstr("left")), Not(HasSubstr("/s"))));
}

TEST(Bar, GoesByObjectsWhereNoBytesAreCounted) {
  Progress::Snapshot imports{.step = Step::kFlush, .objects_done = 3, .objects_total = 4, .step_started = {}};
  EXPECT_THAT(BarText(imports, kNow, 200), HasSubstr(" 75%"));
  EXPECT_THAT(BarText(imports, kNow, 200), HasSubstr("3/4 collections"));
}

// Field case 68: rows that are inserted beside import jobs of other collections, in files of which little is
// read.
TEST(Bar, OfRowsCallsThemRowsAndGoesByTheirNumber) {
  Progress progress;
  progress.SetJobs(5);
  progress.EnterRows(Step::kImport, 500, 1'000'000);
  progress.Add(250, 1'000);
  EXPECT_THAT(
      BarText(progress.Get(), progress.Get().step_started + seconds(10), 200),
      AllOf(HasSubstr(" 50%"), HasSubstr("250/500 rows"), HasSubstr("10s left"), Not(HasSubstr("jobs"))));
}

// Field case 31: 12,288 files of 10 bytes go, then metadata of 6.7 MiB.
TEST(Bar, OfARemovalGoesByObjectsToo) {
  Progress::Snapshot removal = HalfWay();
  removal.step = Step::kRemove;
  removal.objects_done = 18;
  removal.bytes_done = 180;
  EXPECT_THAT(BarText(removal, kNow, 200), AllOf(HasSubstr(" 75%"), HasSubstr("18/24 objects"),
                                                 HasSubstr("3s left"), Not(HasSubstr("/s"))));
}

// What stood there was "8/1 import jobs": files that were staged, of jobs.
TEST(Bar, CountsFilesWhileStagingAndJobsBesideThem) {
  const Progress::Snapshot staging{.step = Step::kStage,
                                   .objects_done = 8,
                                   .objects_total = 10,
                                   .jobs_done = 1,
                                   .jobs_total = 3,
                                   .step_started = {}};
  EXPECT_THAT(BarText(staging, kNow, 200), AllOf(HasSubstr("8/10 objects"), HasSubstr("1/3 import jobs")));
}

TEST(Bar, ShowsTheServersOwnPercentage) {
  Progress::Snapshot import{
      .step = Step::kImport, .jobs_done = 1, .jobs_total = 2, .jobs_percent_sum = 140, .step_started = {}};
  EXPECT_THAT(BarText(import, kNow, 200), AllOf(HasSubstr(" 70%"), HasSubstr("1/2 import jobs")));
  const Progress::Snapshot load{
      .step = Step::kLoad, .objects_total = 4, .percent_sum = 100, .step_started = {}};
  EXPECT_THAT(BarText(load, kNow, 200), AllOf(HasSubstr(" 25%"), HasSubstr("0/4 collections")));
}

// Field case 68: "load 100% 4/5 collections 0s left" stood for five minutes, while an index was waited for.
TEST(Bar, IsNotFullWhileSomethingIsWaitedForThatTheServerCallsDone) {
  Progress::Snapshot load{
      .step = Step::kLoad, .objects_done = 4, .objects_total = 5, .percent_sum = 500, .step_started = {}};
  EXPECT_THAT(BarText(load, kNow, 200),
              AllOf(HasSubstr(" 99%"), HasSubstr("4/5 collections"), Not(HasSubstr("left"))));
  load.objects_done = 5;
  EXPECT_THAT(BarText(load, kNow, 200), HasSubstr("100%"));
}

TEST(Bar, ShowsHowLongTheRunHasTaken) {
  const Progress::Snapshot load{
      .step = Step::kLoad, .step_started = {}, .run_started = kNow - std::chrono::minutes(3)};
  EXPECT_THAT(BarText(load, kNow, 200), testing::EndsWith("3m00s"));
}

TEST(Bar, HasNoCountBeyondItsTotal) {
  EXPECT_THAT(
      BarText({.step = Step::kCopy, .objects_done = 8, .objects_total = 1, .step_started = {}}, kNow, 200),
      HasSubstr("8/8 objects"));
}

TEST(Bar, StopsAtAHundredPercent) {
  Progress::Snapshot more = HalfWay();
  more.bytes_done = 9 << 20;  // an object was re-planned
  EXPECT_THAT(BarText(more, kNow, 200), AllOf(HasSubstr("100%"), HasSubstr("0s left")));
}

TEST(Bar, GuessesNoRateFromTheFirstHalfSecond) {
  EXPECT_THAT(BarText(HalfWay(), std::chrono::steady_clock::time_point(std::chrono::milliseconds(400)), 200),
              AllOf(Not(HasSubstr("/s")), Not(HasSubstr("left"))));
}

TEST(ProgressJson, IsOneDocumentOnOneLine) {
  const std::string line = JsonLine(HalfWay(), kNow);
  EXPECT_THAT(line, Not(HasSubstr("\n")));
  EXPECT_EQ(nlohmann::json::parse(line),
            nlohmann::json::parse(R"({"step":"copy","objects_done":12,"objects_total":24,
      "bytes_done":2097152,"bytes_total":4194304,"bytes_per_second":209715,"elapsed_seconds":10,"percent":50,"seconds_left":10})"));
}

TEST(ProgressJson, LeavesOutATimeThatIsNotKnown) {
  EXPECT_FALSE(nlohmann::json::parse(JsonLine({.step_started = {}}, kNow)).contains("seconds_left"));
}

TEST(ProgressView, HasTheLastWordForProgramsAndIsQuietOnRequest) {
  Progress progress;
  progress.Enter(Step::kDone);
  testing::internal::CaptureStderr();
  {
    const ProgressView view(progress, ProgressMode::kJson);
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              AllOf(HasSubstr("\"step\":\"done\""), testing::EndsWith("}\n")));
  testing::internal::CaptureStderr();
  {
    const ProgressView view(progress, ProgressMode::kNone);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace mbk::cli
