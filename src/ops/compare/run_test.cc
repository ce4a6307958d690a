#include "ops/compare/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "ops/testing/world.h"

namespace mbk {
namespace {

using milvustest::MockCollection;
using milvustest::MockRow;
using opstest::World;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const CollectionName kBooks{"default", "books"};
const CollectionName kFilms{"default", "films"};

// Two servers with a loaded collection `books` each.
class CompareLive : public testing::Test {
 protected:
  CompareLive() {
    for (World* world : {&left_, &right_}) Add(*world, kBooks);
  }
  void Add(World& world, const CollectionName& name) {
    world.AddCollection(name, next_id_++, {});
    world.server.EditCollection(name, [](MockCollection& books) { books.loaded_percent = 100; });
  }
  static MockRow Row(std::int64_t id, char value = 'v', const std::string& partition = "_default") {
    const std::string key(reinterpret_cast<const char*>(&id), sizeof(id));
    return {.partition = partition,
            .key = {.number = id},
            .values = {{"id", key}, {"v", std::string(32, value)}}};
  }
  static void Put(World& world, const std::vector<MockRow>& rows, const CollectionName& name = kBooks) {
    world.server.EditCollection(
        name, [&](MockCollection& books) { books.rows.insert(books.rows.end(), rows.begin(), rows.end()); });
  }
  static void SetTtl(World& world) {
    world.server.EditCollection(kBooks, [](MockCollection& books) {
      books.description.properties = {{"collection.ttl.seconds", "20"}};
    });
  }
  Result<std::vector<ComparedCollection>> Run(const std::string& names = "books", bool load = false) {
    return RunCompare({.filter = Filter::FromCollections(names).value(), .load = load}, *left_.client,
                      *right_.client, left_.run, {});
  }
  ComparedCollection Only(bool load = false) {
    auto all = Run("books", load);
    EXPECT_TRUE(all.ok()) << all.status().message();
    return all.ok() && all->size() == 1 ? all->front() : ComparedCollection{};
  }

