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
  Progress::Snapshot imports{
      .step = Step::kImport, .objects_done = 3, .objects_total = 4, .step_started = {}};
  EXPECT_THAT(BarText(imports, kNow, 200), AllOf(HasSubstr(" 75%"), HasSubstr("3/4 import jobs")));
  imports.step = Step::kFlush;
  EXPECT_THAT(BarText(imports, kNow, 200), HasSubstr("3/4 collections"));
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
      "bytes_done":2097152,"bytes_total":4194304,"bytes_per_second":209715,"seconds_left":10})"));
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
