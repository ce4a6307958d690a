#include "ops/identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "milvus/testing/client_fixture.h"
#include "ops/load/temporary_name.h"
#include "store/memory/memory_store.h"

namespace mbk {
namespace {

using milvustest::Books;
using milvustest::ConnectTo;
using milvustest::MockCollection;
using milvustest::MockServer;
using milvustest::SeenCall;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

const CollectionName kBooks{"default", "books"}, kCopied{"default", "books_copy"};

MockCollection Called(const std::string& name, std::int64_t id, std::uint64_t created = 7) {
  MockCollection collection = Books();
  collection.description.schema.name = collection.description.collection_name = name;
  collection.description.collection_id = id;
  collection.description.created_timestamp = created;
  return collection;
}

// One server, which two clients reach, as by two names of its host; and another one.
class IdentityTest : public testing::Test {
 protected:
  IdentityTest() {
    server_.AddCollection("default", Called("books", 1000));
    other_.AddCollection("default", Called("books", 1001));
  }
  Status Change(MilvusClient& target, const CollectionName& changed) {
    return RefuseToChangeSources(*source_, {kBooks}, target, {changed}, {});
  }

  MockServer server_, other_;
  std::unique_ptr<MilvusClient> source_ = ConnectTo(server_), by_another_name_ = ConnectTo(server_),
                                elsewhere_ = ConnectTo(other_);
};

TEST_F(IdentityTest, ASourceThatWouldBeDroppedIsRefusedByWhateverAddress) {
  const Status refused = Change(*by_another_name_, kBooks);
  EXPECT_EQ(refused.code(), Code::kInvalidArgument);
  EXPECT_THAT(refused.message(), AllOf(HasSubstr("default.books"), HasSubstr("nothing was changed")));
  EXPECT_THAT(server_.seen("CreateCollection"), IsEmpty()) << "ids say enough";
}

TEST_F(IdentityTest, AnotherCollectionOfTheSameServerMayBeReplaced) {
  server_.AddCollection("default", Called("books_copy", 1002));
  EXPECT_EQ(Change(*by_another_name_, kCopied), Status());
}

TEST_F(IdentityTest, AnotherServerMayHaveTheSameName) { EXPECT_EQ(Change(*elsewhere_, kBooks), Status()); }

TEST_F(IdentityTest, OfOneIdTheTimeOfCreationTellsTwoServersApart) {
  other_.AddCollection("default", Called("books", 1000, /*created=*/8));
  EXPECT_EQ(Change(*elsewhere_, kBooks), Status());
}

// Made from the volumes of the first: what stands there cannot be told from the source.
TEST_F(IdentityTest, AServerWithTheIdsOfAnotherIsRefused) {
  other_.AddCollection("default", Called("books", 1000));
  EXPECT_EQ(Change(*elsewhere_, kBooks).code(), Code::kInvalidArgument);
}

TEST_F(IdentityTest, WhatIsNotThereIsOfNoMatter) { EXPECT_EQ(Change(*by_another_name_, kCopied), Status()); }

// Milvus Lite gives no ids, which the mock shows as it is told to.
class IdentityWithoutIds : public testing::Test {
 protected:
  IdentityWithoutIds() {
    for (MockServer* server : {&server_, &other_}) {
      server->AddCollection("default", Called("books", 1000));
      server->EditCollection(kBooks, [](MockCollection& books) { books.description.collection_id = 0; });
    }
  }
  std::size_t Left(MockServer& server) {
    return ConnectTo(server)->ListCollections("default", {}).value().size();
  }

