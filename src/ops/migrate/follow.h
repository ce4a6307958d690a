#pragma once

#include <string>

#include "base/call_context.h"
#include "base/progress.h"
#include "base/status.h"
#include "zilliz/cloud.h"

namespace mbk {

/// Ask for a job until it is over, and show its percentage. It looks first after a second, less and less
/// often while nothing changes, at most every 15 s: the control plane allows 20 requests a second to a user.
/// An hour without any progress is worth a warning, not an end. Any end of the job is a good answer; an error
/// is only that it could not be asked for.
Result<zilliz::Job> FollowJob(zilliz::Cloud& cloud, const std::string& job_id, Progress& progress,
                              Sleeper& sleeper, const CallContext& context);

}  // namespace mbk
