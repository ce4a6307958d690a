#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
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

/// What a listing of a tree's data shows, held against an index.
struct TreeFindings {
  std::int64_t objects = 0;  ///< that are there as the index says
  std::int64_t bytes = 0;
  std::int64_t problems = 0;
  /// The first of them: objects that are missing or of another size, and objects that nothing names, which an
  /// import of their directory would take in.
  std::vector<std::string> samples;
};
/// Look at everything below the tree's binlogs/, whatever is found; the error of the call is the listing's.
Result<TreeFindings> ExamineTree(ObjectReader& store, const BinlogTree& tree, const ObjectIndex& index,
                                 std::size_t max_samples, const CallContext& context);

/// The same as CheckTree for the files of one collection only: `index` holds just that collection. The first
/// object beside them that is not of the index, if there is one: an import of its directory would take it in.
Result<std::optional<ObjectKey>> CheckCollection(ObjectReader& store, const BinlogTree& tree,
                                                 std::int64_t collection_id, const ObjectIndex& index,
                                                 const CallContext& context);

}  // namespace mbk
