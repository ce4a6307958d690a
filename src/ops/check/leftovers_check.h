#pragma once

#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/reach.h"
#include "base/status.h"
#include "ops/environment.h"
#include "ops/runs/leftovers.h"

namespace mbk {

/// What one run left.
struct LeftoverRun {
  runs::Record record;
  std::string where;  ///< its record's address
  runs::RunState state = runs::RunState::kMayLive;
  std::string why;                    ///< that state
  std::vector<std::string> findings;  ///< of a dead run: what stands where, and what becomes of it
  runs::CleaningDoes cleaning = runs::CleaningDoes::kNothing;  ///< about a dead run
  runs::Mended mended;                                         ///< after a cleaning
};

struct LeftoversReport {
  std::string server;
  AdvisedCommand cleaning_command;
  bool cleaned = false;
  std::vector<LeftoverRun> runs;  ///< those that live too
  std::vector<runs::UnreadableRecord> unreadable;
  runs::Strays strays;
  std::vector<std::string> unseen;  ///< places that could not be looked at, and why
  /// Whose records lie in the state directory too. They are not looked at: other servers, as far as their
  /// addresses tell.
  std::vector<runs::OtherServer> others;

  /// Whether nothing was found that no living run needs, in what could be looked at.
  bool IsEmpty() const;
  /// Whether all could be looked at and, after a cleaning, nothing stays that it should have put right.
  bool IsWhole() const;
};

/// What killed runs left in the target; with `clean` it is put right and removed, where their records prove
/// what is theirs and that they are dead. A run whose store tells no times is watched for a lease. What has
/// no record is named and never touched. Without `clean` nothing is changed.
Result<LeftoversReport> CheckLeftovers(MilvusTarget& target, bool clean, const RunServices& run,
                                       const CallContext& context);

}  // namespace mbk
