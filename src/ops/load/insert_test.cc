#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "milvus/testing/client_fixture.h"
#include "ops/load/load.h"
#include "ops/testing/row_backup.h"

namespace mbk::load {
namespace {

using opstest::Books;
using opstest::kMs;
using opstest::kNow;
using opstest::RowBackup;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

const CollectionName kBooks{"default", "books"};
constexpr ServerWays kMilvus23{.imports = true};
constexpr ServerWays kMilvus26{.imports = true, .takes_auto_ids = true};
constexpr ServerWays kLite{};

// A backup with rows, and an empty server.
class Insert : public testing::Test {
 protected:
  Insert() {
    backup_.AddSegment(0, Books(0, 30), {{3, kNow + kMs}});
    backup_.AddSegment(1, Books(100, 20));
  }

  Plan PlanFor(const Options& options) {
    Plan plan = MakePlan(backup_.backup(), options).value();
    EXPECT_TRUE(ChooseWays(plan, options, kMilvus23).ok());
    return plan;
  }
  ObjectSource Source() {
    return {.store = backup_.store(),
            .key_of = [this](const DataObject& object) { return object.KeyIn(backup_.layout().tree()); }};
  }

  void MakeCollection(const Plan& plan) {
    Outcome outcome;
    ASSERT_TRUE(CreateCollectionOf(*client_, plan.collections[0], {}).ok());
    ASSERT_TRUE(CreatePartitionsOf(*client_, plan.collections[0], outcome, {}).ok());
  }
  OnFilled Filled() {
    return [this](std::size_t index) -> Status {
      filled_.push_back(index);
      return {};
    };
  }

