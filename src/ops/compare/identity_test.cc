#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "milvus/testing/client_fixture.h"
#include "ops/compare/run.h"
#include "store/testing/recording_sleeper.h"

namespace mbk {
namespace {

using milvustest::Books;
using milvustest::ConnectTo;
using milvustest::kBooks;
using testing::AllOf;
using testing::HasSubstr;

// Two clients of one server, as by two names of its host.
class CompareItself : public milvustest::GrpcClientTest {
 protected:
  CompareItself() {
    server_.EditCollection(kBooks, [](milvustest::MockCollection& books) { books.loaded_percent = 100; });
  }
  Result<std::vector<ComparedCollection>> Compare(MilvusClient& right, bool same_id_ok) {
    LiveCompareOptions options{.filter = Filter::FromCollections("books").value(), .same_id_ok = same_id_ok};
    return RunCompare(options, *client_, right, {.settings = {}, .progress = progress_, .sleeper = sleeper_},
                      {});
  }

  std::unique_ptr<MilvusClient> again_ = ConnectTo(server_);
  Progress progress_;
  RecordingSleeper sleeper_;
};

TEST_F(CompareItself, IsRefusedBeforeARowIsRead) {
  const Status refused = Compare(*again_, false).status();
  EXPECT_EQ(refused.code(), Code::kInvalidArgument);
  EXPECT_THAT(refused.message(), AllOf(HasSubstr("compared with itself"), HasSubstr("--same-id-ok")));
  EXPECT_EQ(Calls("Query"), 0u);
}

// Milvus Lite gives none.
// Takes ops/compare/run.cc: "--same-id-ok says that they are two"
TEST_F(CompareItself, WithoutIdsIsFoundOutByACollectionThatIsGoneAgain) {
  const auto without_id = [](milvustest::MockCollection& books) { books.description.collection_id = 0; };
  server_.EditCollection(kBooks, without_id);
  ConnectOptions options = server_.ClientOptions();
  options.address = "localhost";
  const auto by_another_name = Connect(options, {}).value();
  ASSERT_NE(by_another_name->address(), client_->address());
  const Status refused = Compare(*by_another_name, false).status();
  EXPECT_EQ(Calls("CreateCollection"), 1u);
  EXPECT_EQ(refused.code(), Code::kInvalidArgument);
  EXPECT_EQ(Calls("Query"), 0u);
  EXPECT_EQ(Calls("CreateCollection"), Calls("DropCollection"));

  milvustest::MockServer other;
  other.AddCollection("default", Books());
  other.EditCollection(kBooks, [&](milvustest::MockCollection& books) {
    without_id(books);
    books.loaded_percent = 100;
  });
  const auto elsewhere = ConnectTo(other);
  EXPECT_TRUE(Compare(*elsewhere, false).ok());
  EXPECT_EQ(other.seen("CreateCollection").size(), 1u);
  EXPECT_EQ(other.seen("DropCollection").size(), 1u);

  other.Fail({.rpc = "CreateCollection", .error_code = 1, .reason = "read only"});
  const auto compared = Compare(*elsewhere, false);
  ASSERT_TRUE(compared.ok()) << compared.status().message();
  EXPECT_THAT(compared->front().unproven,
              testing::Contains(AllOf(HasSubstr("may be one"), HasSubstr("--same-id-ok"))));
  EXPECT_THAT(Compare(*elsewhere, true).value().front().unproven,
              testing::Not(testing::Contains(HasSubstr("may be one"))));
}

TEST_F(CompareItself, LeavesNothingBehindThoughADropGoesUnanswered) {
  server_.EditCollection(kBooks,
                         [](milvustest::MockCollection& books) { books.description.collection_id = 0; });
  ConnectOptions options = server_.ClientOptions();
  options.address = "localhost";
  const auto by_another_name = Connect(options, {}).value();
  server_.Fail({.rpc = "DropCollection", .grpc_code = 14, .reason = "connection reset"});
  EXPECT_EQ(Compare(*by_another_name, false).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(Calls("DropCollection"), 2u);
  EXPECT_THAT(client_->ListCollections("default", {}).value(), testing::ElementsAre("books"));
}

TEST_F(CompareItself, IsDoneAndSaidWhereThatIsMeant) {
  testing::internal::CaptureStderr();
  const Result<std::vector<ComparedCollection>> compared = Compare(*again_, true);
  const std::string said = testing::internal::GetCapturedStderr();
  ASSERT_TRUE(compared.ok()) << compared.status().message();
  EXPECT_TRUE(compared->front().comparison->equal());
  EXPECT_THAT(said, HasSubstr("one id and one time of creation"));
}

}  // namespace
}  // namespace mbk
