#include "codec/fingerprint.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "model/column_builder.h"

namespace mbk {
namespace {

CollectionSchema Schema(std::int64_t first_id = 100) {
  return {.fields = {
              {.field_id = first_id, .name = "id", .is_primary_key = true, .data_type = DataType::kInt64},
              {.field_id = first_id + 1, .name = "x", .data_type = DataType::kFloat},
              {.field_id = first_id + 2, .name = "text", .data_type = DataType::kVarChar, .nullable = true},
              {.field_id = first_id + 3,
               .name = "tags",
               .data_type = DataType::kArray,
               .element_type = DataType::kInt64}}};
}

struct Row {
  std::int64_t id = 0;
  float x = 0;
  std::optional<std::string> text;
  std::string tags;
};

RowBatch Batch(const std::vector<Row>& rows, std::int64_t first_id = 100) {
  ColumnBuilder id(first_id, DataType::kInt64, ColumnLayout::kFixed, 8);
  ColumnBuilder x(first_id + 1, DataType::kFloat, ColumnLayout::kFixed, 4);
  ColumnBuilder text(first_id + 2, DataType::kVarChar, ColumnLayout::kVariable);
  ColumnBuilder tags(first_id + 3, DataType::kArray, ColumnLayout::kVariable);
  for (const Row& row : rows) {
    id.AppendNumber(row.id);
    x.AppendNumber(row.x);
    row.text ? text.AppendBytes(*row.text) : text.AppendNull();
    tags.AppendBytes(row.tags);
  }
  return {.rows = static_cast<std::int64_t>(rows.size()),
          .columns = {tags.Finish(), id.Finish(), x.Finish(), text.Finish()}};
}

Fingerprint Of(const std::vector<Row>& rows, std::int64_t first_id = 100) {
  const std::vector<Hash128> hashes = RowHasher(Schema(first_id)).HashRows(Batch(rows, first_id)).value();
  Fingerprint sum;
  for (const Hash128& hash : hashes) sum.Add(hash);
  return sum;
}

// schema.ScalarField{long_data{1, 2}}, packed and not.
const std::string kPacked("\x1a\x04\x0a\x02\x01\x02", 6);
const std::string kUnpacked("\x1a\x04\x08\x01\x08\x02", 6);

const std::vector<Row> kRows{{1, 0.5F, "a", kPacked}, {2, -1.5F, std::nullopt, kPacked}, {3, 0.0F, "", ""}};

// The same sum was made by a program in another language after docs/formats/fingerprint.md alone.
TEST(Fingerprint, IsThatOfTheDocument) {
  EXPECT_EQ(Of(kRows).ToString(), "937b43105c0c398afbfadbf437805318-3");
}

TEST(Fingerprint, DependsOnNeitherOrderNorFieldIds) {
  std::vector<Row> turned(kRows.rbegin(), kRows.rend());
  EXPECT_EQ(Of(turned), Of(kRows));
  EXPECT_EQ(Of(kRows, 205), Of(kRows));
}

TEST(Fingerprint, OfPartsAddsUpToThatOfTheWhole) {
  Fingerprint sum = Of({kRows[0]});
  sum.Add(Of({kRows[1], kRows[2]}));
  EXPECT_EQ(sum, Of(kRows));
}

TEST(Fingerprint, OfAnArrayIsThatOfItsElements) {
  std::vector<Row> rows = kRows;
  rows[0].tags = kUnpacked;
  EXPECT_EQ(Of(rows), Of(kRows));
}

TEST(Fingerprint, TellsApartWhatComparesEqual) {
  auto with = [](auto change) {
    std::vector<Row> rows = kRows;
    change(rows);
    return Of(rows);
  };
  EXPECT_NE(with([](auto& rows) { rows[2].x = -0.0F; }), Of(kRows));
  EXPECT_NE(with([](auto& rows) { rows[1].text = ""; }), Of(kRows));
  EXPECT_NE(with([](auto& rows) { rows[2].text = std::nullopt; }), Of(kRows));
  const auto quiet = with([](auto& rows) { rows[0].x = std::bit_cast<float>(0x7fc00000u); });
  const auto payload = with([](auto& rows) { rows[0].x = std::bit_cast<float>(0x7fc00001u); });
  EXPECT_NE(quiet, payload);
}

TEST(Fingerprint, TellsValuesThatChangedPlaces) {
  std::vector<Row> rows = kRows;
  std::swap(rows[0].x, rows[1].x);
  EXPECT_NE(Of(rows), Of(kRows));
}

TEST(Fingerprint, OfTwiceTheSameRowIsNotThatOfNone) {
  EXPECT_NE(Of({kRows[0], kRows[0], kRows[1]}), Of({kRows[1]}));
  EXPECT_NE(Of({kRows[0], kRows[0]}), Of({kRows[0]}));
}

TEST(Fingerprint, OfWhatIsNoArrayIsDamage) {
  std::vector<Row> rows = kRows;
  rows[0].tags = "\x1a\x7f";
  const auto hashed = RowHasher(Schema()).HashRows(Batch(rows));
  EXPECT_EQ(hashed.status().code(), Code::kDataLoss);
  EXPECT_NE(hashed.status().message().find("tags"), std::string::npos);
}

TEST(Fingerprint, OfAnArrayWithOtherElementsThanTheSchemaSaysIsDamage) {
  // One double, whose bytes would pass for an integer; and text that is none.
  for (const std::string_view other : {std::string_view("\x2a\x0a\x0a\x08\0\0\0\0\0\0\xf0\x3f", 12),
                                       std::string_view("\x32\x03\x0a\x01\xff", 5)}) {
    CollectionSchema schema = Schema();
    if (other[0] == '\x32') schema.fields[3].element_type = DataType::kVarChar;
    const std::vector<Row> rows{{1, 1.0F, "", ""}, {2, 1.0F, "", std::string(other)}};
    const Status status = RowHasher(schema).HashRows(Batch(rows)).status();
    EXPECT_EQ(status.code(), Code::kDataLoss);
    EXPECT_NE(status.message().find("tags"), std::string::npos);
  }
}

TEST(Fingerprint, CarriesFromTheLowHalfToTheHigh) {
  Fingerprint sum;
  sum.Add(Hash128{.low = ~std::uint64_t{0}, .high = 1});
  sum.Add(Hash128{.low = 2, .high = 0});
  EXPECT_EQ(sum.sum, (Hash128{.low = 1, .high = 2}));
  EXPECT_EQ(sum.rows, 2);
}

RC_GTEST_PROP(Fingerprint, SeesEveryFlippedBit, (std::int64_t id, const std::string& text)) {
  const std::vector<Row> rows{{id, 1.0F, text, ""}};
  const int bit = *rc::gen::inRange(0, 64);
  std::vector<Row> flipped = rows;
  flipped[0].id = static_cast<std::int64_t>(static_cast<std::uint64_t>(id) ^ std::uint64_t{1} << bit);
  RC_ASSERT(Of(flipped) != Of(rows));
}

}  // namespace
}  // namespace mbk
