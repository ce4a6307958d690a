#include "milvus/grpc_milvus_client.h"

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "milvus/channel.h"
#include "milvus/convert.h"

// Who the server is and what it can, and its databases. The calls on collections and those that move data
// are in grpc_collections.cc and grpc_data.cc.
namespace mbk {
namespace {

constexpr RateLimiter::Rates kFlushRates{.start = 5, .min = 0.01, .max = 50};
// A server that limits writes counts bytes, so what fits is found out from below.
constexpr RateLimiter::Rates kWriteRates{.start = 5, .min = 0.1, .max = 1'000};
constexpr RateLimiter::Rates kCreateRates{.start = 5, .min = 1, .max = 100};

/// What the Go tool calls itself; servers and their logs know this kind of client.
constexpr const char* kSdkType = "BackupToolCustomSDK";

std::string HostName() {
  char name[256] = {};
  return ::gethostname(name, sizeof(name) - 1) == 0 ? name : "unknown";
}

std::string LocalTime() { return fmt::format("{:%FT%TZ}", fmt::gmtime(std::chrono::system_clock::now())); }

}  // namespace

GrpcMilvusClient::GrpcMilvusClient(const ConnectOptions& options, std::string target,
                                   std::shared_ptr<grpc::Channel> channel)
    : retries_(options.retries),
      tool_version_(options.tool_version),
      user_(options.user),
      rpc_(options, std::move(target), std::move(channel)),
      management_(options.management_endpoint),
      flush_limiter_(kFlushRates, rpc_.sleeper()),
      create_database_limiter_(kCreateRates, rpc_.sleeper()),
      create_collection_limiter_(kCreateRates, rpc_.sleeper()),
      create_partition_limiter_(kCreateRates, rpc_.sleeper()),
      create_index_limiter_(kCreateRates, rpc_.sleeper()),
      write_limiter_(kWriteRates, rpc_.sleeper()) {}

RpcCall GrpcMilvusClient::About(std::string_view name, const CollectionName& collection) {
  return {.name = name, .object = fmt::format("\"{}\"", collection.Full()), .db = collection.db};
}

bool GrpcMilvusClient::has(Capability capability) const {
  if (capability == Capability::kMultiDatabase) return has_databases_;
  return VersionHas(parsed_version_, capability);
}

Status GrpcMilvusClient::Introduce(const CallContext& context) {
  MBK_TRY(SayHello(context));
  MBK_TRY(ProbeDatabases(context));
  return LearnVersion(context);
}

Status GrpcMilvusClient::SayHello(const CallContext& context) {
  pb::milvus::ConnectRequest request;
  auto* info = request.mutable_client_info();
  info->set_sdk_type(kSdkType);
  info->set_sdk_version(tool_version_);
  info->set_local_time(LocalTime());
  info->set_user(user_);
  info->set_host(HostName());
  auto response =
      rpc_.Call(&Stub::Connect, {.name = "Connect"}, request, {.retry = retries_.connect}, context);
  if (response.status().code() == Code::kUnimplemented) return {};  // Milvus 2.2 before 2.2.9
  MBK_TRY(response.status());
  build_tags_ = response->server_info().build_tags();
  rpc_.set_identifier(response->identifier());
  return {};
}

Status GrpcMilvusClient::ProbeDatabases(const CallContext& context) {
  Status probed = rpc_.Call(&Stub::ListDatabases, {.name = "ListDatabases"},
                            pb::milvus::ListDatabasesRequest(), Usual(), context)
                      .status();
  has_databases_ = probed.code() != Code::kUnimplemented;
  return has_databases_ ? probed : Status();
}

Status GrpcMilvusClient::LearnVersion(const CallContext& context) {
  std::array<std::string_view, 2> reported = {build_tags_};
  version_ = build_tags_;
  if (!LooksLikeVersion(build_tags_)) {
    MBK_TRY_ASSIGN(auto response, rpc_.Call(&Stub::GetVersion, {.name = "GetVersion"},
                                            pb::milvus::GetVersionRequest(), Usual(), context));
    version_ = response.version();
    reported[1] = version_;
  }
  parsed_version_ = ParseMilvusVersion(reported);
  return {};
}

Result<std::vector<std::string>> GrpcMilvusClient::ListDatabases(const CallContext& context) {
  if (!has_databases_) return std::vector<std::string>{"default"};
  MBK_TRY_ASSIGN(auto response, rpc_.Call(&Stub::ListDatabases, {.name = "ListDatabases"},
                                          pb::milvus::ListDatabasesRequest(), Usual(), context));
  return std::vector<std::string>(response.db_names().begin(), response.db_names().end());
}

Result<DatabaseDescription> GrpcMilvusClient::DescribeDatabase(const std::string& db,
                                                               const CallContext& context) {
  pb::milvus::DescribeDatabaseRequest request;
  request.set_db_name(db.empty() ? "default" : db);
  RpcCall call{.name = "DescribeDatabase", .object = fmt::format("\"{}\"", request.db_name()), .db = db};
  MBK_TRY_ASSIGN(auto response, rpc_.Call(&Stub::DescribeDatabase, call, request, Usual(), context));
  return DatabaseDescription{
      .name = response.db_name(), .id = response.dbid(), .properties = FromProto(response.properties())};
}

Status GrpcMilvusClient::CreateDatabase(const std::string& db, const KeyValues& properties,
                                        const CallContext& context) {
  pb::milvus::CreateDatabaseRequest request;
  request.set_db_name(db);
  ToProto(properties, request.mutable_properties());
  RpcCall call{.name = "CreateDatabase", .object = fmt::format("\"{}\"", db)};
  return rpc_
      .Call(&Stub::CreateDatabase, call, request, Once(retries_.create, &create_database_limiter_), context)
      .status();
}

Status GrpcMilvusClient::PauseGc(std::chrono::seconds lease, const CallContext& context) {
  return management_.PauseGc(lease, context);
}

Status GrpcMilvusClient::ResumeGc(const CallContext& context) { return management_.ResumeGc(context); }

Result<std::unique_ptr<MilvusClient>> Connect(const ConnectOptions& options, const CallContext& context) {
  MBK_TRY_ASSIGN(std::string target, TargetOf(options.address, options.port));
  MBK_TRY_ASSIGN(std::shared_ptr<grpc::Channel> channel, MakeChannel(options, target));
  auto client = std::make_unique<GrpcMilvusClient>(options, target, std::move(channel));
  CallContext bounded = context;
  bounded.deadline = Deadline::After(std::min(options.connect_timeout, context.deadline.Remaining()));
  Status introduced = client->Introduce(bounded);
  if (introduced.code() == Code::kDeadlineExceeded && !context.deadline.Passed()) {
    return Status(Code::kUnavailable, introduced.message());  // our own limit: it is just not there
  }
  MBK_TRY(introduced);
  return std::unique_ptr<MilvusClient>(std::move(client));
}

}  // namespace mbk
