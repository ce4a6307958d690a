#pragma once

#include "base/call_context.h"
#include "base/status.h"
#include "store/local/tree.h"
#include "store/object_store.h"

namespace mbk::local_internal {

/// One page of the files below `request.prefix`, in byte order of their keys. Reads only directories that
/// may hold a key of this page; each is read anew for every page, so memory is bounded by the largest
/// directory and nothing is kept between pages.
Result<ListPage> ListTree(const Tree& tree, const ListRequest& request, const CallContext& context);

}  // namespace mbk::local_internal
