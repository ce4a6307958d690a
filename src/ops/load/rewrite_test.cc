#include "ops/load/rewrite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <compare>
#include <map>
#include <mutex>

#include "ops/rows/binlog_rows.h"
#include "ops/testing/row_backup.h"

namespace mbk::load {
namespace {

using opstest::BookDelete;
using opstest::BookRow;
using opstest::Books;
using opstest::kMs;
using opstest::kNow;
using opstest::RowBackup;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// A row as it is stored, with what servers keep about it.
struct StoredRow {
  std::int64_t row_id = 0;
  std::uint64_t timestamp = 0;
  std::int64_t id = 0;
  float price = 0;
  std::string title;
  auto operator<=>(const StoredRow&) const = default;
};

// A server may heed the timestamps of deletes, or take one for a delete of every row of its key.
enum class Server { kComparesTimestamps, kGoesByKeyAlone };

class Rewrite : public testing::Test {
 protected:
  // All data segments of a partition, to be rewritten as one.
  ImportDir DirOf(std::size_t partition = 0) {
    const Partition& from = backup_.books().partitions[partition];
    ImportDir dir{.partition = from.name, .rewritten = true};
    for (const Segment& segment : from.segments)
      if (!segment.is_l0) dir.segments.push_back(&segment);
    return dir;
  }

  Result<Segment> Run(const ImportDir& dir) {
    return RewriteSegments(RowBackup::Codec(), Source(), backup_.books(), dir, {backup_.store(), staging_},
                           backup_.progress, {});
  }

  // The backup's collection with the rewritten segment in place of those of partition 0.
  Collection Rewritten() {
    Result<Segment> segment = Run(DirOf());
    EXPECT_TRUE(segment.ok()) << segment.status().message();
    Collection collection = backup_.books();
    auto& segments = collection.partitions[0].segments;
    std::erase_if(segments, [](const Segment& old) { return !old.is_l0; });
    segments.insert(segments.begin(), *segment);
    StageL0(collection);
    return collection;
  }

  // L0 segments are copied as they are.
  void StageL0(const Collection& collection) {
    for (const Segment& segment : collection.partitions[0].segments) {
      for (const Binlog& log : segment.delta_logs) {
        const DataObject object{
            .collection = &collection, .segment = &segment, .log = &log, .is_delta = true};
        if (segment.is_l0)
          backup_.store().Set(object.KeyIn(staging_).str(),
                              backup_.store().Contents().at(object.KeyIn(Original()).str()));
      }
    }
  }

  rows::CollectionRows Open(const Collection& collection, const BinlogTree& tree) {
    return rows::CollectionRows::Open(
               RowBackup::Codec(),
               {backup_.store(), [tree](const DataObject& object) { return object.KeyIn(tree); }}, collection,
               {.workers = 1})
        .value();
  }

  // What a server has after the import of every segment of partition 0, each with the deletes beside it.
  std::vector<StoredRow> Import(const Collection& collection, const BinlogTree& tree,
                                Server server = Server::kComparesTimestamps) {
    const rows::CollectionRows rows = Open(collection, tree);
    const bool is_number = rows.primary_key().data_type == DataType::kInt64;
    std::vector<std::map<std::string, std::uint64_t>> deleted(rows.segments().size());
    for (std::size_t i = 0; i < deleted.size(); ++i) {
      EXPECT_TRUE(
          rows.ForEachDelete(*rows.segments()[i].segment,
                             [&](const DeletedKey& key) {
                               std::uint64_t& newest =
                                   deleted[i][is_number ? std::to_string(key.number) : std::string(key.text)];
                               newest = std::max(newest, key.timestamp);
                               return Status();
                             },
                             {})
              .ok());
    }
    std::vector<StoredRow> there;
    auto visit = [&](std::size_t segment, std::int64_t, const RowBatch& batch) {
      for (std::int64_t row = 0; row < batch.rows; ++row) {
        StoredRow stored{.row_id = batch.Find(kRowIdField)->NumberAt<std::int64_t>(row),
                         .timestamp = batch.Find(kTimestampField)->NumberAt<std::uint64_t>(row),
                         .id = batch.Find(100)->NumberAt<std::int64_t>(row),
                         .price = batch.Find(101)->NumberAt<float>(row),
                         .title = std::string(batch.Find(102)->BytesAt(row))};
        const auto found = deleted[segment].find(is_number ? std::to_string(stored.id) : stored.title);
        const bool buried = found != deleted[segment].end() &&
                            (server == Server::kGoesByKeyAlone || found->second > stored.timestamp);
        if (!buried) there.push_back(std::move(stored));
      }
      return Status();
    };
    const Status read = rows.ForEachBatch({}, visit, [](std::size_t, Status end) { return end; }, {});
    EXPECT_TRUE(read.ok()) << read.message();
    std::sort(there.begin(), there.end());
    return there;
  }

