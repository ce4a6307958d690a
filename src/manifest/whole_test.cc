#include "manifest/whole.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <sstream>

#include "manifest/keys.h"
#include "manifest/manifest.h"

namespace mbk {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

FieldSchema Field(std::int64_t id, const std::string& name) {
  return {.field_id = id, .name = name, .data_type = DataType::kInt64};
}

Segment Data(std::int64_t id, std::int64_t partition) {
  Segment segment{.segment_id = id, .partition_id = partition, .num_rows = 5, .group_id = id};
  for (const std::int64_t field : {0, 1, 100, 101, 102})
    segment.insert_logs.push_back({field, id * 10 + field, 7});
  return segment;
}

Segment L0(std::int64_t id, std::int64_t partition) {
  return {.segment_id = id, .partition_id = partition, .is_l0 = true, .delta_logs = {{0, id * 10, 7}}};
}

// A collection with a dynamic field, which the schema hides, two partitions and deletes in all places.
Backup WholeBackup() {
  Collection books{.collection_id = 1, .db_name = "default", .name = "books"};
  books.schema = {
      .name = "books", .fields = {Field(100, "id"), Field(101, "price")}, .enable_dynamic_field = true};
  books.partitions = {{.partition_id = 10, .name = "_default", .segments = {Data(1000, 10), L0(1001, 10)}},
                      {.partition_id = 11, .name = "new", .segments = {Data(1002, 11), Data(1003, 11)}}};
  books.l0_segments = {L0(1004, kAllPartitions)};
  Collection tiny{.collection_id = 2, .db_name = "db1", .name = "books"};
  tiny.schema = {.name = "books", .fields = {Field(100, "id")}};
  tiny.partitions = {{.partition_id = 20, .name = "_default"}};
  return {.id = "0000", .name = "nightly", .collections = {books, tiny}, .milvus_version = "v2.3.5"};
}

std::vector<std::string> FoundAfter(const std::function<void(Backup&)>& change) {
  Backup backup = WholeBackup();
  change(backup);
  return FindUnwhole(backup).named();
}

Collection& Books(Backup& backup) { return backup.collections[0]; }
Segment& FirstSegment(Backup& backup) { return Books(backup).partitions[0].segments[0]; }

TEST(Whole, IsABackupThatNamesWhatItPromises) {
  EXPECT_THAT(FoundAfter([](Backup&) {}), IsEmpty());
  EXPECT_TRUE(CheckWhole(WholeBackup()).ok());
}

TEST(Whole, IsABackupWithoutAnyRows) {
  EXPECT_THAT(FoundAfter([](Backup& backup) {
                for (Partition& partition : Books(backup).partitions) partition.segments.clear();
                Books(backup).l0_segments.clear();
              }),
              IsEmpty());
}

TEST(Whole, IsNoSegmentWithRowsAndWithoutInsertLogs) {
  EXPECT_THAT(FoundAfter([](Backup& backup) { FirstSegment(backup).insert_logs.clear(); }),
              ElementsAre(AllOf(HasSubstr("default.books"), HasSubstr("partition _default"),
                                HasSubstr("segment 1000"), HasSubstr("5 rows and no insert logs"))));
}

TEST(Whole, IsNoSegmentWithInsertLogsAndWithoutRows) {
  EXPECT_THAT(FoundAfter([](Backup& backup) { FirstSegment(backup).num_rows = 0; }),
              ElementsAre(AllOf(HasSubstr("segment 1000"), HasSubstr("0 rows"))));
}

TEST(Whole, NeedsFilesOfEveryFieldThatWasThereFromTheFirstRowOn) {
  for (const std::int64_t field : {0, 1, 100, 101, 102}) {
    EXPECT_THAT(FoundAfter([&](Backup& backup) {
                  std::erase_if(FirstSegment(backup).insert_logs,
                                [&](const Binlog& log) { return log.field_id == field; });
                }),
                ElementsAre(HasSubstr("no insert logs of field " + std::to_string(field))));
  }
}

// What is found where price, changed like that, has no files in one segment of a backup of this version.
std::vector<std::string> FoundWithoutPrice(const std::string& version,
                                           const std::function<void(FieldSchema&)>& change) {
  return FoundAfter([&](Backup& backup) {
    backup.milvus_version = version;
    change(Books(backup).schema.fields[1]);
    std::erase_if(FirstSegment(backup).insert_logs, [](const Binlog& log) { return log.field_id == 101; });
  });
}
void MayBeNull(FieldSchema& field) { field.nullable = true; }
void HasADefault(FieldSchema& field) { field.default_value = "\x18\x05"; }
void IsFunctionOutput(FieldSchema& field) { field.is_function_output = true; }

TEST(Whole, NeedsNoFilesOfAFieldThatMayHaveBeenAddedLater) {
  for (const std::string version : {"v2.6.18", "3.0.1", "", "master-20261101"})
    for (const auto& change : {MayBeNull, HasADefault, IsFunctionOutput})
      EXPECT_THAT(FoundWithoutPrice(version, change), IsEmpty()) << version;
}

// Up to 2.5 a field is there from the first row on, or never: its files were lost.
TEST(Whole, NeedsFilesOfEveryFieldOfServersThatCannotAddOneLater) {
  for (const std::string version : {"v2.3.5", "2.4.5", "2.5.27"})
    for (const auto& change : {MayBeNull, HasADefault, IsFunctionOutput})
      EXPECT_THAT(FoundWithoutPrice(version, change),
                  ElementsAre(AllOf(HasSubstr("segment 1000"), HasSubstr("no insert logs of field 101"))))
          << version;
}

TEST(Whole, RequiresTheFieldsOfAStructArrayThatIsNotNull) {
  CollectionSchema schema{.fields = {Field(100, "id")},
                          .struct_array_fields = {{.field_id = 101, .fields = {Field(102, "s[x]")}}}};
  using testing::Pair;
  EXPECT_THAT(RequiredFields(schema, "2.6.18"),
              ElementsAre(Pair(0, "row id"), Pair(1, "timestamp"), Pair(100, "id"), Pair(102, "s[x]")));
  schema.struct_array_fields[0].nullable = true;
  EXPECT_THAT(RequiredFields(schema, "2.6.18"),
              ElementsAre(Pair(0, "row id"), Pair(1, "timestamp"), Pair(100, "id")));
}

TEST(Whole, NeedsTheDynamicFieldOfServersThatCannotAddItLater) {
  auto without_meta = [](const std::string& version) {
    return FoundAfter([&](Backup& backup) {
      backup.milvus_version = version;
      std::erase_if(FirstSegment(backup).insert_logs, [](const Binlog& log) { return log.field_id == 102; });
    });
  };
  for (const std::string version : {"v2.3.5", "2.5.27", "v2.2.16-dev"})
    EXPECT_THAT(without_meta(version), SizeIs(1)) << version;
  for (const std::string version : {"v2.6.18", "3.0.1", "", "master-20261101", "v3"})
    EXPECT_THAT(without_meta(version), IsEmpty()) << version;
}

TEST(Whole, HasEveryFieldThatHasFilesInTheSchema) {
  auto without_price = [](const std::string& version, std::int64_t storage_version) {
    return FoundAfter([&](Backup& backup) {
      backup.milvus_version = version;
      Books(backup).schema.enable_dynamic_field = false;
      for (Partition& partition : Books(backup).partitions)
        for (Segment& segment : partition.segments) {
          segment.storage_version = storage_version;
          std::erase_if(segment.insert_logs, [](const Binlog& log) { return log.field_id == 102; });
        }
      std::erase_if(Books(backup).schema.fields,
                    [](const FieldSchema& field) { return field.field_id == 101; });
    });
  };
  for (const std::string version : {"v2.3.5", "2.5.27", "v2.6.18"})
    for (const std::int64_t storage_version : {0, 1, 2})
      EXPECT_THAT(
          without_price(version, storage_version),
          AllOf(SizeIs(3), Contains(AllOf(HasSubstr("segment 1000"), HasSubstr("insert logs of field 101"),
                                          HasSubstr("the schema does not have")))))
          << version << ", " << storage_version;
  // Milvus 3 drops fields, and their files stay.
  for (const std::string version : {"3.0.1", "", "master-20261101"})
    EXPECT_THAT(without_price(version, 1), IsEmpty()) << version;
}

TEST(Whole, TellsAFieldThatTheSchemaLostFromTheDynamicField) {
  for (const std::int64_t lost : {100, 101})
    EXPECT_THAT(FoundAfter([&](Backup& backup) {
                  std::erase_if(Books(backup).schema.fields,
                                [&](const FieldSchema& field) { return field.field_id == lost; });
                }),
                Contains(HasSubstr("which the schema does not have")))
        << lost;
  EXPECT_THAT(FoundAfter([](Backup& backup) { Books(backup).schema.enable_dynamic_field = false; }),
              Contains(HasSubstr("insert logs of field 102, which the schema does not have")));
}

TEST(Whole, NeedsAsManyFilesOfEachField) {
  EXPECT_THAT(FoundAfter([](Backup& backup) { FirstSegment(backup).insert_logs.push_back({101, 7, 7}); }),
              ElementsAre(HasSubstr("2 insert logs of field 101, and 1 of field 0")));
}

TEST(Whole, KnowsNoFieldsOfPackedFiles) {
  EXPECT_THAT(FoundAfter([](Backup& backup) {
                FirstSegment(backup).storage_version = 2;
                FirstSegment(backup).insert_logs = {{0, 1, 7}, {101, 2, 7}};
              }),
              IsEmpty());
}

TEST(Whole, NeedsDeltaLogsOfDeletes) {
  EXPECT_THAT(FoundAfter([](Backup& backup) { Books(backup).l0_segments[0].delta_logs.clear(); }),
              ElementsAre(AllOf(HasSubstr("segment 1004"), HasSubstr("no delta logs"))));
  EXPECT_THAT(FoundAfter([](Backup& backup) { Books(backup).partitions[0].segments[1].delta_logs.clear(); }),
              ElementsAre(AllOf(HasSubstr("segment 1001"), HasSubstr("no delta logs"))));
}

TEST(Whole, HasDeletesOfAllPartitionsMarkedAsSuch) {
  EXPECT_THAT(FoundAfter([](Backup& backup) { Books(backup).l0_segments[0].is_l0 = false; }),
              ElementsAre(AllOf(HasSubstr("segment 1004"), HasSubstr("not marked"))));
}

TEST(Whole, HasEverySegmentInThePartitionWhoseIdItBears) {
  EXPECT_THAT(FoundAfter([](Backup& backup) { FirstSegment(backup).partition_id = 11; }),
              ElementsAre(AllOf(HasSubstr("segment 1000"), HasSubstr("of partition 11, and stands in 10"))));
}

TEST(Whole, NamesNothingTwice) {
  EXPECT_THAT(FoundAfter([](Backup& backup) { FirstSegment(backup).segment_id = 1002; }),
              ElementsAre(HasSubstr("segment 1002 is named twice")));
  EXPECT_THAT(FoundAfter([](Backup& backup) { backup.collections[1].db_name = "default"; }),
              ElementsAre("two collections are called default.books"));
  EXPECT_THAT(FoundAfter([](Backup& backup) { backup.collections[1].collection_id = 1; }),
              ElementsAre(HasSubstr("another collection has the id 1 too")));
  EXPECT_THAT(FoundAfter([](Backup& backup) { Books(backup).partitions[1].name = "_default"; }),
              ElementsAre(HasSubstr("two partitions are called _default")));
  EXPECT_THAT(FoundAfter([](Backup& backup) { Books(backup).partitions[1].partition_id = 10; }),
              Contains(HasSubstr("two partitions have the id 10")));
  EXPECT_THAT(FoundAfter([](Backup& backup) { Books(backup).schema.fields[1].field_id = 100; }),
              Contains(HasSubstr("two fields of the schema have the id 100")));
}

TEST(Whole, TakesIdsThatAServerDoesNotGive) {
  EXPECT_THAT(FoundAfter([](Backup& backup) {
                for (Collection& collection : backup.collections) {
                  collection.collection_id = 0;
                  collection.l0_segments.clear();
                  for (Partition& partition : collection.partitions) {
                    partition.partition_id = 0;
                    partition.segments.clear();
                  }
                }
              }),
              IsEmpty());
}

TEST(Whole, CountsAllFindingsAndNamesAHundred) {
  Backup backup = WholeBackup();
  auto& segments = Books(backup).partitions[0].segments;
  for (std::int64_t i = 0; i < 250; ++i)
    segments.push_back({.segment_id = 5000 + i, .partition_id = 10, .num_rows = 1});
  const Findings findings = FindUnwhole(backup);
  EXPECT_EQ(findings.count(), 250);
  EXPECT_THAT(findings.named(), SizeIs(Findings::kMostNamed));
  const Status refused = CheckWhole(backup);
  EXPECT_EQ(refused.code(), Code::kDataLoss);
  EXPECT_THAT(refused.message(), AllOf(HasSubstr("segment 5002"), HasSubstr("and 247 more")));
}

TEST(Contradictions, AreNoneBetweenEqualMetadata) {
  EXPECT_TRUE(FindContradictions(WholeBackup(), WholeBackup()).empty());
}

TEST(Contradictions, AreFoundOnEveryLevel) {
  auto found_after = [](const std::function<void(Backup&)>& change) {
    Backup levels = WholeBackup();
    change(levels);
    return FindContradictions(WholeBackup(), levels).named();
  };
  EXPECT_THAT(found_after([](Backup& levels) { Books(levels).name = "boots"; }),
              ElementsAre(AllOf(HasSubstr("default.books"), HasSubstr("default.boots"))));
  EXPECT_THAT(found_after([](Backup& levels) { levels.collections.pop_back(); }),
              ElementsAre(AllOf(HasSubstr("db1.books"), HasSubstr("not in the level files"))));
  EXPECT_THAT(found_after([](Backup& levels) { Books(levels).partitions[1].name = "old"; }),
              ElementsAre(AllOf(HasSubstr("partition 11"), HasSubstr("new"), HasSubstr("old"))));
  EXPECT_THAT(found_after([](Backup& levels) { Books(levels).partitions[1].segments.pop_back(); }),
              ElementsAre(AllOf(HasSubstr("segment 1003"), HasSubstr("not in the level files"))));
  EXPECT_THAT(found_after([](Backup& levels) { ++FirstSegment(levels).num_rows; }),
              ElementsAre(AllOf(HasSubstr("segment 1000"), HasSubstr("5 rows"), HasSubstr("6 rows"))));
  EXPECT_THAT(found_after([](Backup& levels) { FirstSegment(levels).insert_logs.pop_back(); }),
              ElementsAre(AllOf(HasSubstr("5 insert"), HasSubstr("4 insert"))));
}

TEST(Contradictions, AreFoundInWhateverACollectionIsMadeFrom) {
  auto found_after = [](const std::function<void(Collection&)>& change) {
    Backup levels = WholeBackup();
    change(Books(levels));
    return FindContradictions(WholeBackup(), levels).named();
  };
  EXPECT_THAT(found_after([](Collection& books) { books.schema.fields.pop_back(); }),
              ElementsAre(AllOf(HasSubstr("default.books"), HasSubstr("the schemas"))));
  EXPECT_THAT(found_after([](Collection& books) { books.schema.fields[1].nullable = true; }),
              ElementsAre(HasSubstr("the schemas")));
  EXPECT_THAT(found_after([](Collection& books) { books.indexes = {{.field_name = "price"}}; }),
              ElementsAre(HasSubstr("the indexes")));
  EXPECT_THAT(found_after([](Collection& books) { books.aliases = {"b"}; }),
              ElementsAre(HasSubstr("the aliases")));
  EXPECT_THAT(found_after([](Collection& books) { books.properties = {{"ttl", "1"}}; }),
              ElementsAre(HasSubstr("the properties")));
  EXPECT_THAT(found_after([](Collection& books) { books.load_state = LoadState::kLoaded; }),
              ElementsAre(HasSubstr("the load states")));
  EXPECT_THAT(found_after([](Collection& books) { books.shards_num = 7; }),
              ElementsAre(HasSubstr("the numbers of shards")));
  EXPECT_THAT(found_after([](Collection& books) { books.consistency_level = 1; }),
              ElementsAre(HasSubstr("the consistency levels")));
  EXPECT_THAT(found_after([](Collection& books) { books.rows_record = RowsRecord{.written = 3}; }),
              ElementsAre(HasSubstr("the recorded rows")));
  EXPECT_THAT(found_after([](Collection& books) { books.partitions[0].load_state = LoadState::kLoaded; }),
              ElementsAre(AllOf(HasSubstr("the load state of partition 10"), HasSubstr("NotLoad"),
                                HasSubstr("Loaded"))));
}

TEST(Contradictions, AreFoundOfAnotherBackup) {
  Findings findings;
  FindHeadContradictions(WholeBackup(), {.id = "1111", .format = "snapshot"}, findings);
  EXPECT_THAT(findings.named(),
              ElementsAre(AllOf(HasSubstr("0000"), HasSubstr("1111")), HasSubstr("snapshot")));
}

// What the Go tool wrote of a whole server is whole.
TEST(Whole, AreTheBackupsOfTheGoTool) {
  for (const std::string backup : {"go-head/spechead", "go-v0.5.16/spec516", "go-v0.4.30/spec"}) {
    const std::string meta = "tests/compat/" + backup + "/meta/";
    auto open = [&](std::string_view file) {
      return std::ifstream(meta + std::string(file), std::ios::binary);
    };
    std::ifstream full_in = open(kFullMeta), backup_in = open(kBackupMeta),
                  collection_in = open(kCollectionMeta), partition_in = open(kPartitionMeta),
                  segment_in = open(kSegmentMeta);
    const Backup full = manifest::ReadFullMeta(full_in).value();
    const Backup levels =
        manifest::ReadLevelFiles({backup_in, collection_in, partition_in, segment_in}).value();
    EXPECT_THAT(FindUnwhole(full).named(), IsEmpty()) << backup;
    EXPECT_THAT(FindContradictions(full, levels).named(), IsEmpty()) << backup;
    Findings heads;
    FindHeadContradictions(full, levels, heads);
    EXPECT_THAT(heads.named(), IsEmpty()) << backup;
  }
}

}  // namespace
}  // namespace mbk
