#include "ops/select/rename.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace mbk {
namespace {

using testing::HasSubstr;

CollectionName Renamed(std::string_view rules, const CollectionName& source) {
  return Renamer::FromRules(rules).value().Apply(source);
}

TEST(Renamer, DoesNothingUnlessToldTo) {
  EXPECT_EQ(Renamer().Apply({"db1", "a"}), (CollectionName{"db1", "a"}));
  EXPECT_EQ(Renamed("", {"db1", "a"}), (CollectionName{"db1", "a"}));
  EXPECT_EQ(Renamer::FromSuffix("").value().Apply({"db1", "a"}), (CollectionName{"db1", "a"}));
}

TEST(Renamer, ASuffixKeepsTheDatabase) {
  EXPECT_EQ(Renamer::FromSuffix("_bak").value().Apply({"db1", "a"}), (CollectionName{"db1", "a_bak"}));
}

TEST(Renamer, RefusesASuffixThatNoCollectionNameCanHave) {
  for (const std::string suffix : {"-bak", " ", "a.b", "ü"}) {
    Status made = Renamer::FromSuffix(suffix).status();
    EXPECT_EQ(made.code(), Code::kInvalidArgument);
    EXPECT_THAT(made.message(), HasSubstr(suffix));
  }
}

TEST(Renamer, ARuleOfTwoNamesIsOfTheDefaultDatabase) {
  EXPECT_EQ(Renamed("a:b", {"default", "a"}), (CollectionName{"default", "b"}));
  EXPECT_EQ(Renamed("a:b", {"db1", "a"}), (CollectionName{"db1", "a"}));
  EXPECT_EQ(Renamed("a:b", {"default", "b"}), (CollectionName{"default", "b"}));
}

TEST(Renamer, AQualifiedRuleMovesACollectionBetweenDatabases) {
  EXPECT_EQ(Renamed("db1.a:db2.b", {"db1", "a"}), (CollectionName{"db2", "b"}));
}

TEST(Renamer, AStarMovesAWholeDatabaseAndAnExactRuleWins) {
  EXPECT_EQ(Renamed("db1.*:db2.*,db1.a:db3.x", {"db1", "b"}), (CollectionName{"db2", "b"}));
  EXPECT_EQ(Renamed("db1.*:db2.*,db1.a:db3.x", {"db1", "a"}), (CollectionName{"db3", "x"}));
}

TEST(Renamer, ARuleOfDatabasesAloneIsRefusedWithTheOneThatRenames) {
  const Status made = Renamer::FromRules("a:b,db1.:db2.").status();
  EXPECT_EQ(made.code(), Code::kInvalidArgument);
  EXPECT_THAT(made.message(), HasSubstr("write db1.*:db2.*"));
}

TEST(Renamer, RulesDoNotChain) {
  EXPECT_EQ(Renamed("a:b,b:c", {"default", "a"}), (CollectionName{"default", "b"}));
}

TEST(Renamer, RefusesRulesThatAreNoneAndShowsTheForms) {
  for (const std::string rules :
       {"a", "a:", ":b", ":", "a:b:c", "a:db1.b", "db1.*:b", "db1.*:db2.b", "db1.a:db2.*", "db1.:db2.*",
        "a-b:c", "a:b c", "*:b", ".a:.b", "a:b,,c:d"}) {
    Status made = Renamer::FromRules(rules).status();
    EXPECT_EQ(made.code(), Code::kInvalidArgument) << rules;
    EXPECT_THAT(made.message(), HasSubstr("db1.c1:db2.c2"));
  }
}

TEST(Renamer, RefusesTwoNewNamesForOneCollection) {
  for (const std::string rules : {"multi:m2,multi:m3", "db1.*:a.*,db1.*:b.*", "c:d,default.c:default.e"}) {
    const Status made = Renamer::FromRules(rules).status();
    EXPECT_EQ(made.code(), Code::kInvalidArgument) << rules;
    EXPECT_THAT(made.message(), HasSubstr("has two new names")) << rules;
  }
  EXPECT_TRUE(Renamer::FromRules("a:b,a:b").ok()) << "said twice";
}

TEST(Renamer, KnowsTheRulesForWhichThereIsNothing) {
  const Renamer renamer = Renamer::FromRules("a:b,db1.c:db1.d,db2.*:db3.*").value();
  const Status used = renamer.CheckUsed({{"default", "a"}}, {"db2"});
  EXPECT_EQ(used.code(), Code::kNotFound);
  EXPECT_THAT(used.message(), HasSubstr("nothing to rename for db1.c; selected are: default.a"));
  EXPECT_THAT(renamer.CheckUsed({{"db1", "c"}}).message(), HasSubstr("default.a, db2.*"));
  EXPECT_TRUE(renamer.CheckUsed({{"default", "a"}, {"db1", "c"}, {"db2", "x"}}).ok());
}

RC_GTEST_PROP(Renamer, IsRefusedOrUnderstoodWhateverTheTextIs, ()) {
  const auto text =
      *rc::gen::container<std::string>(rc::gen::element('a', '1', '.', '*', ',', ':', ' ', '\0', '\xff'));
  Result<Renamer> renamer = Renamer::FromRules(text);
  RC_ASSERT(renamer.ok() || renamer.status().code() == Code::kInvalidArgument);
  if (renamer.ok()) {
    const CollectionName target = renamer->Apply({"a", "a"});
    RC_ASSERT(!target.db.empty() && !target.name.empty());
  }
}

RC_GTEST_PROP(Renamer, ASuffixNeverMakesTwoNamesOne, ()) {
  const auto name = rc::gen::container<std::string>(rc::gen::element('a', 'b', '_'));
  const std::string suffix = *name, one = *name, other = *name;
  const Renamer renamer = Renamer::FromSuffix(suffix).value();
  RC_ASSERT((renamer.Apply({"db", one}) == renamer.Apply({"db", other})) == (one == other));
}

}  // namespace
}  // namespace mbk
