#include "ops/load/schema_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace mbk::load {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

FieldSchema WithId(std::int64_t id, bool is_dynamic = false) {
  return {.field_id = id,
          .name = is_dynamic ? "$meta" : "f" + std::to_string(id),
          .data_type = DataType::kInt64,
          .is_dynamic = is_dynamic};
}

auto IdIs(std::int64_t id) { return Field(&FieldSchema::field_id, id); }

TEST(SchemaPlan, TakesTheTargetsNameAndTheOrderOfIds) {
  SchemaPlan plan =
      PlanSchema({.name = "old", .description = "d", .fields = {WithId(101), WithId(100)}}, "new");
  EXPECT_EQ(plan.schema.name, "new");
  EXPECT_EQ(plan.schema.description, "d");
  EXPECT_THAT(plan.schema.fields, ElementsAre(IdIs(100), IdIs(101)));
  EXPECT_THAT(plan.late_fields, IsEmpty());
}

TEST(SchemaPlan, LeavesTheDynamicFieldToTheServer) {
  SchemaPlan plan =
      PlanSchema({.fields = {WithId(100), WithId(101, true)}, .enable_dynamic_field = true}, "new");
  EXPECT_THAT(plan.schema.fields, ElementsAre(IdIs(100)));
  EXPECT_TRUE(plan.schema.enable_dynamic_field);
}

TEST(SchemaPlan, AddsFieldsBehindTheDynamicOneAfterwards) {
  const CollectionSchema recorded{.fields = {WithId(100), WithId(101, true), WithId(102), WithId(103)},
                                  .enable_dynamic_field = true};
  SchemaPlan plan = PlanSchema(recorded, "new");
  EXPECT_THAT(plan.schema.fields, ElementsAre(IdIs(100)));
  EXPECT_THAT(plan.late_fields, ElementsAre(IdIs(102), IdIs(103)));
}

TEST(SchemaPlan, FindsTheDynamicFieldByTheGapThatItLeft) {
  SchemaPlan plan = PlanSchema({.fields = {WithId(100), WithId(102)}, .enable_dynamic_field = true}, "new");
  EXPECT_THAT(plan.schema.fields, ElementsAre(IdIs(100)));
  EXPECT_THAT(plan.late_fields, ElementsAre(IdIs(102)));
}

TEST(SchemaPlan, AGapWithoutADynamicFieldMeansNothing) {
  SchemaPlan plan = PlanSchema({.fields = {WithId(100), WithId(102)}}, "new");
  EXPECT_THAT(plan.schema.fields, ElementsAre(IdIs(100), IdIs(102)));
  EXPECT_THAT(plan.late_fields, IsEmpty());
}

// The server numbers the fields it is given from 100, then `$meta`, then those that are added.
RC_GTEST_PROP(SchemaPlan, LetsTheServerGiveEveryFieldItsOldId, ()) {
  const int count = *rc::gen::inRange(1, 8);
  const bool has_dynamic = *rc::gen::arbitrary<bool>(), recorded = *rc::gen::arbitrary<bool>();
  const int dynamic_at = *rc::gen::inRange(1, count + 1);
  CollectionSchema source{.enable_dynamic_field = has_dynamic};
  std::int64_t id = 100;
  for (int i = 0; i <= count; ++i) {
    if (has_dynamic && i == dynamic_at) {
      if (recorded) source.fields.push_back(WithId(id, true));
      ++id;
    }
    if (i < count) source.fields.push_back(WithId(id++));
  }
  const SchemaPlan plan = PlanSchema(source, "new");
  std::int64_t given = 100;
  for (const FieldSchema& field : plan.schema.fields) RC_ASSERT(field.field_id == given++);
  if (has_dynamic) ++given;
  for (const FieldSchema& field : plan.late_fields) RC_ASSERT(field.field_id == given++);
  RC_ASSERT(plan.schema.fields.size() + plan.late_fields.size() == static_cast<std::size_t>(count));
}

TEST(MergedProperties, AreThoseOfBothPlacesAndTheCollectionsOwnWin) {
  EXPECT_THAT(MergeProperties({{"a", "1"}, {"b", "2"}}, {{"b", "3"}, {"c", "4"}}),
              ElementsAre(KeyValue{"a", "1"}, KeyValue{"b", "2"}, KeyValue{"c", "4"}));
  EXPECT_THAT(MergeProperties({}, {{"c", "4"}}), ElementsAre(KeyValue{"c", "4"}));
}

}  // namespace
}  // namespace mbk::load