  std::int64_t next_id_ = 1000;  ///< no two collections are one
  World left_, right_;
};

TEST_F(CompareLive, FindsTheSameRowsEqual) {
  for (World* world : {&left_, &right_}) Put(*world, {Row(1), Row(2), Row(3, 'v', "new")});
  const ComparedCollection one = Only();
  ASSERT_TRUE(one.comparison.has_value());
  EXPECT_TRUE(one.comparison->equal());
  EXPECT_THAT(one.unproven, IsEmpty());
}

TEST_F(CompareLive, TwoSidesWithoutARowProveNothing) {
  EXPECT_THAT(Only().unproven, ElementsAre(HasSubstr("nothing to compare")));
  Put(right_, {Row(1)});
  EXPECT_THAT(Only().unproven, IsEmpty());
}

TEST_F(CompareLive, RowsInAnotherPartitionAreADifference) {
  Put(left_, {Row(1), Row(2)});
  Put(right_, {Row(1, 'v', "new"), Row(2, 'v', "new")});
  const ComparedCollection one = Only();
  ASSERT_TRUE(one.comparison.has_value());
  EXPECT_TRUE(one.comparison->different());
  ASSERT_THAT(one.comparison->partition_differences, SizeIs(2));
  EXPECT_EQ(one.comparison->partition_differences[1].partition, "new");
  EXPECT_EQ(one.comparison->partition_differences[1].rows_right, 2);
}

TEST_F(CompareLive, KeysThatStandSeveralTimesProveNothing) {
  Put(left_, {Row(7, 'n')});                             // the newest row alone
  Put(right_, {Row(7, 'o'), Row(7, 'm'), Row(7, 'n')});  // gives the oldest
  const ComparedCollection one = Only();
  ASSERT_TRUE(one.comparison.has_value());
  EXPECT_FALSE(one.comparison->equal());
  EXPECT_FALSE(one.comparison->different());
  EXPECT_THAT(one.unproven, Contains(HasSubstr("inserted more than once")));
}

TEST_F(CompareLive, AChangeBesideKeysThatStandSeveralTimesIsADifference) {
  Put(left_, {Row(7, 'n'), Row(8, 'a')});
  Put(right_, {Row(7, 'o'), Row(7, 'n'), Row(8, 'b')});
  const ComparedCollection one = Only();
  ASSERT_TRUE(one.comparison.has_value());
  EXPECT_TRUE(one.comparison->different());
}

TEST_F(CompareLive, RowsThatMayHaveRunOutProveNothing) {
  SetTtl(right_);
  Put(left_, {Row(1), Row(2)});
  Put(right_, {Row(1)});
  const ComparedCollection one = Only();
  ASSERT_TRUE(one.comparison.has_value());
  EXPECT_FALSE(one.comparison->different());
  EXPECT_THAT(one.unproven, Contains(AllOf(HasSubstr("TTL"), HasSubstr(right_.client->address()))));
}

TEST_F(CompareLive, RowsThatCannotHaveRunOutAreADifference) {
  SetTtl(right_);
  Put(left_, {Row(1)});
  Put(right_, {Row(1), Row(2)});
  EXPECT_TRUE(Only().comparison.value().different()) << "the side that has more is the one with the TTL";
}

// Two pages a partition, four passes: what waits for the newest state is one count a pass, and the counts
// around.
TEST_F(CompareLive, WaitsForTheNewestStateOnceAPass) {
  for (World* world : {&left_, &right_}) {
    world->server.EditCollection(kBooks, [](MockCollection& books) {
      for (int i = 0; i < 30; ++i)
        books.partitions.push_back({.name = "p" + std::to_string(i), .id = 3000 + i});
    });
    Put(*world, {Row(1), Row(2, 'v', "p3")});
  }
  ASSERT_TRUE(Only().comparison.value().equal());
  const auto queries = left_.server.seen("Query");
  const auto strong = std::count_if(queries.begin(), queries.end(), [](const milvustest::SeenCall& call) {
    return call.request.find("consistency_level") == std::string::npos;
  });
  EXPECT_LE(strong, 6);
  EXPECT_LE(queries.size(), 2 * (32u + 2) + 6) << "an empty partition costs a count, the others a page more";
}

TEST_F(CompareLive, ACollectionThatCannotBeLoadedIsNamedAndTheOthersAreCompared) {
  for (World* world : {&left_, &right_}) Add(*world, kFilms);
  left_.server.EditCollection(kBooks, [](MockCollection& books) { books.loaded_percent.reset(); });
  const auto all = Run("books,films", true);  // books has no index
  ASSERT_TRUE(all.ok()) << all.status().message();
  ASSERT_THAT(*all, SizeIs(2));
  EXPECT_FALSE((*all)[0].comparison.has_value());
  EXPECT_THAT((*all)[0].unproven,
              ElementsAre(AllOf(HasSubstr("cannot be loaded"), HasSubstr("index not found"))));
  EXPECT_TRUE((*all)[1].comparison.value().equal());
}

// On 2.2.16 it ended with "query expression is empty".
TEST_F(CompareLive, RowsThatAServerCannotCountProveNothing) {
  Put(left_, {Row(1)});
  Put(right_, {Row(1)});
  right_.server.Fail({.rpc = "Query", .times = 100, .grpc_code = 12, .reason = "no count(*) here"});
  const ComparedCollection one = Only();
  EXPECT_FALSE(one.comparison.has_value());
  EXPECT_THAT(one.unproven, ElementsAre(HasSubstr("no count(*) here")));
}

TEST_F(CompareLive, NamesAllThatIsMissingBeforeItReads) {
  for (const CollectionName& name : {kFilms, CollectionName{"default", "songs"}}) Add(left_, name);
  const Status compared = Run("books,films,songs").status();
  EXPECT_EQ(compared.code(), Code::kNotFound);
  EXPECT_THAT(compared.message(), AllOf(HasSubstr("default.films"), HasSubstr("default.songs")));
  EXPECT_EQ(left_.Calls("Query"), 0u);
}

TEST_F(CompareLive, ReleasesWhatItLoaded) {
  left_.server.EditCollection(kBooks, [](MockCollection& books) {
    books.loaded_percent.reset();
    books.indexes = {{.field_name = "v", .index_name = "v"}};
  });
  EXPECT_TRUE(Only(true).comparison.value().equal());
  EXPECT_EQ(left_.Calls("ReleaseCollection"), 1u);
  EXPECT_EQ(right_.Calls("ReleaseCollection"), 0u);
}

TEST_F(CompareLive, ReleasesWhatMayBeLoadedThoughTheAnswerWasAnInternalError) {
  left_.server.EditCollection(kBooks, [](MockCollection& books) { books.loaded_percent.reset(); });
  left_.server.Fail({.rpc = "LoadCollection", .code = 65535, .error_code = 1, .reason = "etcd is slow"});
  const ComparedCollection one = Only(true);
  EXPECT_THAT(one.unproven, ElementsAre(HasSubstr("etcd is slow")));
  EXPECT_EQ(left_.Calls("ReleaseCollection"), 1u);
}

TEST_F(CompareLive, WhatAnotherClientIsLoadingIsWaitedForAndStays) {
  left_.server.EditCollection(kBooks, [](MockCollection& books) { books.loaded_percent = 40; });
  left_.OnCall([&](const milvustest::SeenCall& call) {
    if (call.rpc == "GetLoadingProgress" && left_.Calls(call.rpc) == 3)
      left_.server.EditCollection(kBooks, [](MockCollection& books) { books.loaded_percent = 100; });
  });
  EXPECT_TRUE(Only(true).comparison.value().equal());
  EXPECT_EQ(left_.Calls("LoadCollection"), 0u);
  EXPECT_EQ(left_.Calls("ReleaseCollection"), 0u);
}

TEST_F(CompareLive, AnErrorOfTheLoadStateIsNotTakenForNotLoaded) {
  left_.server.Fail({.rpc = "GetLoadingProgress", .code = 1401, .reason = "permission deny"});
  EXPECT_EQ(Run("books", true).status().code(), Code::kPermissionDenied);
  EXPECT_EQ(left_.Calls("LoadCollection"), 0u);
}

}  // namespace
}  // namespace mbk
