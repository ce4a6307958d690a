#pragma once

#include <memory>

#include "base/status.h"
#include "mbk/milvus.pb.h"
#include "model/rows.h"
#include "model/schema.h"

/// Batches of rows to the columns of Insert and Upsert, and the columns of Query to batches.
namespace mbk {

using PbFieldsData = google::protobuf::RepeatedPtrField<::milvus::proto::schema::FieldData>;

/// Fields go by the names that `schema` gives the ids of `batch`. Row ids, timestamps and outputs of
/// functions are the server's to make and left out; so are keys that it gives itself, unless
/// `send_auto_ids`. A column of the dynamic field's id (model/schema.h) is sent as such.
/// kInvalidArgument for a column that no field answers to.
Status ToFieldsData(const CollectionSchema& schema, const RowBatch& batch, bool send_auto_ids,
                    PbFieldsData* out);

/// Columns get the ids that `schema` gives their names; what the server says they are is not asked (Milvus
/// Lite says 0). They may lead into the answer's memory, and keep it. kDataLoss when the answer contradicts
/// itself or the schema.
Result<RowBatch> FromQueryResults(const CollectionSchema& schema,
                                  std::shared_ptr<const ::milvus::proto::milvus::QueryResults> answer);

}  // namespace mbk
