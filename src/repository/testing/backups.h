#pragma once

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "manifest/keys.h"
#include "manifest/object_index.h"
#include "model/backup.h"
#include "store/memory/memory_store.h"

/// Backups for tests: one made up, and those that the Go tool wrote (tests/compat). Header only.
namespace mbk::backuptest {

/// A backup of the Go tool: its meta files lie in tests/compat/<directory>/<name>.
struct Golden {
  std::string directory;
  std::string name;
};
inline std::ostream& operator<<(std::ostream& out, const Golden& golden) { return out << golden.directory; }

inline const std::array kGoldenBackups{Golden{"go-head", "spechead"}, Golden{"go-v0.5.16", "spec516"},
                                       Golden{"go-v0.4.30", "spec"}};

/// Every golden backup is of the same server; what it says of it.
inline constexpr std::int64_t kGoldenSize = 569'833;

/// A file of tests/compat; tests run in the root of the checkout.
inline std::string ReadCompatFile(const std::string& path) {
  std::ifstream file("tests/compat/" + path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Put the meta files of a golden backup where `layout` has them.
inline void PlaceGoldenMeta(MemoryStore& store, const BackupLayout& layout, const Golden& golden) {
  for (std::string_view file : {kBackupMeta, kCollectionMeta, kPartitionMeta, kSegmentMeta, kFullMeta}) {
    store.Set(layout.Meta(file).str(),
              ReadCompatFile(golden.directory + "/" + golden.name + "/meta/" + std::string(file)));
  }
}

/// What the tests put into an object: its key over and over, so that no two are equal.
inline std::string ContentOf(const std::string& key, std::int64_t size) {
  std::string content;
  while (static_cast<std::int64_t>(content.size()) < size) content += key;
  content.resize(static_cast<std::size_t>(size));
  return content;
}

/// Put every data object of `backup` below `tree`, of the size that the metadata say.
inline void PlaceData(MemoryStore& store, const BinlogTree& tree, Backup backup) {
  const ObjectIndex index(backup.collections);
  for (std::size_t i = 0; i < index.size(); ++i) {
    const std::string key = index.at(i).KeyIn(tree).str();
    store.Set(key, ContentOf(key, index.at(i).log->size));
  }
}

inline FieldSchema Field(std::int64_t id, const std::string& name, DataType type) {
  return {.field_id = id, .name = name, .data_type = type};
}

/// Two collections in two databases: "default.books" with two partitions, deletes and L0 segments, and
/// "db1.tiny" with one segment. Thirteen data objects.
inline Backup SmallBackup() {
  FieldSchema key = Field(100, "id", DataType::kInt64), vector = Field(101, "v", DataType::kFloatVector);
  key.is_primary_key = true;
  vector.type_params = {{"dim", "8"}};
  auto data = [](std::int64_t id, std::int64_t partition, std::int64_t rows) {
    return Segment{.segment_id = id,
                   .partition_id = partition,
                   .num_rows = rows,
                   .group_id = id,
                   .size = 30,
                   .storage_version = 2,
                   .insert_logs = {{100, id + 1, 10}, {101, id + 2, 20}}};
  };
  auto l0 = [](std::int64_t id, std::int64_t partition) {
    return Segment{.segment_id = id,
                   .partition_id = partition,
                   .group_id = partition == kAllPartitions ? 0 : id,
                   .size = 7,
                   .is_l0 = true,
                   .delta_logs = {{0, id + 1, 7}}};
  };
  Collection books{
      .collection_id = 1000,
      .db_name = "default",
      .name = "books",
      .schema = {.name = "books", .fields = {key, vector}},
      .shards_num = 2,
      .partitions =
          {{.partition_id = 2000, .name = "_default", .segments = {data(900, 2000, 5), data(3000, 2000, 6)}},
           {.partition_id = 2001, .name = "new", .segments = {data(3100, 2001, 7), l0(3200, 2001)}}},
      .l0_segments = {l0(3300, kAllPartitions)}};
  books.partitions[0].segments[0].delta_logs = {{0, 903, 5}};
  books.partitions[0].segments[0].size += 5;
  Collection tiny{
      .collection_id = 1001,
      .db_name = "db1",
      .name = "tiny",
      .schema = {.name = "tiny", .fields = {key, vector}},
      .shards_num = 1,
      .partitions = {{.partition_id = 2100, .name = "_default", .segments = {data(3400, 2100, 8)}}}};
  tiny.partitions[0].segments[0].insert_logs.push_back({0, 3403, 3});
  tiny.partitions[0].segments[0].insert_logs.push_back({1, 3404, 3});
  return {.id = "0000",
          .name = "nightly",
          .collections = {books, tiny},
          .milvus_version = "v2.3.5",
          .databases = {{.name = "default", .id = 1}, {.name = "db1", .id = 2}},
          .source_root = "files"};
}

}  // namespace mbk::backuptest
