#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/findings.h"
#include "base/status.h"
#include "manifest/keys.h"
#include "manifest/object_index.h"
#include "store/object_store.h"

namespace mbk {

using TreeMatch = std::function<Status(const ObjectInfo& listed, const DataObject& object)>;

/// Hold a listing of `tree` against `index`: every object must be there with its size (a size of 0 in
/// old metadata is "not known", but no binlog is empty). `on_match` sees each object that is, in key order.
/// Objects that are not of the index are passed over. kDataLoss names up to five that are missing or of
/// another size. One listing of everything below the tree's binlogs/.
Status CheckTree(ObjectReader& store, const BinlogTree& tree, const ObjectIndex& index,
                 const TreeMatch& on_match, const CallContext& context);

/// The same over one listing of all that lies below the tree, of which `on_listed` sees every object in key
/// order, whether it is of the index or not (it may be empty). A binlog that is not is kDataLoss too: what it
/// is of may have been lost from the metadata.
Status CheckWholeTree(ObjectReader& store, const BinlogTree& tree, const ObjectIndex& index,
                      const std::function<Status(const ObjectInfo& listed)>& on_listed,
                      const CallContext& context);

/// What a listing of a tree's data shows, held against an index.
struct TreeFindings {
  std::int64_t objects = 0;  ///< that are there as the index says
  std::int64_t bytes = 0;
  std::int64_t sizes_unknown = 0;  ///< of these, objects whose size the metadata do not know
  /// Objects that are missing, empty or of another size, and binlogs that nothing names, which an import of
  /// their directory would take in.
  Findings damage;
  /// The keys of what is no binlog and of no backup: what desktops and copy tools leave, and what others put
  /// there.
  Findings foreign;
};
/// Look at everything below the tree, whatever is found; the error of the call is the listing's.
/// `is_expected` says which objects outside of binlogs/ belong to the backup.
Result<TreeFindings> ExamineTree(ObjectReader& store, const BinlogTree& tree, const ObjectIndex& index,
                                 const std::function<bool(const ObjectKey&)>& is_expected,
                                 const CallContext& context);

/// What a listing of the files of one collection shows.
struct CollectionFindings {
  /// Objects that are missing, empty or of another size, and binlogs of partitions of which the index has
  /// none: such a partition was lost from the metadata, with its rows.
  Findings damage;
  Findings stray_binlogs;  ///< all binlogs that are not of the index
  /// The first object beside them that is not of the index: an import of its directory would take it in.
  std::optional<ObjectKey> stray;
};
/// Look at all files of a collection, whatever is found; the error of the call is the listing's, or that of
/// `on_match`. `index` holds just that collection.
Result<CollectionFindings> ExamineCollection(ObjectReader& store, const BinlogTree& tree,
                                             std::int64_t collection_id, const ObjectIndex& index,
                                             const TreeMatch& on_match, const CallContext& context);
/// As a status: kDataLoss names the first hundred.
Status DamageOf(const Findings& damage, const ObjectReader& store, const BinlogTree& tree);

/// The same as CheckTree for the files of one collection only. The stray object beside them, if there is one.
Result<std::optional<ObjectKey>> CheckCollection(ObjectReader& store, const BinlogTree& tree,
                                                 std::int64_t collection_id, const ObjectIndex& index,
                                                 const CallContext& context);

}  // namespace mbk
