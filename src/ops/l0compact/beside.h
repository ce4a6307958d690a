#pragma once

#include <string>
#include <string_view>

#include "base/call_context.h"
#include "base/status.h"
#include "ops/environment.h"

namespace mbk {

/// The verb in the lock of what l0compact writes.
inline constexpr std::string_view kL0CompactVerb = "l0compact";

/// A name beside the output's that nobody has: `--force` writes there before the old output goes.
std::string NameBeside(const std::string& output);

/// What earlier runs left under such names when they were killed: what was never whole is removed as `delete`
/// does it, where its lock says that an l0compact wrote it whose process is gone; all else stays, and is
/// named. Warnings go to the log; fails only when `context` ends. One listing, and two requests or more for
/// each.
Status LookBeside(const std::string& output, bool dry_run, BackupSide& side, const RunServices& run,
                  const CallContext& context);

}  // namespace mbk
