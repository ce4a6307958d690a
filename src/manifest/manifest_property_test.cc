#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <functional>
#include <streambuf>

#include "manifest/keys.h"
#include "manifest/manifest.h"
#include "manifest/object_index.h"
#include "manifest/testing/any_backup.h"
#include "manifest/testing/support.h"
#include "manifest/whole.h"

namespace mbk::manifest {
namespace {

std::vector<Binlog*> AllLogs(Backup& backup) {
  std::vector<Binlog*> logs;
  auto add = [&logs](std::vector<Segment>& segments) {
    for (Segment& segment : segments) {
      for (Binlog& log : segment.insert_logs) logs.push_back(&log);
      for (Binlog& log : segment.delta_logs) logs.push_back(&log);
    }
  };
  for (Collection& collection : backup.collections) {
    for (Partition& partition : collection.partitions) add(partition.segments);
    add(collection.l0_segments);
  }
  return logs;
}

/// A root is known only from regular paths: give the backup one if it has any, and some that deviate.
void ChoosePaths(Backup& backup) {
  std::size_t regular = 0;
  for (const Binlog* log : AllLogs(backup)) {
    if (*rc::gen::inRange(0, 5) == 0) {
      backup.irregular_log_paths[log->log_id] = fmt::format("moved/{}", log->log_id);
    } else {
      ++regular;
    }
  }
  if (regular > 0)
    backup.source_root = *rc::gen::element<std::string>("", "/", "files", "/var/lib/milvus", "a b/ü");
}

RC_GTEST_PROP(AnyModel, IsReadBackAsItWasWritten, ()) {
  Backup backup = AnyBackup().Make();
  ChoosePaths(backup);
  const std::string text = Written(WriteFullMeta, backup);
  Result<Backup> read = ReadFull(text);
  RC_ASSERT(read.status().message() == "");
  RC_ASSERT(*read == backup);
  RC_ASSERT(Written(WriteFullMeta, *read) == text);
}

RC_GTEST_PROP(AnyModel, IsReadBackFromWhatTheLevelFilesCarry, ()) {
  Backup backup = AnyBackup().Make();
  // Only full_meta.json holds these.
  for (Collection& collection : backup.collections) collection.l0_segments.clear();
  backup.rbac.reset();
  backup.rpc_channel.reset();
  backup.databases.clear();
  backup.flush_all_msgs.clear();
  backup.control_channel_name.clear();
  backup.physical_channel_names.clear();
  ChoosePaths(backup);
  SumSizes(backup);
  Result<Backup> read = ReadLevels(WrittenLevels(backup));
  RC_ASSERT(read.status().message() == "");
  RC_ASSERT(*read == backup);
}

RC_GTEST_PROP(AnyText, IsAModelOrDataLoss, (const std::string& bytes)) {
  const Status status = ReadFull(bytes).status();
  RC_ASSERT(status.ok() || status.code() == Code::kDataLoss);
}

/// Cut, change and repeat parts of real metas: what is read is a model or damage, and a model that was
/// written is read and written as it is.
RC_GTEST_PROP(MutatedGolden, IsAModelOrDataLoss, ()) {
  static const std::array<std::string, 3> kGolden = {ReadGolden("go-v0.4.30/spec/meta/full_meta.json"),
                                                     ReadGolden("go-v0.5.16/spec516/meta/full_meta.json"),
                                                     ReadGolden("go-head/spechead/meta/full_meta.json")};
  std::string text = kGolden[*rc::gen::inRange<std::size_t>(0, 3)];
  const int edits = *rc::gen::inRange(1, 4);
  for (int i = 0; i < edits; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    const auto count = *rc::gen::inRange<std::size_t>(0, 20);
    const auto replacement = *rc::gen::element<std::string>("", "0", "-", "9999999999999999999", "null", "\"",
                                                            "[", "}", ",", "{}", "\xFF", "true");
    text.replace(at, count, replacement);
  }
  Result<Backup> read = ReadFull(text);
  if (!read.ok()) {
    RC_ASSERT(read.status().code() == Code::kDataLoss);
    return;
  }
  const std::string written = Written(WriteFullMeta, *read);
  Result<Backup> again = ReadFull(written);
  RC_ASSERT(again.status().message() == "");
  RC_ASSERT(Written(WriteFullMeta, *again) == written);
}

/// Text made while it is read, so that a test holds no more of it than the reader does.
class GeneratedStream : public std::streambuf {
 public:
  /// `next` returns the following piece, and an empty one at the end.
  explicit GeneratedStream(std::function<std::string()> next) : next_(std::move(next)) {}

 protected:
  int_type underflow() override {
    piece_ = next_();
    setg(piece_.data(), piece_.data(), piece_.data() + piece_.size());
    return piece_.empty() ? traits_type::eof() : traits_type::to_int_type(piece_[0]);
  }

