#include "manifest/manifest.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <ostream>
#include <vector>

#include "manifest/json_shapes.h"
#include "manifest/testing/support.h"
#include "manifest/unknown_keys.h"

namespace mbk::manifest {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

LevelTexts GoldenLevels(const std::string& backup) {
  return {.backup = ReadGolden(backup + "/meta/backup_meta.json"),
          .collection = ReadGolden(backup + "/meta/collection_meta.json"),
          .partition = ReadGolden(backup + "/meta/partition_meta.json"),
          .segment = ReadGolden(backup + "/meta/segment_meta.json")};
}

Backup GoldenBackup(const std::string& backup) {
  Result<Backup> read = ReadFull(ReadGolden(backup + "/meta/full_meta.json"));
  EXPECT_TRUE(read.ok()) << read.status().message();
  return read.ok() ? *read : Backup{};
}

class GoBackup : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Versions, GoBackup,
                         testing::Values("go-v0.4.30/spec", "go-v0.5.16/spec516", "go-head/spechead"));

TEST_P(GoBackup, IsReadWhole) {
  const Backup backup = GoldenBackup(GetParam());
  EXPECT_EQ(backup.size, 569833);
  EXPECT_EQ(backup.source_root, "files");
  EXPECT_TRUE(backup.irregular_log_paths.empty());
  ASSERT_EQ(backup.collections.size(), 5u);
  std::int64_t rows = 0;
  std::size_t deltas = 0;
  for (const Collection& collection : backup.collections) {
    for (const Partition& partition : collection.partitions) {
      for (const Segment& segment : partition.segments) {
        rows += segment.num_rows;
        deltas += segment.delta_logs.size();
        EXPECT_EQ(segment.group_id, segment.segment_id);
        for (const Binlog& log : segment.delta_logs)
          EXPECT_EQ(log.field_id, 0) << "0.4 writes the log id there";
        for (const Binlog& log : segment.insert_logs) EXPECT_NE(log.log_id, 0);
      }
    }
  }
  EXPECT_EQ(rows, 3500 + 500 + 4000 + 2000);
  EXPECT_EQ(deltas, 4u);
}

TEST_P(GoBackup, IsTheSameFromItsLevelFiles) {
  Backup full = GoldenBackup(GetParam());
  Result<Backup> levels = ReadLevels(GoldenLevels(GetParam()));
  ASSERT_TRUE(levels.ok()) << levels.status().message();
  full.databases.clear();  // not in the level files
  EXPECT_EQ(*levels, full);
}

TEST_P(GoBackup, ShowsItsNameInABackupMeta) {
  std::istringstream text(ReadGolden(std::string(GetParam()) + "/meta/backup_meta.json"));
  std::istringstream full_text(ReadGolden(std::string(GetParam()) + "/meta/full_meta.json"));
  Result<Backup> brief = ReadBackupMeta(text);
  Result<Backup> of_full = ReadBackupMeta(full_text);
  ASSERT_TRUE(brief.ok() && of_full.ok());
  EXPECT_EQ(brief->size, 569833);
  EXPECT_EQ(brief->milvus_version, "v2.3.5-lite");
  EXPECT_EQ(*of_full, *brief);
}

TEST_P(GoBackup, NamesItsCollections) {
  for (const char* file : {"/meta/full_meta.json", "/meta/collection_meta.json"}) {
    std::istringstream text(ReadGolden(std::string(GetParam()) + file));
    Result<std::vector<std::string>> names = ReadCollectionNames(text);
    ASSERT_TRUE(names.ok());
    EXPECT_THAT(*names, testing::UnorderedElementsAre("default.pkey", "default.empty_coll", "default.growing",
                                                      "default.multi", "db1.indb"));
  }
}

TEST(Head, IsWrittenBackByteForByte) {
  for (const std::string path : {"go-head/spechead", "go-v0.5.16/spec516"}) {
    const Backup backup = GoldenBackup(path);
    const LevelTexts golden = GoldenLevels(path);
    const LevelTexts written = WrittenLevels(backup);
    EXPECT_EQ(Written(WriteFullMeta, backup), ReadGolden(path + "/meta/full_meta.json"));
    EXPECT_EQ(written.backup, golden.backup);
    EXPECT_EQ(written.collection, golden.collection);
    EXPECT_EQ(written.partition, golden.partition);
    EXPECT_EQ(written.segment, golden.segment);
  }
}

