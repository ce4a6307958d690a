#include "ops/load/import_poller.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "base/log.h"

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

Status JobFailed(const CollectionName& target, std::int64_t job, const ImportProgress& progress) {
  return {Code::kInternal, fmt::format("import job {} into {} failed: {}", job, target.Full(),
                                       progress.failed_reason.empty() ? ImportStateName(progress.state)
                                                                      : progress.failed_reason)};
}

}  // namespace

struct ImportPoller::Entry {
  CollectionImport import;
  std::size_t wave = 0;  // being submitted or running
  std::size_t next = 0;  // of the wave
  int running = 0;
  std::int64_t rows = 0;
  Status status;
  bool finished = false;

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
                           const CallContext& context)
    : client_(client),
      sleeper_(sleeper),
      max_jobs_(std::max(1, max_jobs)),
      progress_(progress),
      context_(context),
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

void ImportPoller::Run(const std::stop_token& stop) {
  std::stop_source inner;
  std::stop_callback from_run(context_.stop, [&] { inner.request_stop(); });
  std::stop_callback from_owner(stop, [&] { inner.request_stop(); });
  const CallContext context{inner.get_token(), context_.deadline};
  Milliseconds wait = kFirstLook;
  while (context.Check().ok()) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, context.stop, [&] { return unfinished_ > 0; });
    }
    SubmitMore(context);
    FinishReady();
    if (jobs_.empty()) continue;
    if (!sleeper_.Sleep(wait, context).ok()) break;
    wait = PollOldest(context) ? kFirstLook : Longer(wait);
    FinishReady();
  }
  std::scoped_lock lock(mutex_);
  ended_ = context.Check();
  changed_.notify_all();
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
    while (static_cast<int>(jobs_.size()) < max_jobs_ && SubmitNext(*entry, context)) {
    }
  }
}

bool ImportPoller::SubmitNext(Entry& entry, const CallContext& context) {
  if (!entry.status.ok() || entry.WaveSubmitted()) return false;
  const ImportRequest& request = entry.import.waves[entry.wave][entry.next];
  Result<std::int64_t> job = client_.Import(request, context);
  if (!job.ok()) {
    entry.status = job.status().WithContext(fmt::format("import into {}", request.target.Full()));
    return false;
  }
  ++entry.next;
  ++entry.running;
  jobs_.push_back({&entry, *job});
  return true;
}

// Whether anything changed.
bool ImportPoller::PollOldest(const CallContext& context) {
  bool changed = false;
  int pending = 0;
  for (std::size_t i = 0; i < jobs_.size() && pending < kPendingLookedAt && context.Check().ok();) {
    bool still_runs = true;
    const bool waits = PollJob(jobs_[i], still_runs, context);
    if (still_runs) {
      pending += waits ? 1 : 0;
      ++i;
      continue;
    }
    jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(i));
    changed = true;
  }
  return changed;
}

// Whether the job still waits for its turn.
bool ImportPoller::PollJob(const Job& job, bool& still_runs, const CallContext& context) {
  Entry& entry = *job.entry;
  Result<ImportProgress> progress = client_.GetImportState(job.id, context);
  if (!progress.ok() && context.Check().ok()) {
    still_runs = false;
    entry.status = progress.status().WithContext(
        fmt::format("import job {} into {}", job.id, entry.import.target.Full()));
  } else if (progress.ok() && progress->state == ImportState::kCompleted) {
    still_runs = false;
    entry.rows += progress->row_count;
  } else if (progress.ok() &&
             (progress->state == ImportState::kFailed || progress->state == ImportState::kFailedAndCleaned)) {
    still_runs = false;
    if (entry.status.ok()) entry.status = JobFailed(entry.import.target, job.id, *progress);
  }
  if (!still_runs) {
    --entry.running;
    progress_.Add(1, 0);
    log::Debug("import job {} into {} is over", job.id, entry.import.target.Full());
  }
  return progress.ok() && progress->state == ImportState::kPending;
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
    if (entry->import.finished) entry->import.finished(entry->status, entry->rows);
    std::scoped_lock lock(mutex_);
    entry->finished = true;
    --unfinished_;
  }
  if (!ready.empty()) changed_.notify_all();
}

}  // namespace mbk::load
