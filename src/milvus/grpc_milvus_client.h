#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "milvus/capability.h"
#include "milvus/client.h"
#include "milvus/grpc_client.h"
#include "milvus/management.h"
#include "milvus/rate_limiter.h"
#include "milvus/rpc.h"

namespace mbk {

/// MilvusClient over gRPC and the management port. Which rules a call is retried by: milvus/README.md.
class GrpcMilvusClient : public MilvusClient {
 public:
  GrpcMilvusClient(const ConnectOptions& options, std::string target, std::shared_ptr<grpc::Channel> channel);

  /// The first conversation: Connect, ListDatabases and, when needed, GetVersion. To be called once, first.
  Status Introduce(const CallContext& context);

  const std::string& address() const override { return rpc_.target(); }
  const std::string& version() const override { return version_; }
  const std::string& user() const override { return user_; }
  bool has(Capability capability) const override;

  Result<std::vector<std::string>> ListDatabases(const CallContext& context) override;
  Result<DatabaseDescription> DescribeDatabase(const std::string& db, const CallContext& context) override;
  Status CreateDatabase(const std::string& db, const KeyValues& properties,
                        const CallContext& context) override;

  Result<std::vector<std::string>> ListCollections(const std::string& db,
                                                   const CallContext& context) override;
  Result<bool> HasCollection(const CollectionName& collection, const CallContext& context) override;
  Result<CollectionDescription> DescribeCollection(const CollectionName& collection,
                                                   const CallContext& context) override;
  Status CreateCollection(const CreateCollectionRequest& request, const CallContext& context) override;
  Status DropCollection(const CollectionName& collection, const CallContext& context) override;
  Status AlterCollection(const CollectionName& collection, const KeyValues& properties,
                         const CallContext& context) override;
  Status AddCollectionField(const CollectionName& collection, const FieldSchema& field,
                            const CallContext& context) override;
  Status RenameCollection(const CollectionName& collection, const std::string& new_name,
                          const CallContext& context) override;
  Result<std::int64_t> CountStoredRows(const CollectionName& collection, const CallContext& context) override;
  Status CreateAlias(const CollectionName& collection, const std::string& alias,
                     const CallContext& context) override;
  Status AlterAlias(const CollectionName& collection, const std::string& alias,
                    const CallContext& context) override;

  Result<std::vector<PartitionName>> ListPartitions(const CollectionName& collection,
                                                    const CallContext& context) override;
  Status CreatePartition(const CollectionName& collection, const std::string& partition,
                         const CallContext& context) override;

  Result<std::vector<IndexInfo>> ListIndexes(const CollectionName& collection,
                                             const CallContext& context) override;
  Result<std::vector<IndexProgress>> GetIndexProgress(const CollectionName& collection,
                                                      const CallContext& context) override;
  Status CreateIndex(const CreateIndexRequest& request, const CallContext& context) override;
  Status DropIndex(const CollectionName& collection, const IndexInfo& index,
                   const CallContext& context) override;

  Result<std::int64_t> GetLoadingProgress(const CollectionName& collection,
                                          const std::vector<std::string>& partitions,
                                          const CallContext& context) override;
  Result<LoadState> GetLoadState(const CollectionName& collection, const std::vector<std::string>& partitions,
                                 const CallContext& context) override;
  Status LoadCollection(const CollectionName& collection, const CallContext& context) override;
  Status LoadPartitions(const CollectionName& collection, const std::vector<std::string>& partitions,
                        const CallContext& context) override;
  Status ReleaseCollection(const CollectionName& collection, const CallContext& context) override;

  Result<std::vector<SegmentInfo>> ListPersistentSegments(const CollectionName& collection,
                                                          const CallContext& context) override;
  Result<FlushResult> Flush(const CollectionName& collection, const CallContext& context) override;
  Result<bool> IsFlushed(const CollectionName& collection, const FlushResult& flush,
                         const CallContext& context) override;

  Result<WriteRowsResult> InsertRows(const WriteRowsRequest& request, const CallContext& context) override;
  Result<WriteRowsResult> UpsertRows(const WriteRowsRequest& request, const CallContext& context) override;
  Result<RowBatch> QueryRows(const QueryRowsRequest& request, const CallContext& context) override;
  Result<std::int64_t> CountRows(const CountRowsRequest& request, const CallContext& context) override;

  Result<std::int64_t> Import(const ImportRequest& request, const CallContext& context) override;
  Result<ImportProgress> GetImportState(std::int64_t job_id, const CallContext& context) override;

  Result<RbacMeta> BackupRbac(const CallContext& context) override;
  Status RestoreRbac(const RbacMeta& rbac, const CallContext& context) override;

  Status PauseGc(std::chrono::seconds lease, const CallContext& context) override;
  Status ResumeGc(const CallContext& context) override;

 private:
  using Stub = RpcConnection::Stub;

  Status SayHello(const CallContext& context);
  Status ProbeDatabases(const CallContext& context);
  Status LearnVersion(const CallContext& context);

  Result<::milvus::proto::milvus::DescribeIndexResponse> DescribeIndexes(const CollectionName& collection,
                                                                         const CallContext& context);

  Result<::milvus::proto::milvus::GetLoadingProgressResponse> AskLoadingProgress(
      const CollectionName& collection, const std::vector<std::string>& partitions,
      const CallContext& context);

  /// A call about a collection, sent to its database.
  static RpcCall About(std::string_view name, const CollectionName& collection);
  CallRules Usual() const { return {.retry = retries_.usual}; }
  CallRules Poll() const {
    return {.retry = retries_.poll, .repeat = Repeat::kPassing, .timeout = kPollTimeout};
  }
  /// GetImportState. The proxy of Milvus 2.3.5 reads the answer of its root coordinator also where there is
  /// none, because the call was cancelled or late, and a standalone server ends itself over that
  /// (internal/proxy/impl.go: GetImportState).
  CallRules PollOfImport() const {
    CallRules rules = Poll();
    rules.timeout = kImportPollTimeout;
    rules.patience = kImportPollPatience;
    return rules;
  }
  CallRules Once(const RetryPolicy& retry, RateLimiter* limiter = nullptr) const {
    return {.retry = retry, .repeat = Repeat::kThrottled, .limiter = limiter};
  }

  /// A question about how far something is has a short answer.
  static constexpr Milliseconds kPollTimeout{30'000};
  /// A silent server is given up within two minutes, and a run that was stopped is gone within five seconds.
  static constexpr Milliseconds kImportPollTimeout{110'000}, kImportPollPatience{3'000};

  const MilvusRetries retries_;
  const std::string tool_version_;
  const std::string user_;
  RpcConnection rpc_;
  ManagementPort management_;

  // Written by Introduce only.
  std::string build_tags_;
  std::string version_;
  MilvusVersion parsed_version_;
  bool has_databases_ = false;

  RateLimiter flush_limiter_;
  RateLimiter create_database_limiter_;
  RateLimiter create_collection_limiter_;
  RateLimiter create_partition_limiter_;
  RateLimiter create_index_limiter_;
  RateLimiter write_limiter_;
};

}  // namespace mbk
