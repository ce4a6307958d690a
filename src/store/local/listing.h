#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "store/local/tree.h"
#include "store/object_store.h"

namespace mbk::local_internal {

/// One page of the files below `request.prefix`, in byte order of their keys. Reads only directories that
/// may hold a key of this page; each is read anew for every page, so memory is bounded by the largest
/// directory and nothing is kept between pages.
Result<ListPage> ListTree(const Tree& tree, const ListRequest& request, const CallContext& context);

/// What lies below a prefix that ends in "/" and is neither a file nor a directory with something in it, by
/// its path and kind; the first hundred.
Result<std::vector<std::string>> ListOthers(const Tree& tree, const std::string& prefix,
                                            const CallContext& context);

/// Remove what ObjectStore::RemoveEmptyDirectories says. A directory that somebody writes into stays.
Status RemoveEmptyDirectories(const Tree& tree, const std::string& prefix,
                              const std::function<bool(std::string_view key)>& may_go,
                              const CallContext& context);

}  // namespace mbk::local_internal
