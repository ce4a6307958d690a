#pragma once

#include <cstddef>
#include <functional>

#include "base/call_context.h"
#include "base/status.h"

namespace mbk {

/// Run `task(0)` … `task(count - 1)` on at most `workers` threads (at least one) and wait for all of
/// them. The first error asks the others to stop and is returned; tasks not yet begun are left out.
/// Tasks run in ascending order of their index as workers become free, and get a context that ends with
/// `context` or with the first error. A task that throws has failed (kInternal); threads that the system does
/// not give are done without. A task must not call ParallelFor on work that waits for its own.
Status ParallelFor(std::size_t count, int workers, const CallContext& context,
                   const std::function<Status(std::size_t index, const CallContext& context)>& task);

}  // namespace mbk