TEST(LevelFiles, WithNothingToHoldAreEmptyObjects) {
  EXPECT_EQ(Written(WriteSegmentMeta, Backup{}), "{}");
  EXPECT_EQ(Written(WritePartitionMeta, Backup{}), "{}");
  EXPECT_EQ(Written(WriteCollectionMeta, Backup{}), "{}");
  EXPECT_EQ(Written(WriteBackupMeta, Backup{}), R"({"state_code":0,"size":0})");
}

TEST(LevelFiles, ASegmentWithoutAHomeIsDamage) {
  Result<Backup> read = ReadLevels({"{}", R"({"infos":[{"collection_id":1}]})", "{}",
                                    R"({"infos":[{"segment_id":3,"collection_id":1,"partition_id":2}]})"});
  EXPECT_EQ(read.status().code(), Code::kDataLoss);
  EXPECT_THAT(read.status().message(), HasSubstr("segment 3 belongs to partition 2 of collection 1"));
}

TEST(LevelFiles, AnL0SegmentOfAllPartitionsGoesToItsCollection) {
  Result<Backup> read = ReadLevels(
      {"{}", R"({"infos":[{"collection_id":1}]})", "{}",
       R"({"infos":[{"segment_id":3,"collection_id":1,"partition_id":-1,"is_l0":true,"size":5}]})"});
  ASSERT_TRUE(read.ok()) << read.status().message();
  ASSERT_EQ(read->collections[0].l0_segments.size(), 1u);
  EXPECT_EQ(read->size, 5);
}

TEST(LevelFiles, SizesThatOverflowAreDamage) {
  Result<Backup> read = ReadLevels(
      {"{}", R"({"infos":[{"collection_id":1}]})", R"({"infos":[{"collection_id":1,"partition_id":2}]})",
       R"({"infos":[{"collection_id":1,"partition_id":2,"size":9223372036854775807},
                    {"collection_id":1,"partition_id":2,"size":1}]})"});
  EXPECT_EQ(read.status().code(), Code::kDataLoss);
}

Backup OneSegment(const std::string& segment) {
  Result<Backup> read = ReadFull(
      R"({"collection_backups":[{"collection_id":1,"partition_backups":[{"partition_id":2,"segment_backups":[)" +
      segment + "]}]}]}");
  EXPECT_TRUE(read.ok()) << read.status().message();
  return read.ok() ? *read : Backup{.collections = {{.partitions = {{.segments = {{}}}}}}};
}
const Segment& TheSegment(const Backup& backup) { return backup.collections[0].partitions[0].segments[0]; }

TEST(OldFormats, AMissingFieldIdIsFieldZeroAndAMissingLogIdStandsInThePath) {
  const Backup backup = OneSegment(R"({"segment_id":3,"collection_id":1,"partition_id":2,"binlogs":[
      {"binlogs":[{"log_path":"files/insert_log/1/2/3/0/7","log_size":5}]}],"deltalogs":[
      {"fieldID":9,"binlogs":[{"log_path":"files/delta_log/1/2/3/9","log_size":6}]}],"backuped":true})");
  EXPECT_THAT(TheSegment(backup).insert_logs, ElementsAre(Binlog{.field_id = 0, .log_id = 7, .size = 5}));
  EXPECT_THAT(TheSegment(backup).delta_logs, ElementsAre(Binlog{.field_id = 0, .log_id = 9, .size = 6}));
  EXPECT_EQ(TheSegment(backup).group_id, 0);
  EXPECT_EQ(backup.source_root, "files");
  EXPECT_TRUE(backup.irregular_log_paths.empty());
  EXPECT_EQ(backup.collections[0].db_name, "default");
}

TEST(OldFormats, APathIsUnderstoodWhateverTheOrderOfKeys) {
  const Backup backup =
      OneSegment(R"({"binlogs":[{"binlogs":[{"log_path":"a/b/insert_log/1/2/3/100/7","log_id":7}],
      "fieldID":100}],"partition_id":2,"segment_id":3})");
  EXPECT_THAT(TheSegment(backup).insert_logs, ElementsAre(Binlog{.field_id = 100, .log_id = 7}));
  EXPECT_EQ(backup.source_root, "a/b");
  EXPECT_TRUE(backup.irregular_log_paths.empty());
}

