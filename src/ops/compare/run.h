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
  /// Compare even what has one id and one time of creation: a server made from the other's volumes. It is
  /// said.
  bool same_id_ok = false;
  CompareOptions compare;
};

struct ComparedCollection {
  CollectionName left, right;
  /// Unset when a side could not be read: it is not loaded, or grows meanwhile. `unproven` says so.
  std::optional<Comparison> comparison;
  std::vector<std::string> unproven;  ///< what keeps this from being a proof
};

/// Rows that do not change while they are compared.
struct StoredRows {
  rows::RowSource& rows;
  CollectionName name;
  std::int64_t promised = 0;  ///< as the metadata say, deletes not applied
};

/// Row by row, stored rows against one live collection. Of the options `load` and `compare` count.
Result<ComparedCollection> CompareWithLive(const StoredRows& stored, MilvusClient& server,
                                           const CollectionName& live, const LiveCompareOptions& options,
                                           const RunServices& run, const CallContext& context);

/// Row by row, the living rows of a backup against live collections. kNotFound names the collections that are
/// not there, before any is read.
Result<std::vector<ComparedCollection>> RunVerifyLive(const std::string& backup,
                                                      const LiveCompareOptions& options, BackupSide& side,
                                                      MilvusClient& server, const RunServices& run,
                                                      const CallContext& context);

/// Row by row, live collections of two servers (or one). `options.filter` names at least one.
/// kInvalidArgument, before a row is read, when both sides of a pair are one collection (ops/identity.h). On
/// servers that give no ids a collection with a random name is made at the right for that, and removed.
Result<std::vector<ComparedCollection>> RunCompare(const LiveCompareOptions& options, MilvusClient& left,
                                                   MilvusClient& right, const RunServices& run,
                                                   const CallContext& context);

}  // namespace mbk
