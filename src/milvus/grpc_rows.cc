#include <fmt/core.h>

#include <limits>

#include "milvus/convert.h"
#include "milvus/grpc_milvus_client.h"
#include "milvus/key_expression.h"
#include "milvus/row_messages.h"

// GrpcMilvusClient: rows in and out.
namespace mbk {
namespace {

// common.ConsistencyLevel, and the timestamp that pymilvus sends with each: with Strong the server puts in
// the newest, with Bounded 2 says that the state of five seconds ago will do.
constexpr std::int32_t kStrong = 0;
constexpr std::int32_t kBounded = 2;
constexpr std::uint64_t kBoundedTimestamp = 2;

void SetParam(const std::string& key, const std::string& value, pb::milvus::QueryRequest* request) {
  auto* param = request->add_query_params();
  param->set_key(key);
  param->set_value(value);
}

pb::milvus::QueryRequest NewQuery(const CollectionName& collection, const std::string& expression,
                                  const std::vector<std::string>& partitions, bool newest) {
  pb::milvus::QueryRequest request;
  request.set_collection_name(collection.name);
  request.set_expr(expression);
  for (const std::string& partition : partitions) request.add_partition_names(partition);
  request.set_consistency_level(newest ? kStrong : kBounded);
  if (!newest) request.set_guarantee_timestamp(kBoundedTimestamp);
  return request;
}

template <class Request>
Result<Request> ToRequest(const WriteRowsRequest& wanted) {
  if (wanted.rows->rows <= 0 || wanted.rows->rows > std::numeric_limits<std::int32_t>::max())
    return InvalidArgument(fmt::format("a batch of {} rows cannot be written", wanted.rows->rows));
  Request request;
  request.set_collection_name(wanted.target.name);
  request.set_partition_name(wanted.partition_name);
  request.set_num_rows(static_cast<std::uint32_t>(wanted.rows->rows));
  MBK_TRY(ToFieldsData(*wanted.schema, *wanted.rows, wanted.send_auto_ids, request.mutable_fields_data()));
  if (request.ByteSizeLong() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    return InvalidArgument(
        fmt::format("{} rows of more than 2 GiB do not go into one message", wanted.rows->rows));
  return request;
}

/// Whether the server has taken some rows and refused others: no failure of the whole.
bool IsPartial(const pb::milvus::MutationResult& result) {
  return result.err_index_size() > 0 && result.succ_index_size() > 0;
}

WriteRowsResult FromProto(const pb::milvus::MutationResult& result, std::int64_t rows) {
  WriteRowsResult out{.reason = FromMilvusStatus(result.status()).message(), .timestamp = result.timestamp()};
  for (std::uint32_t row : result.err_index()) out.rejected.push_back(row);
  out.accepted = rows - static_cast<std::int64_t>(out.rejected.size());
  return out;
}

/// Whether the server makes the keys of these rows, so that writing them twice makes two rows.
bool MakesKeys(const WriteRowsRequest& wanted) {
  const FieldSchema* key = PrimaryKeyOf(*wanted.schema);
  return key == nullptr || (key->auto_id && !wanted.send_auto_ids);
}

std::string Rows(const WriteRowsRequest& wanted) {
  std::string text = fmt::format(", {} rows", wanted.rows->rows);
  if (!wanted.partition_name.empty()) text += fmt::format(" into partition \"{}\"", wanted.partition_name);
  return text;
}

}  // namespace

Result<WriteRowsResult> GrpcMilvusClient::InsertRows(const WriteRowsRequest& wanted,
                                                     const CallContext& context) {
  RpcCall call = About("Insert", wanted.target);
  call.object += Rows(wanted);
  Result<pb::milvus::InsertRequest> request = ToRequest<pb::milvus::InsertRequest>(wanted);
  if (!request.ok()) return request.status().WithContext(fmt::format("Insert {}", call.object));
  MBK_TRY_ASSIGN(auto response,
                 rpc_.CallUnchecked(&Stub::Insert, call, *request, Once(retries_.create, &write_limiter_),
                                    context, IsPartial));
  return FromProto(response, wanted.rows->rows);
}

Result<WriteRowsResult> GrpcMilvusClient::UpsertRows(const WriteRowsRequest& wanted,
                                                     const CallContext& context) {
  RpcCall call = About("Upsert", wanted.target);
  call.object += Rows(wanted);
  Result<pb::milvus::UpsertRequest> request = ToRequest<pb::milvus::UpsertRequest>(wanted);
  if (!request.ok()) return request.status().WithContext(fmt::format("Upsert {}", call.object));
  CallRules rules = Once(retries_.create, &write_limiter_);
  if (!MakesKeys(wanted)) rules = {.retry = retries_.usual, .limiter = &write_limiter_};
  MBK_TRY_ASSIGN(auto response, rpc_.CallUnchecked(&Stub::Upsert, call, *request, rules, context, IsPartial));
  return FromProto(response, wanted.rows->rows);
}

Result<RowBatch> GrpcMilvusClient::QueryRows(const QueryRowsRequest& wanted, const CallContext& context) {
  RpcCall call = About("Query", wanted.collection);
  if (wanted.limit < 1 || wanted.limit > kMaxQueryRows)
    return InvalidArgument(
        fmt::format("Query {}: a page of {} rows; it has 1 to {}", call.object, wanted.limit, kMaxQueryRows));
  pb::milvus::QueryRequest request =
      NewQuery(wanted.collection, wanted.expression, wanted.partition_names, wanted.newest);
  for (const std::string& field : wanted.output_fields) request.add_output_fields(field);
  SetParam("limit", std::to_string(wanted.limit), &request);
  // A page ends where the rows of some segment end that the server has looked at. Without this 2.3.5 loses
  // rows when a segment holds a key more often than once: milvus/README.md, "Reading all rows".
  if (!wanted.all_fit) SetParam("reduce_stop_for_best", "True", &request);
  SetParam("iterator", "True", &request);  // what Milvus Lite sorts for
  MBK_TRY_ASSIGN(auto response, rpc_.Call(&Stub::Query, call, request, Usual(), context));
  auto kept = std::make_shared<const pb::milvus::QueryResults>(std::move(response));
  Result<RowBatch> batch = FromQueryResults(*wanted.schema, std::move(kept));
  if (!batch.ok())
    return batch.status().WithContext(fmt::format("Query {} on Milvus {}", call.object, address()));
  return batch;
}

Result<std::int64_t> GrpcMilvusClient::CountRows(const CountRowsRequest& wanted, const CallContext& context) {
  // 2.2.16 answers "query expression is empty", or "field count(*) not exist".
  if (!has(Capability::kCountByQuery))
    return Status(
        Code::kUnimplemented,
        fmt::format("Milvus {} is {}, which does not count what a query finds (Milvus does from 2.3.0 on), "
                    "so that the live rows of {} cannot be counted, or known to be read completely",
                    address(), version(), wanted.collection.Full()));
  std::string expression = wanted.expression;
  // Milvus Lite counts the whole collection, whatever the partitions, when there is nothing to evaluate.
  if (expression.empty() && parsed_version_.is_lite) {
    MBK_TRY_ASSIGN(KeyField key, KeyField::Of(*wanted.schema));
    expression = KeyExpression(key, {});
  }
  pb::milvus::QueryRequest request =
      NewQuery(wanted.collection, expression, wanted.partition_names, wanted.newest);
  request.add_output_fields("count(*)");
  RpcCall call = About("Query", wanted.collection);
  call.object += " for count(*)";
  MBK_TRY_ASSIGN(auto response, rpc_.Call(&Stub::Query, call, request, Usual(), context));
  if (response.fields_data_size() != 1 || response.fields_data(0).scalars().long_data().data_size() != 1 ||
      response.fields_data(0).scalars().long_data().data(0) < 0)
    return Internal(fmt::format("Query {} on Milvus {}: the answer is no number", call.object, address()));
  return response.fields_data(0).scalars().long_data().data(0);
}

}  // namespace mbk
