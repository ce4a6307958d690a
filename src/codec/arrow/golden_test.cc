// Files that Milvus itself has written: those of the backup tests/compat/go-head.tar.gz, whose rows its
// README tells, and packed files of milvus-storage.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "codec/arrow/arrow_codec.h"
#include "codec/envelope.h"
#include "codec/memory_source.h"
#include "codec/scalar_field.h"
#include "codec/testing/columns.h"
#include "manifest/keys.h"
#include "manifest/manifest.h"

namespace mbk::codec {
namespace {

namespace fs = std::filesystem;
using testing::Bytes;
using testing::ReadAll;
using testing::ReadResult;
using testing::Values;

std::string FileBytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return std::move(bytes).str();
}

class GoldenBackup : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    root_ = fs::temp_directory_path() / fmt::format("mbk-golden-{}", ::getpid());
    fs::create_directories(root_);
    const std::string command = "tar -xzf tests/compat/go-head.tar.gz -C " + root_.string();
    ASSERT_EQ(std::system(command.c_str()), 0);
    std::ifstream json(root_ / "spechead/meta/full_meta.json");
    backup_ = manifest::ReadFullMeta(json).value();
  }
  static void TearDownTestSuite() { fs::remove_all(root_); }

  static const Collection& Find(const std::string& name) {
    for (const Collection& collection : backup_.collections)
      if (collection.name == name) return collection;
    throw std::runtime_error(name);
  }

  static std::vector<FieldFiles> FilesOf(const Collection& collection, const Segment& segment) {
    std::map<std::int64_t, FieldFiles> fields;
    for (const Binlog& log : segment.insert_logs) {
      FieldFiles& field = fields[log.field_id];
      field.field_id = log.field_id;
      const fs::path path = root_ / Tree().InsertLog(collection.collection_id, segment, log).str();
      field.files.push_back(std::make_unique<MemorySource>(path.string(), FileBytes(path)));
    }
    std::vector<FieldFiles> files;
    for (auto& [id, field] : fields) files.push_back(std::move(field));
    return files;
  }

  static BinlogTree Tree() { return BackupLayout("", "spechead").tree(); }

  /// All rows of a collection, column by column, and the number of rows checked segment by segment.
  static std::vector<Values> Rows(const Collection& collection, const CollectionSchema& schema,
                                  const ReadOptions& options) {
    std::vector<Values> rows(options.field_ids.size());
    for (const Partition& partition : collection.partitions) {
      for (const Segment& segment : partition.segments) {
        Result<ReadResult> read = ReadAll(*ArrowCodec(), schema, FilesOf(collection, segment), options);
        EXPECT_TRUE(read.ok()) << read.status().message();
        if (!read.ok()) continue;
        for (std::size_t i = 0; i < read->columns.size(); ++i) {
          EXPECT_EQ(static_cast<std::int64_t>(read->columns[i].size()), segment.num_rows);
          rows[i].insert(rows[i].end(), read->columns[i].begin(), read->columns[i].end());
        }
      }
    }
    return rows;
  }

  static inline fs::path root_;
  static inline Backup backup_;
};

TEST_F(GoldenBackup, EveryColumnOfEverySegmentIsRead) {
  std::map<std::string, std::int64_t> rows;
  std::int64_t logs = 0;
  for (const Collection& collection : backup_.collections) {
    for (const Partition& partition : collection.partitions) {
      for (const Segment& segment : partition.segments) {
        Result<ReadResult> read =
            ReadAll(*ArrowCodec(), collection.schema, FilesOf(collection, segment), {.batch_rows = 100});
        ASSERT_TRUE(read.ok()) << read.status().message();
        ASSERT_EQ(read->columns.size(), collection.schema.fields.size() + 2);
        for (const Values& column : read->columns)
          EXPECT_EQ(static_cast<std::int64_t>(column.size()), segment.num_rows);
        for (const std::int64_t batch : read->batches) EXPECT_LE(batch, 100);
        rows[collection.name] += segment.num_rows;
        logs += static_cast<std::int64_t>(segment.insert_logs.size());
      }
    }
  }
  EXPECT_EQ(rows, (std::map<std::string, std::int64_t>{
                      {"growing", 500}, {"indb", 2000}, {"multi", 3500}, {"pkey", 4000}}));
  EXPECT_GT(logs, 100);
}

