#include "manifest/unmarked_l0.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <vector>

#include "manifest/manifest.h"

namespace mbk {
namespace {

using testing::ElementsAre;
using testing::Field;

// Rows with deletes beside them, deletes of a partition and of all partitions, and a segment of nothing.
// Nothing is marked.
Collection Unmarked() {
  Collection books{.collection_id = 1, .db_name = "default", .name = "books"};
  books.partitions = {
      {.partition_id = 10,
       .name = "_default",
       .segments = {{.segment_id = 1000,
                     .partition_id = 10,
                     .num_rows = 5,
                     .insert_logs = {{100, 1, 7}},
                     .delta_logs = {{0, 2, 7}}},
                    {.segment_id = 1001, .partition_id = 10, .group_id = 1001, .delta_logs = {{0, 3, 7}}},
                    {.segment_id = 1002, .partition_id = 10},
                    {.segment_id = 1003, .partition_id = 10, .num_rows = 5, .delta_logs = {{0, 4, 7}}}}}};
  books.l0_segments = {{.segment_id = 1004, .partition_id = kAllPartitions, .delta_logs = {{0, 5, 7}}}};
  return books;
}

std::vector<std::int64_t> Marked(const Collection& collection) {
  std::vector<std::int64_t> ids;
  for (const Segment& segment : collection.partitions.at(0).segments)
    if (segment.is_l0) ids.push_back(segment.segment_id);
  for (const Segment& segment : collection.l0_segments)
    if (segment.is_l0) ids.push_back(segment.segment_id);
  return ids;
}

TEST(UnmarkedL0, IsWhatHoldsDeletesAlone) {
  for (const char* version : {"v2.4.0", "2.4.5", "2.4-20240601-1a2b3c", "2.5.27", "2.6.18", "3.0.1"}) {
    Collection books = Unmarked();
    MarkUnmarkedL0(books, version);
    EXPECT_THAT(Marked(books), ElementsAre(1001, 1004)) << version;
  }
}

TEST(UnmarkedL0, IsNotLookedForWhereThereIsNoneOrNobodyKnows) {
  for (const char* version : {"v2.2.16", "v2.3.5", "", "master-20261101", "milvus_lite-3.2.2"}) {
    Collection books = Unmarked();
    MarkUnmarkedL0(books, version);
    EXPECT_EQ(books, Unmarked()) << version;
  }
}

// The Go tool wrote what such a server told.
TEST(UnmarkedL0, IsMarkedWhenABackupIsRead) {
  Backup written{.id = "0000", .name = "nightly", .collections = {Unmarked()}, .milvus_version = "v2.4.5"};
  std::stringstream full;
  ASSERT_TRUE(manifest::WriteFullMeta(written, [&](std::string_view text) {
                full << text;
                return Status();
              }).ok());
  const Backup read = manifest::ReadFullMeta(full).value();
  EXPECT_THAT(Marked(read.collections.at(0)), ElementsAre(1001, 1004));
}

TEST(UnmarkedL0, IsMarkedWhenLevelFilesAreRead) {
  std::istringstream head(R"({"milvus_version":"v2.4.5"})"),
      collection(R"({"infos":[{"collection_id":1,"collection_name":"books"}]})"),
      partition(R"({"infos":[{"partition_id":10,"collection_id":1}]})"),
      segment(R"({"infos":[{"segment_id":1001,"collection_id":1,"partition_id":10,
                            "deltalogs":[{"binlogs":[{"log_id":3}]}]}]})");
  const Backup read = manifest::ReadLevelFiles({head, collection, partition, segment}).value();
  EXPECT_THAT(read.collections.at(0).partitions.at(0).segments, ElementsAre(Field(&Segment::is_l0, true)));
}

}  // namespace
}  // namespace mbk
