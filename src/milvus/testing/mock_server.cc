#include "milvus/testing/mock_server.h"

#include <google/protobuf/util/json_util.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <array>
#include <condition_variable>
#include <mutex>

#include "base/hash.h"
#include "mbk/milvus.grpc.pb.h"
#include "milvus/capability.h"
#include "milvus/testing/mock_state.h"

namespace mbk::milvustest {
namespace {

using MilvusStatus = pb::common::Status;

std::string ToJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(message, &json, options).ok()) return "<not printable>";
  return json;
}

void SetStatus(const MilvusStatus& status, MilvusStatus* response) { *response = status; }
template <class Response>
void SetStatus(const MilvusStatus& status, Response* response) {
  *response->mutable_status() = status;
}

grpc::Status Unimplemented(const std::string& rpc) {
  return {grpc::StatusCode::UNIMPLEMENTED,
          "unknown method " + rpc + " for service milvus.proto.milvus.MilvusService"};
}

}  // namespace

std::string SeenCall::Header(const std::string& name) const {
  auto [first, last] = metadata.equal_range(name);
  if (first == last) return "";
  return std::next(first) == last ? first->second : "<twice>";
}

// One handler a method, each a line: what all have in common is in Serve, what they answer in MockState.
#define MBK_ANSWER(rpc, Request, Response)                                                      \
  grpc::Status rpc(grpc::ServerContext* context, const pb::milvus::Request* request,            \
                   pb::milvus::Response* response) override {                                   \
    return Serve(#rpc, context, *request, response,                                             \
                 [&](const std::string& db) { return state_.Answer(*request, db, response); }); \
  }
#define MBK_OBEY(rpc, Request)                                                                               \
  grpc::Status rpc(grpc::ServerContext* context, const pb::milvus::Request* request, MilvusStatus* response) \
      override {                                                                                             \
    return Serve(#rpc, context, *request, response,                                                          \
                 [&](const std::string& db) { return state_.Answer(*request, db); });                        \
  }

