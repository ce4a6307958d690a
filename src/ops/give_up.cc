#include "ops/give_up.h"

#include <fmt/core.h>

#include <chrono>

#include "base/log.h"

namespace mbk {
namespace {

// A run that was stopped must be gone within five seconds; one that failed may take longer to clean up.
constexpr std::chrono::seconds kCleanUpWhenStopped{3};
constexpr std::chrono::minutes kCleanUpWhenFailed{5};

}  // namespace

Status GiveUp(BackupWriter& writer, const BackupLayout& layout, Status failure, const CallContext& context) {
  const bool stopped = context.stop.stop_requested();
  const Deadline deadline =
      stopped ? Deadline::After(kCleanUpWhenStopped) : Deadline::After(kCleanUpWhenFailed);
  Status removed = writer.Abandon({.deadline = deadline});
  if (removed.ok()) return failure;
  log::Warn("clean-up: {}", removed.message());
  return {failure.code(),
          fmt::format("{}; what was written so far stays behind, remove it with: milvus-backup delete -n {}",
                      failure.message(), layout.name())};
}

}  // namespace mbk
