#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "manifest/keys.h"
#include "manifest/object_index.h"
#include "store/object_store.h"

namespace mbk {

using TreeMatch = std::function<Status(const ObjectInfo& listed, const DataObject& object)>;

/// Hold a listing of `tree` against `index`: every object must be there with its size (a size of 0 in
/// old metadata is "not known"). `on_match` sees each object that is, in key order. Objects that are not
/// of the index are passed over. kDataLoss names up to five that are missing or of another size.
/// One listing of everything below the tree's binlogs/.
Status CheckTree(ObjectReader& store, const BinlogTree& tree, const ObjectIndex& index,
                 const TreeMatch& on_match, const CallContext& context);

/// The same over one listing of all that lies below the tree, of which `on_listed` sees every object in key
/// order, whether it is of the index or not.
Status CheckWholeTree(ObjectReader& store, const BinlogTree& tree, const ObjectIndex& index,
                      const std::function<Status(const ObjectInfo& listed)>& on_listed,
                      const CallContext& context);

/// The same for the files of one collection only: `index` holds just that collection.
Status CheckCollection(ObjectReader& store, const BinlogTree& tree, std::int64_t collection_id,
                       const ObjectIndex& index, const CallContext& context);

}  // namespace mbk