  // Of the rows that live when all is imported, L0 segments included.
  Fingerprint FingerprintOf(const Collection& collection, const BinlogTree& tree) {
    rows::BinlogRows living("books", Open(collection, tree));
    const RowHasher hasher(living.schema());
    Fingerprint fingerprint;
    const Status read = living.ForEachBatch(
        [&](const std::string&, const RowBatch& batch) -> Status {
          MBK_TRY_ASSIGN(const std::vector<Hash128> hashes, hasher.HashRows(batch));
          for (const Hash128& hash : hashes) fingerprint.Add(hash);
          return {};
        },
        {});
    EXPECT_TRUE(read.ok()) << read.message();
    return fingerprint;
  }

  const BinlogTree& Original() { return backup_.layout().tree(); }
  ObjectSource Source() {
    return {.store = backup_.store(),
            .key_of = [this](const DataObject& object) { return object.KeyIn(Original()); }};
  }

  RowBackup backup_;
  const BinlogTree staging_{"restore-temp/"};
};

TEST_F(Rewrite, KeepsRowsWithTheirRowIdsAndTimestamps) {
  for (int i = 0; i < 20; ++i)
    backup_.AddSegment(0, Books(i * 10, 10, kNow + static_cast<std::uint64_t>(i) * kMs));
  const Collection rewritten = Rewritten();
  const Segment& segment = rewritten.partitions[0].segments[0];
  EXPECT_EQ(segment.segment_id, backup_.books().partitions[0].segments[0].segment_id);
  EXPECT_EQ(segment.num_rows, 200);
  EXPECT_THAT(segment.insert_logs, SizeIs(5)) << "a file for each field";
  EXPECT_THAT(segment.delta_logs, IsEmpty());
  const auto there = Import(rewritten, staging_);
  EXPECT_THAT(there, SizeIs(200));
  EXPECT_EQ(there, Import(backup_.books(), Original()));
  EXPECT_EQ(FingerprintOf(rewritten, staging_), FingerprintOf(backup_.books(), Original()));
}

TEST_F(Rewrite, KeepsDeletesOfKeysThatLiveNowhere) {
  backup_.AddSegment(0, Books(0, 10), {{3, kNow + kMs}, {4, kNow + kMs}});
  backup_.AddSegment(0, Books(10, 10), {{12, kNow + 2 * kMs}, {99, kNow + kMs}});
  const Collection rewritten = Rewritten();
  const Segment& segment = rewritten.partitions[0].segments[0];
  EXPECT_EQ(segment.num_rows, 20) << "the rows that they bury, too";
  ASSERT_THAT(segment.delta_logs, SizeIs(1));
  std::map<std::int64_t, std::uint64_t> deletes;
  ASSERT_TRUE(Open(rewritten, staging_)
                  .ForEachDelete(segment,
                                 [&](const DeletedKey& key) {
                                   deletes[key.number] = key.timestamp;
                                   return Status();
                                 },
                                 {})
                  .ok());
  EXPECT_EQ(deletes, (std::map<std::int64_t, std::uint64_t>{
                         {3, kNow + kMs}, {4, kNow + kMs}, {12, kNow + 2 * kMs}, {99, kNow + kMs}}));
  EXPECT_THAT(Import(rewritten, staging_), SizeIs(17));
}

// A delete is beside the first segment only. In the second lies an older row of the key, which lives.
TEST_F(Rewrite, DoesNotLetADeleteReachTheRowsOfAnotherSegment) {
  backup_.AddSegment(0, {{7, 1.0F, "deleted", kNow + kMs}, {8, 1.0F, "eight", kNow}}, {{7, kNow + 5 * kMs}});
  backup_.AddSegment(0, {{7, 2.0F, "lives", kNow}});
  backup_.AddL0(std::size_t{0}, {{8, kNow + kMs}});
  const Collection rewritten = Rewritten();
  EXPECT_THAT(rewritten.partitions[0].segments[0].delta_logs, IsEmpty());
  for (const Server server : {Server::kComparesTimestamps, Server::kGoesByKeyAlone}) {
    EXPECT_THAT(Import(rewritten, staging_, server),
                ElementsAre(Field(&StoredRow::title, "lives"), Field(&StoredRow::title, "eight")));
  }
  EXPECT_EQ(FingerprintOf(rewritten, staging_), FingerprintOf(backup_.books(), Original()));
}

// An upsert: the old row is deleted where it lies, the new one lies in a later segment.
TEST_F(Rewrite, KeepsTheNewRowOfAnUpsert) {
  backup_.AddSegment(0, {{7, 1.0F, "old", kNow}}, {{7, kNow + kMs}});
  backup_.AddSegment(0, {{7, 2.0F, "new", kNow + kMs}});
  for (const Server server : {Server::kComparesTimestamps, Server::kGoesByKeyAlone})
    EXPECT_THAT(Import(Rewritten(), staging_, server), ElementsAre(Field(&StoredRow::title, "new")));
}

TEST_F(Rewrite, KeepsRepeatsOfAKey) {
  backup_.AddSegment(0, {{7, 1.0F, "older", kNow}});
  backup_.AddSegment(0, {{7, 2.0F, "newer", kNow + kMs}});
  EXPECT_THAT(Import(Rewritten(), staging_), SizeIs(2)) << "Milvus does not enforce unique keys";
}

TEST_F(Rewrite, KnowsTextKeys) {
  auto& fields = backup_.books().schema.fields;
  fields[0].is_primary_key = false;
  fields[2].is_primary_key = true;
  Segment& first = backup_.AddSegment(0, {{1, 1.0F, "a", kNow + kMs}, {2, 1.0F, "b", kNow}});
  ColumnBuilder keys(102, DataType::kVarChar, ColumnLayout::kVariable);
  ColumnBuilder times(kTimestampField, DataType::kInt64, ColumnLayout::kFixed, 8);
  for (const std::string key : {"a", "b"}) {
    keys.AppendBytes(key);
    times.AppendNumber(kNow + 9 * kMs);
  }
  const std::string file = RowBackup::Codec()
                               .EncodeDeltaLog({}, keys.Finish(), times.Finish(),
                                               RowCodec::DeltaFormat::kJson, {.written_at = kNow})
                               .value();
  first.delta_logs = {{0, 1, static_cast<std::int64_t>(file.size())}};
  backup_.store().Set(Original().DeltaLog(RowBackup::kCollection, first, first.delta_logs[0]).str(), file);
  backup_.AddSegment(0, {{3, 2.0F, "a", kNow}});
  const Collection rewritten = Rewritten();
  EXPECT_THAT(rewritten.partitions[0].segments[0].delta_logs, SizeIs(1)) << "that of b";
  EXPECT_THAT(Import(rewritten, staging_), ElementsAre(Field(&StoredRow::id, 3)));
}

TEST_F(Rewrite, WritesMoreFilesOfAFieldWhenRowsAreLarge) {
  for (int i = 0; i < 12; ++i) {
    auto rows = Books(i * 500, 500);
    for (BookRow& row : rows) row.title.resize(4096, static_cast<char>('a' + row.id % 26));
    backup_.AddSegment(0, rows);
  }
  const Collection rewritten = Rewritten();
  EXPECT_THAT(rewritten.partitions[0].segments[0].insert_logs, SizeIs(2 * 5)) << "24 MiB of rows";
  EXPECT_EQ(Import(rewritten, staging_), Import(backup_.books(), Original()));
}

TEST_F(Rewrite, NamesTheFileThatIsDamaged) {
  for (int i = 0; i < 3; ++i) backup_.AddSegment(0, Books(i * 10, 10));
  const Segment& segment = backup_.books().partitions[0].segments[1];
  const std::string key =
      Original().InsertLog(RowBackup::kCollection, segment, segment.insert_logs.back()).str();
  std::string file = backup_.store().Contents().at(key);
  file.resize(file.size() / 2, 'x');
  backup_.store().Set(
      key, file + std::string(static_cast<std::size_t>(segment.insert_logs.back().size) - file.size(), '\0'));
  const Status status = Run(DirOf()).status();
  EXPECT_EQ(status.code(), Code::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr(key));
}

// Any history of few keys over some segments: whatever a delete log beside a segment says, the server has
// the same rows after the import, and those of all segments that live are the same.
RC_GTEST_FIXTURE_PROP(Rewrite, ChangesNothingOfWhatLives, ()) {
  const auto key = rc::gen::inRange<std::int64_t>(0, 5);
  const auto moment =
      rc::gen::map(rc::gen::inRange<std::uint64_t>(0, 6), [](auto n) { return kNow + n * kMs; });
  std::int64_t serial = 0;
  for (int segments = *rc::gen::inRange(2, 6); segments > 0; --segments) {
    std::vector<BookRow> rows;
    for (int n = *rc::gen::inRange(1, 6); n > 0; --n)
      rows.push_back({*key, static_cast<float>(++serial), "row " + std::to_string(serial), *moment});
    std::vector<BookDelete> deletes;
    for (int n = *rc::gen::inRange(0, 4); n > 0; --n) deletes.push_back({*key, *moment});
    backup_.AddSegment(0, rows, deletes);
  }
  const auto expected = Import(backup_.books(), Original());
  const Collection rewritten = Rewritten();
  RC_ASSERT(Import(rewritten, staging_, Server::kComparesTimestamps) == expected);
  RC_ASSERT(Import(rewritten, staging_, Server::kGoesByKeyAlone) == expected);
}

}  // namespace
}  // namespace mbk::load
