#pragma once

#include <cstdint>

#include "base/call_context.h"
#include "base/status.h"
#include "store/object_store.h"

namespace mbk {

/// What time it is by the store's own clock, in unix milliseconds: the last_modified_ms of an object that is
/// written for it and removed again. 0: the store does not say. Good for comparison with last_modified_ms of
/// other objects of this store; no two hosts' clocks need to agree for it. Three requests. `scratch` must be
/// a key that is the caller's alone.
Result<std::int64_t> StoreNow(ObjectStore& store, const ObjectKey& scratch, const CallContext& context);

}  // namespace mbk
