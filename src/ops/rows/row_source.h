#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/status.h"
#include "milvus/key_expression.h"
#include "model/rows.h"
#include "model/schema.h"

namespace mbk::rows {

/// The living rows of a collection, wherever they lie.
class RowSource {
 public:
  virtual ~RowSource() = default;
  /// For messages: "backup nightly: default.coll", "10.0.0.1:19530: default.coll".
  virtual const std::string& name() const = 0;
  /// With the dynamic field among the fields.
  virtual const CollectionSchema& schema() const = 0;

  /// Whether somebody may write to it while it is read.
  virtual bool may_change() const = 0;

  /// `partition` is empty where it cannot be told.
  using Visit = std::function<Status(const std::string& partition, const RowBatch& batch)>;
  /// Every living row once, with all fields of the schema that a server gives back; in any order, from
  /// several threads.
  virtual Status ForEachBatch(const Visit& visit, const CallContext& context) = 0;

  /// A key and the partition it was seen in, as Visit has it.
  struct PlacedKey {
    std::string partition;
    RowKey key;
  };
  /// Whether each of `keys` stands more than once there, so that a reader gets the values of any of its rows.
  /// Where the newest row is always the one that is given, none does.
  virtual Result<std::vector<bool>> FindRepeated(const std::vector<PlacedKey>& keys, const CallContext&) {
    return std::vector<bool>(keys.size());
  }
};

}  // namespace mbk::rows
