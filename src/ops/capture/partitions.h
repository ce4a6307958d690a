#pragma once

#include "base/call_context.h"
#include "base/status.h"
#include "milvus/client.h"
#include "model/backup.h"

namespace mbk::capture {

/// Give `collection`, whose names and schema are filled in, its partitions as the server has them now,
/// without segments, and the load states of both. Two requests, one more where it is loaded, and one for each
/// partition where it is loaded in part.
Status DescribePartitions(MilvusClient& client, Collection& collection, const CallContext& context);

}  // namespace mbk::capture
