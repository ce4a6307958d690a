#include "ops/compare/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "ops/rows/binlog_rows.h"
#include "ops/rows/largest_key.h"
#include "ops/testing/row_backup.h"

namespace mbk {
namespace {

using opstest::BookRow;
using opstest::Books;
using opstest::kMs;
using opstest::kNow;
using opstest::RowBackup;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// One side of a comparison: the books of a backup.
class Side {
 public:
  explicit Side(const std::vector<BookRow>& rows, const std::vector<BookRow>& in_new = {}) {
    backup_.AddSegment(0, rows);
    if (!in_new.empty()) backup_.AddSegment(1, in_new);
    Open();
  }
  void SetPartitionKey() {
    backup_.books().schema.fields[2].is_partition_key = true;
    Open();
  }
  rows::RowSource& rows() { return *rows_; }
  RowBackup& backup() { return backup_; }

 private:
  void Open() {
    rows_ = std::make_unique<rows::BinlogRows>(
        "side",
        rows::CollectionRows::Open(
            RowBackup::Codec(),
            {backup_.store(), [this](const DataObject& o) { return o.KeyIn(backup_.layout().tree()); }},
            backup_.books(), {})
            .value());
  }

  RowBackup backup_;
  std::unique_ptr<rows::BinlogRows> rows_;
};

// A side that gives other rows each time it is read.
class Restless : public rows::RowSource {
 public:
  explicit Restless(Side& first, Side& then) : sides_{&first, &then} {}
  const std::string& name() const override { return name_; }
  const CollectionSchema& schema() const override { return sides_[0]->rows().schema(); }
  bool may_change() const override { return true; }
  Status ForEachBatch(const Visit& visit, const CallContext& context) override {
    return sides_[passes_++ % 2]->rows().ForEachBatch(visit, context);
  }

