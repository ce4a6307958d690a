#include "ops/give_up.h"

#include <fmt/core.h>

#include <chrono>

#include "base/log.h"
#include "ops/open_backup.h"

namespace mbk {
namespace {

// A run that was stopped must be gone within five seconds, two of which the lock may take; one that failed
// may take longer to clean up, but not where the store has just been given up as silent.
constexpr std::chrono::seconds kGiveUpWhenStopped{2};
constexpr std::chrono::seconds kGiveUpWhenSilent{10};
constexpr std::chrono::minutes kGiveUpWhenFailed{5};

}  // namespace

Status GiveUp(const BackupSide& side, BackupWriter& writer, const BackupLayout& layout, Status failure,
              const CallContext& context) {
  const bool stopped = context.stop.stop_requested();
  const bool silent = failure.code() == Code::kUnavailable || failure.code() == Code::kDeadlineExceeded;
  const Deadline deadline = stopped  ? Deadline::After(kGiveUpWhenStopped)
                            : silent ? Deadline::After(kGiveUpWhenSilent)
                                     : Deadline::After(kGiveUpWhenFailed);
  Status removed = writer.Abandon({.deadline = deadline});
  if (removed.ok() && stopped)
    return {failure.code(), fmt::format("{}; what was written of backup {} has been removed",
                                        failure.message(), layout.name())};
  if (removed.ok()) return failure;
  // What failed because the lock was lost failed for that; and whatever lies there by now is not this run's.
  if (removed.code() == Code::kLocked) return removed;
  // Somebody else's backup lies there, or writes there: nothing to be advised to remove.
  if (removed.code() == Code::kFailedPrecondition)
    return {failure.code(), fmt::format("{}; {}", failure.message(), removed.message())};
  log::Warn("clean-up: {}", removed.message());
  return {failure.code(), fmt::format("{}; {}", failure.message(),
                                      Advise("what was written so far stays behind, remove it with",
                                             DeleteCommand(side, layout.name())))};
}

}  // namespace mbk
