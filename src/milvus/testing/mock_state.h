#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "mbk/milvus.pb.h"
#include "milvus/testing/mock_server.h"

/// What the mock knows and how it answers, without gRPC. Answers are those recorded of Milvus 2.3.5.
namespace mbk::milvustest {

namespace pb = ::milvus::proto;

class MockState {
 public:
  MockState();

  void AddDatabase(const std::string& db, std::int64_t id, const KeyValues& properties);
  void AddCollection(const std::string& db, MockCollection collection);
  void Remove(const std::string& db, const std::string& name) { databases_[db].collections.erase(name); }
  /// By its name, or by one of its aliases.
  MockCollection* Find(const std::string& db, const std::string& name);

  using MilvusStatus = pb::common::Status;
  MilvusStatus Answer(const pb::milvus::ListDatabasesRequest&, const std::string& db,
                      pb::milvus::ListDatabasesResponse* response);
  MilvusStatus Answer(const pb::milvus::DescribeDatabaseRequest& request, const std::string& db,
                      pb::milvus::DescribeDatabaseResponse* response);
  MilvusStatus Answer(const pb::milvus::CreateDatabaseRequest& request, const std::string& db);
  MilvusStatus Answer(const pb::milvus::ShowCollectionsRequest&, const std::string& db,
                      pb::milvus::ShowCollectionsResponse* response);
  MilvusStatus Answer(const pb::milvus::HasCollectionRequest& request, const std::string& db,
                      pb::milvus::BoolResponse* response);
  MilvusStatus Answer(const pb::milvus::DescribeCollectionRequest& request, const std::string& db,
                      pb::milvus::DescribeCollectionResponse* response);
  MilvusStatus Answer(const pb::milvus::CreateCollectionRequest& request, const std::string& db);
  MilvusStatus Answer(const pb::milvus::AlterCollectionRequest& request, const std::string& db);
  MilvusStatus Answer(const pb::milvus::AddCollectionFieldRequest& request, const std::string& db);
  MilvusStatus Answer(const pb::milvus::DropCollectionRequest& request, const std::string& db);
  MilvusStatus Answer(const pb::milvus::RenameCollectionRequest& request, const std::string& db);
  MilvusStatus Answer(const pb::milvus::GetCollectionStatisticsRequest& request, const std::string& db,
                      pb::milvus::GetCollectionStatisticsResponse* response);
  MilvusStatus Answer(const pb::milvus::CreateAliasRequest& request, const std::string& db);
  MilvusStatus Answer(const pb::milvus::AlterAliasRequest& request, const std::string& db);
  MilvusStatus Answer(const pb::milvus::ShowPartitionsRequest& request, const std::string& db,
                      pb::milvus::ShowPartitionsResponse* response);
  MilvusStatus Answer(const pb::milvus::CreatePartitionRequest& request, const std::string& db);
  MilvusStatus Answer(const pb::milvus::DescribeIndexRequest& request, const std::string& db,
                      pb::milvus::DescribeIndexResponse* response);
  MilvusStatus Answer(const pb::milvus::CreateIndexRequest& request, const std::string& db);
  MilvusStatus Answer(const pb::milvus::DropIndexRequest& request, const std::string& db);
  MilvusStatus Answer(const pb::milvus::GetLoadingProgressRequest& request, const std::string& db,
                      pb::milvus::GetLoadingProgressResponse* response);
  MilvusStatus Answer(const pb::milvus::LoadCollectionRequest& request, const std::string& db);
  MilvusStatus Answer(const pb::milvus::LoadPartitionsRequest& request, const std::string& db);
  MilvusStatus Answer(const pb::milvus::ReleaseCollectionRequest& request, const std::string& db);
  MilvusStatus Answer(const pb::milvus::GetPersistentSegmentInfoRequest& request, const std::string& db,
                      pb::milvus::GetPersistentSegmentInfoResponse* response);
  MilvusStatus Answer(const pb::milvus::FlushRequest& request, const std::string& db,
                      pb::milvus::FlushResponse* response);
  MilvusStatus Answer(const pb::milvus::GetFlushStateRequest& request, const std::string& db,
                      pb::milvus::GetFlushStateResponse* response);
  MilvusStatus Answer(const pb::milvus::InsertRequest& request, const std::string& db,
                      pb::milvus::MutationResult* response);
  MilvusStatus Answer(const pb::milvus::UpsertRequest& request, const std::string& db,
                      pb::milvus::MutationResult* response);
  MilvusStatus Answer(const pb::milvus::QueryRequest& request, const std::string& db,
                      pb::milvus::QueryResults* response);
  MilvusStatus Answer(const pb::milvus::ImportRequest& request, const std::string& db,
                      pb::milvus::ImportResponse* response);
  MilvusStatus Answer(const pb::milvus::GetImportStateRequest& request, const std::string& db,
                      pb::milvus::GetImportStateResponse* response);
  MilvusStatus Answer(const pb::milvus::BackupRBACMetaRequest&, const std::string& db,
                      pb::milvus::BackupRBACMetaResponse* response);
  MilvusStatus Answer(const pb::milvus::RestoreRBACMetaRequest& request, const std::string& db);

  struct Job {
    std::int64_t id = 0;
    ImportRequest request;
    std::size_t step = 0;
    std::vector<ImportProgress> steps;
    bool credited = false;  ///< its rows are counted
  };
  std::vector<Job> jobs;
  std::vector<ImportProgress> import_script;
  std::optional<RbacMeta> rbac;

 private:
  struct Database {
    std::int64_t id = 0;
    KeyValues properties;
    std::map<std::string, MockCollection> collections;
    std::set<std::string> dead_aliases;  ///< of collections that were dropped: 2.3.5 keeps them
  };

  std::int64_t NewId() { return next_id_++; }
  /// By its name alone.
  MockCollection* FindNamed(const std::string& db, const std::string& name);
  /// The rows of a completed job are the collection's from now on.
  void Credit(Job& job, std::int64_t rows);
  void Complete(const std::string& db, MockCollection& collection);

  std::map<std::string, Database> databases_;
  std::int64_t next_id_ = 470'636'371'198'221'768;  // as large as Milvus's: beyond what a double holds
};

}  // namespace mbk::milvustest
