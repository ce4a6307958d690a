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
  explicit Side(const std::vector<BookRow>& rows) {
    backup_.AddSegment(0, rows);
    rows_ = std::make_unique<rows::BinlogRows>(
        "side",
        rows::CollectionRows::Open(
            RowBackup::Codec(),
            {backup_.store(), [this](const DataObject& o) { return o.KeyIn(backup_.layout().tree()); }},
            backup_.books(), {})
            .value());
  }
  rows::RowSource& rows() { return *rows_; }
  RowBackup& backup() { return backup_; }

 private:
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

}  // namespace
}  // namespace mbk