class MockServer::Impl final : public pb::milvus::MilvusService::Service {
 public:
  explicit Impl(MockOptions options) : options_(std::move(options)) {
    std::array<std::string_view, 2> reported = {options_.build_tags, options_.version};
    parsed_version_ = ParseMilvusVersion(reported);
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    // The client's keepalive, which Milvus permits and gRPC servers by default do not.
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1'000);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }

  ~Impl() override { Shutdown(); }

  void Shutdown() {
    {
      std::lock_guard lock(mutex_);
      ending_ = true;
    }
    end_.notify_all();
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
  }

  int port() const { return port_; }
  const MockOptions& options() const { return options_; }

  /// Runs `use` on what the server knows.
  template <class Use>
  auto With(Use use) {
    std::lock_guard lock(mutex_);
    return use(state_);
  }

  void Fail(Failure failure) {
    std::lock_guard lock(mutex_);
    failures_.push_back(std::move(failure));
  }

  void OnCall(std::function<void(const SeenCall&)> hook) {
    std::lock_guard lock(mutex_);
    hook_ = std::move(hook);
  }

  std::vector<SeenCall> seen() const {
    std::lock_guard lock(mutex_);
    return seen_;
  }

  grpc::Status Connect(grpc::ServerContext* context, const pb::milvus::ConnectRequest* request,
                       pb::milvus::ConnectResponse* response) override {
    return Serve("Connect", context, *request, response, [&](const std::string&) {
      response->mutable_server_info()->set_build_tags(options_.build_tags);
      response->set_identifier(kIdentifier);
      return MilvusStatus();
    });
  }

  grpc::Status GetVersion(grpc::ServerContext* context, const pb::milvus::GetVersionRequest* request,
                          pb::milvus::GetVersionResponse* response) override {
    return Serve("GetVersion", context, *request, response, [&](const std::string&) {
      response->set_version(options_.version);
      return MilvusStatus();
    });
  }

  MBK_ANSWER(ListDatabases, ListDatabasesRequest, ListDatabasesResponse)
  MBK_ANSWER(DescribeDatabase, DescribeDatabaseRequest, DescribeDatabaseResponse)
  MBK_OBEY(CreateDatabase, CreateDatabaseRequest)
  MBK_ANSWER(ShowCollections, ShowCollectionsRequest, ShowCollectionsResponse)
  MBK_ANSWER(HasCollection, HasCollectionRequest, BoolResponse)
  MBK_ANSWER(DescribeCollection, DescribeCollectionRequest, DescribeCollectionResponse)
  MBK_OBEY(CreateCollection, CreateCollectionRequest)
  MBK_OBEY(AlterCollection, AlterCollectionRequest)
  MBK_OBEY(AddCollectionField, AddCollectionFieldRequest)
  MBK_OBEY(DropCollection, DropCollectionRequest)
  MBK_OBEY(RenameCollection, RenameCollectionRequest)
  MBK_ANSWER(GetCollectionStatistics, GetCollectionStatisticsRequest, GetCollectionStatisticsResponse)
  MBK_OBEY(CreateAlias, CreateAliasRequest)
  MBK_OBEY(AlterAlias, AlterAliasRequest)
  MBK_ANSWER(ShowPartitions, ShowPartitionsRequest, ShowPartitionsResponse)
  MBK_OBEY(CreatePartition, CreatePartitionRequest)
  MBK_ANSWER(DescribeIndex, DescribeIndexRequest, DescribeIndexResponse)
  MBK_OBEY(CreateIndex, CreateIndexRequest)
  MBK_OBEY(DropIndex, DropIndexRequest)
  MBK_ANSWER(GetLoadingProgress, GetLoadingProgressRequest, GetLoadingProgressResponse)
  MBK_OBEY(LoadCollection, LoadCollectionRequest)
  MBK_OBEY(LoadPartitions, LoadPartitionsRequest)
  MBK_OBEY(ReleaseCollection, ReleaseCollectionRequest)
  MBK_ANSWER(GetPersistentSegmentInfo, GetPersistentSegmentInfoRequest, GetPersistentSegmentInfoResponse)
  MBK_ANSWER(Flush, FlushRequest, FlushResponse)
  MBK_ANSWER(GetFlushState, GetFlushStateRequest, GetFlushStateResponse)
  MBK_ANSWER(Insert, InsertRequest, MutationResult)
  MBK_ANSWER(Upsert, UpsertRequest, MutationResult)
  MBK_ANSWER(Query, QueryRequest, QueryResults)
  MBK_ANSWER(Import, ImportRequest, ImportResponse)
  MBK_ANSWER(GetImportState, GetImportStateRequest, GetImportStateResponse)
  MBK_ANSWER(BackupRBAC, BackupRBACMetaRequest, BackupRBACMetaResponse)
  MBK_OBEY(RestoreRBAC, RestoreRBACMetaRequest)

 private:
  static constexpr std::int64_t kIdentifier = 470'636'788'888'371'203;

  template <class Request, class Response, class Answer>
  grpc::Status Serve(const std::string& rpc, grpc::ServerContext* context, const Request& request,
                     Response* response, Answer answer) {
    SeenCall call{.rpc = rpc, .metadata = HeadersOf(*context), .request = ToJson(request)};
    Record(call);
    std::unique_lock lock(mutex_);
    if (!IsImplemented(rpc)) return Unimplemented(rpc);
    if (grpc::Status refused = CheckCredentials(call); !refused.ok()) return refused;
    if (std::optional<Failure> failure = TakeFailure(rpc)) {
      if (failure->hang) end_.wait(lock, [this] { return ending_; });
      if (failure->grpc_code != 0)
        return {static_cast<grpc::StatusCode>(failure->grpc_code), failure->reason};
      MilvusStatus status;
      status.set_code(failure->code);
      status.set_error_code(failure->error_code);
      status.set_reason(failure->reason);
      SetStatus(status, response);
      return grpc::Status::OK;
    }
    std::string db = call.Header("dbname");
    SetStatus(answer(db.empty() ? "default" : db), response);
    return grpc::Status::OK;
  }

  void Record(const SeenCall& call) {
    std::unique_lock lock(mutex_);
    seen_.push_back(call);
    auto hook = hook_;
    lock.unlock();
    if (hook) hook(call);
  }

  static std::multimap<std::string, std::string> HeadersOf(const grpc::ServerContext& context) {
    std::multimap<std::string, std::string> headers;
    for (const auto& [name, value] : context.client_metadata()) {
      std::string header(name.data(), name.size());
      if (header != "user-agent") headers.emplace(header, std::string(value.data(), value.size()));
    }
    return headers;
  }

  bool IsImplemented(const std::string& rpc) const {
    if (rpc == "Connect") return options_.has_connect;
    if (rpc == "ListDatabases" || rpc == "CreateDatabase") return options_.has_databases;
    if (rpc == "RenameCollection")
      return options_.has_rename && VersionHas(parsed_version_, Capability::kRenameCollection);
    if (rpc == "DescribeDatabase") return VersionHas(parsed_version_, Capability::kDescribeDatabase);
    if (rpc == "BackupRBAC" || rpc == "RestoreRBAC") return state_.rbac.has_value();
    return true;
  }

  grpc::Status CheckCredentials(const SeenCall& call) const {
    if (options_.user.empty()) return grpc::Status::OK;
    std::string sent = call.Header("authorization");
    if (sent.empty()) return {grpc::StatusCode::UNAUTHENTICATED, "missing authorization in header"};
    if (sent == Base64Encode(options_.user + ":" + options_.password)) return grpc::Status::OK;
    return {grpc::StatusCode::UNAUTHENTICATED,
            "auth check failure, please check username and password are correct"};
  }

  std::optional<Failure> TakeFailure(const std::string& rpc) {
    for (Failure& failure : failures_) {
      if (failure.rpc != rpc || failure.times == 0) continue;
      --failure.times;
      return failure;
    }
    return std::nullopt;
  }

  const MockOptions options_;
  MilvusVersion parsed_version_;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable end_;
  bool ending_ = false;
  MockState state_;
  std::vector<Failure> failures_;
  std::function<void(const SeenCall&)> hook_;
  std::vector<SeenCall> seen_;
  std::unique_ptr<grpc::Server> server_;
};

#undef MBK_ANSWER
#undef MBK_OBEY

MockServer::MockServer(MockOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
MockServer::~MockServer() = default;

int MockServer::port() const { return impl_->port(); }

ConnectOptions MockServer::ClientOptions() const {
  ConnectOptions options{.address = "127.0.0.1",
                         .port = impl_->port(),
                         .user = impl_->options().user,
                         .password = impl_->options().password,
                         .tool_version = "test"};
  MilvusRetries& retries = options.retries;
  for (RetryPolicy* policy : {&retries.usual, &retries.create, &retries.create_collection, &retries.flush,
                              &retries.segments, &retries.poll}) {
    policy->initial_backoff = policy->max_backoff = Milliseconds(1);
  }
  return options;
}

void MockServer::Shutdown() { impl_->Shutdown(); }

void MockServer::AddDatabase(const std::string& db, std::int64_t id, const KeyValues& properties) {
  impl_->With([&](MockState& state) { state.AddDatabase(db, id, properties); });
}

void MockServer::AddCollection(const std::string& db, MockCollection collection) {
  impl_->With([&](MockState& state) { state.AddCollection(db, std::move(collection)); });
}

void MockServer::RemoveCollection(const CollectionName& name) {
  impl_->With([&](MockState& state) { state.Remove(name.db.empty() ? "default" : name.db, name.name); });
}

std::optional<MockCollection> MockServer::FindCollection(const CollectionName& name) const {
  return impl_->With([&](MockState& state) -> std::optional<MockCollection> {
    const MockCollection* found = state.Find(name.db.empty() ? "default" : name.db, name.name);
    if (found == nullptr) return std::nullopt;
    return *found;
  });
}

void MockServer::EditCollection(const CollectionName& name,
                                const std::function<void(MockCollection&)>& edit) {
  impl_->With([&](MockState& state) {
    if (MockCollection* found = state.Find(name.db.empty() ? "default" : name.db, name.name)) edit(*found);
  });
}

void MockServer::ScriptImports(std::vector<ImportProgress> steps) {
  impl_->With([&](MockState& state) { state.import_script = std::move(steps); });
}

std::vector<std::pair<std::int64_t, ImportRequest>> MockServer::imports() const {
  return impl_->With([](MockState& state) {
    std::vector<std::pair<std::int64_t, ImportRequest>> imports;
    for (const MockState::Job& job : state.jobs) imports.emplace_back(job.id, job.request);
    return imports;
  });
}

void MockServer::SetRbac(RbacMeta rbac) {
  impl_->With([&](MockState& state) { state.rbac = std::move(rbac); });
}

std::optional<RbacMeta> MockServer::rbac() const {
  return impl_->With([](MockState& state) { return state.rbac; });
}

void MockServer::Fail(Failure failure) { impl_->Fail(std::move(failure)); }

void MockServer::OnCall(std::function<void(const SeenCall&)> hook) { impl_->OnCall(std::move(hook)); }

std::vector<SeenCall> MockServer::seen() const { return impl_->seen(); }

std::vector<SeenCall> MockServer::seen(const std::string& rpc) const {
  std::vector<SeenCall> calls;
  for (SeenCall& call : impl_->seen()) {
    if (call.rpc == rpc) calls.push_back(std::move(call));
  }
  return calls;
}

}  // namespace mbk::milvustest
