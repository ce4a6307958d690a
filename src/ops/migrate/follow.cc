#include "ops/migrate/follow.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"

namespace mbk {
namespace {

// The wait grows by an eighth, as with imports (ops/load/import_poller.cc): about an eighth of the time that
// the job took is the most that passes before its end is noticed.
constexpr Milliseconds kFirstLook{1000};
constexpr Milliseconds kLongestWait{15'000};
Milliseconds Longer(Milliseconds wait) { return std::min(wait * 9 / 8, kLongestWait); }

constexpr std::chrono::hours kWorthAWarning{1};

}  // namespace

Result<zilliz::Job> FollowJob(zilliz::Cloud& cloud, const std::string& job_id, Progress& progress,
                              Sleeper& sleeper, const CallContext& context) {
  zilliz::Job last;
  Milliseconds wait = kFirstLook, unchanged{0};
  bool warned = false;
  for (;;) {
    MBK_TRY(sleeper.Sleep(wait, context));
    MBK_TRY_ASSIGN(zilliz::Job job, cloud.GetJob(job_id, context));
    progress.Add(std::max(0, job.percent - last.percent), 0);
    if (zilliz::IsOver(job.state)) return job;
    const bool changed = job.state != last.state || job.percent != last.percent;
    unchanged = changed ? Milliseconds(0) : unchanged + wait;
    wait = changed ? kFirstLook : Longer(wait);
    job.percent = std::max(job.percent, last.percent);  // progress does not go back
    last = job;
    if (unchanged < kWorthAWarning || warned) continue;
    warned = true;
    log::Warn("migration job {} has made no progress for an hour; it stands at {} %", job_id, last.percent);
  }
}

}  // namespace mbk
