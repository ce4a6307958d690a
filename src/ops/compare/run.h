#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "milvus/client.h"
#include "ops/compare/compare.h"
#include "ops/environment.h"
#include "ops/select/filter.h"
#include "ops/select/rename.h"

namespace mbk {

struct LiveCompareOptions {
  Filter filter;    ///< of the collections of the left side
  Renamer renamer;  ///< from their names to those at the right side
  bool load = false;
  CompareOptions compare;
};

struct ComparedCollection {
  CollectionName left, right;
  /// Unset when a side could not be read: it is not loaded, or grows meanwhile. `unproven` says so.
  std::optional<Comparison> comparison;
  std::vector<std::string> unproven;  ///< what keeps this from being a proof
};

/// Row by row, the living rows of a backup against live collections. kNotFound for a collection that is not
/// there.
Result<std::vector<ComparedCollection>> RunVerifyLive(const std::string& backup,
                                                      const LiveCompareOptions& options, BackupSide& side,
                                                      MilvusClient& server, const RunServices& run,
                                                      const CallContext& context);

/// Row by row, live collections of two servers (or one). `options.filter` names at least one.
Result<std::vector<ComparedCollection>> RunCompare(const LiveCompareOptions& options, MilvusClient& left,
                                                   MilvusClient& right, const RunServices& run,
                                                   const CallContext& context);

}  // namespace mbk
