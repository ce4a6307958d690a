#include "ops/runs/run_record.h"

#include <fmt/core.h>
#include <time.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "ops/load/temporary_name.h"

namespace mbk::runs {
namespace {

using std::chrono::milliseconds;

// Often enough to notice within a second that the machine slept.
constexpr milliseconds kLook{1'000};
// A renewal that takes longer is tried anew.
constexpr milliseconds kRenewalTimeout{20'000};
// On the way out of a run that may have been told to stop within five seconds.
constexpr milliseconds kLastWords{2'000};

milliseconds Read(clockid_t clock) {
  timespec time{};
  if (::clock_gettime(clock, &time) != 0) return milliseconds(0);
  return std::chrono::duration_cast<milliseconds>(std::chrono::seconds(time.tv_sec) +
                                                  std::chrono::nanoseconds(time.tv_nsec));
}

milliseconds Now() { return std::max(Read(CLOCK_MONOTONIC), Read(CLOCK_BOOTTIME)); }

std::int64_t UnixSeconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

HeartbeatTimes WithClock(HeartbeatTimes times) {
  if (!times.now) times.now = Now;
  return times;
}

// Another version lies there than the one that was to be replaced, or none.
bool IsOvertaken(const Status& replaced) {
  return replaced.code() == Code::kFailedPrecondition || replaced.code() == Code::kNotFound;
}

bool NothingIsLeft(const Record& record) { return record.collections.empty() && record.staging.empty(); }

}  // namespace

Result<std::unique_ptr<RunRecord>> RunRecord::Start(std::shared_ptr<RecordPlace> place, const RunStart& start,
                                                    const CallContext& context, HeartbeatTimes times) {
  const std::string id = load::NewRunId();
  Record record{.run_id = id,
                .holder = id,
                .verb = start.verb,
                .server = start.server,
                .root = start.root,
                .process = ThisProcessIdentity(),
                .started_s = UnixSeconds()};
  times = WithClock(std::move(times));
  const milliseconds before = times.now();
  MBK_TRY(place->Write(id, ToJson(record), context).WithContext("write the record of this run"));
  return std::unique_ptr<RunRecord>(
      new RunRecord(std::move(place), std::move(record), before, std::move(times)));
}

Result<std::unique_ptr<RunRecord>> RunRecord::TakeOver(std::shared_ptr<RecordPlace> place, const Record& seen,
                                                       const CallContext& context, HeartbeatTimes times) {
  std::string version;
  const auto read = [&]() -> Result<Record> {
    MBK_TRY_ASSIGN(StoredRecord stored, place->Read(seen.run_id, context));
    version = std::move(stored.version);
    return RecordFromJson(stored.json);
  };
  const Status taken(Code::kLocked,
                     fmt::format("{} has changed: its run lives, or another one is putting right "
                                 "what it left",
                                 place->Where(seen.run_id)));
  Result<Record> now = read();
  if (now.status().code() == Code::kNotFound || (now.ok() && *now != seen)) return taken;
  if (!now.ok()) return now.status();
  Record ours = seen;
  ours.holder = load::NewRunId();
  ours.process = ThisProcessIdentity();
  ++ours.heartbeat;
  times = WithClock(std::move(times));
  const milliseconds before = times.now();
  const Status replaced = place->Replace(seen.run_id, ToJson(ours), version, context);
  if (!replaced.ok() && !IsOvertaken(replaced)) return replaced;
  // Also where it was refused: of a put whose answer got lost the store says at the second try that another
  // version lies there. Where it has no versions the later of two writers wins, and the other sees it here;
  // what both do is the same, and is held against the server's ids.
  Result<Record> written = read();
  if (written.status().code() == Code::kNotFound) return taken;
  MBK_TRY(written.status());
  if (written->holder != ours.holder) return taken;
  return std::unique_ptr<RunRecord>(
      new RunRecord(std::move(place), std::move(ours), before, std::move(times)));
}

RunRecord::RunRecord(std::shared_ptr<RecordPlace> place, Record record, milliseconds written,
                     HeartbeatTimes times)
    : place_(std::move(place)),
      times_(std::move(times)),
      record_(std::move(record)),
      renewed_(written),
      renewer_([this](const std::stop_token& stop) { Renew(stop); }) {}

RunRecord::~RunRecord() {
  outer_stop_.reset();
  if (finished_) return;
  const Status finished = Finish({.deadline = Deadline::After(kLastWords)});
  // Of a lost one it was said already whose it is now.
  if (!finished.ok() && finished.code() != Code::kLocked)
    log::Warn("the record of this run stays at {}: {}", Where(), finished.message());
}

Status RunRecord::CheckTime() const {
  if (!lost_.ok()) return lost_;
  const milliseconds since = times_.now() - renewed_;
  if (since < times_.lost_after) return {};
  return {Code::kLocked,
          fmt::format(
              "the record of this run could not be renewed for {} s, so that others may take it for dead: "
              "nothing more is changed; {} says what was made",
              since.count() / 1'000, Where())};
}

// Whoever found this run dead writes himself into the record, or removes it.
Status RunRecord::CheckOurs(const CallContext& context) {
  MBK_TRY(CheckTime());
  Result<StoredRecord> stored = place_->Read(record_.run_id, context);
  if (stored.status().code() == Code::kNotFound)
    return {Code::kLocked,
            fmt::format("{}, the record of this run, was removed: another run took this one for "
                        "dead; nothing more is changed",
                        Where())};
  if (!stored.ok()) return stored.status();
  MBK_TRY_ASSIGN(const Record there, RecordFromJson(stored->json));
  version_ = std::move(stored->version);
  if (there.holder == record_.holder) return {};
  return {
      Code::kLocked,
      fmt::format("{}, the record of this run, was taken over by a run on host {}, pid {}, which took this "
                  "one for dead; nothing more is changed",
                  Where(), there.process.host, there.process.pid)};
}

Status RunRecord::Write(const CallContext& context) {
  ++record_.heartbeat;
  const std::string json = ToJson(record_);
  const milliseconds before = times_.now();
  Status written = place_->Replace(record_.run_id, json, version_, context);
  if (IsOvertaken(written)) {
    MBK_TRY(CheckOurs(context));  // a write of our own whose answer got lost, or another run's
    written = place_->Replace(record_.run_id, json, version_, context);
  }
  MBK_TRY(std::move(written));
  renewed_ = before;
  return {};
}

void RunRecord::Lose(const Status& why) {
  if (why.code() == Code::kLocked && lost_.ok()) lost_ = why;
}

Status RunRecord::Change(const std::function<void(Record&)>& change, const CallContext& context) {
  Status changed;
  {
    std::scoped_lock lock(mutex_);
    changed = CheckOurs(context);
    if (changed.ok()) {
      change(record_);
      changed = Write(context);
    }
    Lose(changed);
  }
  if (changed.code() == Code::kLocked) lost_source_.request_stop();
  return changed.WithContext("the record of this run");
}

void RunRecord::Renew(const std::stop_token& stop) {
  const milliseconds look = std::min(kLook, times_.every);
  std::unique_lock lock(mutex_);
  while (lost_.ok() && !stop.stop_requested()) {
    wake_.wait_for(lock, stop, look, [] { return false; });
    if (stop.stop_requested()) return;
    Lose(CheckTime());
    if (!lost_.ok() || times_.now() - renewed_ < times_.every) continue;
    const CallContext context{.stop = stop, .deadline = Deadline::After(kRenewalTimeout)};
    Status renewed = CheckOurs(context);
    if (renewed.ok()) renewed = Write(context);
    Lose(renewed);
    if (!renewed.ok() && lost_.ok() && !stop.stop_requested())
      log::Warn("could not renew the record of this run: {}", renewed.message());
  }
  if (lost_.ok()) return;
  log::Error("{}", lost_.message());
  lock.unlock();
  lost_source_.request_stop();
}

Status RunRecord::Update(std::size_t index, const RecordedCollection& collection,
                         const CallContext& context) {
  return Change(
      [&](Record& record) {
        if (record.collections.size() <= index) record.collections.resize(index + 1);
        record.collections[index] = collection;
      },
      context);
}

Status RunRecord::NoteStaging(const std::string& prefix, const CallContext& context) {
  return Change([&](Record& record) { record.staging.push_back(prefix); }, context);
}

Status RunRecord::ForgetStaging(const std::string& prefix, const CallContext& context) {
  return Change([&](Record& record) { std::erase(record.staging, prefix); }, context);
}

Status RunRecord::NoteImports(std::span<const std::int64_t> jobs, const CallContext& context) {
  return Change([&](Record& record) { record.jobs.insert(record.jobs.end(), jobs.begin(), jobs.end()); },
                context);
}

Status RunRecord::Finish(const CallContext& context) {
  renewer_.request_stop();
  if (renewer_.joinable()) renewer_.join();
  std::scoped_lock lock(mutex_);
  finished_ = true;
  MBK_TRY(CheckOurs(context));
  // Whether an import into a collection of the user's may still read staged files is asked as long as they
  // are there.
  const bool is_staged = !record_.staging.empty();
  std::erase_if(record_.collections, [&](const RecordedCollection& c) {
    return c.target.name.empty() || (c.done && !(is_staged && !c.created));
  });
  return NothingIsLeft(record_) ? place_->Remove(record_.run_id, context) : Write(context);
}

CallContext RunRecord::Guarded(const CallContext& context) {
  outer_stop_.emplace(context.stop, [this] { lost_source_.request_stop(); });
  return {.stop = lost_source_.get_token(), .deadline = context.deadline};
}

Status RunRecord::Lost() const {
  std::scoped_lock lock(mutex_);
  return CheckTime();
}

Record RunRecord::Snapshot() const {
  std::scoped_lock lock(mutex_);
  return record_;
}

}  // namespace mbk::runs
