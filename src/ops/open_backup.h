#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "ops/environment.h"
#include "repository/repository.h"

/// How the verbs come to a backup: what the repository found, with what the user can do about it.
namespace mbk {

/// Open a backup for reading. kNotFound, with what lies there instead and which command removes what a run of
/// ours left; kLocked while another run writes or removes it. What is wrong with a backup that can be read is
/// warned of. Four requests.
Result<OpenedBackup> OpenBackup(const BackupSide& side, const std::string& name, const CallContext& context);

/// Keys of the metadata that only newer tools know. One request.
Result<std::vector<std::string>> KeysOfNewerTools(ObjectReader& store, const BackupLayout& layout,
                                                  const CallContext& context);

/// Whether a backup that was opened still lies there: kLocked when a delete has begun since,
/// kFailedPrecondition when another one lies there by now. Asked after the last byte was read. One request.
Status StillThere(const BackupSide& side, const OpenedBackup& opened, const CallContext& context);

/// Why a run that reads a backup failed: that somebody removes it, where that is so, else `failure`.
Status ExplainFailure(const BackupSide& side, const OpenedBackup& opened, Status failure,
                      const CallContext& context);

/// Claim a name for writing: the place is made where it is missing, then BackupWriter::Begin, and which
/// command removes what a run of ours left there.
Result<std::unique_ptr<BackupWriter>> BeginBackup(const BackupSide& side, const BackupLayout& layout,
                                                  std::string_view verb, const CallContext& context);

/// What BeginBackup would refuse now, for a dry run: nothing is written.
Status CheckNameIsFree(const BackupSide& side, const BackupLayout& layout, const CallContext& context);

/// The command that removes what a run of ours left at `name`.
AdvisedCommand DeleteCommand(const BackupSide& side, std::string_view name);

}  // namespace mbk
