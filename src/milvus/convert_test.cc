#include "milvus/convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "base/hash.h"
#include "mbk/msg.pb.h"

namespace mbk {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Names are UTF-8 on this wire; that other bytes survive is the business of `bytes` fields.
std::string Word() { return *rc::gen::string<std::string>().as("word"); }
std::string Name() { return *rc::gen::container<std::string>(rc::gen::inRange<char>(' ', '~')).as("name"); }
bool Flag() { return *rc::gen::arbitrary<bool>(); }
std::int64_t Id() { return *rc::gen::arbitrary<std::int64_t>(); }
std::int32_t Number() { return *rc::gen::arbitrary<std::int32_t>(); }

template <class Make>
auto Some(Make make) {
  std::vector<decltype(make())> values;
  for (int left = *rc::gen::inRange(0, 4); left > 0; --left) values.push_back(make());
  return values;
}

KeyValues Pairs() {
  return Some([] { return KeyValue{.key = Name(), .value = Name()}; });
}

FieldSchema AnyField() {
  return {.field_id = Id(),
          .name = Name(),
          .is_primary_key = Flag(),
          .description = Name(),
          .data_type = static_cast<DataType>(Number()),  // numbers nobody knows yet, too
          .type_params = Pairs(),
          .index_params = Pairs(),
          .auto_id = Flag(),
          .state = Number(),
          .element_type = static_cast<DataType>(Number()),
          .default_value = Word(),
          .is_dynamic = Flag(),
          .is_partition_key = Flag(),
          .is_clustering_key = Flag(),
          .nullable = Flag(),
          .is_function_output = Flag(),
          .external_field = Name(),
          .type_schema = Word(),
          .element_nullable = Flag()};
}

StructArrayField AnyStructArray() {
  return {.field_id = Id(),
          .name = Name(),
          .description = Name(),
          .fields = Some(AnyField),
          .type_params = Pairs(),
          .nullable = Flag()};
}

FunctionSchema AnyFunction() {
  return {.name = Name(),
          .id = Id(),
          .description = Name(),
          .type = Number(),
          .input_field_names = Some(Name),
          .input_field_ids = Some(Id),
          .output_field_names = Some(Name),
          .output_field_ids = Some(Id),
          .params = Pairs()};
}

CollectionSchema AnySchema() {
  return {.name = Name(),
          .description = Name(),
          .auto_id = Flag(),
          .fields = Some(AnyField),
          .enable_dynamic_field = Flag(),
          .properties = Pairs(),
          .functions = Some(AnyFunction),
          .struct_array_fields = Some(AnyStructArray),
          .version = Number(),
          .external_source = Name(),
          .external_spec = Name(),
          .do_physical_backfill = Flag(),
          .file_resource_ids = Some(Id),
          .enable_namespace = Flag()};
}

RC_GTEST_PROP(Schema, SurvivesTheWire, ()) {
  CollectionSchema schema = AnySchema();
  pb::schema::CollectionSchema received;
  RC_ASSERT(received.ParseFromString(ToProto(schema).SerializeAsString()));
  RC_ASSERT(FromProto(received) == schema);
}

RC_GTEST_PROP(Rbac, SurvivesTheWire, ()) {
  RbacMeta meta{
      .users = Some([] { return RbacUser{.name = Name(), .password = Name(), .roles = Some(Name)}; }),
      .roles = Some([] { return RbacRole{.name = Name(), .description = Name()}; }),
      .grants = Some([] {
        return RbacGrant{.role = Name(),
                         .object = Name(),
                         .object_name = Name(),
                         .grantor_user = Name(),
                         .privilege = Name(),
                         .db_name = Name()};
      }),
      .privilege_groups = Some([] { return PrivilegeGroup{.name = Name(), .privileges = Some(Name)}; })};
  pb::milvus::RBACMeta received;
  RC_ASSERT(received.ParseFromString(ToProto(meta).SerializeAsString()));
  RC_ASSERT(FromProto(received) == meta);
}

// The schema that the Go tool sent to Milvus 2.3.5 in a recorded restore.
constexpr const char* kRecordedSchema =
    "CgptdWx0aV9zcHloEhRtdWx0aSBmZWF0dXJlIOS4reaWhyIcCGQSAnBrGAEoFTIQCgptYXhfbGVuZ3RoEgIzMiIHCGUSAWIoASIICGYS"
    "Amk4"
    "KAIiCQhnEgNpMTYoAyIJCGgSA2kzMigEIgkIaRIDaTY0KAUiBwhqEgFmKAoiBwhrEgFkKAsiCAhsEgJqcygXIh8IbRIDYXJyKBYyEgoM"
    "bWF4"
    "X2NhcGFjaXR5EgIxNlAFIjEIbhIEc2FycigWMhAKCm1heF9sZW5ndGgSAjMyMhEKDG1heF9jYXBhY2l0eRIBOFAVIhMIbxICYnYoZDIJ"
    "CgNk"
    "aW0SAjY0KAE=";

TEST(Schema, ReadsAndWritesARecordedOneByteForByte) {
  std::string recorded = Base64Decode(kRecordedSchema).value();
  pb::schema::CollectionSchema message;
  ASSERT_TRUE(message.ParseFromString(recorded));
  CollectionSchema schema = FromProto(message);
  EXPECT_EQ(schema.name, "multi_spyh");
  ASSERT_EQ(schema.fields.size(), 12u);
  EXPECT_EQ(schema.fields[10].element_type, DataType::kVarChar);
  EXPECT_EQ(ToProto(schema).SerializeAsString(), recorded);
}

TEST(Schema, ADefaultValueOfAKindWeDoNotKnowKeepsItsBytes) {
  const std::string value_field("\x7a\x02\x08\x01", 4);  // field 15 of ValueField, from a future server
  pb::schema::FieldSchema field;
  field.set_default_value(value_field);
  EXPECT_EQ(ToProto(FromProto(field)).default_value(), value_field);
}

TEST(Index, TypeComesFromItsParamsWhichAreSorted) {
  pb::milvus::IndexDescription index;
  for (auto [key, value] : {std::pair{"metric_type", "L2"}, {"index_type", "IVF_FLAT"}}) {
    auto* param = index.add_params();
    param->set_key(key);
    param->set_value(value);
  }
  IndexInfo info = FromProto(index);
  EXPECT_EQ(info.index_type, "IVF_FLAT");
  EXPECT_THAT(info.params, ElementsAre(KeyValue{"index_type", "IVF_FLAT"}, KeyValue{"metric_type", "L2"}));
  EXPECT_EQ(FromProto(pb::milvus::IndexDescription()).index_type, "");  // a scalar index of 2.3.5
}

std::string Position(const std::string& channel, std::uint64_t timestamp) {
  pb::msg::MsgPosition position;
  position.set_channel_name(channel);
  position.set_timestamp(timestamp);
  return position.SerializeAsString();
}

TEST(Flush, CheckpointsKeepTheirBytesAndTheLatestIsKnown) {
  pb::milvus::FlushResponse response;
  (*response.mutable_coll_segids())["c"].add_data(7);
  (*response.mutable_coll_flush_ts())["c"] = 100;
  (*response.mutable_coll_seal_times())["c"] = 1'795'336'871;
  (*response.mutable_channel_cps())["ch_0"] = Position("ch_0", 5);
  (*response.mutable_channel_cps())["ch_1"] = Position("ch_1", 9);
  FlushResult flush = FromProto(response, "c").value();
  EXPECT_TRUE(flush.must_poll);
  EXPECT_THAT(flush.segment_ids, ElementsAre(7));
  EXPECT_EQ(flush.flush_ts, 100u);
  EXPECT_EQ(flush.seal_time_s, 1'795'336'871);
  EXPECT_EQ(flush.max_checkpoint_ts, 9u);
  EXPECT_EQ(flush.channel_checkpoints["ch_0"], Base64Encode(Position("ch_0", 5)));
}

TEST(Flush, AnEmptySegmentListIsPolledAndAMissingOneIsNot) {
  pb::milvus::FlushResponse response;
  EXPECT_FALSE(FromProto(response, "c").value().must_poll);
  (*response.mutable_coll_segids())["c"];
  EXPECT_TRUE(FromProto(response, "c").value().must_poll);
}

TEST(Flush, ACheckpointThatDoesNotParseIsDataLoss) {
  pb::milvus::FlushResponse response;
  (*response.mutable_channel_cps())["ch_0"] = "\xff\xff";
  EXPECT_EQ(FromProto(response, "c").status().code(), Code::kDataLoss);
}

pb::milvus::GetImportStateResponse ImportAnswer(std::int32_t state, const std::string& percent) {
  pb::milvus::GetImportStateResponse response;
  response.set_state(state);
  response.set_row_count(976);
  auto* info = response.add_infos();
  info->set_key("progress_percent");
  info->set_value(percent);
  return response;
}

TEST(ImportState, IsReadWithItsInfos) {
  ImportProgress progress = FromProto(ImportAnswer(5, "90")).value();
  EXPECT_EQ(progress.state, ImportState::kPersisted);
  EXPECT_EQ(progress.percent, 90);
  EXPECT_EQ(progress.row_count, 976);
}

TEST(ImportState, AStrangePercentageIsNotBelieved) {
  EXPECT_EQ(FromProto(ImportAnswer(2, "")).value().percent, 0);
  EXPECT_EQ(FromProto(ImportAnswer(2, "many")).value().percent, 0);
  EXPECT_EQ(FromProto(ImportAnswer(2, "4000")).value().percent, 100);
  EXPECT_EQ(FromProto(ImportAnswer(2, "-3")).value().percent, 0);
}

TEST(ImportState, AnUnknownOneIsAnError) {
  Status status = FromProto(ImportAnswer(42, "")).status();
  EXPECT_EQ(status.code(), Code::kInternal);
  EXPECT_THAT(status.message(), HasSubstr("42"));
}

}  // namespace
}  // namespace mbk
