#pragma once

#include <string>

#include "base/call_context.h"
#include "base/status.h"
#include "ops/environment.h"
#include "repository/repository.h"

namespace mbk {

struct RemoveOptions {
  std::string name;
  bool dry_run = false;
};

/// Delete a backup, or what an interrupted run left of one. kNotFound when nothing of that name is there,
/// kLocked while another run writes it.
Result<BackupFiles> RunRemove(const RemoveOptions& options, BackupSide& target, const RunServices& run,
                              const CallContext& context);

}  // namespace mbk