TEST(OldFormats, AnEmptyRootIsARoot) {
  const Backup backup = OneSegment(R"({"segment_id":3,"collection_id":1,"partition_id":2,"deltalogs":[
      {"binlogs":[{"log_path":"delta_log/1/2/3/9","log_size":6,"log_id":9}]}]})");
  EXPECT_EQ(backup.source_root, "");
  EXPECT_TRUE(backup.irregular_log_paths.empty());
}

TEST(OldFormats, PathsThatDeviateAreKeptAndWrittenBack) {
  const Backup backup = OneSegment(R"({"segment_id":3,"collection_id":1,"partition_id":2,"binlogs":[
      {"binlogs":[{"log_path":"elsewhere/7","log_size":1},{"log_path":"files/insert_log/1/2/3/0/8","log_size":1}]}]})");
  EXPECT_THAT(backup.irregular_log_paths, ElementsAre(testing::Pair(7, "elsewhere/7")));
  EXPECT_EQ(backup.source_root, "files");
  EXPECT_EQ(*ReadFull(Written(WriteFullMeta, backup)), backup);
}

TEST(Reading, ASegmentThatClaimsAnotherCollectionIsDamage) {
  Result<Backup> read = ReadFull(
      R"({"collection_backups":[{"collection_id":1,"partition_backups":[{"segment_backups":[{"segment_id":3,"collection_id":9}]}]}]})");
  EXPECT_EQ(read.status().code(), Code::kDataLoss);
  EXPECT_THAT(read.status().message(), HasSubstr("segment 3 says that it belongs to collection 9"));
}

TEST(OldFormats, ABinlogThatNamesNoFileIsDamage) {
  Result<Backup> read = ReadFull(
      R"({"collection_backups":[{"partition_backups":[{"segment_backups":[{"binlogs":[{"binlogs":[{"log_size":4}]}]}]}]}]})");
  EXPECT_EQ(read.status().code(), Code::kDataLoss);
  EXPECT_THAT(read.status().message(), HasSubstr("collection_backups[0].partition_backups[0].segment_backups["
                                                 "0].binlogs[0].binlogs[0]: a binlog has no log_id"));
}

FieldSchema FieldOf(const std::string& json) {
  Result<Backup> read = ReadFull(R"({"collection_backups":[{"schema":{"fields":[)" + json + "]}}]}");
  EXPECT_TRUE(read.ok()) << read.status().message();
  return read.ok() ? read->collections[0].schema.fields[0] : FieldSchema{};
}

TEST(DefaultValue, IsBase64OrTheOldRawText) {
  EXPECT_EQ(FieldOf(R"({"default_value_base64":"GAc=","default_value_proto":"x"})").default_value,
            "\x18\x07");
  EXPECT_EQ(FieldOf(R"({"default_value_proto":"\u0018\u0007","default_value":{"Data":{"LongData":7}}})")
                .default_value,
            "\x18\x07");
  EXPECT_EQ(ReadFull(R"({"collection_backups":[{"schema":{"fields":[{"default_value_base64":"%"}]}}]})")
                .status()
                .code(),
            Code::kDataLoss);
}

TEST(Reading, TakesKeysInAnyCaseAndSkipsTheUnknownAtAnyDepth) {
  Result<Backup> read = ReadFull(
      R"({"NAME":"b","news":{"a":[1,{"b":[null,1.5,-1e99]}]},"size":3,"Milvus_Version":"v3","errorMessage":null})");
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->name, "b");
  EXPECT_EQ(read->milvus_version, "v3");
}

TEST(Reading, NullIsZeroEverywhere) {
  Result<Backup> read = ReadFull(
      R"({"name":null,"size":null,"rbac_meta":null,"collection_backups":[null,{"schema":null,"has_index":null,
          "load_state":null,"partition_backups":null,"index_infos":[{"params":null}],"l0_segments":[{"binlogs":null,"deltalogs":[null,{"binlogs":null}]}]}],
          "database_backups":null,"flush_all_msgs_base64":null})");
  ASSERT_TRUE(read.ok()) << read.status().message();
  ASSERT_EQ(read->collections.size(), 1u);
  EXPECT_EQ(read->collections[0].indexes.size(), 1u);
}

