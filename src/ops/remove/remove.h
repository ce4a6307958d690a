#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "ops/environment.h"
#include "repository/repository.h"

namespace mbk {

struct RemoveOptions {
  std::string name;
  bool dry_run = false;
  /// Also what is known by its layout alone, and a backup that lacks its backup_meta.json: what the Go tool
  /// leaves of a run that was cut off. It leaves no sign of being at work either.
  bool unfinished = false;
  /// Where Milvus keeps its own data in the same store, "" at its top: what that lies at or below is refused.
  std::optional<std::string> milvus_root;
  /// Only the backup whose backup_meta.json has this etag ("": none): one that came there since is refused.
  std::optional<std::string> commit_etag;
  /// Something else is to be written under the name: what would leave objects there, which are not of the
  /// backup, is refused.
  bool frees_name = false;
};

struct RemoveReport {
  BackupFiles files;               ///< what was there; all but the foreign objects is gone
  std::vector<std::string> stays;  ///< what still lies below the name, and why; empty: nothing
  std::vector<std::string> notes;  ///< what the store keeps of it all the same
};

/// Delete a backup, or what an interrupted run left of one. kNotFound when nothing of that name is there,
/// kLocked while another run writes it, kFailedPrecondition when what lies there is not proved to be a
/// backup: then nothing was changed.
Result<RemoveReport> RunRemove(const RemoveOptions& options, BackupSide& target, const RunServices& run,
                               const CallContext& context);

/// Whether what lies at the name may be removed, as RunRemove decides it, and the etag of its
/// backup_meta.json ("": it has none). Changes nothing.
Result<std::string> CheckRemovable(const RemoveOptions& options, BackupSide& target,
                                   const CallContext& context);

}  // namespace mbk
