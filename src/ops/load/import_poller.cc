#include "ops/load/import_poller.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "base/caught.h"
#include "base/log.h"
#include "base/patience.h"
#include "ops/in_doubt.h"

namespace mbk::load {
namespace {

// The wait grows by an eighth, so that about an eighth of the time an import took is the most that passes
// before its end is noticed. With a half, one of 3.4 s was noticed after 4.9 s.
constexpr Milliseconds kFirstLook{100};
constexpr Milliseconds kLongestWait{2000};
Milliseconds Longer(Milliseconds wait) { return std::min(wait * 9 / 8, kLongestWait); }

// Jobs are worked on in their order; the states of those far behind the first waiting ones cannot have
// changed. Some servers run several at once, hence not just one.
constexpr int kPendingLookedAt = 8;

}  // namespace

struct ImportPoller::Entry {
  CollectionImport import;
  std::size_t wave = 0;  // being submitted or running
  std::size_t next = 0;  // of the wave
  int running = 0;
  std::int64_t rows = 0;
  Status status;
  bool begun = false;
  bool jobs_may_run = false;
  bool finished = false;

  void Fail(Status failure) {
    if (status.ok()) status = std::move(failure);
  }
  bool WaveSubmitted() const { return wave == import.waves.size() || next == import.waves[wave].size(); }
  bool Done() const { return running == 0 && (!status.ok() || wave == import.waves.size()); }
  // Move to the next wave when all of this one has completed.
  void Advance() {
    while (status.ok() && running == 0 && wave < import.waves.size() && WaveSubmitted()) {
      ++wave;
      next = 0;
    }
  }
};

ImportPoller::ImportPoller(MilvusClient& client, Sleeper& sleeper, int max_jobs, Progress& progress,
                           const CallContext& context, AdvisedCommand proved_by)
    : client_(client),
      sleeper_(sleeper),
      max_jobs_(std::max(1, max_jobs)),
      progress_(progress),
      context_(context),
      proved_by_(std::move(proved_by)),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

ImportPoller::~ImportPoller() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void ImportPoller::Add(CollectionImport import) {
  {
    std::scoped_lock lock(mutex_);
    entries_.push_back({.import = std::move(import)});
    ++unfinished_;
  }
  changed_.notify_all();
}

Status ImportPoller::WaitAll() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return unfinished_ == 0 || !ended_.ok(); });
  return unfinished_ == 0 ? Status() : ended_;
}

std::string ImportPoller::Job::Name() const {
  return fmt::format("import job {} into {} from {}", id, entry->import.target.Full(), path);
}

Status ImportPoller::Ended() const {
  std::scoped_lock lock(mutex_);
  return ended_;
}

void ImportPoller::Run(const std::stop_token& stop) {
  std::stop_source inner;
  std::stop_callback from_run(context_.stop, [&] { inner.request_stop(); });
  std::stop_callback from_owner(stop, [&] { inner.request_stop(); });
  const CallContext context{inner.get_token(), context_.deadline};
  Status ended = Caught([&] { return Work(context); });
  std::scoped_lock lock(mutex_);
  ended_ = std::move(ended);
  changed_.notify_all();
}

// Until `context` ends.
Status ImportPoller::Work(const CallContext& context) {
  Milliseconds wait = kFirstLook;
  Patience patience("the imports", std::nullopt);
  while (context.Check().ok()) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, context.stop, [&] { return unfinished_ > 0; });
    }
    SubmitMore(context);
    FinishReady();
    if (jobs_.empty()) continue;
    if (!sleeper_.Sleep(wait, context).ok()) break;
    MBK_TRY(patience.StillWaiting(StateInWords(), wait));
    wait = PollOldest(context) ? kFirstLook : Longer(wait);
    FinishReady();
  }
  return context.Check();
}

std::string ImportPoller::StateInWords() const {
  const Job& oldest = jobs_.front();
  return fmt::format("{} of them with the server, the oldest is {}: {}, {} %", jobs_.size(), oldest.Name(),
                     ImportStateName(oldest.state), oldest.percent);
}

void ImportPoller::SubmitMore(const CallContext& context) {
  std::vector<Entry*> open;
  {
    std::scoped_lock lock(mutex_);
    for (Entry& entry : entries_) {
      if (!entry.finished) open.push_back(&entry);
    }
  }
  for (Entry* entry : open) {
    entry->Advance();
    std::vector<std::int64_t> ids;
    while (static_cast<int>(jobs_.size()) < max_jobs_ && SubmitNext(*entry, context))
      ids.push_back(jobs_.back().id);
    if (!ids.empty() && entry->import.submitted) entry->import.submitted(ids);
  }
}

