#include <fmt/core.h>

#include "base/log.h"
#include "base/parallel.h"
#include "ops/capture/capture.h"

namespace mbk::capture {
namespace {

// A flush of a quiet collection is over at once, that of a busy one within a second or two. The Go tool
// looks first after a second; most of the time of its small backups is that wait.
constexpr Milliseconds kFirstPoll{20};
constexpr Milliseconds kLongestPoll{500};

Status WaitUntilFlushed(MilvusClient& client, const CollectionName& name, const FlushResult& flush,
                        Sleeper& sleeper, const CallContext& context) {
  for (Milliseconds wait = kFirstPoll;; wait = std::min(wait * 3 / 2, kLongestPoll)) {
    MBK_TRY_ASSIGN(bool flushed, client.IsFlushed(name, flush, context));
    if (flushed) return {};
    MBK_TRY(sleeper.Sleep(wait, context));
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
  if (flush.must_poll) MBK_TRY(WaitUntilFlushed(client, name, flush, sleeper, context));
  return flush;
}

Status Flush(MilvusClient& client, Backup& backup, const RunServices& run, const CallContext& context) {
  run.progress.Enter(Step::kFlush, static_cast<std::int64_t>(backup.collections.size()));
  return ParallelFor(backup.collections.size(), run.settings.collection_concurrency, context,
                     [&](std::size_t i, const CallContext& inner) -> Status {
                       MBK_TRY(FlushOne(client, backup.collections[i], run.sleeper, inner));
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

GcPause::GcPause(MilvusClient& client, Sleeper& sleeper) : client_(client), sleeper_(sleeper) {
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

bool GcPause::Pause(const CallContext& context) {
  Status paused =
      client_.PauseGc(kGcLease, {.stop = context.stop, .deadline = Deadline::After(kGcCallTimeout)});
  if (paused.ok()) return true;
  // Most configurations leave the management port at its default, where often nobody listens; objects that
  // vanish are noticed in any case. Only a refusal is news.
  const bool nobody_there = paused.code() == Code::kUnimplemented || paused.code() == Code::kUnavailable ||
                            paused.code() == Code::kDeadlineExceeded;
  const std::string message = fmt::format(
      "the garbage collection of Milvus is not paused (backup.gcPause.address, in a v2 file "
      "milvus.management.endpoint): {}",
      paused.message());
  if (nobody_there)
    log::Info("{}", message);
  else
    log::Warn("{}", message);
  return false;
}

}  // namespace mbk::capture
