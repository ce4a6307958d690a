#include "ops/load/merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

namespace mbk::load {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::Field;
using testing::SizeIs;

constexpr std::int64_t kMiB = 1 << 20;
constexpr std::int64_t kFields[] = {kRowIdField, kTimestampField, 100, 101};

// A collection with a key and a vector; segments are added one by one.
struct Books {
  explicit Books(std::size_t partitions = 1) {
    for (std::size_t i = 0; i < partitions; ++i) {
      const auto id = static_cast<std::int64_t>(50 + i);
      collection.partitions.push_back({.partition_id = id, .name = "p" + std::to_string(id)});
    }
  }

  Segment& Add(std::int64_t bytes, std::size_t partition = 0) {
    Partition& in = collection.partitions[partition];
    const std::int64_t id = next_id++;
    Segment segment{
        .segment_id = id, .partition_id = in.partition_id, .num_rows = 10, .group_id = id, .size = bytes};
    for (const std::int64_t field : kFields)
      segment.insert_logs.push_back({field, id * 10 + field, bytes / 4});
    in.segments.push_back(std::move(segment));
    return in.segments.back();
  }
  void AddMany(int count, std::int64_t bytes, std::size_t partition = 0) {
    for (int i = 0; i < count; ++i) Add(bytes, partition);
  }

  std::vector<ImportDir> Planned() {
    backup = {.collections = {collection}};
    plan = MakePlan(backup, {}).value();
    return plan.collections[0].imports.empty() ? std::vector<ImportDir>() : plan.collections[0].imports[0];
  }
  std::vector<ImportDir> Merged() {
    const std::vector<ImportDir> planned = Planned();
    return MergeSmallDirs(backup.collections[0], planned);
  }

