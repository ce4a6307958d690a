#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/progress.h"
#include "codec/row_codec.h"
#include "ops/capture/capture.h"
#include "ops/create/backup_copy.h"
#include "ops/environment.h"
#include "repository/meta_records.h"
#include "repository/repository.h"
#include "store/memory/memory_store.h"

/// A backup in memory whose files the codec makes. Header only.
namespace mbk::opstest {

/// Hybrid: 2024-06-01, and a step of one millisecond.
inline constexpr std::uint64_t kNow = 1'717'200'000'000ull << 18;
inline constexpr std::uint64_t kMs = 1ull << 18;

class MemoryBackup {
 public:
  static constexpr std::int64_t kCollection = 4000;

  explicit MemoryBackup(std::string name = "nightly") : layout_("backup", name) {
    backup_.id = "0000";
    backup_.name = std::move(name);
    backup_.milvus_version = "v2.3.5";
    backup_.source_root = "files";
    backup_.databases = {{.name = "default"}};
  }

  const BackupLayout& layout() const { return layout_; }
  Backup& backup() { return backup_; }
  MemoryStore& store() { return store_; }

  /// Write objects.json and the metadata.
  void Commit() {
    capture::AddUpSizes(backup_);
    DigestLog digests;
    digests.Seal();
    ASSERT_TRUE(RecordBackupData(store_, layout_.tree(), backup_, digests, layout_.Meta(kObjects), {}).ok());
    CommitMetadata();
  }
  /// Write the metadata alone, whether they are true or not, and the record of them.
  void CommitMetadata() {
    auto writer = BackupWriter::Begin(store_, BackupLayout("other", backup_.name), "test", {}).value();
    auto committed = writer->Commit(backup_, {});
    ASSERT_TRUE(committed.ok()) << committed.message();
    for (const auto& [key, content] : store_.Contents())
      if (key.starts_with("other/")) store_.Set("backup" + key.substr(5), content);
    for (const std::string& key : store_.Keys())
      if (key.starts_with("other/")) Remove(key);
    RecordMetadata();
  }

  /// Record the files of meta/ as they lie there, as if they had always been so.
  void RecordMetadata() {
    const auto contents = store_.Contents();
    const auto before = contents.find(layout_.Meta(kObjects).str());
    if (before == contents.end()) return;
    std::istringstream lines(before->second);
    std::string text;
    for (std::string line; std::getline(lines, line);)
      if (!line.starts_with(R"({"key":"meta/)")) text += line + "\n";
    const auto records = RecordsOfStoredMeta(store_, layout_, layout_.name(), {});
    ASSERT_TRUE(records.ok());
    for (const manifest::ObjectRecord& record : *records) text += manifest::ObjectRecordLine(record);
    store_.Set(before->first, text);
  }

  void Remove(const std::string& key) {
    const ObjectKey keys[] = {ObjectKey(key)};
    ASSERT_TRUE(store_.Delete(keys, {}).ok());
  }
  std::vector<std::string> DataKeys() const {
    std::vector<std::string> keys;
    for (std::string& key : store_.Keys())
      if (key.starts_with(layout_.tree().DataPrefix())) keys.push_back(std::move(key));
    return keys;
  }

  static RowCodec& Codec() { return *LoadRowCodec().value(); }

  BackupSide side{.store = store_, .root = "backup"};
  Progress progress;
  RunServices run{.settings = {.copy = {.concurrency = 4}}, .progress = progress, .sleeper = RealSleeper()};

 protected:
  Segment NewSegment(std::int64_t partition_id) {
    const std::int64_t id = next_id_ += 10;
    return {.segment_id = id, .partition_id = partition_id, .group_id = id};
  }
  static BinlogOrigin OriginOf(const Segment& segment) {
    return {kCollection, segment.partition_id, segment.segment_id};
  }

  void Place(Segment& segment, std::vector<Binlog>& logs, std::int64_t field_id, bool is_delta,
             std::string file) {
    logs.push_back({field_id, ++next_log_, static_cast<std::int64_t>(file.size())});
    segment.size += logs.back().size;
    const ObjectKey key = is_delta ? layout_.tree().DeltaLog(kCollection, segment, logs.back())
                                   : layout_.tree().InsertLog(kCollection, segment, logs.back());
    store_.Set(key.str(), std::move(file));
  }

 private:
  const BackupLayout layout_;
  MemoryStore store_;
  Backup backup_;
  std::int64_t next_id_ = 600;
  std::int64_t next_log_ = 9000;
};

}  // namespace mbk::opstest
