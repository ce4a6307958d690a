#include "base/progress.h"

#include "base/log.h"

namespace mbk {

std::string_view StepName(Step step) {
  switch (step) {
    case Step::kStart:
      return "start";
    case Step::kConnect:
      return "connect";
    case Step::kOpen:
      return "open";
    case Step::kPreflight:
      return "preflight";
    case Step::kPlan:
      return "plan";
    case Step::kFlush:
      return "flush";
    case Step::kCopy:
      return "copy";
    case Step::kManifest:
      return "manifest";
    case Step::kVerify:
      return "verify";
    case Step::kDdl:
      return "ddl";
    case Step::kStage:
      return "stage";
    case Step::kImport:
      return "import";
    case Step::kIndex:
      return "index";
    case Step::kLoad:
      return "load";
    case Step::kMigrate:
      return "migrate";
    case Step::kRemove:
      return "remove";
    case Step::kDone:
      return "done";
  }
  return "unknown";
}

void Progress::Enter(Step step, std::int64_t objects_total, std::int64_t bytes_total) {
  log::Info("step {}: {} objects, {} bytes", StepName(step), objects_total, bytes_total);
  std::scoped_lock lock(mutex_);
  now_ = {.step = step,
          .objects_total = objects_total,
          .bytes_total = bytes_total,
          .jobs_done = now_.jobs_done,
          .jobs_total = now_.jobs_total,
          .jobs_percent_sum = now_.jobs_percent_sum,
          .step_started = std::chrono::steady_clock::now(),
          .run_started = now_.run_started};
}

void Progress::EnterRows(Step step, std::int64_t rows_total, std::int64_t bytes_total) {
  Enter(step, rows_total, bytes_total);
  std::scoped_lock lock(mutex_);
  now_.objects_are_rows = true;
}

void Progress::AddPercent(std::int64_t percent) {
  std::scoped_lock lock(mutex_);
  now_.percent_sum += percent;
}

void Progress::SetJobs(std::int64_t total) {
  std::scoped_lock lock(mutex_);
  now_.jobs_total = total;
  now_.jobs_done = now_.jobs_percent_sum = 0;
}

void Progress::AddJobs(std::int64_t done) {
  std::scoped_lock lock(mutex_);
  now_.jobs_done += done;
}

void Progress::AddJobsPercent(std::int64_t percent) {
  std::scoped_lock lock(mutex_);
  now_.jobs_percent_sum += percent;
}

void Progress::Add(std::int64_t objects, std::int64_t bytes) {
  std::scoped_lock lock(mutex_);
  now_.objects_done += objects;
  now_.bytes_done += bytes;
}

Progress::Snapshot Progress::Get() const {
  std::scoped_lock lock(mutex_);
  return now_;
}

}  // namespace mbk