  MockServer server_, other_;
  std::unique_ptr<MilvusClient> source_ = ConnectTo(server_), by_another_name_ = ConnectTo(server_),
                                elsewhere_ = ConnectTo(other_);
};

TEST_F(IdentityWithoutIds, ACollectionThatIsSeenFromTheOtherSideProvesOneServer) {
  EXPECT_EQ(RefuseToChangeSources(*source_, {kBooks}, *by_another_name_, {kBooks}, {}).code(),
            Code::kInvalidArgument);
  const std::vector<SeenCall> made = server_.seen("CreateCollection");
  ASSERT_EQ(made.size(), 1u);
  const auto request = nlohmann::json::parse(made[0].request);
  EXPECT_TRUE(load::IsTemporaryName(request.at("collection_name").get<std::string>()))
      << "after a kill it is found by it: " << made[0].request;
  EXPECT_EQ(Left(server_), 1u) << "it is gone again";
}

TEST_F(IdentityWithoutIds, ACollectionThatIsNotSeenProvesTwo) {
  EXPECT_EQ(RefuseToChangeSources(*source_, {kBooks}, *elsewhere_, {kBooks}, {}), Status());
  EXPECT_THAT(server_.seen("CreateCollection"), IsEmpty()) << "the source is never changed";
  EXPECT_EQ(Left(other_), 1u);
}

TEST_F(IdentityWithoutIds, AnswersThatSayNothingAreNotTakenForDifference) {
  EXPECT_EQ(CompareIdentity(*source_, kBooks, *elsewhere_, kBooks, {}).value(), Sameness::kUnknown);
}

TEST_F(IdentityTest, IsComparedByIdAndTimeOfCreation) {
  EXPECT_EQ(CompareIdentity(*source_, kBooks, *by_another_name_, kBooks, {}).value(), Sameness::kSame);
  EXPECT_EQ(CompareIdentity(*source_, kBooks, *elsewhere_, kBooks, {}).value(), Sameness::kDifferent);
  EXPECT_EQ(CompareIdentity(*source_, kBooks, *elsewhere_, kCopied, {}).status().code(), Code::kNotFound);
}

// A store that calls itself by another name than its twin does.
class SamePlace : public testing::Test {
 protected:
  SamePlace() { here_->Set("backup/nightly/meta/backup_meta.json", "{}"); }
  Status Copy(MemoryStore& target_store, const std::string& target_root, const std::string& as = "nightly") {
    BackupSide source{.store = *here_, .root = "backup"}, target{.store = target_store, .root = target_root};
    return RefuseSamePlace(source, BackupLayout("backup", "nightly"), target, BackupLayout(target_root, as),
                           {});
  }

  std::shared_ptr<MemoryService> service_ = std::make_shared<MemoryService>();
  std::shared_ptr<MemoryStore> here_ =
      std::make_shared<MemoryStore>(MemoryOptions{.bucket = BucketName("b"), .service = service_});
  std::shared_ptr<MemoryStore> by_another_name_ =
      std::make_shared<MemoryStore>(MemoryOptions{.bucket = BucketName("b"), .service = service_});
};

TEST_F(SamePlace, IsRefusedByWhateverNameAndLeavesNothing) {
  const auto before = here_->Contents();
  const Status refused = Copy(*by_another_name_, "backup");
  EXPECT_EQ(refused.code(), Code::kInvalidArgument);
  EXPECT_THAT(refused.message(), AllOf(HasSubstr("the same place"), testing::Not(HasSubstr("delete"))));
  EXPECT_EQ(here_->Contents(), before);
}

TEST_F(SamePlace, UnderAnotherNameOrRootIsAnotherPlace) {
  EXPECT_EQ(Copy(*by_another_name_, "backup", "weekly"), Status());
  EXPECT_EQ(Copy(*by_another_name_, "far"), Status());
}

TEST_F(SamePlace, IsNotAnotherStoreWithABackupOfThatName) {
  MemoryStore far;
  far.Set("backup/nightly/meta/backup_meta.json", "{}");
  EXPECT_EQ(Copy(far, "backup"), Status()) << "what is there, others refuse";
  EXPECT_EQ(far.Keys().size(), 1u);
}

}  // namespace
}  // namespace mbk