  std::vector<std::size_t> filled_;
  RowBackup backup_;
  milvustest::MockServer server_;
  std::unique_ptr<MilvusClient> client_ = milvustest::ConnectTo(server_);
};

TEST_F(Insert, SendsTheRowsThatLiveIntoTheirPartitionsAndFlushes) {
  const Plan plan = PlanFor({.via = Via::kInsert});
  std::vector<Outcome> outcomes{{.source = kBooks, .target = kBooks, .rows_expected = 50}};
  ASSERT_TRUE(CreateDatabases(*client_, plan, {}).ok());
  MakeCollection(plan);
  ASSERT_TRUE(outcomes[0].status.ok()) << outcomes[0].status.message();
  const Status inserted = InsertRows(*client_, Source(), plan, outcomes, Filled(), backup_.run, {});
  ASSERT_TRUE(inserted.ok()) << inserted.message();
  ASSERT_TRUE(outcomes[0].status.ok()) << outcomes[0].status.message();
  EXPECT_EQ(outcomes[0].rows_imported, 49);
  EXPECT_THAT(filled_, testing::ElementsAre(0u));
  EXPECT_THAT(server_.seen("Insert"), SizeIs(2));
  EXPECT_THAT(server_.seen("Flush"), SizeIs(1));
  EXPECT_THAT(server_.seen("Import"), SizeIs(0));
}

TEST_F(Insert, SendsNothingWhereTheFilesHoldOtherRowsThanTheMetadataPromise) {
  for (const std::int64_t promised : {0, 29, 31}) {
    backup_.books().partitions[0].segments[0].num_rows = promised;
    const Plan plan = PlanFor({.via = Via::kInsert});
    std::vector<Outcome> outcomes{{.source = kBooks, .target = kBooks, .rows_expected = promised + 20}};
    ASSERT_TRUE(InsertRows(*client_, Source(), plan, outcomes, Filled(), backup_.run, {}).ok());
    EXPECT_EQ(outcomes[0].status.code(), Code::kDataLoss) << promised;
    EXPECT_THAT(outcomes[0].status.message(),
                AllOf(HasSubstr("hold 50 rows"), HasSubstr("say " + std::to_string(promised + 20))));
  }
  EXPECT_THAT(server_.seen("Insert"), SizeIs(0));
}

TEST_F(Insert, SaysThatRowsOfOneKeyBecameOne) {
  backup_.AddSegment(0, Books(10, 6, kNow + kMs));
  const Plan plan = PlanFor({.via = Via::kInsert});
  std::vector<Outcome> outcomes{{.source = kBooks, .target = kBooks, .rows_expected = 56}};
  MakeCollection(plan);
  ASSERT_TRUE(InsertRows(*client_, Source(), plan, outcomes, Filled(), backup_.run, {}).ok());
  ASSERT_TRUE(outcomes[0].status.ok()) << outcomes[0].status.message();
  EXPECT_EQ(outcomes[0].rows_imported, 49);
  EXPECT_THAT(outcomes[0].notes, Contains(AllOf(HasSubstr("55 rows became 49"), HasSubstr("6"))));
}

// Their keys are of this run alone.
TEST_F(Insert, WithoutAnAnswerTheRowsAreSentOnceMoreIntoWhatTheRunMade) {
  Plan plan = PlanFor({.via = Via::kInsert});
  plan.collections[0].place.way = Placement::Way::kNameLast;
  std::vector<Outcome> outcomes{{.source = kBooks, .target = kBooks, .rows_expected = 50}};
  MakeCollection(plan);
  server_.Fail({.rpc = "Insert", .grpc_code = 14, .reason = "connection reset"});
  ASSERT_TRUE(InsertRows(*client_, Source(), plan, outcomes, Filled(), backup_.run, {}).ok());
  ASSERT_TRUE(outcomes[0].status.ok()) << outcomes[0].status.message();
  EXPECT_THAT(server_.seen("Upsert"), SizeIs(1));
  EXPECT_EQ(server_.FindCollection(kBooks)->rows.size(), 49u);
}

// What is made under its own name applications find, and write to.
TEST_F(Insert, WithoutAnAnswerNothingIsReplacedInWhatTheRunMadeUnderItsOwnName) {
  backup_.books().partitions[1].segments.clear();  // one call at a time
  for (const int grpc_code : {14, 4}) {
    const Plan plan = PlanFor({.via = Via::kInsert});
    ASSERT_EQ(plan.collections[0].place.way, Placement::Way::kOwnName);
    std::vector<Outcome> outcomes{{.source = kBooks, .target = kBooks, .rows_expected = 30}};
    MakeCollection(plan);
    server_.Fail({.rpc = "Insert", .grpc_code = grpc_code, .reason = "connection reset"});
    ASSERT_TRUE(InsertRows(*client_, Source(), plan, outcomes, Filled(), backup_.run, {}).ok());
    EXPECT_THAT(outcomes[0].status.message(), HasSubstr("is not known"));
    EXPECT_THAT(server_.seen("Upsert"), SizeIs(0));
    EXPECT_EQ(outcomes[0].rows_brought, std::nullopt);
  }
}

TEST_F(Insert, SaysHowManyRowsItBrought) {
  backup_.books().partitions[1].segments.clear();  // one call at a time
  const Plan plan = PlanFor({.via = Via::kInsert});
  MakeCollection(plan);
  const milvustest::Failure refused{
      .rpc = "Insert", .code = 1100, .error_code = 1, .reason = "no such field"};
  const milvustest::Failure unknown{.rpc = "Insert", .grpc_code = 13, .reason = "stream terminated"};
  for (const auto& failure : {std::optional<milvustest::Failure>(), std::optional(refused)}) {
    std::vector<Outcome> outcomes{{.source = kBooks, .target = kBooks, .rows_expected = 30}};
    server_.EditCollection(kBooks, [](milvustest::MockCollection& books) { books.rows.clear(); });
    if (failure) server_.Fail(*failure);
    ASSERT_TRUE(InsertRows(*client_, Source(), plan, outcomes, Filled(), backup_.run, {}).ok());
    EXPECT_EQ(outcomes[0].status.ok(), !failure);
    EXPECT_EQ(outcomes[0].rows_brought, server_.FindCollection(kBooks)->StoredRows());
  }
  std::vector<Outcome> outcomes{{.source = kBooks, .target = kBooks, .rows_expected = 30}};
  server_.Fail(unknown);
  ASSERT_TRUE(InsertRows(*client_, Source(), plan, outcomes, Filled(), backup_.run, {}).ok());
  EXPECT_EQ(outcomes[0].rows_brought, std::nullopt);
}

TEST_F(Insert, WithoutAnAnswerNoRowOfTheUsersIsReplaced) {
  backup_.books().partitions[1].segments.clear();  // one call at a time
  MakeCollection(PlanFor({.via = Via::kInsert}));
  const auto theirs = [](const milvustest::MockRow& row) {
    return row.key.number == 5 && row.values.at("title") == "theirs";
  };
  for (const bool append : {true, false}) {
    for (const int grpc_code : {14, 4}) {
      server_.EditCollection(kBooks, [](milvustest::MockCollection& books) {
        books.rows = {{.key = {.number = 5}, .values = {{"title", "theirs"}}}};
      });
      const Plan plan = PlanFor({.via = Via::kInsert, .skip_create_collection = true, .append = append});
      std::vector<Outcome> outcomes{{.source = kBooks, .target = kBooks, .rows_expected = 30}};
      server_.Fail({.rpc = "Insert", .grpc_code = grpc_code, .reason = "connection reset"});
      ASSERT_TRUE(InsertRows(*client_, Source(), plan, outcomes, Filled(), backup_.run, {}).ok());
      EXPECT_FALSE(outcomes[0].status.ok());
      EXPECT_THAT(outcomes[0].status.message(), AllOf(HasSubstr("is not known"), HasSubstr("default.books"),
                                                      HasSubstr("Look at its rows")));
      EXPECT_EQ(outcomes[0].left, Left::kAppended);
      EXPECT_THAT(server_.seen("Upsert"), SizeIs(0));
      EXPECT_THAT(server_.FindCollection(kBooks)->rows, Contains(testing::Truly(theirs)));
    }
  }
}

// What the metadata promise is what is expected, never whether there is anything to do.
TEST_F(Insert, SendsRowsAlsoWhereTheMetadataCountNone) {
  for (Partition& partition : backup_.books().partitions)
    for (Segment& segment : partition.segments) segment.num_rows = 0;
  const Plan plan = PlanFor({.via = Via::kInsert});
  std::vector<Outcome> outcomes{{.source = kBooks, .target = kBooks}};
  MakeCollection(plan);
  ASSERT_TRUE(InsertRows(*client_, Source(), plan, outcomes, Filled(), backup_.run, {}).ok());
  EXPECT_FALSE(outcomes[0].status.ok() && outcomes[0].rows_imported == 0);
}

TEST_F(Insert, SendsSmallSegmentsOfAPartitionInOneCall) {
  for (int i = 0; i < 20; ++i) backup_.AddSegment(i % 2, Books(1000 + 10 * i, 10));
  const Plan plan = PlanFor({.via = Via::kInsert});
  std::vector<Outcome> outcomes{{.source = kBooks, .target = kBooks, .rows_expected = 250}};
  MakeCollection(plan);
  ASSERT_TRUE(InsertRows(*client_, Source(), plan, outcomes, Filled(), backup_.run, {}).ok());
  ASSERT_TRUE(outcomes[0].status.ok()) << outcomes[0].status.message();
  EXPECT_EQ(outcomes[0].rows_imported, 249);
  EXPECT_THAT(server_.seen("Insert"), SizeIs(2));
}

TEST_F(Insert, IsRefusedWhereTheServerGivesTheKeys) {
  backup_.books().schema.fields[0].auto_id = true;
  Plan plan = MakePlan(backup_.backup(), {}).value();
  const Status chosen = ChooseWays(plan, {.via = Via::kInsert}, kMilvus23);
  EXPECT_EQ(chosen.code(), Code::kFailedPrecondition);
  EXPECT_THAT(chosen.message(), HasSubstr("auto id"));
}

TEST_F(Insert, IsRefusedWhereACollectionThatStandsGivesTheKeys) {
  backup_.books().schema.fields[0].auto_id = true;
  const Options options{.via = Via::kInsert, .skip_create_collection = true};
  Plan plan = MakePlan(backup_.backup(), options).value();
  EXPECT_EQ(ChooseWays(plan, options, kMilvus26).code(), Code::kFailedPrecondition);
}

TEST_F(Insert, KeepsTheKeysThatTheServerGaveWhereItTakesThem) {
  backup_.books().schema.fields[0].auto_id = true;
  const Options options{.via = Via::kInsert};
  Plan plan = MakePlan(backup_.backup(), options).value();
  ASSERT_TRUE(ChooseWays(plan, options, kMilvus26).ok());
  std::vector<Outcome> outcomes{{.source = kBooks, .target = kBooks, .rows_expected = 50}};
  ASSERT_TRUE(CreateDatabases(*client_, plan, {}).ok());
  MakeCollection(plan);
  const auto allowed = [&] {
    return *FindValue(server_.FindCollection(kBooks)->description.properties,
                      std::string(kInsertAutoIdProperty));
  };
  EXPECT_EQ(allowed(), "true");
  ASSERT_TRUE(InsertRows(*client_, Source(), plan, outcomes, Filled(), backup_.run, {}).ok());
  ASSERT_TRUE(outcomes[0].status.ok()) << outcomes[0].status.message();
  EXPECT_EQ(allowed(), "false") << "new rows get keys of the server again";
  const milvustest::MockCollection books = *server_.FindCollection(kBooks);
  std::set<std::int64_t> keys;
  for (const milvustest::MockRow& row : books.rows) keys.insert(row.key.number);
  EXPECT_THAT(keys, AllOf(SizeIs(49), Contains(100), Not(Contains(3))));
}

TEST_F(Insert, IsRefusedForRowsOfAStorageVersionThatIsNotRead) {
  backup_.books().partitions[1].segments[0].storage_version = 3;
  const std::int64_t segment_id = backup_.books().partitions[1].segments[0].segment_id;
  Plan plan = MakePlan(backup_.backup(), {}).value();
  for (const Options& options : {Options{.via = Via::kInsert}, Options{.via = Via::kAuto}}) {
    const Status chosen = ChooseWays(plan, options, options.via == Via::kInsert ? kMilvus23 : kLite);
    EXPECT_EQ(chosen.code(), Code::kUnimplemented);
    EXPECT_THAT(chosen.message(), AllOf(HasSubstr("segment " + std::to_string(segment_id)),
                                        HasSubstr("default.books"), HasSubstr("storage version 3")));
  }
  for (int i = 0; i < 20; ++i) backup_.AddSegment(0, Books(1000 + i, 1));
  plan = MakePlan(backup_.backup(), {}).value();
  ASSERT_TRUE(ChooseWays(plan, {.via = Via::kAuto}, kMilvus23).ok());
  EXPECT_EQ(plan.collections[0].via, Via::kImport) << "which reads them itself";
}

TEST_F(Insert, IsTheWayWhereTheServerCannotImport) {
  Plan plan = MakePlan(backup_.backup(), {}).value();
  ASSERT_TRUE(ChooseWays(plan, {.via = Via::kAuto}, kLite).ok());
  EXPECT_EQ(plan.collections[0].via, Via::kInsert);
  EXPECT_THAT(plan.collections[0].via_reason, HasSubstr("cannot import"));
  EXPECT_EQ(ChooseWays(plan, {.via = Via::kImport}, kLite).code(), Code::kFailedPrecondition);
}

TEST_F(Insert, IsChosenForManySmallSegmentsAndImportForFew) {
  Plan few = PlanFor({.via = Via::kAuto});
  EXPECT_EQ(few.collections[0].via, Via::kImport);
  for (int i = 0; i < 20; ++i) backup_.AddSegment(0, Books(1000 + i, 1));
  Plan many = PlanFor({.via = Via::kAuto});
  EXPECT_EQ(many.collections[0].via, Via::kInsert);
  EXPECT_THAT(many.collections[0].via_reason, HasSubstr("22 import jobs"));
}

TEST_F(Insert, IsNotNeededWhereSmallSegmentsAreRewritten) {
  for (int i = 0; i < 20; ++i) backup_.AddSegment(0, Books(1000 + i, 1));
  Plan plan = MakePlan(backup_.backup(), {}).value();
  MergeSmallSegments(plan);
  ASSERT_TRUE(ChooseWays(plan, {.via = Via::kAuto}, kMilvus23).ok());
  EXPECT_EQ(plan.collections[0].via, Via::kImport);
  EXPECT_THAT(plan.collections[0].via_reason, HasSubstr("2 import jobs"));
}

}  // namespace
}  // namespace mbk::load
