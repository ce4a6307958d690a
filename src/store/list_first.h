#pragma once

#include "base/call_context.h"
#include "base/status.h"
#include "store/object_store.h"

namespace mbk {

/// What a listing begins with: `request.max_keys` objects and common prefixes or a few more, and fewer only
/// where there are no more. For whoever asks whether something lies there: a page may end anywhere.
/// A request for each page that it takes.
Result<ListPage> ListFirst(ObjectReader& store, ListRequest request, const CallContext& context);

}  // namespace mbk