TEST(Reading, KeepsAll64Bits) {
  Result<Backup> read = ReadFull(
      R"({"backup_timestamp":18446744073709551615,"size":9223372036854775807,"collection_backups":[{"collection_id":-9223372036854775808}]})");
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->backup_timestamp, 18446744073709551615u);
  EXPECT_EQ(read->size, 9223372036854775807);
  EXPECT_EQ(read->collections[0].collection_id, std::numeric_limits<std::int64_t>::min());
}

struct Damage {
  const char* text;
  const char* complaint;
  friend void PrintTo(const Damage& damage, std::ostream* out) { *out << damage.text; }
};
class Damaged : public testing::TestWithParam<Damage> {};

TEST_P(Damaged, IsDataLossWithTheByteAndTheReason) {
  Result<Backup> read = ReadFull(GetParam().text);
  ASSERT_EQ(read.status().code(), Code::kDataLoss);
  EXPECT_THAT(read.status().message(), HasSubstr("full_meta.json: near byte "));
  EXPECT_THAT(read.status().message(), HasSubstr(GetParam().complaint));
}

INSTANTIATE_TEST_SUITE_P(
    Texts, Damaged,
    testing::Values(
        Damage{"", "unexpected end of input"}, Damage{"null", "expected an object, found null"},
        Damage{"[]", "expected an object, found an array"}, Damage{"{}{}", "expected end of input"},
        Damage{R"({"size":1)", "unexpected end of input"},
        Damage{R"({"size":"1"})", "size: expected an integer that is not negative, found a string"},
        Damage{R"({"size":-1})", "expected an integer that is not negative"},
        Damage{R"({"size":1.0})", "found a number that is no 64-bit integer"},
        Damage{R"({"size":9223372036854775808})", "out of range"},
        Damage{R"({"backup_timestamp":18446744073709551616})", "expected an unsigned integer"},
        Damage{R"({"name":["b"]})", "name: expected a string, found an array"},
        Damage{R"({"collection_backups":{}})", "collection_backups: expected an array, found an object"},
        Damage{R"({"collection_backups":[{"shards_num":4294967296}]})",
               "collection_backups[0].shards_num: expected a 32-bit integer"},
        Damage{R"({"collection_backups":[{},{"has_index":1}]})",
               "collection_backups[1].has_index: expected true or false"}));

TEST(Reading, NeverRepeatsAValueInItsErrors) {
  Result<Backup> wrong_type = ReadFull(R"({"rbac_meta":{"users":[{"user":"root","password":["hunter2"]}]}})");
  Result<Backup> cut_off = ReadFull(R"({"rbac_meta":{"users":[{"user":"root","password":"hunter2)");
  for (const Status& status : {wrong_type.status(), cut_off.status()}) {
    EXPECT_EQ(status.code(), Code::kDataLoss);
    EXPECT_THAT(status.message(), testing::Not(HasSubstr("hunter2")));
  }
}

TEST(Reading, BoundsDepth) {
  EXPECT_THAT(ReadFull(R"({"x":)" + std::string(100, '[')).status().message(),
              HasSubstr("nested deeper than 64"));
}

