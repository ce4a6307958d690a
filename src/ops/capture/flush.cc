#include <fmt/core.h>

#include "base/log.h"
#include "base/patience.h"
#include "ops/capture/capture.h"
#include "ops/capture/each_captured.h"

namespace mbk::capture {
namespace {

// A flush of a quiet collection is over at once, that of a busy one within a second or two. The Go tool
// looks first after a second; most of the time of its small backups is that wait.
constexpr Milliseconds kFirstPoll{20};
constexpr Milliseconds kLongestPoll{500};
// Nothing tells how far a flush is. The largest takes minutes: what a server holds in memory is written out.
constexpr std::chrono::hours kFlushLimit{1};

Status WaitUntilFlushed(MilvusClient& client, const CollectionName& name, const FlushResult& flush,
                        Sleeper& sleeper, const CallContext& context) {
  Patience patience("the flush of " + name.Full(), kFlushLimit);
  for (Milliseconds wait = kFirstPoll;; wait = std::min(wait * 3 / 2, kLongestPoll)) {
    MBK_TRY_ASSIGN(bool flushed, client.IsFlushed(name, flush, context));
    if (flushed) return {};
    MBK_TRY(sleeper.Sleep(wait, context));
    MBK_TRY(patience.StillWaiting("not flushed yet", wait));
  }
}

Status FlushOne(MilvusClient& client, Collection& collection, Sleeper& sleeper, const CallContext& context) {
  const CollectionName name{collection.db_name, collection.name};
  MBK_TRY_ASSIGN(FlushResult flush, FlushAndWait(client, name, sleeper, context));
  collection.backup_physical_timestamp =
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, flush.seal_time_s));
  collection.backup_timestamp = flush.max_checkpoint_ts;
  collection.channel_checkpoints = std::move(flush.channel_checkpoints);
  return {};
}

}  // namespace

Result<FlushResult> FlushAndWait(MilvusClient& client, const CollectionName& name, Sleeper& sleeper,
                                 const CallContext& context) {
  MBK_TRY_ASSIGN(FlushResult flush, client.Flush(name, context));
  // Milvus Lite has written everything when it answers, and names nothing.
  if (!flush.must_poll && !client.has(Capability::kSegments)) return flush;
  if (!flush.must_poll)
    return Internal(
        fmt::format("Flush \"{}\" on Milvus {}: the answer does not speak of this collection, so "
                    "that it may not have been flushed",
                    name.Full(), client.address()));
  MBK_TRY(WaitUntilFlushed(client, name, flush, sleeper, context));
  return flush;
}

Status Flush(MilvusClient& client, Captured& captured, const RunServices& run, const CallContext& context) {
  run.progress.Enter(Step::kFlush, static_cast<std::int64_t>(captured.backup.collections.size()));
  return ForEachCaptured(
      client, captured, run, context,
      [&](Collection& collection, std::vector<std::string>&, const CallContext& inner) -> Status {
        MBK_TRY(FlushOne(client, collection, run.sleeper, inner));
        run.progress.Add(1, 0);
        return {};
      });
}

namespace {

constexpr std::chrono::seconds kGcLease{3600};
// Renewed at half the lease, so that one failed renewal is no gap.
constexpr std::chrono::minutes kGcRenewal{30};
constexpr std::chrono::seconds kGcCallTimeout{2};

}  // namespace

GcPause::GcPause(MilvusClient& client, Sleeper& sleeper, std::string setting)
    : client_(client), sleeper_(sleeper), setting_(std::move(setting)) {
  if (!Pause({})) return;
  renewer_ = std::jthread([this](const std::stop_token& stop) {
    const CallContext context{.stop = stop};
    while (sleeper_.Sleep(kGcRenewal, context).ok()) Pause(context);
  });
}

GcPause::~GcPause() {
  if (!renewer_.joinable()) return;
  renewer_.request_stop();
  renewer_.join();
  Status resumed = client_.ResumeGc({.deadline = Deadline::After(kGcCallTimeout)});
  if (!resumed.ok())
    log::Warn("Milvus resumes its garbage collection by itself within an hour: {}", resumed.message());
}

void GcPause::Again(const CallContext& context) {
  if (renewer_.joinable()) Pause(context);
}

bool GcPause::Pause(const CallContext& context) {
  Status paused =
      client_.PauseGc(kGcLease, {.stop = context.stop, .deadline = Deadline::After(kGcCallTimeout)});
  if (paused.ok()) return true;
  // Objects that vanish are noticed in any case.
  if (setting_.empty() && paused.code() != Code::kPermissionDenied) {
    log::Info("the garbage collection of Milvus is not paused: {}", paused.message());
  } else {
    log::Warn("the garbage collection of Milvus is not paused{}: {}",
              setting_.empty() ? "" : fmt::format(" (check {})", setting_), paused.message());
  }
  return false;
}

}  // namespace mbk::capture
