#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "milvus/client.h"

namespace mbk {

/// Hears the server's percentage, as it grows.
using PercentHeard = std::function<void(std::int64_t percent)>;

/// Waits until a collection is loaded or, when `partitions` is not empty, until they are. Asks after 100 ms,
/// then less often, at most every 2 s. kDeadlineExceeded when its percentage has not changed for 30 minutes;
/// an answer that is an error, once the client has tried again for as long as it does, is returned: whether
/// the collection is loaded is not known then.
Status WaitUntilLoaded(MilvusClient& client, const CollectionName& collection,
                       const std::vector<std::string>& partitions, Sleeper& sleeper,
                       const CallContext& context, const PercentHeard& heard = {});

}  // namespace mbk
