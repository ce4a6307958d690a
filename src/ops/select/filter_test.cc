#include "ops/select/filter.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace mbk {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(Filter, ThatIsEmptySelectsEverything) {
  for (const std::string text : {"", " ", ",", " , "}) {
    const Filter filter = Filter::Parse(text).value();
    EXPECT_TRUE(filter.empty());
    EXPECT_TRUE(filter.Matches("any", "thing"));
    EXPECT_TRUE(filter.MatchesDatabase("any"));
  }
}

TEST(Filter, ACollectionAloneIsOfTheDefaultDatabase) {
  const Filter filter = Filter::Parse("books").value();
  EXPECT_TRUE(filter.Matches("default", "books"));
  EXPECT_FALSE(filter.Matches("default", "films"));
  EXPECT_FALSE(filter.Matches("db1", "books"));
  EXPECT_FALSE(filter.MatchesDatabase("db1"));
}

TEST(Filter, AStarIsTheWholeDatabase) {
  const Filter filter = Filter::Parse("db1.*").value();
  EXPECT_TRUE(filter.Matches("db1", "any"));
  EXPECT_FALSE(filter.Matches("default", "any"));
}

TEST(Filter, ATrailingDotIsTheDatabaseWithoutCollections) {
  const Filter filter = Filter::Parse("db1.").value();
  EXPECT_TRUE(filter.MatchesDatabase("db1"));
  EXPECT_FALSE(filter.Matches("db1", "any"));
}

TEST(Filter, ItemsOfOneDatabaseAddUpAndTheStarWins) {
  const Filter both = Filter::Parse("db1.a, db1.b").value();
  EXPECT_TRUE(both.Matches("db1", "a") && both.Matches("db1", "b"));
  EXPECT_FALSE(both.Matches("db1", "c"));
  EXPECT_TRUE(Filter::Parse("db1.*,db1.a").value().Matches("db1", "c"));
  EXPECT_TRUE(Filter::Parse("db1.a,db1.*,db1.").value().Matches("db1", "c"));
}

TEST(Filter, RefusesWhatIsNoNameAndSaysWhich) {
  for (const std::string item : {"a-b", "db1.a.b", ".", ".a", "*", "db1.a*", "*.a", "a b", "ü", "db1.a/b"}) {
    Status parsed = Filter::Parse("ok," + item).status();
    EXPECT_EQ(parsed.code(), Code::kInvalidArgument) << item;
    EXPECT_THAT(parsed.message(), AllOf(HasSubstr("invalid filter rule: " + item), HasSubstr("db.coll")));
  }
}

TEST(OldCollectionsFlag, TakesNamesButNoDatabases) {
  const Filter filter = Filter::FromCollections("books, db1.tiny").value();
  EXPECT_TRUE(filter.Matches("default", "books") && filter.Matches("db1", "tiny"));
  EXPECT_FALSE(filter.Matches("db1", "books"));
  EXPECT_EQ(Filter::FromCollections("db1.*").status().code(), Code::kInvalidArgument);
  EXPECT_EQ(Filter::FromCollections("db1.").status().code(), Code::kInvalidArgument);
}

TEST(OldDatabasesFlag, TakesWholeDatabases) {
  const Filter filter = Filter::FromDatabases("db1,db2").value();
  EXPECT_TRUE(filter.Matches("db1", "any") && filter.Matches("db2", "any"));
  EXPECT_FALSE(filter.Matches("default", "any"));
  EXPECT_EQ(Filter::FromDatabases("db1.a").status().code(), Code::kInvalidArgument);
}

TEST(OldJsonFlag, TakesListsOfCollectionsAndAnEmptyListForAll) {
  const Filter filter = Filter::FromJson(R"({"db1":["a","b"],"db2":[],"":["c"]})").value();
  EXPECT_TRUE(filter.Matches("db1", "a") && filter.Matches("db1", "b"));
  EXPECT_FALSE(filter.Matches("db1", "c"));
  EXPECT_TRUE(filter.Matches("db2", "any"));
  EXPECT_TRUE(filter.Matches("default", "c"));
}

TEST(OldJsonFlag, TheTwoNamesOfTheDefaultDatabaseAddUp) {
  EXPECT_TRUE(Filter::FromJson(R"({"":[],"default":["a"]})").value().Matches("default", "b"));
  EXPECT_TRUE(Filter::FromJson(R"({"":["b"],"default":["a"]})").value().Matches("default", "b"));
}

TEST(OldJsonFlag, RefusesWhatIsNotThatAndShowsAnExample) {
  for (const std::string json : {"", "[]", "{}", "1", R"({"db1":"a"})", R"({"db1":[1]})", R"({"db1":null})",
                                 R"({"db1":["a"])", "{\"\xff\":[]}"}) {
    Status parsed = Filter::FromJson(json).status();
    EXPECT_EQ(parsed.code(), Code::kInvalidArgument) << json;
    EXPECT_THAT(parsed.message(), HasSubstr(R"({"db1":["coll1","coll2"],"db2":[]})"));
  }
}

RC_GTEST_PROP(Filter, SelectsJustWhatItsItemsName, ()) {
  const auto name = rc::gen::element<std::string>("a", "b", "c_1");
  const auto db = rc::gen::element<std::string>("default", "db1", "db2");
  const auto items =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<std::pair<std::string, std::string>>>(rc::gen::pair(
          db, rc::gen::oneOf(name, rc::gen::just<std::string>("*"), rc::gen::just<std::string>("")))));
  std::string text;
  for (const auto& [d, c] : items) text += (d == "default" && c == "a" ? c : d + "." + c) + ",";
  const Filter filter = Filter::Parse(text).value();
  for (const std::string d : {"default", "db1", "db2", "db3"}) {
    bool in_database = false;
    for (const std::string c : {"a", "b", "c_1"}) {
      bool expected = false;
      for (const auto& [item_db, item] : items) {
        in_database |= item_db == d;
        expected |= item_db == d && (item == "*" || item == c);
      }
      RC_ASSERT(filter.Matches(d, c) == expected);
    }
    RC_ASSERT(filter.MatchesDatabase(d) == in_database);
  }
}

RC_GTEST_PROP(Filter, IsRefusedOrUnderstoodWhateverTheTextIs, ()) {
  const auto text = *rc::gen::container<std::string>(
      rc::gen::element('a', '_', '1', '.', '*', ',', ' ', '-', '\0', '\xff'));
  for (auto parse : {Filter::Parse, Filter::FromCollections, Filter::FromDatabases, Filter::FromJson}) {
    Result<Filter> filter = parse(text);
    RC_ASSERT(filter.ok() || filter.status().code() == Code::kInvalidArgument);
  }
}

TEST(Enumerate, NamesTwentyAndCountsTheRest) {
  EXPECT_EQ(Enumerate({}), "nothing");
  EXPECT_EQ(Enumerate({"a"}), "a");
  EXPECT_EQ(Enumerate({"a", "b"}), "a, b");
  std::vector<std::string> names;
  for (int i = 0; i < 23; ++i) names.push_back(fmt::format("c{}", i));
  EXPECT_THAT(Enumerate(names),
              AllOf(HasSubstr("c0, c1, "), HasSubstr("c19 and 3 more"), testing::Not(HasSubstr("c20"))));
}

}  // namespace
}  // namespace mbk
