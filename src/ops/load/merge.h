#pragma once

#include <vector>

#include "ops/load/load.h"

namespace mbk::load {

/// The data directories of a collection with the small ones of each partition put together, to be rewritten
/// as one segment; as they were where this saves too few jobs. No I/O.
///
/// Left alone are directories that are not small; whose sizes the metadata do not know; of storage V2, which
/// this program has written for no server yet; whose segments lack a field of the schema, which the server
/// may fill in ways of its own; and those of collections with struct arrays.
std::vector<ImportDir> MergeSmallDirs(const Collection& collection, const std::vector<ImportDir>& dirs);

}  // namespace mbk::load