TEST_F(GoldenBackup, ValuesAreThoseThatWereInserted) {
  const Collection& multi = Find("multi");
  CollectionSchema schema = multi.schema;
  schema.fields.push_back(testing::Field(112, DataType::kJson));  // $meta, which DescribeCollection hides
  std::vector<std::int64_t> ids;
  for (std::int64_t id = 100; id <= 112; ++id) ids.push_back(id);
  const std::vector<Values> columns = Rows(multi, schema, {.field_ids = ids});
  ASSERT_EQ(columns[0].size(), 3500u);

  std::set<int> seen;
  ScalarField array;
  for (std::size_t row = 0; row < columns[0].size(); ++row) {
    const int i = std::stoi(columns[0][row]->substr(4));
    seen.insert(i);
    const auto at = [&](std::size_t column) { return *columns[column][row]; };
    EXPECT_EQ(at(0), fmt::format("key-{:05}", i));
    EXPECT_EQ(at(1), std::string(1, static_cast<char>(i % 2)));
    EXPECT_EQ(at(2), Bytes(static_cast<std::int8_t>(i % 128)));
    EXPECT_EQ(at(3), Bytes(static_cast<std::int16_t>(i % 30000)));
    EXPECT_EQ(at(4), Bytes(std::int32_t{i * 7}));
    EXPECT_EQ(at(5), Bytes(std::int64_t{i} << 33));
    EXPECT_EQ(at(6), Bytes(static_cast<float>(i / 3.0)));
    EXPECT_EQ(at(7), Bytes(i / 7.0));
    EXPECT_EQ(at(8), fmt::format(R"({{"a":{0},"s":"v{0}","n":{{"x":[1,2,{0}]}}}})", i));
    ASSERT_TRUE(ParseScalarField(at(9), array).ok());
    EXPECT_EQ(array.integers.size(), static_cast<std::size_t>(i % 8));
    ASSERT_TRUE(ParseScalarField(at(10), array).ok());
    EXPECT_EQ(array.strings.size(), static_cast<std::size_t>(i % 4));
    EXPECT_EQ(at(11), Bytes(std::int64_t{i}));
    EXPECT_EQ(at(12), fmt::format(R"({{"dyn1":{0},"dyn2":"dyn-{0}"}})", i));
  }
  EXPECT_EQ(seen.size(), 3500u);
}

TEST_F(GoldenBackup, TimestampsAreThoseOfTheDescriptor) {
  const Collection& indb = Find("indb");
  const std::vector<Values> columns = Rows(indb, indb.schema, {.field_ids = {kTimestampField, 100}});
  std::set<std::string> keys;
  for (const std::optional<std::string>& key : columns[1]) keys.insert(*key);
  EXPECT_EQ(keys.size(), 2000u);
  for (const Partition& partition : indb.partitions) {
    for (const Segment& segment : partition.segments) {
      for (FieldFiles& field : FilesOf(indb, segment)) {
        const Descriptor descriptor = EnvelopeReader::Open(*field.files[0])->descriptor();
        EXPECT_EQ(descriptor.field_id, field.field_id);
        EXPECT_EQ(descriptor.origin.segment_id, segment.segment_id);
        EXPECT_THAT(columns[0], ::testing::Contains(std::optional(Bytes(descriptor.start_timestamp))));
      }
    }
  }
}

