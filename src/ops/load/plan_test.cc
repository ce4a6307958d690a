#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "ops/load/load.h"
#include "repository/repository.h"
#include "repository/testing/backups.h"

namespace mbk::load {
namespace {

using backuptest::SmallBackup;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

std::vector<std::string> Targets(const Plan& plan) {
  std::vector<std::string> names;
  for (const CollectionPlan& collection : plan.collections) names.push_back(collection.target.Full());
  return names;
}

// How many of a collection's imports take `key` in.
int TimesImported(const CollectionPlan& plan, const std::string& key) {
  int times = 0;
  for (const auto& wave : plan.imports) {
    for (const ImportDir& dir : wave) {
      times += !dir.insert_dir.empty() && key.starts_with(dir.insert_dir);
      times += !dir.delta_dir.empty() && key.starts_with(dir.delta_dir);
    }
  }
  return times;
}

std::int64_t RowsPlanned(const CollectionPlan& plan) {
  std::int64_t rows = 0;
  for (const auto& wave : plan.imports) {
    for (const ImportDir& dir : wave) rows += dir.rows;
  }
  return rows;
}

class GoldenPlan : public testing::TestWithParam<backuptest::Golden> {
 protected:
  GoldenPlan() {
    MemoryStore store;
    const BackupLayout layout("root", GetParam().name);
    backuptest::PlaceGoldenMeta(store, layout, GetParam());
    backup_ = OpenBackup(store, layout, {}).value().backup;
  }
  Backup backup_;
};

TEST_P(GoldenPlan, ImportsEveryObjectJustOnce) {
  const Plan plan = MakePlan(backup_, {}).value();
  ASSERT_EQ(plan.collections.size(), 5u);
  for (const CollectionPlan& collection : plan.collections) {
    std::vector<Collection> one{*collection.source};
    const ObjectIndex index(one);
    for (std::size_t i = 0; i < index.size(); ++i) {
      const std::string key = index.at(i).KeyIn(BinlogTree("")).str();
      EXPECT_EQ(TimesImported(collection, key), 1) << key;
    }
  }
}

TEST_P(GoldenPlan, CountsTheRowsOfEveryCollection) {
  const Plan plan = MakePlan(backup_, {}).value();
  std::map<std::string, std::int64_t> rows;
  for (const CollectionPlan& collection : plan.collections)
    rows[collection.target.Full()] = RowsPlanned(collection);
  EXPECT_EQ(rows, (std::map<std::string, std::int64_t>{{"default.multi", 3500},
                                                       {"default.growing", 500},
                                                       {"default.pkey", 4000},
                                                       {"default.empty_coll", 0},
                                                       {"db1.indb", 2000}}));
}

TEST_P(GoldenPlan, MakesIndexesThatTheServerTakes) {
  const Options options{.source_filter = Filter::Parse("multi").value(), .rebuild_index = true};
  const Plan plan = MakePlan(backup_, options).value();
  const auto field = [](auto name) { return Field(&CreateIndexRequest::field_name, name); };
  ASSERT_THAT(plan.collections, SizeIs(1));
  EXPECT_THAT(plan.collections[0].indexes, UnorderedElementsAre(field("bv"), field("pk"), field("i64")));
  EXPECT_EQ(plan.collections[0].indexes.front().field_name, "bv") << "vectors first";
}

INSTANTIATE_TEST_SUITE_P(OfTheGoTool, GoldenPlan, testing::ValuesIn(backuptest::kGoldenBackups),
                         [](const auto& info) { return info.param.name; });

// Before Go 0.4.4 segments share group directories, before 0.2 there are none.
RC_GTEST_PROP(Imports, TakeEveryFileInJustOnceWhateverTheGroupsAre, ()) {
  Collection collection{.collection_id = 7, .db_name = "default", .name = "books"};
  std::int64_t id = 100, rows = 0;
  const int partitions = *rc::gen::inRange(1, 4);
  for (std::int64_t partition_id = 1; partition_id <= partitions; ++partition_id) {
    Partition partition{.partition_id = partition_id, .name = "p" + std::to_string(partition_id)};
    const bool has_groups = *rc::gen::arbitrary<bool>();
    for (int n = *rc::gen::inRange(0, 6); n > 0; --n) {
      ++id;
      Segment segment{.segment_id = id,
                      .partition_id = partition_id,
                      .num_rows = id,
                      .group_id = has_groups ? *rc::gen::element<std::int64_t>(1, 10, id) : 0,
                      .insert_logs = {{100, id * 10, 1}, {101, id * 10 + 1, 1}}};
      if (*rc::gen::arbitrary<bool>()) segment.delta_logs = {{0, id * 10 + 2, 1}};
      rows += segment.num_rows;
      partition.segments.push_back(std::move(segment));
    }
    collection.partitions.push_back(std::move(partition));
  }
  const Backup backup{.collections = {collection}};
  const Plan plan = MakePlan(backup, {}).value();
  std::vector<Collection> one{collection};
  const ObjectIndex index(one);
  for (std::size_t i = 0; i < index.size(); ++i) {
    RC_ASSERT(TimesImported(plan.collections.at(0), index.at(i).KeyIn(BinlogTree("")).str()) == 1);
  }
  RC_ASSERT(RowsPlanned(plan.collections.at(0)) == rows);
}

TEST(Imports, OfDeletesWaitForTheData) {
  const Backup backup = SmallBackup();
  const Plan plan = MakePlan(backup, {}).value();
  const auto& waves = plan.collections.at(0).imports;
  ASSERT_THAT(waves, SizeIs(3));
  EXPECT_THAT(waves[0], AllOf(SizeIs(3), testing::Each(Field(&ImportDir::is_l0, false))));
  EXPECT_THAT(waves[1], ElementsAre(AllOf(Field(&ImportDir::is_l0, true), Field(&ImportDir::partition, "new"),
                                          Field(&ImportDir::insert_dir, ""))));
  EXPECT_THAT(waves[2], ElementsAre(AllOf(Field(&ImportDir::is_l0, true), Field(&ImportDir::partition, ""),
                                          Field(&ImportDir::delta_dir, "binlogs/delta_log/1000/-1/3300/"))));
  EXPECT_THAT(plan.collections.at(1).imports, SizeIs(1)) << "no deletes, no more waves";
}

TEST(Imports, AreNoneForMetadataOnly) {
  const Backup backup = SmallBackup();
  EXPECT_THAT(MakePlan(backup, {.meta_only = true}).value().collections.at(0).imports, IsEmpty());
}

TEST(Plan, MakesCollectionsAsTheyWere) {
  Backup backup = SmallBackup();
  backup.collections[0].consistency_level = 2;
  backup.collections[0].properties = {{"collection.ttl.seconds", "60"}};
  backup.collections[0].schema.properties = {{"collection.ttl.seconds", "1"}, {"mmap.enabled", "true"}};
  const Plan plan = MakePlan(backup, {}).value();
  const CollectionPlan& books = plan.collections.at(0);
  EXPECT_TRUE(books.create);
  EXPECT_EQ(books.create_request.target, (CollectionName{"default", "books"}));
  EXPECT_EQ(books.create_request.shards_num, 2);
  EXPECT_EQ(books.create_request.consistency_level, 2);
  EXPECT_EQ(books.create_request.num_partitions, 0);
  EXPECT_THAT(books.create_request.properties,
              ElementsAre(KeyValue{"collection.ttl.seconds", "60"}, KeyValue{"mmap.enabled", "true"}));
  EXPECT_THAT(books.partitions, ElementsAre("_default", "new"));
  EXPECT_THAT(plan.databases, ElementsAre(Field(&Database::name, "db1"), Field(&Database::name, "default")));
}

TEST(Plan, KeepsTheNumberOfPartitionsOfAPartitionKey) {
  Backup backup = SmallBackup();
  backup.collections[0].schema.fields[0].is_partition_key = true;
  EXPECT_EQ(MakePlan(backup, {}).value().collections.at(0).create_request.num_partitions, 2);
}

TEST(Plan, NeedsTheDatabasesOfItsTargets) {
  const Backup backup = SmallBackup();
  const Options options{.renamer = Renamer::FromRules("db1.*:db9.*").value()};
  const Plan plan = MakePlan(backup, options).value();
  EXPECT_THAT(Targets(plan), ElementsAre("default.books", "db9.tiny"));
  EXPECT_THAT(plan.databases, testing::Contains(Field(&Database::name, "db9")));
}

// Field case 45: -a '{"db1":["tiny"]}' --rename db1.tiny:db9.tiny made an empty db1 as well.
TEST(Plan, MakesNoDatabaseThatAllItsCollectionsLeave) {
  const Backup backup = SmallBackup();
  const Renamer away = Renamer::FromRules("db1.tiny:db9.tiny").value();
  const Filter one = Filter::FromJson(R"({"db1":["tiny"]})").value();
  EXPECT_THAT(MakePlan(backup, {.source_filter = one, .renamer = away}).value().databases,
              ElementsAre(Field(&Database::name, "db9")));
  EXPECT_THAT(MakePlan(backup, {.renamer = away}).value().databases,
              ElementsAre(Field(&Database::name, "db9"), Field(&Database::name, "default")));
}

TEST(Plan, MakesADatabaseThatIsSelectedThoughItIsEmpty) {
  Backup backup = SmallBackup();
  backup.databases.push_back({.name = "bare"});
  EXPECT_THAT(MakePlan(backup, {}).value().databases, testing::Contains(Field(&Database::name, "bare")));
  EXPECT_THAT(MakePlan(backup, {.source_filter = Filter::Parse("bare.").value()}).value().databases,
              ElementsAre(Field(&Database::name, "bare")));
}

// Field case 45: -r growin:g2 restored under the old name.
TEST(Plan, RefusesARenameForWhichThereIsNothing) {
  const Backup backup = SmallBackup();
  for (const std::string rule : {"boks:b2", "db2.*:db3.*", "db1.books:db1.b2"}) {
    const Status planned = MakePlan(backup, {.renamer = Renamer::FromRules(rule).value()}).status();
    EXPECT_EQ(planned.code(), Code::kNotFound) << rule;
    EXPECT_THAT(planned.message(), AllOf(HasSubstr("nothing to rename"), HasSubstr("default.books"))) << rule;
  }
  const Filter tiny = Filter::Parse("db1.tiny").value();
  EXPECT_FALSE(
      MakePlan(backup, {.source_filter = tiny, .renamer = Renamer::FromRules("books:b2").value()}).ok())
      << "is not selected";
  EXPECT_TRUE(MakePlan(backup, {.renamer = Renamer::FromRules("db1.*:db3.*,books:b2").value()}).ok());
}

TEST(Plan, OldFiltersSelectBySourceNamesAndTheNewOneByTargetNames) {
  const Backup backup = SmallBackup();
  const Renamer suffix = Renamer::FromSuffix("_bak").value();
  EXPECT_THAT(
      Targets(MakePlan(backup, {.source_filter = Filter::Parse("books").value(), .renamer = suffix}).value()),
      ElementsAre("default.books_bak"));
  EXPECT_THAT(
      Targets(
          MakePlan(backup, {.target_filter = Filter::Parse("books_bak").value(), .renamer = suffix}).value()),
      ElementsAre("default.books_bak"));
  Status by_source =
      MakePlan(backup, {.target_filter = Filter::Parse("books").value(), .renamer = suffix}).status();
  EXPECT_EQ(by_source.code(), Code::kNotFound);
  EXPECT_THAT(by_source.message(), HasSubstr("default.books_bak"));
}

TEST(Plan, SaysWhatThereIsWhenAFilterSelectsNothing) {
  const Backup backup = SmallBackup();
  for (const std::string filter : {"boks", "db2.*", "books,db1.nope"}) {
    Status planned = MakePlan(backup, {.source_filter = Filter::Parse(filter).value()}).status();
    EXPECT_EQ(planned.code(), Code::kNotFound) << filter;
    EXPECT_THAT(planned.message(), AllOf(HasSubstr("default.books"), HasSubstr("db1.tiny")));
  }
}

TEST(Plan, RefusesTwoCollectionsUnderOneName) {
  const Backup backup = SmallBackup();
  Status planned =
      MakePlan(backup, {.renamer = Renamer::FromRules("db1.tiny:default.books").value()}).status();
  EXPECT_EQ(planned.code(), Code::kInvalidArgument);
  EXPECT_THAT(planned.message(), HasSubstr("default.books"));
}

TEST(Plan, RefusesAFormatThatIsNotBinlogs) {
  Backup backup = SmallBackup();
  backup.format = "snapshot";
  Status planned = MakePlan(backup, {}).status();
  EXPECT_EQ(planned.code(), Code::kInvalidArgument);
  EXPECT_THAT(planned.message(), HasSubstr("snapshot"));
}

class PlannedIndexes : public testing::Test {
 protected:
  PlannedIndexes() {
    backup_.collections[0].indexes = {
        {.field_name = "id", .index_name = "id_idx", .params = {{"index_type", "marisa-trie"}}},
        {.field_name = "v",
         .index_name = "v_idx",
         .params = {{"index_type", "HNSW"}, {"metric_type", "L2"}, {"M", "8"}}},
        {.field_name = "id", .index_name = "/json/path", .params = {{"index_type", "INVERTED"}}},
        {.field_name = "id", .index_name = "1st", .params = {}},
    };
  }
  std::vector<CreateIndexRequest> Indexes(Options options) {
    return MakePlan(backup_, options).value().collections.at(0).indexes;
  }
  Backup backup_ = SmallBackup();
};

TEST_F(PlannedIndexes, AreNoneUnlessAskedFor) { EXPECT_THAT(Indexes({}), IsEmpty()); }

TEST_F(PlannedIndexes, KeepTheirParamsAndNamesWhereTheServerTakesThem) {
  const auto indexes = Indexes({.rebuild_index = true});
  ASSERT_THAT(indexes, SizeIs(4));
  EXPECT_EQ(indexes[0].index_name, "v_idx");
  EXPECT_THAT(indexes[0].params,
              ElementsAre(KeyValue{"index_type", "HNSW"}, KeyValue{"metric_type", "L2"}, KeyValue{"M", "8"}));
  EXPECT_THAT(indexes[1].params, ElementsAre(KeyValue{"index_type", "Trie"}));
  EXPECT_EQ(indexes[2].index_name, "");
  EXPECT_EQ(indexes[3].index_name, "");
}

TEST_F(PlannedIndexes, OfVectorsBecomeAutomaticOnRequest) {
  const auto indexes = Indexes({.rebuild_index = true, .use_auto_index = true});
  EXPECT_THAT(indexes[0].params,
              ElementsAre(KeyValue{"index_type", "AUTOINDEX"}, KeyValue{"metric_type", "L2"}));
  EXPECT_THAT(indexes[1].params, ElementsAre(KeyValue{"index_type", "Trie"})) << "scalars stay";
}

TEST(PlannedLoads, AreOfWhatWasLoaded) {
  Backup backup = SmallBackup();
  Collection& books = backup.collections[0];
  auto plan = [&](Options options) { return MakePlan(backup, options).value().collections.at(0); };
  books.load_state = LoadState::kLoaded;
  EXPECT_EQ(plan({}).load_state, LoadState::kNotLoad);
  EXPECT_EQ(plan({.restore_load_state = true}).load_state, LoadState::kLoaded);
  EXPECT_THAT(plan({.restore_load_state = true}).load_partitions, IsEmpty());
  books.load_state = LoadState::kLoading;
  EXPECT_EQ(plan({.restore_load_state = true}).load_state, LoadState::kNotLoad);
  EXPECT_THAT(plan({.restore_load_state = true}).warnings, ElementsAre(HasSubstr("it is not loaded")));
  EXPECT_THAT(plan({}).warnings, IsEmpty());
  books.partitions[1].load_state = LoadState::kLoaded;
  EXPECT_EQ(plan({.restore_load_state = true}).load_state, LoadState::kLoaded);
  EXPECT_THAT(plan({.restore_load_state = true}).load_partitions, ElementsAre("new"));
}

// Made while it was being loaded.
TEST(PlannedLoads, AreAlsoOfWhatWasBeingLoaded) {
  Backup backup = SmallBackup();
  Collection& books = backup.collections[0];
  ASSERT_GE(books.partitions.size(), 2u);
  books.load_state = LoadState::kLoading;
  for (Partition& partition : books.partitions) partition.load_state = LoadState::kLoading;
  auto plan = [&] { return MakePlan(backup, {.restore_load_state = true}).value().collections.at(0); };
  EXPECT_EQ(plan().load_state, LoadState::kLoaded);
  EXPECT_THAT(plan().load_partitions, IsEmpty()) << "all";
  books.partitions[0].load_state = LoadState::kNotLoad;
  EXPECT_EQ(plan().load_state, LoadState::kLoaded);
  EXPECT_THAT(plan().load_partitions, SizeIs(books.partitions.size() - 1));
  EXPECT_THAT(plan().warnings, IsEmpty());
}

TEST(PlannedIndexesOf, MetadataThatHaveSomeAndNameNoneAreAWarning) {
  Backup backup = SmallBackup();
  backup.collections[0].has_index = true;
  backup.collections[0].indexes.clear();
  auto warnings = [&](Options options) {
    return MakePlan(backup, options).value().collections.at(0).warnings;
  };
  EXPECT_THAT(warnings({.rebuild_index = true}), ElementsAre(HasSubstr("no index is made")));
  EXPECT_THAT(warnings({}), IsEmpty());
}

TEST(Plan, OfAnEmptyBackupIsNotFoundUnlessItIsMeant) {
  const Backup empty{.name = "nothing", .databases = {{.name = "default"}}};
  const Status refused = MakePlan(empty, {}).status();
  EXPECT_EQ(refused.code(), Code::kNotFound);
  EXPECT_THAT(refused.message(), AllOf(HasSubstr("backup nothing"), HasSubstr("--allow-empty")));
  EXPECT_EQ(MakePlan(empty, {.allow_empty = true}).value().databases.size(), 1u);
}

TEST(Plan, OfADatabaseAsSuchIsNotNothing) {
  const Backup backup{.name = "shell", .databases = {{.name = "db1"}}};
  EXPECT_TRUE(MakePlan(backup, {.target_filter = Filter::Parse("db1.").value()}).ok());
  EXPECT_EQ(MakePlan(backup, {.target_filter = Filter::Parse("db1.*").value()}).status().code(),
            Code::kNotFound);
}

// Takes ops/select/filter.cc: "That a database without them is meant"
TEST(Plan, OfADatabaseAloneThatHasCollectionsIsNotFoundUnlessItIsMeant) {
  const Backup backup = SmallBackup();
  for (const std::string filter : {"db1.", "books,db1."}) {
    const Filter alone = Filter::Parse(filter).value();
    const Status refused = MakePlan(backup, {.target_filter = alone}).status();
    EXPECT_EQ(refused.code(), Code::kNotFound) << filter;
    EXPECT_THAT(refused.message(), AllOf(HasSubstr("db1.*"), HasSubstr("--allow-empty")));
    EXPECT_TRUE(MakePlan(backup, {.target_filter = alone, .allow_empty = true}).ok());
    EXPECT_TRUE(MakePlan(backup, {.target_filter = Filter::Parse(filter + "*").value()}).ok());
  }
}

}  // namespace
}  // namespace mbk::load
