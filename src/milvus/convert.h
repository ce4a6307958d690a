#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"
#include "mbk/milvus.pb.h"
#include "mbk/schema.pb.h"
#include "milvus/client.h"
#include "model/backup.h"
#include "model/schema.h"

/// Milvus's messages to values of the model and back. Nothing is lost on the way: enumerations and default
/// values that this program does not know pass through as numbers and bytes.
namespace mbk {

namespace pb = ::milvus::proto;

using PbKeyValues = google::protobuf::RepeatedPtrField<pb::common::KeyValuePair>;

KeyValues FromProto(const PbKeyValues& pairs);
void ToProto(const KeyValues& pairs, PbKeyValues* out);

FieldSchema FromProto(const pb::schema::FieldSchema& field);
pb::schema::FieldSchema ToProto(const FieldSchema& field);

StructArrayField FromProto(const pb::schema::StructArrayFieldSchema& field);
pb::schema::StructArrayFieldSchema ToProto(const StructArrayField& field);

FunctionSchema FromProto(const pb::schema::FunctionSchema& function);
pb::schema::FunctionSchema ToProto(const FunctionSchema& function);

CollectionSchema FromProto(const pb::schema::CollectionSchema& schema);
pb::schema::CollectionSchema ToProto(const CollectionSchema& schema);

CollectionDescription FromProto(const pb::milvus::DescribeCollectionResponse& response);
SegmentInfo FromProto(const pb::milvus::PersistentSegmentInfo& info);

/// `params` come sorted by key; index_type is taken out of them.
IndexInfo FromProto(const pb::milvus::IndexDescription& index);
IndexProgress ProgressOf(const pb::milvus::IndexDescription& index);

/// The part of a Flush answer that is about `collection`. kDataLoss when a checkpoint is not a MsgPosition.
Result<FlushResult> FromProto(const pb::milvus::FlushResponse& response, const std::string& collection);

/// An unknown state is an error, kInternal: polling for a state that is never understood would not end.
Result<ImportProgress> FromProto(const pb::milvus::GetImportStateResponse& response);

RbacMeta FromProto(const pb::milvus::RBACMeta& meta);
pb::milvus::RBACMeta ToProto(const RbacMeta& meta);

}  // namespace mbk
