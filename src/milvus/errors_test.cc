#include "milvus/errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mbk {
namespace {

using testing::HasSubstr;
using MilvusStatus = ::milvus::proto::common::Status;

MilvusStatus Make(int code, int error_code, const std::string& reason) {
  MilvusStatus status;
  status.set_code(code);
  status.set_error_code(error_code);
  status.set_reason(reason);
  return status;
}

TEST(MilvusStatus, IsOkOnlyWhenBothNumbersAreZero) {
  EXPECT_TRUE(FromMilvusStatus(MilvusStatus()).ok());
  EXPECT_FALSE(FromMilvusStatus(Make(1, 0, "x")).ok());
  EXPECT_FALSE(FromMilvusStatus(Make(0, 1, "x")).ok());
}

struct StatusCase {
  int code;
  int error_code;
  const char* reason;
  Code want;
};

class MilvusStatusCodes : public testing::TestWithParam<StatusCase> {};

TEST_P(MilvusStatusCodes, BecomeOurs) {
  const StatusCase& given = GetParam();
  Status status = FromMilvusStatus(Make(given.code, given.error_code, given.reason));
  EXPECT_EQ(status.code(), given.want) << status.message();
  EXPECT_THAT(status.message(), HasSubstr(given.reason));
}

// Reasons as recorded of Milvus 2.3.5 where it gives them.
INSTANTIATE_TEST_SUITE_P(
    Recorded, MilvusStatusCodes,
    testing::Values(
        StatusCase{100, 4, "collection not found[database=default][collection=nope]", Code::kNotFound},
        StatusCase{800, 1, "database not found[database=nodb]", Code::kNotFound},
        StatusCase{200, 15, "partition not found[partition=zz]", Code::kNotFound},
        StatusCase{1000, 1, "key not found[key=by-dev/meta/importtask/12]", Code::kNotFound},
        StatusCase{65535, 1, "attempt #6: rpc error: desc = collection not found[database=d]",
                   Code::kNotFound},
        StatusCase{65535, 1, "database already exist: dbx", Code::kAlreadyExists},
        StatusCase{65535, 1, "create duplicate collection with different parameters, collection: c1",
                   Code::kAlreadyExists},
        StatusCase{65535, 1, "maximum shards's number should be limited to 16", Code::kInternal},
        StatusCase{101, 1, "collection not loaded[collection=4]", Code::kFailedPrecondition}));

INSTANTIATE_TEST_SUITE_P(
    ByNumberOrWords, MilvusStatusCodes,
    testing::Values(
        StatusCase{8, 49, "rate limit exceeded[rate=0.1]", Code::kThrottled},
        StatusCase{65535, 1, "request is rejected by limiter, rate limit exceeded", Code::kThrottled},
        StatusCase{1, 56, "service not ready[proxy=1]", Code::kUnavailable},
        StatusCase{600, 47, "segment not found[segment=7]", Code::kUnavailable},
        StatusCase{65535, 1, "segment not found[segment=7]", Code::kUnavailable},
        StatusCase{65535, 1, "fail to Query, reason=partition not loaded[partition=[7]]",
                   Code::kFailedPrecondition},
        StatusCase{9, 48, "quota exceeded[reason=disk quota exceeded]", Code::kFailedPrecondition},
        StatusCase{1401, 3, "privilege not permitted", Code::kPermissionDenied},
        // Milvus Lite's number for what has none.
        StatusCase{1, 0, "database 'nodb' does not exist", Code::kNotFound},
        StatusCase{1, 1, "collection 'books' already exists", Code::kAlreadyExists},
        // Milvus Lite's for a request that cannot be.
        StatusCase{6, 6, "field 'bits' uses Milvus type BinaryVector", Code::kInvalidArgument},
        StatusCase{6, 6, "database 'nodb' does not exist", Code::kNotFound},
        StatusCase{6, 1, "cross cluster routing", Code::kInternal},
        // Before 2.3 there is no code.
        StatusCase{0, 4, "can't find collection: nope", Code::kNotFound},
        StatusCase{0, 49, "too fast", Code::kThrottled}, StatusCase{0, 3, "denied", Code::kPermissionDenied},
        StatusCase{0, 1, "something else", Code::kInternal}));

TEST(MilvusStatus, AnUnknownErrorThatTheServerCallsRetriableIsTriedAgain) {
  MilvusStatus status = Make(4242, 1, "moving");
  status.set_retriable(true);
  EXPECT_EQ(FromMilvusStatus(status).code(), Code::kUnavailable);
}

TEST(MilvusStatus, AStackTraceIsCutShort) {
  EXPECT_LT(FromMilvusStatus(Make(65535, 1, std::string(100'000, 'x'))).message().size(), 2'000u);
}

TEST(MilvusStatus, NoIndexIsSaidInManyWays) {
  EXPECT_TRUE(SaysNoIndex(Make(700, 25, "index not found[collection=c1]")));
  EXPECT_TRUE(SaysNoIndex(Make(0, 25, "")));
  EXPECT_TRUE(SaysNoIndex(Make(65535, 1, "index doesn't exist, collectionID 4")));
  EXPECT_FALSE(SaysNoIndex(Make(100, 4, "collection not found")));
  EXPECT_FALSE(SaysNoIndex(MilvusStatus()));
}

TEST(GrpcStatus, CodesBecomeOurs) {
  using grpc::StatusCode;
  auto code = [](StatusCode grpc, const char* words) {
    return FromGrpcStatus(grpc::Status(grpc, words)).code();
  };
  EXPECT_EQ(code(StatusCode::OK, ""), Code::kOk);
  EXPECT_EQ(code(StatusCode::UNAVAILABLE, "failed to connect"), Code::kUnavailable);
  EXPECT_EQ(code(StatusCode::RESOURCE_EXHAUSTED, "slow down"), Code::kThrottled);
  EXPECT_EQ(code(StatusCode::RESOURCE_EXHAUSTED, "Received message larger than max (9 vs 8)"),
            Code::kFailedPrecondition);
  EXPECT_EQ(code(StatusCode::UNAUTHENTICATED, "auth check failure"), Code::kPermissionDenied);
  EXPECT_EQ(code(StatusCode::UNIMPLEMENTED, "unknown method"), Code::kUnimplemented);
  EXPECT_EQ(code(StatusCode::UNKNOWN, "rate limit exceeded[rate=1]"), Code::kThrottled);
  EXPECT_EQ(code(StatusCode::INTERNAL, "boom"), Code::kInternal);
}

}  // namespace
}  // namespace mbk
