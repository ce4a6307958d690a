#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "milvus/convert.h"
#include "milvus/testing/mock_refusals.h"
#include "milvus/testing/mock_state.h"

// MockState: segments, flush, import, users and roles.
namespace mbk::milvustest {
namespace {

using MilvusStatus = pb::common::Status;

std::int32_t NumberOf(ImportState state) {
  switch (state) {
    case ImportState::kPending:
      return 0;
    case ImportState::kFailed:
      return 1;
    case ImportState::kStarted:
      return 2;
    case ImportState::kPersisted:
      return 5;
    case ImportState::kCompleted:
      return 6;
    case ImportState::kFailedAndCleaned:
      return 7;
    case ImportState::kFlushed:
      return 8;
  }
  return 0;
}

void AddInfo(const std::string& key, const std::string& value, pb::milvus::GetImportStateResponse* response) {
  auto* info = response->add_infos();
  info->set_key(key);
  info->set_value(value);
}

}  // namespace

MilvusStatus MockState::Answer(const pb::milvus::GetPersistentSegmentInfoRequest& request,
                               const std::string& db,
                               pb::milvus::GetPersistentSegmentInfoResponse* response) {
  const MockCollection* found = Find(db, request.collectionname());
  if (found == nullptr) return NoCollection(db, request.collectionname());
  for (const SegmentInfo& segment : found->segments) {
    auto* added = response->add_infos();
    added->set_segmentid(segment.segment_id);
    added->set_collectionid(segment.collection_id);
    added->set_partitionid(segment.partition_id);
    added->set_num_rows(segment.num_rows);
    added->set_state(segment.state);
    added->set_level(segment.level);
    added->set_is_sorted(segment.is_sorted);
    added->set_storage_version(segment.storage_version);
  }
  return {};
}

MilvusStatus MockState::Answer(const pb::milvus::FlushRequest& request, const std::string& db,
                               pb::milvus::FlushResponse* response) {
  for (const std::string& name : request.collection_names()) {
    MockCollection* found = Find(db, name);
    if (found == nullptr) return NoCollection(db, name);
    found->imported_rows += std::exchange(found->rows_in_memory, 0);
    const FlushResult& flush = found->flush;
    if (flush.must_poll) {
      auto& segments = (*response->mutable_coll_segids())[name];
      segments.mutable_data()->Assign(flush.segment_ids.begin(), flush.segment_ids.end());
    }
    (*response->mutable_coll_flush_ts())[name] = flush.flush_ts;
    (*response->mutable_coll_seal_times())[name] = flush.seal_time_s;
    for (const auto& [channel, position] : flush.channel_checkpoints) {
      (*response->mutable_channel_cps())[channel] = Base64Decode(position).value();
    }
  }
  return {};
}

MilvusStatus MockState::Answer(const pb::milvus::GetFlushStateRequest& request, const std::string& db,
                               pb::milvus::GetFlushStateResponse* response) {
  MockCollection* found = Find(db, request.collection_name());
  if (found == nullptr) return NoCollection(db, request.collection_name());
  response->set_flushed(found->polls_until_flushed == 0);
  if (found->polls_until_flushed > 0) --found->polls_until_flushed;
  return {};
}

MilvusStatus MockState::Answer(const pb::milvus::ImportRequest& request, const std::string& db,
                               pb::milvus::ImportResponse* response) {
  MockCollection* found = Find(db, request.collection_name());
  if (found == nullptr) {  // recorded: the number is lost between the components
    return Refuse(kUnexpectedError, 65535,
                  fmt::format("attempt #6: rpc error: code = Unknown desc = collection not found[database={}]"
                              "[collection={}]",
                              db, request.collection_name()));
  }
  if (!request.partition_name().empty() && FindPartition(*found, request.partition_name()) == nullptr) {
    return NoPartition(request.partition_name());
  }
  ImportRequest wanted{.target = {.db = db, .name = request.collection_name()},
                       .partition_name = request.partition_name(),
                       .paths = {request.files().begin(), request.files().end()},
                       .options = FromProto(request.options())};
  wanted.is_l0 = FindValue(wanted.options, "l0_import") != nullptr;
  jobs.push_back({.id = NewId(), .request = std::move(wanted), .steps = import_script});
  response->add_tasks(jobs.back().id);
  return {};
}

void MockState::Credit(Job& job, std::int64_t rows) {
  MockCollection* target = Find(job.request.target.db, job.request.target.name);
  const bool brings_rows = !std::exchange(job.credited, true) && !job.request.is_l0;
  if (brings_rows && target != nullptr) target->imported_rows += rows;
}

MilvusStatus MockState::Answer(const pb::milvus::GetImportStateRequest& request, const std::string&,
                               pb::milvus::GetImportStateResponse* response) {
  auto job = std::find_if(jobs.begin(), jobs.end(), [&](const Job& one) { return one.id == request.task(); });
  if (job == jobs.end() || job->steps.empty()) {
    return Refuse(kUnexpectedError, 1000,
                  fmt::format("key not found[key=by-dev/meta/importtask/{}]", request.task()));
  }
  const ImportProgress& now = job->steps[job->step];
  if (job->step + 1 < job->steps.size()) ++job->step;
  response->set_state(NumberOf(now.state));
  response->set_row_count(now.row_count);
  response->set_id(job->id);
  if (now.state == ImportState::kCompleted) Credit(*job, now.row_count);
  AddInfo("collection", job->request.target.name, response);
  AddInfo("partition", job->request.partition_name, response);
  AddInfo("failed_reason", now.failed_reason, response);
  if (now.percent > 0) AddInfo("progress_percent", std::to_string(now.percent), response);
  return {};
}

MilvusStatus MockState::Answer(const pb::milvus::BackupRBACMetaRequest&, const std::string&,
                               pb::milvus::BackupRBACMetaResponse* response) {
  *response->mutable_rbac_meta() = ToProto(rbac.value());
  return {};
}

MilvusStatus MockState::Answer(const pb::milvus::RestoreRBACMetaRequest& request, const std::string&) {
  RbacMeta added = FromProto(request.rbac_meta());
  auto append = [](auto& to, auto& from) { to.insert(to.end(), from.begin(), from.end()); };
  append(rbac->users, added.users);
  append(rbac->roles, added.roles);
  append(rbac->grants, added.grants);
  append(rbac->privilege_groups, added.privilege_groups);
  return {};
}

}  // namespace mbk::milvustest