 private:
  const std::string name_ = "restless";
  Side* sides_[2];
  int passes_ = 0;
};

Comparison Compare(rows::RowSource& left, rows::RowSource& right, const CompareOptions& options = {}) {
  Progress progress;
  Result<Comparison> compared = CompareRows(left, right, options, progress, {});
  EXPECT_TRUE(compared.ok()) << compared.status().message();
  return compared.ok() ? *compared : Comparison{};
}

TEST(Compare, FindsTheSameRowsEqual) {
  Side left(Books(0, 50)), right(Books(0, 50, kNow + kMs));
  const Comparison compared = Compare(left.rows(), right.rows());
  EXPECT_TRUE(compared.equal());
  EXPECT_THAT(compared.differences, IsEmpty());
  EXPECT_EQ(compared.left.total.rows, 50);
}

TEST(Compare, TellsRowsThatLieInAnotherPartition) {
  Side left(Books(0, 20), Books(100, 5));
  Side moved(Books(100, 5), Books(0, 20));
  const Comparison compared = Compare(left.rows(), moved.rows());
  EXPECT_EQ(compared.left.total, compared.right.total) << "every row is there";
  EXPECT_FALSE(compared.equal());
  EXPECT_TRUE(compared.different());
  ASSERT_THAT(compared.partition_differences, SizeIs(2));
  EXPECT_EQ(compared.partition_differences[0].partition, "_default");
  EXPECT_EQ(compared.partition_differences[0].rows_left, 20);
  EXPECT_EQ(compared.partition_differences[0].rows_right, 5);
  EXPECT_EQ(compared.partition_differences[1].partition, "new");
}

TEST(Compare, WithAPartitionKeyTheWholeCounts) {
  Side left(Books(0, 20), Books(100, 5)), moved(Books(100, 5), Books(0, 20));
  for (Side* side : {&left, &moved}) side->SetPartitionKey();
  EXPECT_TRUE(Compare(left.rows(), moved.rows()).equal());
}

TEST(Compare, NamesWhatIsMissingExtraAndChangedAndInWhichField) {
  std::vector<BookRow> changed = Books(1, 50);  // 0 is missing, 50 is extra
  changed[6].title = "another";
  changed[7].price = -0.0F;
  changed[7].title = "and another";
  Side left(Books(0, 50)), right(changed);
  const Comparison compared = Compare(left.rows(), right.rows());
  EXPECT_EQ(compared.missing, 1);
  EXPECT_EQ(compared.extra, 1);
  EXPECT_EQ(compared.changed, 2);
  ASSERT_THAT(compared.differences, SizeIs(4));
  auto find = [&](const std::string& key) {
    for (const RowDifference& one : compared.differences)
      if (one.key == key) return one;
    return RowDifference{};
  };
  EXPECT_EQ(find("0").kind, RowDifference::Kind::kMissing);
  EXPECT_EQ(find("50").kind, RowDifference::Kind::kExtra);
  EXPECT_THAT(find("7").fields, ElementsAre("title"));
  EXPECT_THAT(find("8").fields, ElementsAre("price", "title"));
}

TEST(Compare, CountsAllDifferencesAndNamesOnlySome) {
  Side left(Books(0, 50)), right(Books(50, 50));
  const Comparison compared = Compare(left.rows(), right.rows(), {.max_differences = 3});
  EXPECT_EQ(compared.missing, 50);
  EXPECT_EQ(compared.extra, 50);
  EXPECT_THAT(compared.differences, SizeIs(3));
}

TEST(Compare, OfManyKeysGoesThroughThemInParts) {
  std::vector<BookRow> changed = Books(0, 500);
  for (const std::size_t i : {3, 77, 401}) changed[i].title += "!";
  Side left(Books(0, 500)), right(changed);
  const Comparison compared = Compare(left.rows(), right.rows(), {.max_keys = 60});
  EXPECT_EQ(compared.changed, 3);
  EXPECT_THAT(compared.differences, SizeIs(3));
}

TEST(Compare, OfASideThatIsBeingWrittenToProvesNothing) {
  Side left(Books(0, 50)), first(Books(0, 50)), then(Books(0, 51));
  Restless right(first, then);
  const Comparison compared = Compare(left.rows(), right);
  EXPECT_THAT(compared.being_written, ElementsAre("restless"));
}

TEST(Compare, LeavesOutTheLargestKeyAloneWhereNoQueryReturnsIt) {
  std::vector<BookRow> rows = Books(0, 50);
  rows.push_back({rows::kLargestKey, 1.0F, "the last"});
  Side left(rows), right(Books(0, 50));
  rows::WithoutLargestKey left_rows(left.rows()), right_rows(right.rows());
  const Comparison compared = Compare(left_rows, right_rows);
  EXPECT_TRUE(compared.equal());
  EXPECT_EQ(compared.left.total.rows, 50);
  EXPECT_EQ(Compare(left.rows(), right.rows()).missing, 1);
}

TEST(Compare, OfOtherSchemasNamesTheFields) {
  Side left(Books(0, 5));
  CollectionSchema other = left.rows().schema();
  other.fields[1].data_type = DataType::kDouble;
  other.fields[2].name = "name";
  EXPECT_THAT(
      CompareSchemas(left.rows().schema(), other),
      ElementsAre("field price has type 11 instead of 10", "field title is missing", "field name is extra"));
}

TEST(Compare, OfOtherElementTypesAndDimensionsNamesTheFields) {
  const auto schema_of = [](DataType elements, const std::string& dim) {
    CollectionSchema schema;
    schema.fields = {
        {.field_id = 100, .name = "id", .is_primary_key = true, .data_type = DataType::kInt64},
        {.field_id = 101, .name = "tags", .data_type = DataType::kArray, .element_type = elements},
        {.field_id = 102, .name = "v", .data_type = DataType::kFloatVector}};
    schema.fields[2].type_params = {{"dim", dim}};
    return schema;
  };
  EXPECT_THAT(
      CompareSchemas(schema_of(DataType::kInt64, "8"), schema_of(DataType::kInt32, "16")),
      ElementsAre("field tags has elements of type 4 instead of 5", "field v has dim 16 instead of 8"));
}

TEST(Compare, OfOtherLimitsNamesTheFieldsAndComparesTheRows) {
  Side left(Books(0, 5));
  CollectionSchema here = left.rows().schema(), other = here;
  here.fields[2].type_params = {{"max_length", "64"}};
  other.fields[2].type_params = {{"max_length", "77"}, {"max_capacity", "9"}};
  EXPECT_THAT(CompareSchemas(here, other), testing::IsEmpty());
  EXPECT_THAT(CompareLimits(here, other), ElementsAre("field title has max_length 77 instead of 64"))
      << "a side that tells no limit has no other one";
  EXPECT_TRUE(Compare(left.rows(), left.rows()).rows_compared);
}

}  // namespace
}  // namespace mbk
