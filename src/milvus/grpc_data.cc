#include <fmt/core.h>

#include "milvus/convert.h"
#include "milvus/grpc_milvus_client.h"

// GrpcMilvusClient: segments, flush, import, users and roles.
namespace mbk {

Result<std::vector<SegmentInfo>> GrpcMilvusClient::ListPersistentSegments(const CollectionName& collection,
                                                                          const CallContext& context) {
  pb::milvus::GetPersistentSegmentInfoRequest request;
  request.set_collectionname(collection.name);
  CallRules rules{.retry = retries_.segments, .repeat = Repeat::kAny};
  MBK_TRY_ASSIGN(auto response,
                 rpc_.Call(&Stub::GetPersistentSegmentInfo, About("GetPersistentSegmentInfo", collection),
                           request, rules, context));
  std::vector<SegmentInfo> segments;
  segments.reserve(static_cast<std::size_t>(response.infos_size()));
  for (const auto& info : response.infos()) segments.push_back(FromProto(info));
  return segments;
}

Result<FlushResult> GrpcMilvusClient::Flush(const CollectionName& collection, const CallContext& context) {
  pb::milvus::FlushRequest request;
  request.add_collection_names(collection.name);
  CallRules rules{.retry = retries_.flush, .repeat = Repeat::kAny, .limiter = &flush_limiter_};
  RpcCall call = About("Flush", collection);
  MBK_TRY_ASSIGN(auto response, rpc_.Call(&Stub::Flush, call, request, rules, context));
  Result<FlushResult> result = FromProto(response, collection.name);
  if (!result.ok())
    return result.status().WithContext(fmt::format("Flush {} on Milvus {}", call.object, address()));
  return result;
}

Result<bool> GrpcMilvusClient::IsFlushed(const CollectionName& collection, const FlushResult& flush,
                                         const CallContext& context) {
  pb::milvus::GetFlushStateRequest request;
  request.mutable_segmentids()->Assign(flush.segment_ids.begin(), flush.segment_ids.end());
  request.set_flush_ts(flush.flush_ts);
  request.set_collection_name(collection.name);
  MBK_TRY_ASSIGN(auto response, rpc_.Call(&Stub::GetFlushState, About("GetFlushState", collection), request,
                                          Poll(), context));
  return response.flushed();
}

Result<std::int64_t> GrpcMilvusClient::Import(const ImportRequest& wanted, const CallContext& context) {
  pb::milvus::ImportRequest request;
  request.set_collection_name(wanted.target.name);
  request.set_partition_name(wanted.partition_name);
  for (const std::string& path : wanted.paths) request.add_files(path);
  ToProto(wanted.options, request.mutable_options());
  RpcCall call = About("Import", wanted.target);
  call.object += fmt::format(" partition \"{}\" from {}", wanted.partition_name,
                             wanted.paths.empty() ? "no path" : wanted.paths.front());
  MBK_TRY_ASSIGN(auto response, rpc_.Call(&Stub::Import, call, request, Once(retries_.create), context));
  if (response.tasks().empty()) {
    return Internal(fmt::format("Import {} on Milvus {}: the server started no job", call.object, address()));
  }
  return response.tasks(0);
}

Result<ImportProgress> GrpcMilvusClient::GetImportState(std::int64_t job_id, const CallContext& context) {
  pb::milvus::GetImportStateRequest request;
  request.set_task(job_id);
  RpcCall call{.name = "GetImportState", .object = fmt::format("of job {}", job_id)};
  MBK_TRY_ASSIGN(auto response, rpc_.Call(&Stub::GetImportState, call, request, PollOfImport(), context));
  Result<ImportProgress> progress = FromProto(response);
  if (!progress.ok()) {
    return progress.status().WithContext(
        fmt::format("GetImportState of job {} on Milvus {}", job_id, address()));
  }
  return progress;
}

Result<RbacMeta> GrpcMilvusClient::BackupRbac(const CallContext& context) {
  const auto response = rpc_.Call(&Stub::BackupRBAC, {.name = "BackupRBAC"},
                                  pb::milvus::BackupRBACMetaRequest(), Usual(), context);
  if (response.status().code() == Code::kUnimplemented)
    return Status(
        Code::kUnimplemented,
        fmt::format("Milvus {} is {}, which hands out no users and roles (Milvus does from 2.4.9 on): do "
                    "without --rbac; {}",
                    address(), version(), response.status().message()));
  MBK_TRY(response.status());
  return FromProto(response->rbac_meta());
}

Status GrpcMilvusClient::RestoreRbac(const RbacMeta& rbac, const CallContext& context) {
  pb::milvus::RestoreRBACMetaRequest request;
  *request.mutable_rbac_meta() = ToProto(rbac);
  return rpc_.Call(&Stub::RestoreRBAC, {.name = "RestoreRBAC"}, request, Once(retries_.create), context)
      .status();
}

}  // namespace mbk