bool ImportPoller::SubmitNext(Entry& entry, const CallContext& context) {
  if (!entry.status.ok() || entry.WaveSubmitted()) return false;
  const ImportRequest& request = entry.import.waves[entry.wave][entry.next];
  if (!std::exchange(entry.begun, true) && entry.import.begun) entry.import.begun();
  Result<std::int64_t> job = client_.Import(request, context);
  if (!job.ok()) {
    entry.jobs_may_run |= MayBeCarriedOut(job.status());
    entry.status = job.status().WithContext(fmt::format("import into {}", request.target.Full()));
    return false;
  }
  ++entry.next;
  ++entry.running;
  jobs_.push_back({.entry = &entry,
                   .id = *job,
                   .path = request.paths.empty() ? "" : request.paths.front(),
                   .is_l0 = request.is_l0});
  return true;
}

// Whether anything changed.
bool ImportPoller::PollOldest(const CallContext& context) {
  bool changed = false;
  int pending = 0;
  for (std::size_t i = 0; i < jobs_.size() && pending < kPendingLookedAt && context.Check().ok();) {
    const Look look = PollJob(jobs_[i], context);
    if (look == Look::kServerGone) return true;
    if (look == Look::kOver) {
      jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(i));
      changed = true;
      continue;
    }
    pending += look == Look::kWaits ? 1 : 0;
    ++i;
  }
  return changed;
}

ImportPoller::Look ImportPoller::PollJob(Job& job, const CallContext& context) {
  Entry& entry = *job.entry;
  const Result<ImportProgress> progress = client_.GetImportState(job.id, context);
  if (!progress.ok()) {
    if (!context.Check().ok()) return Look::kRuns;
    if (IsRetryable(progress.status().code())) {
      LoseAllJobs(progress.status());
      return Look::kServerGone;
    }
    // It is not known to be over: its files stay.
    entry.jobs_may_run = true;
    entry.Fail(progress.status().WithContext(job.Name()));
    Over(job);
    return Look::kOver;
  }
  job.state = progress->state;
  const int percent = std::clamp(progress->percent, job.percent, 100);
  progress_.AddJobsPercent(percent - std::exchange(job.percent, percent));
  switch (progress->state) {
    case ImportState::kCompleted:
      if (!job.is_l0) entry.rows += progress->row_count;
      Over(job);
      return Look::kOver;
    case ImportState::kFailed:
    case ImportState::kFailedAndCleaned:
      entry.Fail(
          {Code::kInternal, fmt::format("{} failed: {}", job.Name(),
                                        progress->failed_reason.empty() ? ImportStateName(progress->state)
                                                                        : progress->failed_reason)});
      Over(job);
      return Look::kOver;
    case ImportState::kPending:
      return Look::kWaits;
    default:
      return Look::kRuns;
  }
}

void ImportPoller::Over(const Job& job) {
  --job.entry->running;
  progress_.AddJobs(1);
  progress_.AddJobsPercent(100 - job.percent);
  log::Debug("{} is over", job.Name());
}

// The server has answered nothing for as long as a restart takes. Asking for each of hundreds of jobs would
// take as long again for each. A damaged file can be why: Milvus 2.3 ends itself over some.
void ImportPoller::LoseAllJobs(const Status& failure) {
  for (const Job& job : jobs_) {
    std::string why =
        fmt::format("{}: {}; the server stopped answering while it imported", job.Name(), failure.message());
    if (!proved_by_.as_typed.empty())
      why += "; " + Advise("if it ended itself over a damaged file, this finds which", proved_by_);
    job.entry->Fail({failure.code(), std::move(why)});
    job.entry->jobs_may_run = true;
    job.entry->running = 0;
  }
  jobs_.clear();
}

void ImportPoller::FinishReady() {
  std::vector<Entry*> ready;
  {
    std::scoped_lock lock(mutex_);
    for (Entry& entry : entries_) {
      entry.Advance();
      if (!entry.finished && entry.Done()) ready.push_back(&entry);
    }
  }
  for (Entry* entry : ready) {
    if (entry->import.finished)
      entry->import.finished(
          {.status = entry->status, .rows = entry->rows, .jobs_may_run = entry->jobs_may_run});
    std::scoped_lock lock(mutex_);
    entry->finished = true;
    --unfinished_;
  }
  if (!ready.empty()) changed_.notify_all();
}

}  // namespace mbk::load
