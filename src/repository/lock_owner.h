#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "repository/process_identity.h"

namespace mbk {

/// The verb of an owner that takes the backup away: readers wait for no other one beside a whole backup.
inline constexpr std::string_view kDeleteVerb = "delete";

/// Who holds a backup's name while it is written or removed: the content of its lock object.
struct LockOwner {
  std::string id;    ///< random, one per run
  std::string verb;  ///< "create", "copy", kDeleteVerb
  ProcessIdentity process;
  std::int64_t started_s = 0;    ///< unix seconds by its own clock
  std::int64_t heartbeat_s = 0;  ///< the same, of the last renewal
  std::int64_t beat = 0;         ///< counts renewals: no two contents of one lock are equal
  /// False while the run only stands for the lock, on a store that cannot put conditionally.
  bool holds = true;
  std::vector<std::string> replaces;  ///< ids of runs whose locks it found dead and took away
  /// "create on host db1, pid 4711, since 2026-11-22 01:00:00 UTC"
  std::string Describe() const;
};

std::string LockToJson(const LockOwner& owner);
/// kDataLoss for what is no lock. Fields that older versions did not write are left at their defaults.
Result<LockOwner> LockFromJson(std::string_view json);

/// This process as an owner, at `now_s`.
LockOwner ThisProcess(std::string_view verb, std::int64_t now_s);
/// The same, now.
LockOwner ThisProcess(std::string_view verb);

}  // namespace mbk
