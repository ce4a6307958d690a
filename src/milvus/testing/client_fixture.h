#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "milvus/grpc_client.h"
#include "milvus/testing/mock_server.h"

/// What the tests of the client share.
namespace mbk::milvustest {

/// Waits only as long as it takes to write down how long it should have.
class RecordingSleeper : public Sleeper {
 public:
  Status Sleep(Milliseconds duration, const CallContext& context) override {
    slept.push_back(duration);
    return context.Check();
  }
  std::vector<Milliseconds> slept;
};

inline FieldSchema Field(const std::string& name, DataType type) { return {.name = name, .data_type = type}; }

inline MockCollection Books() {
  CollectionSchema schema{.name = "books",
                          .fields = {Field("id", DataType::kInt64), Field("v", DataType::kFloatVector)}};
  schema.fields[0].field_id = 100;
  schema.fields[0].is_primary_key = true;
  schema.fields[1].field_id = 101;
  schema.fields[1].type_params = {{"dim", "8"}};
  return {.description = {.schema = schema, .aliases = {"lib"}, .consistency_level = 2}};
}

inline const CollectionName kBooks{.db = "", .name = "books"};

inline std::unique_ptr<MilvusClient> ConnectTo(const ConnectOptions& options) {
  auto client = Connect(options, CallContext{});
  EXPECT_TRUE(client.ok()) << client.status().message();
  return client.ok() ? std::move(client).value() : nullptr;
}

inline std::unique_ptr<MilvusClient> ConnectTo(const MockServer& server) {
  return ConnectTo(server.ClientOptions());
}

/// A client of a mock that holds the collection "books".
class GrpcClientTest : public testing::Test {
 protected:
  GrpcClientTest() {
    server_.AddCollection("default", Books());
    client_ = ConnectTo(server_);
  }

  void FailWith(const std::string& rpc, int times, Failure failure) {
    failure.rpc = rpc;
    failure.times = times;
    server_.Fail(failure);
  }
  std::size_t Calls(const std::string& rpc) const { return server_.seen(rpc).size(); }

  MockServer server_;
  std::unique_ptr<MilvusClient> client_;
};

}  // namespace mbk::milvustest
