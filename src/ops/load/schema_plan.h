#pragma once

#include <string>
#include <vector>

#include "model/schema.h"

namespace mbk::load {

/// How to make a collection whose field ids equal those of `source`: Milvus numbers fields from 100 in
/// the order it gets them, and binlogs are found by field id (spec/restore.md §2.2).
struct SchemaPlan {
  CollectionSchema schema;               ///< for CreateCollection
  std::vector<FieldSchema> late_fields;  ///< for AddCollectionField afterwards, in order
};
SchemaPlan PlanSchema(const CollectionSchema& source, const std::string& target_name);

/// Properties stand in two places of a backup, which one depends on the server's version; both count,
/// the collection's own first.
KeyValues MergeProperties(const KeyValues& collection, const KeyValues& schema);

/// The field of a name; null when there is none.
const FieldSchema* FindField(const CollectionSchema& schema, const std::string& name);

}  // namespace mbk::load