 private:
  std::function<std::string()> next_;
  std::string piece_;
};

constexpr int kSegments = 2'000;
constexpr int kLogsOfSegment = 100;

Segment LargeSegment(int number) {
  Segment segment{.segment_id = 1'000'000 + number, .partition_id = 2, .group_id = 1'000'000 + number};
  for (int i = 0; i < kLogsOfSegment; ++i) {
    segment.insert_logs.push_back(
        {.field_id = 100 + i, .log_id = std::int64_t{number} * kLogsOfSegment + i + 1, .size = i});
  }
  return segment;
}

/// full_meta.json of 200,000 binlogs, one segment a piece.
std::string LargePiece(int number) {
  if (number == 0)
    return R"({"name":"large","collection_backups":[{"collection_id":1,"db_name":"d","partition_backups":[{"partition_id":2,"segment_backups":[)";
  if (number > kSegments) return number == kSegments + 1 ? "]}]}]}" : "";
  const Segment segment = LargeSegment(number);
  std::string text = number == 1 ? "" : ",";
  text += fmt::format(R"({{"segment_id":{0},"collection_id":1,"partition_id":2,"group_id":{0},"binlogs":[)",
                      segment.segment_id);
  for (const Binlog& log : segment.insert_logs) {
    text += fmt::format(
        R"({}{{"fieldID":{},"binlogs":[{{"log_path":"files/insert_log/1/2/{}/{}/{}","log_size":{},"log_id":{}}}]}})",
        log.field_id == 100 ? "" : ",", log.field_id, segment.segment_id, log.field_id, log.log_id, log.size,
        log.log_id);
  }
  return text + "]}";
}

TEST(LargeMeta, OfTwoHundredThousandBinlogsKeeps24BytesOfEach) {
  int number = 0;
  GeneratedStream buffer([&number] { return LargePiece(number++); });
  std::istream stream(&buffer);
  Result<Backup> read = ReadFullMeta(stream);
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->source_root, "files");
  EXPECT_TRUE(read->irregular_log_paths.empty());
  const std::vector<Segment>& segments = read->collections[0].partitions[0].segments;
  ASSERT_EQ(segments.size(), static_cast<std::size_t>(kSegments));
  for (int i = 0; i < kSegments; ++i) {
    ASSERT_EQ(segments[static_cast<std::size_t>(i)], LargeSegment(i + 1));
    ASSERT_EQ(segments[static_cast<std::size_t>(i)].insert_logs.capacity(),
              static_cast<std::size_t>(kLogsOfSegment));
  }
}

// Field case 31: a tenant a partition, as many as Milvus takes, with a segment of three files each.
constexpr int kPartitions = 4096;
constexpr std::array kFieldsOfTenants{std::int64_t{0}, std::int64_t{1}, std::int64_t{100}};

Backup ManyPartitions() {
  Collection tenants{.collection_id = 7, .db_name = "default", .name = "tenants"};
  tenants.schema = {
      .name = "tenants",
      .fields = {{.field_id = 100, .name = "pk", .is_primary_key = true, .data_type = DataType::kInt64}}};
  for (int i = 0; i < kPartitions; ++i) {
    const std::int64_t partition = 10'000 + i, segment = 20'000 + i;
    Segment data{
        .segment_id = segment, .partition_id = partition, .num_rows = 1, .group_id = segment, .size = 30};
    for (const std::int64_t field : kFieldsOfTenants)
      data.insert_logs.push_back({field, segment * 1000 + field, 10});
    tenants.partitions.push_back({.partition_id = partition,
                                  .name = i == 0 ? "_default" : fmt::format("tenant_{:04}", i),
                                  .size = 30,
                                  .segments = {std::move(data)}});
  }
  Backup backup{.id = "big", .name = "many", .collections = {std::move(tenants)}, .milvus_version = "v2.3.5"};
  backup.source_root = "files";
  SumSizes(backup);
  return backup;
}

TEST(LargeMeta, OfFourThousandPartitionsIsReadWholeAndNamesEveryFileOnce) {
  const Backup backup = ManyPartitions();
  Result<Backup> full = ReadFull(Written(WriteFullMeta, backup));
  ASSERT_TRUE(full.ok()) << full.status().message();
  EXPECT_EQ(*full, backup);
  Result<Backup> levels = ReadLevels(WrittenLevels(backup));
  ASSERT_TRUE(levels.ok()) << levels.status().message();
  EXPECT_EQ(levels->collections, backup.collections);
  EXPECT_EQ(FindUnwhole(*full).count(), 0);
  EXPECT_EQ(FindContradictions(*full, *levels).count(), 0);

  const ObjectIndex index(full->collections);
  ASSERT_EQ(index.size(), kPartitions * kFieldsOfTenants.size());
  EXPECT_EQ(index.bytes(), 30 * kPartitions);
  const BackupLayout layout("backup", "many");
  std::string before;
  for (std::size_t i = 0; i < index.size(); ++i) {
    std::string key = index.at(i).KeyIn(layout.tree()).str();
    ASSERT_LT(before, key) << "in the order of a listing, and none twice";
    before = std::move(key);
  }
}

}  // namespace
}  // namespace mbk::manifest