  Collection collection{
      .collection_id = 7,
      .db_name = "default",
      .name = "books",
      .schema = {
          .fields = {{.field_id = 100, .name = "id", .is_primary_key = true, .data_type = DataType::kInt64},
                     {.field_id = 101, .name = "v", .data_type = DataType::kFloatVector}}}};
  Backup backup;
  Plan plan;
  std::int64_t next_id = 600;
};

std::int64_t RowsOf(const std::vector<ImportDir>& dirs) {
  std::int64_t rows = 0;
  for (const ImportDir& dir : dirs) rows += dir.rows;
  return rows;
}

TEST(Merge, MakesOneJobOfManySmallSegmentsInThePlaceOfTheFirst) {
  Books books;
  books.AddMany(60, 40'000);
  const auto merged = books.Merged();
  ASSERT_THAT(merged, SizeIs(1));
  EXPECT_TRUE(merged[0].rewritten);
  EXPECT_EQ(merged[0].partition, "p50");
  EXPECT_EQ(merged[0].rows, 600);
  EXPECT_THAT(merged[0].segments, SizeIs(60));
  EXPECT_EQ(merged[0].insert_dir, "binlogs/insert_log/7/50/600/");
  EXPECT_EQ(merged[0].delta_dir, "");
}

TEST(Merge, SaysThatThereMayBeDeletesWhereOneSegmentHasSome) {
  Books books;
  books.AddMany(20, 40'000);
  books.collection.partitions[0].segments[7].delta_logs = {{0, 1, 500}};
  const auto merged = books.Merged();
  ASSERT_THAT(merged, SizeIs(1));
  EXPECT_EQ(merged[0].delta_dir, "binlogs/delta_log/7/50/600/");
}

TEST(Merge, StaysWithinAPartition) {
  Books books(3);
  for (std::size_t partition = 0; partition < 3; ++partition) books.AddMany(5, 1000, partition);
  EXPECT_THAT(books.Merged(),
              ElementsAre(Field(&ImportDir::partition, "p50"), Field(&ImportDir::partition, "p51"),
                          Field(&ImportDir::partition, "p52")));
}

TEST(Merge, CannotHelpPartitionsOfOneSegmentEach) {
  Books books(40);
  for (std::size_t partition = 0; partition < 40; ++partition) books.Add(1000, partition);
  EXPECT_THAT(books.Merged(), AllOf(SizeIs(40), Each(Field(&ImportDir::rewritten, false))));
}

TEST(Merge, LeavesFewSegmentsAsTheyAre) {
  Books books;
  books.AddMany(8, 1000);
  EXPECT_THAT(books.Merged(), AllOf(SizeIs(8), Each(Field(&ImportDir::rewritten, false))));
  books.Add(1000);
  EXPECT_THAT(books.Merged(), SizeIs(1)) << "eight jobs saved";
}

TEST(Merge, FillsSegmentsUpToALimit) {
  Books books;
  books.AddMany(40, 4 * kMiB);
  const auto merged = books.Merged();
  EXPECT_THAT(merged, SizeIs(3)) << "16, 16 and 8 of them";
  EXPECT_EQ(RowsOf(merged), 400);
}

TEST(Merge, LeavesLargeSegmentsWhereTheyAre) {
  Books books;
  books.AddMany(10, 1000);
  const std::int64_t large = books.Add(100 * kMiB).segment_id;
  const auto merged = books.Merged();
  ASSERT_THAT(merged, SizeIs(2));
  EXPECT_TRUE(merged[0].rewritten);
  EXPECT_FALSE(merged[1].rewritten);
  EXPECT_EQ(merged[1].segments.at(0)->segment_id, large);
}

// What each of these is about is in merge.h.
TEST(Merge, LeavesAloneWhatItCannotVouchFor) {
  const std::vector<std::pair<std::string, std::function<void(Segment&)>>> cases{
      {"storage V2", [](Segment& s) { s.storage_version = 2; }},
      {"a field without files", [](Segment& s) { s.insert_logs.pop_back(); }},
      {"a size that is not known", [](Segment& s) { s.insert_logs[0].size = 0; }},
      {"no directory of its own", [](Segment& s) { s.group_id = 0; }},
      {"very many deletes", [](Segment& s) { s.delta_logs = {{0, 1, 2 * kMiB}}; }},
  };
  for (const auto& [name, change] : cases) {
    Books books;
    books.AddMany(20, 1000);
    for (Segment& segment : books.collection.partitions[0].segments) change(segment);
    const auto planned = books.Planned();
    EXPECT_THAT(MergeSmallDirs(books.backup.collections[0], planned),
                AllOf(SizeIs(planned.size()), Each(Field(&ImportDir::rewritten, false))))
        << name;
  }
  Books books;
  books.AddMany(20, 1000);
  books.collection.schema.struct_array_fields = {{}};
  EXPECT_THAT(books.Merged(), Each(Field(&ImportDir::rewritten, false))) << "struct arrays";
}

// Whatever the segments are: each is in one job, and of one that shares its directory all the others are.
RC_GTEST_PROP(MergeProperty, KeepsEverySegmentJustOnce, ()) {
  Books books(static_cast<std::size_t>(*rc::gen::inRange(1, 4)));
  std::int64_t rows = 0;
  for (int n = *rc::gen::inRange(0, 60); n > 0; --n) {
    const auto partition = static_cast<std::size_t>(
        *rc::gen::inRange<int>(0, static_cast<int>(books.collection.partitions.size())));
    Segment& segment =
        books.Add(*rc::gen::element<std::int64_t>(4, 1000, kMiB, 7 * kMiB, 9 * kMiB), partition);
    segment.group_id = *rc::gen::element<std::int64_t>(1, 2, segment.segment_id, segment.segment_id);
    if (*rc::gen::inRange(0, 4) == 0)
      segment.delta_logs = {{0, 1, *rc::gen::element<std::int64_t>(10, kMiB)}};
    rows += segment.num_rows;
  }
  const auto merged = books.Merged();
  std::map<std::int64_t, int> times;
  std::map<std::string, int> directories;
  for (const ImportDir& dir : merged) {
    ++directories[dir.insert_dir];
    bool has_deletes = false;
    for (const Segment* segment : dir.segments) {
      ++times[segment->segment_id];
      has_deletes |= !segment->delta_logs.empty();
      RC_ASSERT("p" + std::to_string(segment->partition_id) == dir.partition);
    }
    RC_ASSERT(has_deletes == !dir.delta_dir.empty());
  }
  for (const auto& [id, count] : times) RC_ASSERT(count == 1);
  for (const auto& [directory, count] : directories) RC_ASSERT(count == 1);
  RC_ASSERT(static_cast<std::int64_t>(times.size()) == books.next_id - 600);
  RC_ASSERT(RowsOf(merged) == rows);
}

}  // namespace
}  // namespace mbk::load