TEST_F(GoldenBackup, DeletesAreThoseThatWereMade) {
  const Collection& multi = Find("multi");
  std::set<std::string> deleted;
  for (const Partition& partition : multi.partitions) {
    for (const Segment& segment : partition.segments) {
      for (const Binlog& log : segment.delta_logs) {
        const fs::path path = root_ / Tree().DeltaLog(multi.collection_id, segment, log).str();
        MemorySource file(path.string(), FileBytes(path));
        const Status status =
            ArrowCodec()->ReadDeltaLog(file, DataType::kVarChar, [&](const DeletedKey& key) {
              EXPECT_GT(key.timestamp >> 18, 1'700'000'000'000u);
              deleted.insert(std::string(key.text));
              return Status();
            });
        EXPECT_TRUE(status.ok()) << status.message();
      }
    }
  }
  std::set<std::string> expected;
  for (int i = 0; i < 100; ++i) expected.insert(fmt::format("key-{:05}", i));
  for (int i = 1000; i < 1050; ++i) expected.insert(fmt::format("key-{:05}", i));
  EXPECT_EQ(deleted, expected);
}

/// What we encode has the same envelope, bit for bit, as what the server had written.
TEST_F(GoldenBackup, AFileReadAndWrittenAgainHasTheSameEnvelope) {
  const Collection& multi = Find("multi");
  const Segment& segment = multi.partitions.front().segments.front();
  std::vector<FieldFiles> files = FilesOf(multi, segment);
  Result<std::unique_ptr<RowReader>> reader =
      ArrowCodec()->OpenSegment(multi.schema, FilesOf(multi, segment), {});
  ASSERT_TRUE(reader.ok());
  const RowBatch batch = std::move(*(*reader)->Next().value());
  ASSERT_EQ(batch.rows, segment.num_rows);
  for (const FieldSchema& field : multi.schema.fields) {
    const auto found = std::find_if(files.begin(), files.end(),
                                    [&](const FieldFiles& one) { return one.field_id == field.field_id; });
    ByteSource& real = *found->files[0];
    std::string head(4 + 17 + 52 + 8 + 4, '\0');
    ASSERT_TRUE(real.ReadAt(0, static_cast<std::int64_t>(head.size()), head.data()).ok());
    std::uint64_t written_at = 0;
    std::memcpy(&written_at, head.data() + 4, 8);
    const Descriptor descriptor = EnvelopeReader::Open(real)->descriptor();
    const std::string ours =
        ArrowCodec()
            ->EncodeInsertLog(descriptor.origin, field, *batch.Find(field.field_id),
                              *batch.Find(kTimestampField),
                              {.dialect = EncodeOptions::Dialect::kMilvus23, .written_at = written_at})
            .value();
    EXPECT_EQ(ours.substr(0, head.size()), head) << field.name;
    MemorySource again("ours", ours);
    EXPECT_EQ(EnvelopeReader::Open(again)->descriptor().original_size, descriptor.original_size)
        << field.name;
  }
}

TEST(GoldenPacked, FilesOfMilvusStorageAreRead) {
  std::vector<FieldFiles> files;
  files.push_back(testing::FilesOf(0, {FileBytes("tests/compat/packed/column_group_0.parquet")}));
  files.push_back(testing::FilesOf(2, {FileBytes("tests/compat/packed/column_group_2.parquet")}));
  // The columns have names, and the ids as Parquet's field ids; the vector is a list.
  const CollectionSchema schema =
      testing::SchemaOf({testing::Field(100, DataType::kInt64), testing::Field(102, DataType::kDouble),
                         testing::Field(103, DataType::kFloatVector, 4)});
  Result<ReadResult> read =
      ReadAll(*ArrowCodec(), schema, std::move(files), {.field_ids = {100, 102, 103}, .batch_rows = 7});
  ASSERT_TRUE(read.ok()) << read.status().message();
  ASSERT_EQ(read->columns[0].size(), 100u);
  for (std::size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(read->columns[0][i], Bytes(static_cast<std::int64_t>(i)));
    EXPECT_EQ(read->columns[1][i], Bytes(static_cast<double>(i) * 1.5));
    const float first = static_cast<float>(i) * 0.1f;
    std::string vector;
    for (int k = 0; k < 4; ++k) vector += Bytes(first + static_cast<float>(k));
    EXPECT_EQ(read->columns[2][i]->size(), vector.size());
    if (i < 2) {
      EXPECT_EQ(read->columns[2][i], vector);
    }
  }
}

}  // namespace
}  // namespace mbk::codec