// Field case 32. The JSON of other writers has these characters as they are, or escaped.
TEST(Texts, OfAnyCharactersAreReadAsTheyAreAndWrittenBack) {
  using namespace std::string_literals;
  const std::string name(255, 'n');
  const std::string text =
      "説明 – описание 😀 \u2028 line\nbreak\ttab \"quoted\" \\ <b>&amp;</b> nul:"s + '\0' + " \x7f";
  const std::string json = R"(説明 – описание 😀 )"
                           "\u2028"
                           R"( line\nbreak\ttab \"quoted\" \\ <b>&amp;</b> nul:\u0000 )"
                           "\x7f";
  std::string emoji;
  for (int i = 0; i < 200; ++i) emoji += "🧪";
  Result<Backup> read =
      ReadFull(R"({"name":"texts","collection_backups":[{"collection_id":1,"db_name":"default",)"
               R"("collection_name":")" +
               name + R"(","schema":{"name":")" + name + R"(","description":")" + json +
               R"(","fields":[{"fieldID":100,"name":"pk",)"
               R"("description":")" +
               emoji + R"("},{"fieldID":101,"name":"\ud83e\uddea"}]}}]})");
  ASSERT_TRUE(read.ok()) << read.status().message();
  const Collection& collection = read->collections[0];
  EXPECT_EQ(collection.name, name);
  EXPECT_EQ(collection.schema.name, name);
  EXPECT_EQ(collection.schema.description, text);
  EXPECT_EQ(collection.schema.fields[0].description, emoji);
  EXPECT_EQ(collection.schema.fields[1].name, "🧪");
  EXPECT_EQ(*ReadFull(Written(WriteFullMeta, *read)), *read);
  EXPECT_EQ(ReadLevels(WrittenLevels(*read))->collections, read->collections);
}

TEST(Texts, ThatAreNotUtf8AreReadWithReplacementsAndAWarningThatNamesTheFile) {
  const std::string replacement = "\xEF\xBF\xBD";
  testing::internal::CaptureStderr();
  Result<Backup> read =
      ReadFull("{\"collection_backups\":[{\"schema\":{\"description\":\"a\xFF\xFE\xC3 – z\"}}]}");
  const std::string said = testing::internal::GetCapturedStderr();
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->collections[0].schema.description, "a" + replacement + replacement + replacement + " – z");
  EXPECT_THAT(said, HasSubstr("full_meta.json: 3 bytes are not UTF-8; each is read as U+FFFD"));
}

/// As a reader with small limits sees a document {"list": ["…", …]}.
Status ReadBounded(const std::string& text, const json::Limits& limits) {
  const json::List<std::string> list(json::ScalarShape<std::string>());
  std::vector<std::string> texts;
  json::Record<std::vector<std::string>> shape;
  shape.Add("list", [](std::vector<std::string>& all) { return &all; }, list);
  return json::Read(text, "test", {.object = &texts, .shape = &shape}, limits);
}

TEST(Reading, BoundsTheLengthOfATokenEvenOneThatIsSkipped) {
  const json::Limits limits{.token_bytes = 1000};
  const std::string longer(1001, 'a');
  EXPECT_TRUE(ReadBounded(R"({"list":[")" + std::string(900, 'a') + "\"]}", limits).ok());
  for (const std::string key : {"list", "unknown"}) {
    EXPECT_THAT(ReadBounded("{\"" + key + R"(":[")" + longer + "\"]}", limits).message(),
                HasSubstr("of more than 1000 bytes"));
  }
  EXPECT_THAT(ReadBounded("{" + std::string(1001, ' ') + "}", limits).message(),
              HasSubstr("of more than 1000 bytes"));
}

TEST(Reading, BoundsWhatADocumentMakesUsHold) {
  const std::string text = R"({"list":["","","","","","","","","","","","","","","",""]})";
  EXPECT_TRUE(ReadBounded(text, {}).ok());
  EXPECT_THAT(ReadBounded(text, {.free_bytes = 100, .bytes_per_byte = 1}).message(),
              HasSubstr("many more elements"));
}

TEST(Reading, AFailingStreamIsNoDamage) {
  std::istringstream text("{}");
  text.setstate(std::ios::badbit);
  EXPECT_EQ(ReadFullMeta(text).status().code(), Code::kUnavailable);
}

