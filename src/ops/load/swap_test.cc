#include "ops/load/swap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "milvus/testing/client_fixture.h"
#include "ops/in_doubt.h"
#include "ops/load/temporary_name.h"

namespace mbk::load {
namespace {

using milvustest::kBooks;
using milvustest::MockCollection;
using milvustest::SeenCall;
using testing::HasSubstr;

constexpr std::int64_t kAnother = 4711;
const std::string kBooksOnly = R"("books")";

class Drop : public milvustest::GrpcClientTest {
 protected:
  std::int64_t IdOf(const CollectionName& name) const {
    const auto found = server_.FindCollection(name);
    return found ? found->description.collection_id : 0;
  }
  // What happens on the server at the first drop of the collection, which is not answered.
  void LoseTheAnswer(const std::function<void()>& carried_out) {
    server_.OnCall([this, carried_out](const SeenCall& call) {
      if (call.rpc != "DropCollection" || call.request.find(kBooksOnly) == std::string::npos) return;
      if (drops_++ > 0) return;
      carried_out();
      server_.Fail({.rpc = "DropCollection", .grpc_code = 14, .reason = "connection reset"});
    });
  }

  std::atomic<int> drops_ = 0;
  const std::int64_t books_ = IdOf({"default", "books"});
};

// The application makes the name anew as soon as it is free.
TEST_F(Drop, WithoutAnAnswerDoesNotHitWhatHasTheNameSince) {
  LoseTheAnswer([this] {
    MockCollection another = milvustest::Books();
    another.description.collection_id = kAnother;
    server_.AddCollection("default", std::move(another));
  });
  const Status dropped = DropById(*client_, kBooks, books_, {});
  EXPECT_TRUE(MayBeCarriedOut(dropped)) << dropped.message();
  EXPECT_THAT(dropped.message(), HasSubstr("is not dropped"));
  EXPECT_EQ(IdOf({"default", "books"}), kAnother);
  EXPECT_EQ(drops_, 1);
}

TEST_F(Drop, WithoutAnAnswerThatWasCarriedOutIsDone) {
  LoseTheAnswer([this] { server_.RemoveCollection({"default", "books"}); });
  const Status dropped = DropById(*client_, kBooks, books_, {});
  EXPECT_TRUE(dropped.ok()) << dropped.message();
  EXPECT_EQ(drops_, 1);
}

TEST_F(Drop, WithoutAnAnswerThatWasNotCarriedOutIsMadeAgain) {
  LoseTheAnswer([] {});
  const Status dropped = DropById(*client_, kBooks, books_, {});
  EXPECT_TRUE(dropped.ok()) << dropped.message();
  EXPECT_EQ(drops_, 2);
  EXPECT_EQ(IdOf({"default", "books"}), 0);
}

// The one that was sent would come behind what is made of the name next.
TEST_F(Drop, WithoutAnAnswerIsNotMadeAgainBeforeItIsKnownToBeOver) {
  LoseTheAnswer([this] { FailWith("RenameCollection", 1000, {.grpc_code = 14, .reason = "gone"}); });
  const Status dropped = DropById(*client_, kBooks, books_, {});
  EXPECT_TRUE(MayBeCarriedOut(dropped));
  EXPECT_THAT(dropped.message(), HasSubstr("still be carried out is not known"));
  EXPECT_EQ(drops_, 1);
  EXPECT_FALSE(StandingBehindDrop(*client_, kBooks, dropped, {}).ok());
}

// As a server that restarts.
TEST_F(Drop, OfARandomNameIsMadeAgainWhateverBecameOfIt) {
  for (const bool stands : {true, false}) {
    const CollectionName temporary{"default", TemporaryName(NewRunId(), 1)};
    MockCollection made = milvustest::Books();
    made.description.schema.name = temporary.name;
    made.description.aliases.clear();
    if (stands) server_.AddCollection("default", std::move(made));
    FailWith("DropCollection", 3, {.grpc_code = 14, .reason = "connection refused"});
    const Status dropped = DropById(*client_, temporary, 0, {});
    EXPECT_TRUE(dropped.ok()) << dropped.message();
    EXPECT_EQ(IdOf(temporary), 0);
    EXPECT_TRUE(client_->DropCollection(temporary, {}).ok()) << "all three failures are over";
  }
  EXPECT_EQ(Calls("RenameCollection"), 0u);
}

TEST_F(Drop, OfAnotherIdIsRefused) {
  const Status dropped = DropById(*client_, kBooks, kAnother, {});
  EXPECT_EQ(dropped.code(), Code::kFailedPrecondition);
  EXPECT_EQ(DropById(*client_, kBooks, 0, {}).code(), Code::kFailedPrecondition) << "no random name";
  EXPECT_EQ(Calls("DropCollection"), 0u);
}

}  // namespace
}  // namespace mbk::load
