#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <functional>
#include <streambuf>

#include "manifest/manifest.h"
#include "manifest/testing/any_backup.h"
#include "manifest/testing/support.h"

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

}  // namespace
}  // namespace mbk::manifest