/// The backup of the recorded `get`, made by the Go tool 0.4.30 of one collection.
Backup RecordedBackup() {
  const CollectionSchema schema{
      .name = "coll",
      .description = "simple",
      .fields = {{.field_id = 100, .name = "id", .is_primary_key = true, .data_type = DataType::kInt64},
                 {.field_id = 101,
                  .name = "tag",
                  .data_type = DataType::kVarChar,
                  .type_params = {{"max_length", "64"}}},
                 {.field_id = 102,
                  .name = "vec",
                  .data_type = DataType::kFloatVector,
                  .type_params = {{"dim", "128"}}}}};
  const IndexInfo index{
      .field_name = "vec",
      .index_name = "vec",
      .index_type = "HNSW",
      .params = {
          {"index_type", "HNSW"}, {"metric_type", "L2"}, {"params", R"({"M":8,"efConstruction":64})"}}};
  return {.id = "not shown",
          .name = "my_backup",
          .collections = {{.task_id = "7b0d6d2f-e64e-11f1-968c-8a7e9e98d8bd",
                           .collection_id = 470636371197821465,
                           .db_name = "default",
                           .name = "coll",
                           .schema = schema,
                           .shards_num = 1,
                           .consistency_level = 2,
                           .partitions = {{.partition_id = 1, .name = "_default"}},
                           .size = 51886537,
                           .has_index = true,
                           .indexes = {index},
                           .load_state = LoadState::kLoaded,
                           .backup_physical_timestamp = 1795336017}},
          .size = 51886537,
          .milvus_version = "v2.3.5-lite"};
}

TEST(BriefJson, IsTheTextThatGetPrints) {
  EXPECT_EQ(BriefJson(RecordedBackup(), 11257) + "\n", ReadGolden("get-my_backup.txt"));
}

TEST(BriefJson, ShowsNoSecret) {
  Backup backup = RecordedBackup();
  backup.databases = {{.name = "db1", .ezk = "zone-key"}};
  backup.rbac = RbacMeta{.users = {{.name = "root", .password = "hash"}}};
  const std::string text = BriefJson(backup, 0);
  EXPECT_THAT(text, HasSubstr(R"("db_name": "db1")"));
  EXPECT_THAT(text, testing::Not(testing::AnyOf(HasSubstr("zone-key"), HasSubstr("hash\""))));
}

TEST(ObjectRecord, IsOneLineThatReadsBack) {
  const ObjectRecord record{.key = "binlogs/insert_log/1/2/3/3/100/7",
                            .source_key = "files/insert_log/1/2/3/100/7",
                            .size = 5,
                            .etag = "\"d41d8cd98f00b204e9800998ecf8427e\"",
                            .digest_kind = "md5",
                            .digest = "d41d8cd98f00b204e9800998ecf8427e"};
  const std::string line = ObjectRecordLine(record);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  Result<ObjectRecord> read = ParseObjectRecord(line);
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(*read, record);
  EXPECT_EQ(ObjectRecordLine({.key = "meta/full_meta.json"}),
            "{\"key\":\"meta/full_meta.json\",\"size\":0}\n");
}

TEST(ObjectRecord, NeverNamesWhatLiesOutsideTheBackup) {
  for (const char* key : {"", "/etc/passwd", "../other/x", "a/../../x", "a//b", "./a", "a/", "a\\u0000b"}) {
    EXPECT_EQ(ParseObjectRecord(fmt::format(R"({{"key":"{}","size":1}})", key)).status().code(),
              Code::kDataLoss)
        << key;
  }
}

TEST(ObjectRecord, RefusesWhatIsNoRecord) {
  for (const char* line : {"", "{", "[]", R"({"key":"a","size":-1})", R"({"key":"a","digest":"ab"})",
                           R"({"key":"a","digest_kind":"md5"})",
                           R"({"key":"a","digest_kind":"md5","digest":"XY"})", R"({"key":"a"}{"key":"b"})"}) {
    EXPECT_EQ(ParseObjectRecord(line).status().code(), Code::kDataLoss) << line;
  }
  EXPECT_EQ(ParseObjectRecord("{\"key\":\"" + std::string(20'000, 'a') + "\"}").status().code(),
            Code::kDataLoss);
}

TEST(UnknownKeys, AreThoseOfNewerToolsOnly) {
  for (const std::string path : {"go-head/spechead", "go-v0.5.16/spec516", "go-v0.4.30/spec"}) {
    const std::string text = ReadGolden(path + "/meta/full_meta.json");
    std::istringstream golden(text);
    EXPECT_THAT(UnknownKeys(golden).value(), testing::IsEmpty()) << path;
    std::istringstream newer(R"({"of_a_newer_tool":{"inner":1},)" + text.substr(1));
    EXPECT_THAT(UnknownKeys(newer).value(), testing::ElementsAre("of_a_newer_tool")) << path;
  }
}

}  // namespace
}  // namespace mbk::manifest
