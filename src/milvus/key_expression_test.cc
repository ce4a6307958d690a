#include "milvus/key_expression.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

#include "milvus/testing/mock_filter.h"

namespace mbk {
namespace {

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
const KeyField kNumber{.field_id = 100, .name = "id"};
const KeyField kText{.field_id = 100, .name = "id", .is_text = true};

RowKey Number(std::int64_t number) { return {.number = number}; }
RowKey Text(std::string text) { return {.text = std::move(text)}; }

TEST(KeyExpression, NamesTheBoundsThereAre) {
  EXPECT_EQ(KeyExpression(kNumber, {}), "id <= 9223372036854775807");
  EXPECT_EQ(KeyExpression(kText, {}), "id >= \"\"");
  EXPECT_EQ(KeyExpression(kNumber, {.from = Number(-3), .to = Number(5)}), "id >= -3 && id < 5");
  EXPECT_EQ(KeyExpression(kText, {.after = Text("a"), .to = Text("b")}), "id > \"a\" && id < \"b\"");
}

TEST(KeyExpression, NeverWritesTheNumberThatMilvus235CannotParse) {
  EXPECT_EQ(KeyExpression(kNumber, {.from = Number(kMin)}), "id <= 9223372036854775807");
  EXPECT_EQ(KeyExpression(kNumber, {.after = Number(kMin)}), "id >= -9223372036854775807");
}

TEST(KeyExpression, LiteralsEscapeWhatEndsOrBreaksThem) {
  EXPECT_EQ(TextLiteral("a\"b\\c\nd\re\tf'g中"), "\"a\\\"b\\\\c\\nd\\re\tf'g中\"");
}

TEST(KeyExpression, ARangeThatHoldsNoKeyIsKnown) {
  EXPECT_TRUE(IsEmptyRange(kNumber, {.after = Number(kMax)}));
  EXPECT_TRUE(IsEmptyRange(kNumber, {.to = Number(kMin)}));
  EXPECT_TRUE(IsEmptyRange(kNumber, {.from = Number(5), .to = Number(5)}));
  EXPECT_TRUE(IsEmptyRange(kText, {.to = Text("")}));
  EXPECT_FALSE(IsEmptyRange(kText, {}));
  EXPECT_FALSE(IsEmptyRange(kNumber, {.from = Number(5), .to = Number(6)}));
}

TEST(KeyField, IsAnInt64OrAVarChar) {
  FieldSchema field{.field_id = 100, .name = "id", .is_primary_key = true, .data_type = DataType::kVarChar};
  EXPECT_TRUE(KeyField::Of({.fields = {field}})->is_text);
  field.data_type = DataType::kInt64;
  EXPECT_FALSE(KeyField::Of({.fields = {field}})->is_text);
  field.data_type = DataType::kFloat;
  EXPECT_EQ(KeyField::Of({.fields = {field}}).status().code(), Code::kInvalidArgument);
  field.is_primary_key = false;
  EXPECT_EQ(KeyField::Of({.fields = {field}}).status().code(), Code::kInvalidArgument);
}

std::int64_t AnyNumber() {
  return *rc::gen::oneOf(rc::gen::arbitrary<std::int64_t>(),
                         rc::gen::element(kMin, kMin + 1, kMax - 1, kMax));
}

RowKey AnyKey(bool is_text) {
  if (is_text) return {.text = *rc::gen::string<std::string>()};
  return {.number = AnyNumber()};
}

RC_GTEST_PROP(KeyExpression, IsTrueOfExactlyTheKeysOfItsRange, (bool is_text)) {
  const KeyField& field = is_text ? kText : kNumber;
  auto bound = [&]() -> std::optional<RowKey> {
    if (*rc::gen::arbitrary<bool>()) return std::nullopt;
    return AnyKey(is_text);
  };
  KeyRange range{.from = bound(), .after = bound(), .to = bound()};
  RowKey key = AnyKey(is_text);
  const bool inside = (!range.from || *range.from <= key) && (!range.after || *range.after < key) &&
                      (!range.to || key < *range.to);
  if (IsEmptyRange(field, range)) {
    RC_ASSERT(!inside);
    return;
  }
  auto filter = milvustest::ParseKeyFilter(KeyExpression(field, range), field);
  RC_ASSERT(filter.status().message() == "");
  RC_ASSERT((*filter)(key) == inside);
}

RC_GTEST_PROP(KeyEquals, IsTrueOfTheKeyAlone, (bool is_text)) {
  const KeyField& field = is_text ? kText : kNumber;
  const RowKey key = AnyKey(is_text), other = AnyKey(is_text);
  auto filter = milvustest::ParseKeyFilter(KeyEquals(field, key), field);
  RC_ASSERT(filter.status().message() == "");
  RC_ASSERT((*filter)(key));
  RC_ASSERT((*filter)(other) == (key == other));
}

}  // namespace
}  // namespace mbk
